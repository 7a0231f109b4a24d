"""Lists of nodes as columns: written as PyYAML writes them, read as all of YAML is read."""

import struct
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tvbo.errors import LimitError, SidecarError
from tvbo.limits import Limits
from tvbo.storage import node_list, sidecar, yaml_writer
from tvbo.storage.node_list import NodeColumns
from tvbo.storage.yaml_reader import YamlError, read_counted, read_yaml
from tvbo.testing.array_strategies import TRICKY_TEXTS

PATH = Path("net.yaml")
LEGAL = [text for text in TRICKY_TEXTS if text.encode("utf-8", "replace").decode() == text]
TAME = [
    "rA1",
    "lV1",
    "G_and_S-occ.inf",
    "left (a)",
    "T'5",
    "a, b^2",
    "٣",
    "𝒜b",
    "°C",
    "12",
    "007",
    "no",
    "null",
    "",
    "a: b",
    "x" * 500,
    "左",
]
floats = st.floats() | st.binary(min_size=8, max_size=8).map(lambda raw: struct.unpack("<d", raw)[0])
tame, wild = st.sampled_from(TAME), st.sampled_from(LEGAL) | st.text(st.characters(blacklist_categories=("Cs",)))
ints = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9)


@st.composite
def node_columns(draw: Any, words: Any = tame | wild) -> NodeColumns:
    size = draw(st.integers(1, 4))

    def column(values: Any) -> Any:
        return st.lists(values, min_size=size, max_size=size)

    names = draw(st.lists(st.sampled_from(["cortical", "area", "a.b-c", "e1"]) | words, max_size=3, unique=True))
    parameters = {name: draw(column(floats) | column(ints) | column(words)) for name in names}
    units = {name: draw(st.sampled_from(["mm", "mm^2", "µm", "1/s", "%s", "no", "1e5"]) | words) for name in names}
    return NodeColumns(
        list(range(size)) if draw(st.booleans()) else draw(column(ints)),
        draw(column(words)),
        parameters,
        {name: unit for name, unit in units.items() if draw(st.booleans())},
        tuple(draw(column(floats)) for _ in range(3)) if draw(st.booleans()) else None,  # type: ignore[arg-type]
    )


def by_events(text: str, limits: Limits) -> Any:
    """Read a sidecar as it is read if its list of nodes is of no known layout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node_list, "split", lambda _: None)
        return sidecar.parse(text, PATH, limits)


def told(read: Any, *given: Any) -> str:
    """Tell what comes of reading: the record, or the error."""
    try:
        record = read(*given)
    except (SidecarError, LimitError) as error:
        return f"{type(error).__name__}: {error}"
    if isinstance(record.get("nodes"), NodeColumns):
        record["nodes"] = list(record["nodes"])
    return repr(record)


def assert_read_alike(text: str) -> None:
    whole = told(by_events, text, Limits())
    assert told(sidecar.parse, text, PATH, Limits()) == whole
    if not whole.startswith(("SidecarError", "LimitError")):
        rest = by_events(text, Limits())
        rest.pop("nodes", None)
        assert repr(sidecar.header(text, PATH)) == repr(rest)


def assert_limited_alike(text: str) -> None:
    for limits in [Limits(depth=depth) for depth in range(1, 7)]:
        assert told(sidecar.parse, text, PATH, limits) == told(by_events, text, limits)
    if not told(by_events, text, Limits()).startswith("SidecarError"):
        _, count = read_counted(text, PATH, Limits())
        for most in (count - 1, count):
            limits = Limits(sidecar_values=most)
            assert told(sidecar.parse, text, PATH, limits) == told(by_events, text, limits)


@settings(max_examples=300, deadline=None)
@given(node_columns())
def test_nodes_are_written_as_pyyaml_writes_their_rows(nodes: NodeColumns) -> None:
    assert node_list.write(nodes) == yaml_writer.by_pyyaml(list(nodes))
    record = {"label": "x: y", "nodes": nodes, "edges": [{"label": "weight"}]}
    assert sidecar.dump(record) == yaml_writer.by_pyyaml(record | {"nodes": list(nodes)})
    assert sidecar.dump({"nodes": nodes}) == yaml_writer.by_pyyaml({"nodes": list(nodes)})


@settings(max_examples=300, deadline=None)
@given(node_columns())
def test_columns_are_those_of_all_of_yaml_or_left_to_it(nodes: NodeColumns) -> None:
    text = node_list.write(nodes)
    found = node_list.columns(text, 10**6)
    if found is not None:
        read, count = read_counted(f"nodes:\n{text}", PATH, Limits())
        assert repr(list(found)) == repr(read["nodes"])
        # The mapping, the key and the list.
        assert found.values == count - 3
    whole = sidecar.dump({"label": "a", "nodes": nodes, "edges": [{"label": "b"}]})
    assert_read_alike(whole)
    assert_limited_alike(whole)


simple = node_columns(
    st.sampled_from(["rA1", "lV1", "left (a)", "12", "007", "no", "null", "", "a: b", "it's #1", "左"])
)


@settings(max_examples=200, deadline=None)
@given(simple)
def test_what_people_use_is_read_as_columns(nodes: NodeColumns) -> None:
    usual = NodeColumns(
        list(range(len(nodes))), nodes.labels, {"area": [0.5] * len(nodes)}, {"area": "mm^2"}, nodes.positions
    )
    found = sidecar.parse(sidecar.dump({"label": "a", "nodes": usual, "edges": []}), PATH)["nodes"]
    assert isinstance(found, NodeColumns)
    assert repr(list(found)) == repr(list(read_yaml(sidecar.dump({"nodes": usual}), PATH, Limits())["nodes"]))


LOOK_ALIKES = [
    "1.0", "1", "-0", "0", "01", "1.", ".5", "-.5", "+1.5", "1e5", "1.5e5", "1.5e+5", "1_000.0", "1:30", "0x1F", "0b1",
    ".nan", ".NaN", ".inf", "-.inf", "+.inf", "nan", "inf", "~", "null", "Null", "nUll", "", "no", "Yes", "true", "abc",
    "a b", "a b ", " a", "a  b", "'a'", "'a''b'", "'a", "a'", '"a"', '"a\\n"', '"a', "'a' # x", "a # x", "a #x", "a: b",
    "a:b", "a:", "- a", "-a", "--- a", "[a]", "{a: 1}", "&a b", "&a", "*a", "!!str 1", "!a", "| ", "|", ">", "%a", "@a",
    "`a", "? a", "?", "=", "<<", "2001-01-01", "12:30", "é", "左", "١.٥", "٣a", "𝒜b", "²", "°C", "½", "ı", "K",
    "a\tb", "\ta", "a\rb", "a\x85b", "a\u2028b",
    "\ufeff", "\x00", "\x7f", "\U0001f600", "9" * 19, "9" * 18, "-" + "9" * 18, "1/s", "'x: \"y'", "\"x: 'y'\"",
]  # fmt: skip
LINES = [
    "", " ", "  ", "# x", "  # x", "---", "...", "%YAML 1.1", "-", "- ", "- a", "- id: 0", "-a", "  label: a", "a: 1",
    "  parameters:", "    area:", "      value: 1.0", "      unit: mm", "  position:", "    x: 1.0", "\t", "  \tx: 1",
    "nodes:", "nodes: []", "nodes: *a", "nodes:\n- id: 0\n  label: a", "edges: '", "edges: \"", "'", '"', "}", "]",
    "x: {", "x: [", "x: &a", "x: *a", "x: |", "x: >", "? x", ": x", "x: !!str", "  label: 'a", "  label: \"a",
    "  extra: 1", "    extra: a", "rows-of-the-list-of-nodes: 1", "x: a\n  nodes:\n  - b", "- a\n- b", "\x85", "a: b\r",
    "x: 'a\nnodes:\n- b\nc: d'", "x: {a: 'b\nnodes:\n- c'}", "- {id: 0, label: \"a\nb: \"}", "x: |1\n a\n",
]  # fmt: skip
HEADS = ["", "label: a\n", "# content: x\nlabel: 'a: b'\n", 'label: "a\n', "---\n", "x: |\n", "x: &a\n", "? x\n", "{\n"]
TAILS = [
    "",
    "edges: []\n",
    "edges:\n- label: a\n",
    "x: *a\n",
    "...\n",
    "x: ' #\n",
    "x\n",
    "nodes:\n- a\n",
    "x: 1",
    "\n",
]


@st.composite
def edited(draw: Any) -> str:
    """Draw a sidecar in our layout that was edited by hand, well or badly."""
    rows = f"nodes:\n{node_list.write(draw(simple))}"
    text = draw(st.sampled_from(HEADS)) + rows + draw(st.sampled_from(TAILS))
    for _ in range(draw(st.integers(0, 3))):
        lines = text.split("\n")
        place, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        how = draw(
            st.sampled_from(["value", "value", "everywhere", "remove", "double", "swap", "insert", "line", "mark"])
        )
        key, colon, _ = lines[place].partition(": ")
        if how == "value":
            lines[place] = f"{key}: {draw(st.sampled_from(LOOK_ALIKES))}"
        elif how == "everywhere" and colon:
            new = draw(st.sampled_from(LOOK_ALIKES))
            lines = [f"{key}: {new}" if line.startswith(f"{key}: ") else line for line in lines]
        elif how == "remove":
            del lines[place]
        elif how == "double":
            lines.insert(place, lines[other])
        elif how == "swap":
            lines[place], lines[other] = lines[other], lines[place]
        elif how == "insert":
            lines.insert(place, draw(st.sampled_from(LINES)))
        elif how == "line":
            lines[place] = draw(st.sampled_from(LINES))
        elif how == "mark":
            at = draw(st.integers(0, len(lines[place])))
            mark = draw(st.sampled_from(list("\"' :-#&*!|>{}[]%@`?,\t\r\x85\ufeffé0aé\\") + ["''", "  "]))
            cut = draw(st.integers(0, 2))
            lines[place] = lines[place][:at] + mark + lines[place][at + cut :]
        text = "\n".join(lines)
    return text


USUAL = """\
label: a
nodes:
- id: 0
  label: rA1
  parameters:
    area:
      value: 1.5
      unit: mm
    hemisphere:
      value: a
  position:
    x: 1.0
    y: 2.0
    z: 3.0
- id: 1
  label: 'it''s'
  parameters:
    area:
      value: 2.5
      unit: mm
    hemisphere:
      value: b
  position:
    x: 1.5
    y: 2.5
    z: 3.5
edges:
- label: weight
"""


def test_whatever_else_stands_as_a_value_is_read_or_refused_as_ever() -> None:
    lines = USUAL.split("\n")
    for place, line in enumerate(lines):
        key, colon, _ = line.partition(": ")
        for other in LOOK_ALIKES if colon else ():
            changed = [*lines[:place], f"{key}: {other}", *lines[place + 1 :]]
            assert_read_alike("\n".join(changed))
            # The same in both rows.
            assert_read_alike("\n".join(f"{key}: {other}" if each.startswith(f"{key}: ") else each for each in lines))


def test_whatever_else_stands_as_a_name_is_read_or_refused_as_ever() -> None:
    for other in LOOK_ALIKES:
        for name in ("area", "hemisphere", "position", "parameters", "label", "nodes", "x"):
            assert_read_alike(USUAL.replace(f" {name}:", f" {other}:"))
        assert_read_alike(USUAL.replace("hemisphere:", f"{other}:").replace("area:", f"{other}:"))


def test_lines_that_come_go_or_change_are_read_or_refused_as_ever() -> None:
    lines = USUAL.split("\n")
    for place in range(len(lines)):
        assert_read_alike("\n".join([*lines[:place], *lines[place + 1 :]]))
        assert_read_alike("\n".join([*lines[:place], lines[place], *lines[place:]]))
        assert_read_alike("\n".join([*lines[:place], f" {lines[place]}", *lines[place + 1 :]]))
        for other in [*LINES, *lines]:
            assert_read_alike("\n".join([*lines[:place], other, *lines[place:]]))
            assert_read_alike("\n".join([*lines[:place], other, *lines[place + 1 :]]))


@settings(max_examples=300, deadline=None)
@given(edited())
@example("nodes:\n- id: 0\n  label: a\n---\nx: 1\n")
@example('a: "x\nnodes:\n- id: 0\n  label: a\nb: "\n')
@example('nodes:\n- id: 0\n  label: "a\nx: 1 #"\n')
@example("nodes:\n- id: 0\n  label: 'a\nx: 1 #'\n")
@example("nodes:\n- id: 0\n  label: [a,\nx: 1]\n")
@example('nodes:\n- {id: 0, label: "a\nx: "}\n')
@example("nodes:\n  - id: 0\n    label: a\n")
@example("nodes:\n- id: 0\n  label: a\n  parameters:\n    a:\n      value: 1.0\n    a:\n      value: 1.0\n")
@example("nodes:\n- id: 0\n  label: a\n  parameters:\nx: 1\n")
@example("nodes:\n- id: &a 0\n  label: a\nx: *a\n")
@example("x: 1\nnodes:\n- id: 0\n  label: a\nx: 2\n")
@example("nodes:\n- id: 1.0\n  label: a\n")
def test_a_sidecar_edited_by_hand_is_read_or_refused_as_ever(text: str) -> None:
    assert_read_alike(text)
    assert_limited_alike(text)


def usual(size: int, label: str = "ctx-lh-region_{}") -> NodeColumns:
    parts: tuple[list[Any], ...] = tuple([0.1 * index - axis for index in range(size)] for axis in range(3))
    labels: list[Any] = [label.format(index) for index in range(size)]
    return NodeColumns(list(range(size)), labels, {"area": [1.5] * size}, {"area": "mm^2"}, parts)  # type: ignore[arg-type]


def test_a_node_is_a_row() -> None:
    nodes = usual(3)
    row = {"id": 1, "label": "ctx-lh-region_1", "parameters": {"area": {"value": 1.5, "unit": "mm^2"}}}
    assert nodes[1] == row | {"position": {"x": 0.1, "y": -0.9, "z": -1.9}}
    assert (len(nodes), list(nodes)[1]) == (3, nodes[1])
    assert NodeColumns([7], [None])[0] == {"id": 7, "label": None}


def test_the_parts_of_a_split_are_the_text() -> None:
    text = sidecar.dump({"label": "a", "nodes": usual(5), "edges": [{"label": "b"}]})
    parts = node_list.split(text)
    assert parts is not None
    assert "".join(parts) == text
    assert (parts.before, parts.after) == ("label: a\nnodes:\n", "edges:\n- label: b\n")
    found = node_list.columns(parts.nodes, 1000)
    assert found is not None
    assert list(found) == list(usual(5))
    assert node_list.columns(parts.nodes, 5 * 9 * 2 - 1) is None


def test_columns_need_no_reader_of_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    text = sidecar.dump({"label": "a", "nodes": usual(100, "it's #{}"), "edges": []})
    seen = []
    real = sidecar.read_counted
    monkeypatch.setattr(sidecar, "read_yaml", None)
    monkeypatch.setattr(sidecar, "read_counted", lambda text, *rest: seen.append(text) or real(text, *rest))
    assert list(sidecar.parse(text, PATH)["nodes"]) == list(usual(100, "it's #{}"))
    assert sidecar.header(text, PATH) == {"label": "a", "edges": []}
    assert max(map(len, seen)) < 100


def test_faults_in_the_list_do_not_keep_from_the_header() -> None:
    text = sidecar.dump({"label": "a", "nodes": usual(2), "edges": []}).replace("    y: ", "    y ")
    with pytest.raises(SidecarError, match="line"):
        sidecar.parse(text, PATH)
    assert sidecar.header(text, PATH) == {"label": "a", "edges": []}


MANY = 100_000


@pytest.mark.parametrize(
    "rows",
    [
        "- " + " " * 10 * MANY + "\n",
        "- id: 0\n  label: " + "a " * 5 * MANY + "\n",
        "- id: 0\n  label: " + "a" + " " * 10 * MANY + "\n",
        "- id: 0\n  label: '" + "''" * 5 * MANY + "\n",
        "- id: 0\n  label: '" + "a''" * 3 * MANY + '"\n',
        "- id: 0\n  label: " + ": '" * 3 * MANY + "\n",
        "- id: 0\n  label: " + ": 'a" * 3 * MANY + "\n",
        "- id: 0\n  label: " + ": \"a' " * 2 * MANY + "\n",
        "- id: 0\n  label: a\n  parameters:\n    a:\n      value: " + "1" * 10 * MANY + "\n",
        "- id: 0\n  label: a\n  parameters:\n    a:\n      value: 1." + "1" * 10 * MANY + "e\n",
        "- id: 0\n  label: a\n  parameters:\n    " + "a" * 10 * MANY + "\n",
        "- id: 0\n  label: a\n  parameters:\n" + "".join(f"    a{i}:\n      value: 1.0\n" for i in range(MANY // 3)),
        "- id: 0\n" * MANY,
        "- id: 0\n  label: a\n" * (MANY // 2) + "  x: 1\n",
        "- \n" * 4 * MANY,
        "- \n" + "\n" * 10 * MANY,
        "- id: 0\n  label: a\n  parameters:\n    a:\n" + "      value: 1.0\n" * MANY,
    ],
)
def test_hostile_lists_take_no_longer_than_their_length(rows: str) -> None:
    start = time.process_time()
    parts = node_list.split(f"label: a\nnodes:\n{rows}edges: []\n")
    if parts is not None:
        node_list.columns(parts.nodes, Limits().sidecar_values)
    node_list.columns(rows, Limits().sidecar_values)
    # They take less than 0.3 s; what grows with the square takes minutes.
    assert time.process_time() - start < 3


def test_hostile_beginnings_take_no_longer_than_their_length() -> None:
    start = time.process_time()
    for text in (
        "\nnodes:\n" * MANY,
        "\nnodes:\n- x\n" * MANY,
        "nodes:\n- a\n-\n" * MANY,
        "x: 1\n" * MANY + "nodes:\n- a",
    ):
        node_list.split(text)
    assert time.process_time() - start < 3


def test_damaged_text_is_an_error_of_the_reader_of_yaml() -> None:
    with pytest.raises(YamlError, match="line 3"):
        read_yaml("nodes:\n- id: 0\n  id: 0\n", PATH, Limits())
