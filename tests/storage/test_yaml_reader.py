"""Sidecars are read as people mean them, within limits, and as PyYAML reads them otherwise."""

import datetime
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tvbo.errors import LimitError
from tvbo.limits import Limits
from tvbo.storage.sidecar import dump
from tvbo.storage.yaml_reader import YamlError, read_yaml
from tvbo.testing.array_strategies import TRICKY_TEXTS


def read(text: str, **limits: int) -> object:
    return read_yaml(text, "x.yaml", Limits(**limits))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(st.characters(blacklist_categories=("Cs",)))
    | st.sampled_from([text for text in TRICKY_TEXTS if text.isprintable()]),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text("abc.<=~", max_size=3), inside, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(plain)
def test_what_is_dumped_is_read_exactly(value: object) -> None:
    assert repr(read(dump({"x": value}))) == repr({"x": value})


@settings(max_examples=150, deadline=None)
@given(st.text("-:.,[]{}#&*!|>'\"% \n\tab01e+_~nyo=<?@`", max_size=40))
def test_it_agrees_with_pyyaml_or_refuses(text: str) -> None:
    """Whatever both understand, both understand alike."""
    try:
        ours = read(text)
    except (YamlError, LimitError):
        return
    try:
        theirs = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.constructor.ConstructorError:
        # It has no idea of "=" and a lone "<<", which are text here.
        assert "=" in text or "<<" in text
        return
    assert repr(ours) == repr(theirs)


def test_every_kind_of_scalar() -> None:
    text = (
        "[0x1F, 010, 1_000, 12:30, 1.5e+3, .5, -.inf, .nan, yes, ~, '', no, 2001-01-01, 'no', !!str 1, !!binary aGk=]"
    )
    found = read(text)
    assert isinstance(found, list)
    assert math.isnan(found[7])
    assert math.copysign(1, found[7]) == 1
    del found[7]
    date = datetime.date(2001, 1, 1)
    assert found == [31, 8, 1000, 750, 1500.0, 0.5, -math.inf, True, None, "", False, date, "no", "1", b"hi"]


def test_what_a_place_means_counts_more_than_how_a_word_looks() -> None:
    text = """
label: 12:30
parameters: {speed: {value: 1e-3}}
nodes:
- {label: no, position: {x: 1e3, y: 2, z: .5}, parameters: {area: {value: 1E5, unit: 1e5}}}
edges:
- {label: 0x1F, dimension_labels: [yes, ~, 007]}
elsewhere: {label: no}
"""
    found = read(text)
    assert isinstance(found, dict)
    assert found["label"] == "12:30"
    assert found["parameters"]["speed"]["value"] == 1e-3
    node = found["nodes"][0]
    assert (node["label"], node["position"]) == ("no", {"x": 1000.0, "y": 2, "z": 0.5})
    assert node["parameters"]["area"] == {"value": 1e5, "unit": "1e5"}
    assert found["edges"][0] == {"label": "0x1F", "dimension_labels": ["yes", None, "007"]}
    assert found["elsewhere"] == {"label": False}


def test_an_alias_is_a_copy() -> None:
    found = read("{a: &x [1, {b: 2}], c: *x}")
    assert found == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    assert isinstance(found, dict)
    found["a"][1]["b"] = 3
    assert found["c"][1]["b"] == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\na: 2\n", "line 2: 'a' stands twice"),
        ("1: x\n1.0: y\n", "stands twice"),
        ("{[1]: 2}", "where a key belongs"),
        ("a: !!python/object/apply:os.system [ls]", "tag"),
        ("a: !x 1", "tag"),
        ("a: !!set {b}", "tag"),
        ("a: 1\n---\nb: 2\n", "second document"),
        ("a: *b", "stands for nothing"),
        ("a: &b [*b]", "stands for nothing"),
        ("base: &b {x: 1}\na:\n  <<: *b\n", "merge keys"),
        ("a: 2020-13-45", "no timestamp"),
        (f"a: {'9' * 2000}", "a number of 2,000 characters"),
        (f"a: {':'.join(['1'] * 2000)}", "a number of"),
        ("a: \x01", "not allowed"),
        ("a: [1", "expected"),
        ("a: !!int x", "no int"),
    ],
)
def test_what_is_no_sidecar_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(YamlError, match=reason):
        read(text)


def test_limits_hold_and_can_be_raised() -> None:
    deep = "[" * 100 + "]" * 100
    with pytest.raises(LimitError, match=r"limits=Limits\(depth=65\)"):
        read(deep)
    assert read(deep, depth=100) is not None
    with pytest.raises(LimitError, match="sidecar values would be 11, the limit is 10"):
        read("[1,1,1,1,1,1,1,1,1,1,1]", sidecar_values=10)
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    with pytest.raises(LimitError, match="values"):
        read(laughs)
    with pytest.raises(LimitError, match="aliases would be 101"):
        read("a: &a 1\nb: [" + "*a, " * 200 + "]")
