"""Whatever tvbo 0.5.3 may write is read, and written back with every key that it had."""

import contextlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tvbo import Network
from tvbo.errors import CompanionError, NetworkNotFoundError, SidecarError, TvboWarning

# A NUL at the end of a text is what neither numpy nor HDF5 keeps.
words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_ .-]{0,6}[a-z]", fullmatch=True)
numbers = st.floats(width=32) | st.integers(-9, 9)
units = st.sampled_from(["mm", "ms", "mm_per_ms", "Hz", "mV"])
trees = st.recursive(words | numbers | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=2)
                     | st.dictionaries(words, inner, max_size=2), max_leaves=5)  # fmt: skip


def some(**keys: Any) -> Any:
    """Draw a mapping with any of these keys."""
    return st.fixed_dictionaries({}, optional=keys)


parameters = st.dictionaries(
    names, some(value=words | numbers | st.booleans() | st.lists(numbers, max_size=3), unit=units, label=words,
                description=words, free=st.booleans(), domain=some(lo=numbers, hi=numbers)), min_size=1, max_size=2,
)  # fmt: skip
top = some(
    label=words, description=words, descriptor=names, distance_unit=st.sampled_from(["mm", "cm", "m"]),
    time_unit=st.sampled_from(["ms", "s"]), parameters=parameters, bids=st.dictionaries(names, trees, max_size=2),
    coupling=st.dictionaries(names, some(label=words, delayed=st.booleans()), max_size=2), dynamics=trees,
    provenance=some(date_created=words, references=st.lists(words, max_size=2)), tractogram=some(name=words),
    parcellation=some(atlas=some(name=words, coordinateSpace=words)),
    observational_measures=st.lists(words, max_size=2),
    transforms=st.lists(some(name=words, equation=some(rhs=words)), max_size=1), primary_weight=names,
    schema_version=st.just("tvb-datamodel/0.7.0"), tvbo_class=st.just("tvbo:Network"),
)  # fmt: skip
flags = {key: st.booleans() for key in ("weighted", "valid_diagonal", "non_negative", "directed")}


@st.composite
def node_lists(draw: Any, size: int) -> list[dict[str, Any]]:
    ids = draw(st.one_of(
        st.just(list(range(size))), st.just(list(range(1, size + 1))),
        st.lists(st.integers(-5, 50), min_size=size, max_size=size, unique=True),
    ))  # fmt: skip
    place = st.fixed_dictionaries({"x": numbers, "y": numbers, "z": numbers}, optional={"coordinateSpace": words})
    partly = some(x=numbers, y=numbers, z=numbers)
    said = some(
        region=words, dynamics=words, record=st.booleans(), description=words, subnetwork=some(label=words),
        state=parameters, events=st.dictionaries(names, trees, max_size=1),
    )  # fmt: skip
    labels = draw(st.sampled_from([words, st.just("a"), st.none()]))
    places = draw(st.sampled_from([st.none(), place, partly]))
    common = draw(st.dictionaries(names, st.sampled_from([numbers, words, st.just(1.5)]), max_size=2))
    rows = []
    for number in ids:
        own = {name: {"value": draw(values)} for name, values in common.items()}
        own |= draw(parameters) if draw(st.integers(0, 3)) == 0 else {}
        row = {"id": number, "label": draw(labels), "position": draw(places), "parameters": own or None}
        rows.append({key: value for key, value in row.items() if value is not None} | draw(said))
    return rows


@st.composite
def explicit_edges(draw: Any, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = st.sampled_from([row["id"] for row in nodes])
    ends = draw(st.lists(st.tuples(ids, ids), unique=True, max_size=4))
    more = some(
        label=words, weight=numbers, delay=numbers, distance=numbers, coupling=words, source_var=words,
        target_var=words,
        parameters=st.dictionaries(st.sampled_from(["weight", "length", "gain"]), st.builds(
            lambda value: {"value": value}, numbers), max_size=2), description=words, dynamics=words, **flags,
    )  # fmt: skip
    return [{"source": source, "target": target} | draw(more) for source, target in ends]


@st.composite
def matrices(draw: Any, size: int) -> dict[str, tuple[dict[str, Any], Any]]:
    found = {}
    for name in draw(
        st.lists(st.sampled_from(["weight", "length", "fc", "gain 1", "sc_binary"]), unique=True, max_size=3)
    ):
        labels = draw(st.none() | st.lists(words, min_size=1, max_size=3))
        shape = (size, size if labels is None else len(labels))
        values = np.array(draw(st.lists(st.sampled_from([0, 0, 1.5, -2, 1e-30]), min_size=shape[0] * shape[1],
                                        max_size=shape[0] * shape[1])), np.float32).reshape(shape)  # fmt: skip
        row = draw(some(unit=words.filter(bool), description=words, target_network=st.just("elsewhere"), **flags))
        row |= {"label": name, "format": draw(st.sampled_from(["dense", "csr", "coo"]))}
        found[name] = row | ({} if labels is None else {"dimension_labels": labels}), values
    return found


@st.composite
def records(draw: Any) -> tuple[dict[str, Any], dict[str, Any], bool]:
    size = draw(st.integers(1, 4))
    record = draw(top)
    listed = draw(st.booleans())
    rows = draw(node_lists(size)) if listed else [{"id": index} for index in range(size)]
    held = draw(matrices(size))
    edges = [row for row, _ in held.values()]
    edges += draw(explicit_edges(rows))
    record |= {"nodes": rows} if listed else {}
    record |= {"number_of_nodes": size} if not listed or draw(st.booleans()) else {}
    record |= {"edges": draw(st.permutations(edges))} if edges else {}
    mapped = draw(st.none() | st.sampled_from(["/nodes/parent_index", "/mesh/region_mapping", "nodes/own"]))
    record |= {} if mapped is None else {"node_mapping": mapped}
    return record, {name: values for name, (_, values) in held.items()}, draw(st.booleans())


def companion(path: Path, record: dict[str, Any], arrays: dict[str, Any], shapes: bool) -> None:
    """Write what tvbo 0.5.3 puts beside a sidecar."""
    layouts = {row.get("label"): row for row in record.get("edges", []) if "source" not in row}
    with h5py.File(path, "w") as file:
        file.attrs["tvbo_class"] = "tvbo:Network"
        for name, values in arrays.items():
            row = layouts[name]
            group = file.create_group(f"edges/{name}")
            group.attrs["format"] = row["format"]
            group.attrs["shape"] = list(values.shape) if shapes or values.shape[0] != values.shape[1] else []
            parts = {"dense": ["data"], "csr": ["data", "indices", "indptr"], "coo": ["data", "row", "col"]}[
                row["format"]
            ]
            made = {"dense": lambda v: v, "csr": sp.csr_matrix, "coo": sp.coo_matrix}[row["format"]](values)
            for part in parts:
                group[part] = values if row["format"] == "dense" else getattr(made, part)
            if "dimension_labels" in row:
                group["_dim_col_labels"] = np.array(row["dimension_labels"], dtype=h5py.string_dtype())
            more = group.create_group("edge_parameters/p")
            more.attrs["format"], more.attrs["shape"] = "dense", list(values.shape)
            more["data"] = values * 2
        if "node_mapping" in record:
            size = len(record["nodes"]) if "nodes" in record else record["number_of_nodes"]
            file[record["node_mapping"]] = np.arange(size, dtype=np.int32) - 1


def text_of(record: dict[str, Any], style: int) -> str:
    block = yaml.dump(record, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=bool(style % 2),
                      default_flow_style=(False, None, False, True)[style % 4], indent=2 + style)  # fmt: skip
    return f"# {'a comment'}\n{block}" if style else block


@pytest.mark.filterwarnings("ignore::tvbo.errors.TvboWarning")
@settings(
    max_examples=50,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records(), st.integers(0, 4), st.sampled_from(["there", "missing", "json"]))
def test_every_key_comes_back(
    tmp_path_factory: Any, lost_keys: Any, drawn: tuple[dict[str, Any], dict[str, Any], bool], style: int, how: str
) -> None:
    record, arrays, shapes = drawn
    folder = tmp_path_factory.mktemp("drawn")
    path = folder / ("a.json" if how == "json" else "a.yaml")
    record |= {"data_file": "a.h5"} if arrays or "node_mapping" in record else {}
    path.write_text(json.dumps(record) if how == "json" else text_of(record, style), encoding="utf-8", newline="")
    # What is compared is what YAML makes of the text; a dumper writes some text so that it reads back as other text.
    source = record if how == "json" else yaml.safe_load(path.read_text(encoding="utf-8"))
    if how != "missing" and "data_file" in record:
        companion(folder / "a.h5", record, arrays, shapes)
    network = Network.from_file(path)
    if how != "missing":
        for name, values in arrays.items():
            np.testing.assert_array_equal(network.matrix(name), values)
    (folder / "new").mkdir()
    network.save(folder / "new" / "b.yaml")
    again = Network.from_file(folder / "new" / "b.yaml")
    written = yaml.safe_load((folder / "new" / "b.yaml").read_text(encoding="utf-8"))
    assert lost_keys(source, written) == []
    again.save(folder / "new" / "c.yaml")
    assert lost_keys(source, yaml.safe_load((folder / "new" / "c.yaml").read_text(encoding="utf-8"))) == []
    if how != "missing":
        assert network.identical(again), network.diff(again)
        with h5py.File(folder / "new" / "b.h5") as file:
            for name, values in arrays.items():
                np.testing.assert_array_equal(file[f"edges/{name}/edge_parameters/p/data"], values * 2)


NODES = "nodes:\n- {id: 1, label: a}\n- {id: 2, label: b}\n"


def written(tmp_path: Path, text: str, name: str = "a.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_what_is_missing_stays_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"{NODES}data_file: lost.h5\nnode_mapping: /nodes/parent_index\n"
        "parameters: {s: {value: 2.0, dataset_path: /p/s, shape: '[2]'}}\n"
        "edges: [{label: weight, format: csr, non_negative: true}, {label: gain, dimension_labels: [x]}]\n",
    )
    network = Network.from_file(path)
    assert (network.matrices["weight"].shape, network.matrices["gain"].shape) == ((2, 2), (2, 1))
    for touch in (lambda: network.weights_matrix, lambda: network.node_mapping_data):
        with pytest.raises(CompanionError, match=r"lost\.h5, which is missing: put the \.h5 file beside"):
            touch()
    with pytest.raises(CompanionError, match="is missing"):
        network.save(tmp_path / "strict.yaml", strict=True)
    with pytest.raises(CompanionError, match="under another name"):
        network.save(tmp_path / "lost.yaml")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.yaml"]
    missing = "/nodes/parent_index, /edges/weight, /edges/gain"
    with pytest.warns(TvboWarning, match=f"without what was missing when it was opened: /p/s, {missing}"):
        network.save(tmp_path / "b.yaml")
    for _ in range(2):
        again = Network.from_file(tmp_path / "b.yaml")
        with pytest.raises(CompanionError, match=r"/edges/weight lies in .*lost\.h5, which was missing when this"):
            again.matrix("weight")
        with pytest.raises(CompanionError, match=r"/p/s lies in .*lost\.h5, which was missing"):
            np.asarray(again.parameters["s"].value)
        with pytest.warns(TvboWarning, match="without what was missing"):
            again.save(tmp_path / "b.yaml")
    again.set_matrix("weight", np.eye(2))
    with pytest.warns(TvboWarning, match="opened: /p/s, /nodes/parent_index, /edges/gain$"):
        again.save(tmp_path / "c.yaml")
    found = Network.from_file(tmp_path / "c.yaml")
    np.testing.assert_array_equal(found.weights_matrix, np.eye(2))
    assert yaml.safe_load((tmp_path / "c.yaml").read_text())["edges"][0]["format"] == "dense"


def test_our_own_pair_without_its_companion_is_not_saved_as_less(tmp_path: Path) -> None:
    Network.from_matrix(np.eye(2)).save(tmp_path / "a.yaml")
    (tmp_path / "a.h5").unlink()
    with pytest.raises(CompanionError, match="is missing"):
        Network.from_file(tmp_path / "a.yaml").save(tmp_path / "b.yaml")
    assert not (tmp_path / "b.yaml").exists()


def test_a_companion_of_another_kind(tmp_path: Path) -> None:
    path = written(tmp_path, f"{NODES}data_file: a.zarr\nedges: [{{label: weight}}]\n")
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(CompanionError, match=r"a\.zarr, which is no HDF5 file: save the network as \.h5"):
        Network.from_file(path).matrix("weight")
    path = written(tmp_path, f"{NODES}data_file: t.csv\nedges: [{{label: fc}}, {{label: weight}}]\n")
    (tmp_path / "t.csv").write_text("1 2.5\n3 1e-30\n")
    found = Network.from_file(path)
    np.testing.assert_array_equal(found.matrix("fc"), [[1, 2.5], [3, 1e-30]])
    with pytest.raises(CompanionError, match="holds the first matrix of its sidecar alone"):
        found.matrix("weight")
    with pytest.warns(TvboWarning, match="opened: /edges/weight$"):
        found.save(tmp_path / "b.yaml")
    np.testing.assert_array_equal(Network.from_file(tmp_path / "b.yaml").matrix("fc"), [[1, 2.5], [3, 1e-30]])


def test_a_matrix_that_is_set_beside_listed_edges_is_saved(tmp_path: Path) -> None:
    network = Network.from_file(written(tmp_path, f"{NODES}edges: [{{source: 1, target: 2, weight: 0.5}}]\n"))
    network.set_matrix("weight", np.full((2, 2), 7.0))
    network.set_matrix("fc", np.eye(2))
    network.save(tmp_path / "b.yaml")
    again = Network.from_file(tmp_path / "b.yaml")
    np.testing.assert_array_equal(again.weights_matrix, np.full((2, 2), 7.0))
    np.testing.assert_array_equal(again.matrix("fc"), np.eye(2))
    assert yaml.safe_load((tmp_path / "b.yaml").read_text())["edges"][-1] == {"source": 1, "target": 2, "weight": 0.5}


@pytest.mark.parametrize(
    ("edges", "expected", "said"),
    [
        ("{source: 1, target: 2, weight: 2, directed: true}", [[0, 0], [2, 0]], None),
        ("{source: 1, target: 2, weight: 2}, {source: 2, target: 1, weight: 3}", [[0, 3], [2, 0]], None),
        ("{source: 1, target: 2, parameters: [{name: weight, value: 4}]}", [[0, 4], [4, 0]], None),
        ("{source: 1, target: 2}, {source: 1, target: 2, weight: 5}", [[0, 5], [5, 0]], "edge 1 joins two nodes"),
        ("{source: 0, target: 1, weight: 6}", [[0, 6], [6, 0]], "by their places in the list"),
        ("{source: 1, target: 2}, {source: 1, target: 9, target_network: b.yaml}", [[0, 1], [1, 0]], None),
    ],
)
def test_edges_that_are_listed(tmp_path: Path, edges: str, expected: Any, said: str | None) -> None:
    path = written(tmp_path, f"{NODES}edges: [{edges}]\n")
    with contextlib.nullcontext() if said is None else pytest.warns(TvboWarning, match=said):
        found = Network.from_file(path)
    np.testing.assert_array_equal(found.weights_matrix, expected)


def test_units_of_listed_edges_are_those_of_the_network(tmp_path: Path) -> None:
    found = Network.from_file(
        written(
            tmp_path,
            f"{NODES}distance_unit: cm\ntime_unit: s\nedges: [{{source: 1, target: 2, distance: 1, delay: 2}}]\n",
        )
    )
    assert (found.matrices["length"].unit, found.matrices["delay"].unit) == ("cm", "s")


def test_spellings_of_nodes(tmp_path: Path, lost_keys: Any) -> None:
    text = (
        "nodes:\n- {id: 1, position: {x: 1, y: 2, z: 3.5, coordinateSpace: MNI}, parameters: [{name: a, value: 1.5}]}\n"
        "- {id: 2, position: {x: 0, y: 0, z: -1}, parameters: {a: {value: 2.5}}}\n"
    )
    found = Network.from_file(written(tmp_path, text))
    np.testing.assert_array_equal(found.nodes.positions, [[1, 2, 3.5], [0, 0, -1]])
    np.testing.assert_array_equal(found.nodes.columns["a"], [1.5, 2.5])
    assert [node.label for node in found.nodes] == ["node_0", "node_1"]
    found.save(tmp_path / "b.yaml")
    nodes = yaml.safe_load((tmp_path / "b.yaml").read_text())["nodes"]
    assert nodes[0]["position"] == {"x": 1.0, "y": 2.0, "z": 3.5, "coordinateSpace": "MNI"}
    assert nodes[0]["parameters"] == {"a": {"value": 1.5}}
    assert found.identical(Network.from_file(tmp_path / "b.yaml"))
    with pytest.raises(SidecarError, match="parameters are 'red': expected a mapping"):
        Network.from_file(written(tmp_path, "nodes:\n- {id: 1, parameters: red}\n"))


def test_a_parent_that_is_not_there_stays_named(tmp_path: Path) -> None:
    network = Network.from_file(written(tmp_path, f"{NODES}parent_network: 'Connectivity gid: 1'\n"))
    with pytest.warns(TvboWarning, match="its parent network 'Connectivity gid: 1'"):
        network.save(tmp_path / "b.yaml")
    again = Network.from_file(tmp_path / "b.yaml")
    with pytest.raises(NetworkNotFoundError, match="Connectivity gid: 1"):
        again.parent()
    with pytest.raises(NetworkNotFoundError, match="Connectivity gid: 1"):
        again.save(tmp_path / "c.yaml", strict=True)
    written(tmp_path, '{"label": "Connectivity gid: 1", "number_of_nodes": 3}', "parent.json")
    assert again.parent().number_of_nodes == 3


def test_spellings_of_a_mesh(tmp_path: Path) -> None:
    vertices, faces = np.random.default_rng(0).normal(size=(4, 3)), np.array([[0, 1, 2], [1, 2, 3]], np.int32)
    said = "number_of_nodes: 4\ndata_file: a.h5\nnode_mapping: mesh/parcels\n"
    for place, more in (("mesh/faces", ""), ("mesh/own", "mesh: {elements: mesh/own}\n")):
        path = written(tmp_path, said + more)
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["nodes/coordinates"], file[place], file["mesh/curvature"] = vertices, faces, np.arange(4.0)
            file["mesh/parcels"] = np.array([0, -1, 2, 2], np.int32)
        found = Network.from_file(path)
        found.save(tmp_path / "b.yaml")
        for each in (found, Network.from_file(tmp_path / "b.yaml")):
            np.testing.assert_array_equal(each._mesh_vertices, vertices)
            np.testing.assert_array_equal(each._mesh_elements, faces)
            np.testing.assert_array_equal(each.node_mapping_data, [0, -1, 2, 2])
        with h5py.File(tmp_path / "b.h5") as file:
            np.testing.assert_array_equal(file["mesh/curvature"], np.arange(4.0))
            np.testing.assert_array_equal(file["mesh/parcels"], [0, -1, 2, 2])


def test_what_the_sidecar_does_not_name_is_carried_along(tmp_path: Path) -> None:
    path = written(tmp_path, "number_of_nodes: 2\ndata_file: a.h5\n")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["mesh/vertices"], file["nodes/parent_index"] = np.ones((2, 3)), np.array([1, 0])
    found = Network.from_file(path)
    np.testing.assert_array_equal(found.nodes.positions, np.ones((2, 3)))
    found.save(tmp_path / "b.yaml")
    with h5py.File(tmp_path / "b.h5") as file:
        np.testing.assert_array_equal(file["mesh/vertices"], np.ones((2, 3)))
        np.testing.assert_array_equal(file["nodes/parent_index"], [1, 0])


def test_a_rectangle_without_a_shape(tmp_path: Path) -> None:
    path = written(tmp_path, f"{NODES}data_file: a.h5\n")
    values = sp.csr_matrix(np.array([[0, 0, 0, 3.0], [1, 0, 0, 0]]))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("edges/gain")
        group.attrs["format"], group.attrs["shape"] = "csr", []
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(values, part)
    np.testing.assert_array_equal(Network.from_file(path).matrix("gain"), values.toarray())
