"""The file pair: what is written comes back, lazily, and what is wrong is said."""

import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Mesh, Network, NodeTable, Parameter
from tvbo.errors import (
    CompanionError,
    LimitError,
    MatrixNotFoundError,
    NetworkNotFoundError,
    ShapeError,
    SidecarError,
    StaleFileError,
    TvboWarning,
    UnknownFormatError,
    UnsupportedObjectError,
)

quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
floats = hnp.from_dtype(np.dtype(np.float64), allow_nan=True, allow_infinity=True)
bits = hnp.arrays(np.uint64, (4, 4), elements=st.integers(0, 2**64 - 1)).map(lambda words: words.view(np.float64))
texts = st.text(st.characters(), max_size=12).map(lambda text: text.rstrip("\0"))
lookalikes = st.sampled_from(
    ["no", "y", "null", "1e3", "1", "0x1F", "2020-01-01", "12:30", "~", "", " a ", "a: b", "# c", "'", '"', "a\nb"]
    + ["\x85", "\u2028", "\ufeff", "\x01", "a\0b", "\ud800", "é", "𝄞", "-", "[", "{", "!x", "&a", "*a", "<<", "="]
)


# Right to left, mixed directions and their overrides, combining marks, and labels of ten thousand characters.
scripts = st.sampled_from(
    [
        "\u05de\u05d5\u05d7",
        "\u0627\u0644\u062f\u0645\u0627\u063a V1",
        "\u202eabc\u202c",
        "\u200f",
        "e\u0301\u0323",
        "\u2066x\u2069",
    ]
)
long_texts = st.builds(
    lambda text, times: (text * times)[:10_000], texts | scripts | lookalikes, st.integers(1, 10_000)
)


def open_edited(path: Path) -> Network:
    """Open a pair whose sidecar is not the one that was saved; that is said."""
    with pytest.warns(TvboWarning, match="was edited since it was saved"):
        return Network.from_file(path)


def small() -> Network:
    weights = np.array([[0.0, 0.1, -0.0], [2.0, 1e-320, 3.0], [np.nan, np.inf, 1e300]])
    network = Network.from_matrix(weights, weights * 3, labels=["a", "b", "c"], positions=np.eye(3) / 3)
    network.nodes.columns["area"] = np.array([1.5, 0.1, 2.0])
    network.nodes.columns["cortical"] = np.array([True, False, True])
    network.nodes.columns["orientation"] = np.arange(9.0).reshape(3, 3)
    network.parameters["conduction_speed"] = Parameter(3.0, "mm_per_ms", "v")
    network.label = "three regions"
    return network


def reload(network: Network, path, **options) -> Network:
    network.save(path, **options)
    return Network.from_file(path)


@quick
@given(bits, st.lists(texts | lookalikes, min_size=4, max_size=4), bits, st.sampled_from(["inline", "companion"]))
def test_every_bit_of_floats_and_every_label_survive(pair, weights, labels, columns, nodes) -> None:
    network = Network.from_matrix(weights, labels=labels, positions=np.asfortranarray(columns[:, :3]))
    network.nodes.columns["area"] = columns[:, 3].copy()
    network.label = labels[0]
    found = reload(network, pair, nodes=nodes)
    assert not network.diff(found), str(network.diff(found))
    assert network.digest() == found.digest()


@quick
@given(st.lists(scripts | long_texts | lookalikes, min_size=6, max_size=6), st.sampled_from(["inline", "companion"]))
def test_hostile_text_survives_everywhere(pair, words, nodes) -> None:
    # A trailing NUL is what numpy itself takes off.
    words = [word.rstrip("\0") for word in words]
    network = Network.from_matrix(np.eye(2), labels=words[:2])
    network.label, network.description = words[2], words[3]
    network.nodes.columns["hemisphere"] = np.array(words[2:4])
    network.parameters["note"] = Parameter(words[4], words[5], words[0])
    network.set_matrix("gain", np.ones((2, 2)), unit=words[1], column_labels=words[4:])
    network.extra["words"] = {f"key {index}": word for index, word in enumerate(words)}
    network.save(pair, nodes=nodes)
    found = Network.from_file(pair)
    assert network.identical(found), str(network.diff(found))
    assert found.identical(Network.from_file(pair.with_suffix(".h5")))


@quick
@given(
    hnp.arrays(
        st.sampled_from([np.dtype(name) for name in ("f2", "f4", "f8", ">f8", "c16", "i1", "u8", ">i4", "?")]),
        (3, 3),
    ),
    st.sampled_from(["gzip", "none", 9]),
)
def test_every_dtype_survives(pair, values, compression) -> None:
    network = Network.from_matrix(values)
    assert network.identical(reload(network, pair, compression=compression))


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_matrices_stay_what_they_are(pair, layout, kind, index) -> None:
    rows, columns = np.array([2, 0, 0, 1], index), np.array([1, 2, 0, 1], index)
    values = getattr(sp, f"coo_{kind}")((np.array([0.0, -0.0, 2.5, 1.0]), (rows, columns)), shape=(3, 3))
    network = Network.from_matrix(values.asformat(layout))
    found = reload(network, pair)
    assert not network.diff(found), str(network.diff(found))
    assert type(found.matrix("weight", format=None)) is type(network.matrix("weight", format=None))
    np.testing.assert_array_equal(found.weights_matrix, values.toarray())


def test_unsorted_duplicate_entries_are_kept(pair) -> None:
    csr = sp.csr_array((np.array([1.0, 2.0, 3.0]), np.array([2, 0, 0]), np.array([0, 3, 3, 3])), shape=(3, 3))
    csc = sp.csc_array((np.array([1.0, 2.0, 3.0]), np.array([2, 0, 0]), np.array([0, 3, 3, 3])), shape=(3, 3))
    network = Network.from_matrix(csr, fc=csc)
    assert network.identical(reload(network, pair))


@pytest.mark.parametrize("word", [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF0000000000001, 0xFFFFFFFFFFFFFFFF])
def test_each_nan_stays_that_nan_in_the_sidecar(pair, word) -> None:
    values = np.full((3, 3), word, np.uint64).view(np.float64)
    network = Network(NodeTable(["a", "b", "c"], values, {"area": values[0].copy()}))
    found = reload(network, pair, nodes="inline")
    assert not network.diff(found), str(network.diff(found))


def test_a_parameter_whose_mean_overflows_is_kept(pair) -> None:
    net = small()
    net.parameters["huge"] = Parameter(np.full(3, 1.7e308))
    net.save(pair)
    assert yaml.safe_load(pair.read_text())["parameters"]["huge"]["value"] == 1.7e308
    assert Network.from_file(pair).identical(net)


def test_all_parts_come_back(pair) -> None:
    network = small()
    network.set_matrix("gain", np.arange(6.0).reshape(3, 2), unit="V/(A*m)", column_labels=["r", "l"])
    network.extra["note"] = {"tuple": (1, 2.5, None), "bits": np.float32(0.1), "deep": [{"array": np.arange(3)}]}
    found = reload(network, pair)
    assert not network.diff(found), str(network.diff(found))
    assert found.nodes[0].parameters.cortical.value is True
    assert found.nodes[1].parameters["area"].value == 0.1
    assert found.conduction_speed.unit == "mm_per_ms"
    assert found.extra["note"]["tuple"] == (1, 2.5, None)


def test_the_sidecar_reads_like_the_page(pair) -> None:
    small().save(pair)
    lines = pair.read_text().splitlines()
    assert lines[0].startswith("# content: sha256:")
    assert lines[1:4] == ["tvbo_class: tvbo:Network", "schema_version: tvb-datamodel/0.7.0", "label: three regions"]
    node = yaml.safe_load(pair.read_text())["nodes"][0]
    assert list(node) == ["id", "label", "parameters", "position"]
    assert node["parameters"] == {"area": {"value": 1.5}, "cortical": {"value": 1.0}}


def test_the_companion_is_gzip_float64(pair) -> None:
    values = np.random.default_rng(0).random((76, 76))
    Network.from_matrix(values).save(pair)
    with h5py.File(pair.with_suffix(".h5")) as file:
        data = file["edges/weight/data"]
        assert data.dtype == np.float64
        assert data.compression == "gzip"
        np.testing.assert_array_equal(data[()], values)
        assert file["edges/weight"].attrs["format"] == "dense"


def test_an_edit_by_hand_counts(pair) -> None:
    small().save(pair)
    pair.write_text(pair.read_text().replace("label: b\n", "label: much_longer_name\n").replace("1.5", "2.25"))
    found = open_edited(pair)
    assert found.nodes[1].label == "much_longer_name"
    assert found.nodes[0].parameters.area.value == 2.25


class Untouchable:
    """An array that raises when it is read."""

    def __init__(self, shape, dtype=np.float64) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(dtype), len(shape)

    def __getitem__(self, key):
        raise AssertionError("read")

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("read")


def test_looking_at_a_network_reads_no_array() -> None:
    mesh = Mesh(Untouchable((5, 3)), Untouchable((6, 3), np.int64), Untouchable((5, 3)))
    network = Network(mesh=mesh, node_mapping_data=Untouchable((5,), np.int64))
    network.set_matrix("weight", Untouchable((5, 5)))
    network.nodes.columns["area"] = Untouchable((5,))
    assert "5 nodes" in repr(network)
    assert repr(mesh)
    assert repr(network.nodes)
    assert network.nodes.has_positions
    assert network.matrices["weight"].shape == (5, 5)
    assert network.mesh.number_of_elements == 6
    with pytest.raises(AssertionError, match="read"):
        _ = network.weights_matrix


def test_opening_reads_no_array_and_a_touch_reads_one(pair, monkeypatch) -> None:
    from tvbo.storage import located, stored

    small().save(pair)
    read: list[str] = []
    original = located.Located.whole
    monkeypatch.setattr(
        located.Located,
        "whole",
        lambda self, file, where, digest: read.append(where) or original(self, file, where, digest),
    )
    network = Network.from_file(pair)
    companion = pair.with_suffix(".h5")
    assert read == [f"{companion}: tvbo/record"]
    _ = network.weights_matrix, network.weights_matrix
    assert read[1:] == [f"{companion}: edges/weight/data"]
    np.testing.assert_array_equal(network.lazy("length")[1:2], small().lengths_matrix[1:2])
    assert isinstance(network.lazy("length"), stored.StoredArray)


def test_a_stored_array_pickles_and_holds_no_open_file(pair) -> None:
    small().save(pair)
    stored = pickle.loads(pickle.dumps(Network.from_file(pair).lazy("weight")))
    assert np.asarray(stored).tobytes() == small().weights_matrix.tobytes()
    with h5py.File(pair.with_suffix(".h5"), "r+"):
        pass


def test_arrays_are_found_from_another_working_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    small().save("net.yaml")
    found = Network.from_file("net.yaml")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert found.identical(small())


def test_a_file_that_changed_is_not_read(pair) -> None:
    small().save(pair)
    network = Network.from_file(pair)
    other = small()
    other.set_matrix("weight", np.ones((3, 3)))
    other.save(pair)
    with pytest.raises(StaleFileError, match="has changed since it was opened"):
        _ = network.weights_matrix


def test_saving_onto_the_file_it_came_from(pair) -> None:
    network = small()
    network.save(pair)
    found = Network.from_file(pair)
    found.label = "renamed"
    found.save(pair)
    network.label = "renamed"
    assert network.identical(Network.from_file(pair))
    assert network.identical(found)


def test_unknown_keys_and_foreign_content_survive(pair, tmp_path) -> None:
    small().save(pair)
    record = yaml.safe_load(pair.read_text())
    record |= {"coupling": {"Linear": {"a": 1.5}}, "x-lab": [1, {"two": None}], "bids": {"atlas": "DK"}}
    record["nodes"][1]["region"] = "V1"
    record["edges"][0]["description"] = "counts"
    pair.write_text(yaml.safe_dump(record, sort_keys=False))
    with h5py.File(pair.with_suffix(".h5"), "r+") as file:
        file["lab/table"] = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
        file["lab/text"] = "free text"
        file["edges/weight"].attrs["tool"] = "tckgen"
        file["soft"] = h5py.SoftLink("/lab/table")
    network = open_edited(pair)
    again = tmp_path / "again.yaml"
    network.save(again)
    network.save(pair)
    for path in (again, pair):
        found = Network.from_file(path)
        assert network.identical(found), str(network.diff(found))
        kept = yaml.safe_load(path.read_text())
        assert {key: kept[key] for key in ("coupling", "x-lab", "bids")} == {
            key: record[key] for key in ("coupling", "x-lab", "bids")
        }
        assert kept["nodes"][1]["region"] == "V1"
        assert kept["edges"][0]["description"] == "counts"
        with h5py.File(path.with_suffix(".h5")) as file:
            assert file["lab/table"][0]["b"] == 2.5
            assert file["lab/text"][()] == b"free text"
            assert file["edges/weight"].attrs["tool"] == "tckgen"
            assert isinstance(file.get("soft", getlink=True), h5py.SoftLink)


def surface_pair() -> tuple[Network, Network]:
    regions = small()
    mesh = Mesh(np.arange(12.0).reshape(4, 3) ** 2, np.array([[0, 1, 2], [0, 2, 3]]))
    return regions, Network(mesh=mesh, label="cortex", node_mapping_data=[0, 1, 2, -1], parent_network=regions)


@pytest.mark.parametrize("order", ["parent first", "child first", "child alone"])
def test_the_parent_network_resolves_and_moves_with_the_folder(tmp_path, order) -> None:
    regions, surface = surface_pair()
    old = tmp_path / "old"
    old.mkdir()
    steps = {"regions.yaml": regions, "surface.yaml": surface}
    names = {"parent first": ["regions", "surface"], "child first": ["surface", "regions"], "child alone": ["surface"]}
    for name in names[order]:
        steps[f"{name}.yaml"].save(old / f"{name}.yaml")
    moved = tmp_path / "moved"
    shutil.move(old, moved)
    found = Network.from_file(moved / "surface.yaml")
    assert surface.identical(found), str(surface.diff(found))
    assert found.parent_network is found.parent_network
    found.save(tmp_path / "elsewhere.yaml")
    assert surface.identical(Network.from_file(tmp_path / "elsewhere.yaml"))


def test_a_missing_parent_is_said_when_it_is_asked_for(tmp_path) -> None:
    path = tmp_path / "surface.yaml"
    path.write_text("number_of_nodes: 2\nparent_network: regions.yaml\n")
    found = Network.from_file(path)
    assert found.has_parent_network
    with pytest.raises(NetworkNotFoundError, match=r"regions\.yaml"):
        _ = found.parent_network


def test_a_surface_alone_still_has_its_parent(tmp_path) -> None:
    regions, surface = surface_pair()
    regions.save(tmp_path / "regions.yaml")
    surface.save(tmp_path / "surface.yaml")
    assert "parent_network: regions.yaml" in (tmp_path / "surface.yaml").read_text()
    for name in ("regions.yaml", "regions.h5"):
        (tmp_path / name).unlink()
    assert surface.identical(Network.from_file(tmp_path / "surface.yaml"))


def test_the_parent_is_the_one_that_was_saved_with_the_child(tmp_path) -> None:
    regions, surface = surface_pair()
    regions.save(tmp_path / "regions.yaml")
    regions.set_matrix("fc", np.ones((3, 3)))
    surface.save(tmp_path / "surface.yaml")
    assert surface.identical(Network.from_file(tmp_path / "surface.yaml"))
    regions.save(tmp_path / "regions.yaml")
    surface.save(tmp_path / "surface.yaml")
    Network.from_matrix(np.ones((5, 5))).save(tmp_path / "regions.yaml")
    with pytest.warns(TvboWarning, match=r"regions\.yaml has changed since surface\.yaml was saved"):
        assert surface.identical(Network.from_file(tmp_path / "surface.yaml"))


def test_a_child_saved_over_its_parent_keeps_it(tmp_path) -> None:
    regions, surface = surface_pair()
    regions.save(tmp_path / "a.yaml")
    linked = Network.from_file(tmp_path / "a.yaml")
    surface.parent_network = linked
    surface.save(tmp_path / "a.yaml")
    surface.parent_network = regions
    assert surface.identical(Network.from_file(tmp_path / "a.yaml"))


def test_an_edited_parent_counts(tmp_path) -> None:
    regions, surface = surface_pair()
    regions.save(tmp_path / "regions.yaml")
    surface.save(tmp_path / "surface.yaml")
    path = tmp_path / "regions.yaml"
    path.write_text(path.read_text().replace("label: three regions", "label: renamed"))
    surface = Network.from_file(tmp_path / "surface.yaml")
    with pytest.warns(TvboWarning, match="was edited"):
        assert surface.parent_network.label == "renamed"


def test_a_network_is_not_its_own_ancestor(tmp_path) -> None:
    regions, surface = surface_pair()
    with pytest.raises(ValueError, match="its own"):
        regions.parent_network = regions
    with pytest.raises(ValueError, match="its own"):
        regions.parent_network = surface
    with pytest.raises(TypeError, match="expected a Network"):
        regions.parent_network = "regions.yaml"
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"number_of_nodes: 2\nparent_network: {other}.yaml\n")
    with pytest.raises(SidecarError, match="its own descendant"):
        Network.from_file(tmp_path / "a.yaml").digest()


def test_vertices_are_held_and_stored_once(tmp_path) -> None:
    _, surface = surface_pair()
    assert surface.nodes.positions is surface.mesh.vertices
    found = reload(surface, tmp_path / "surface.yaml")
    assert found.nodes.positions is found.mesh.vertices
    with h5py.File(tmp_path / "surface.h5") as file:
        assert file["nodes/coordinates"] == file["mesh/vertices"]
    assert "nodes" not in yaml.safe_load((tmp_path / "surface.yaml").read_text())


def test_unknown_keys_of_the_mesh_survive(tmp_path) -> None:
    _, surface = surface_pair()
    path = tmp_path / "surface.yaml"
    surface.save(path)
    record = yaml.safe_load(path.read_text())
    assert record["mesh"] == {"element_type": "triangle", "number_of_vertices": 4, "number_of_elements": 2}
    record["mesh"]["label"] = "pial"
    path.write_text(yaml.safe_dump(record))
    open_edited(path).save(tmp_path / "again.yaml")
    assert yaml.safe_load((tmp_path / "again.yaml").read_text())["mesh"] == record["mesh"]


def test_large_networks_keep_their_nodes_in_the_companion(pair) -> None:
    n = 5000
    labels = [f"r{i}" for i in range(n)]
    network = Network(NodeTable(labels, np.random.default_rng(0).random((n, 3)), {"area": np.arange(n) / 7}))
    assert network.identical(reload(network, pair))
    assert pair.stat().st_size < 1000


def test_a_missing_companion_leaves_the_metadata(pair) -> None:
    small().save(pair)
    pair.with_suffix(".h5").unlink()
    network = Network.from_file(pair)
    assert network.nodes[2].label == "c"
    assert network.matrices["weight"].shape == (3, 3)
    with pytest.raises(CompanionError, match=r"network\.h5, which is missing"):
        _ = network.weights_matrix


def test_a_renamed_pair_opens_with_a_warning(pair, tmp_path) -> None:
    small().save(pair)
    for ending in (".yaml", ".h5"):
        pair.with_suffix(ending).rename((tmp_path / "new").with_suffix(ending))
    with pytest.warns(TvboWarning, match=r"network\.h5, which is missing; opened new\.h5"):
        assert Network.from_file(tmp_path / "new.yaml").identical(small())


def test_a_companion_of_another_network_is_refused(pair, tmp_path) -> None:
    small().save(pair)
    Network.from_matrix(np.ones((5, 5))).save(tmp_path / "five.yaml")
    shutil.copy(tmp_path / "five.h5", pair.with_suffix(".h5"))
    with pytest.raises((ShapeError, CompanionError)):
        Network.from_file(pair)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"label: [", SidecarError), (b"- 1\n", SidecarError), (b"\xff\xfe\x00", SidecarError), (b"", SidecarError)],
)
def test_what_is_no_sidecar_is_said(pair, content, error) -> None:
    pair.write_bytes(content)
    with pytest.raises(error, match=r"network\.yaml"):
        Network.from_file(pair)


def test_a_companion_that_is_no_hdf5_is_said(pair) -> None:
    small().save(pair)
    pair.with_suffix(".h5").write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(CompanionError, match="is not an HDF5 file"):
        Network.from_file(pair)


def test_bad_input_is_refused_and_nothing_is_written(tmp_path) -> None:
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        Network.from_matrix(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="node labels"):
        Network.from_matrix(np.ones((2, 2)), labels=["a"])
    with pytest.raises(ShapeError, match="length"):
        Network.from_matrix(np.ones((2, 2)), np.ones((3, 3)))
    with pytest.raises(TypeError, match="Python objects"):
        Network.from_matrix(np.array([[object()]]))
    with pytest.raises(MatrixNotFoundError, match="did you mean 'weight'"):
        small().matrix("wieght")
    with pytest.raises(ValueError, match="not a matrix layout"):
        small().matrix("weight", format="csx")
    with pytest.raises(UnknownFormatError, match="did you mean 'tvbo'"):
        small().save(tmp_path / "a.yaml", format="tvvo")
    with pytest.raises(UnknownFormatError, match=r"\.docx"):
        small().save(tmp_path / "a.docx")
    with pytest.raises(UnknownFormatError):
        small().execute(format="nonsense")
    with pytest.raises(UnsupportedObjectError, match="Connectivity"):
        Network.from_tvb(3)
    with pytest.raises(NetworkNotFoundError):
        Network.from_file(tmp_path / "none.yaml")
    with pytest.raises(FileNotFoundError, match="no folder"):
        small().save(tmp_path / "no" / "a.yaml")
    with pytest.raises(ValueError, match="compression"):
        small().save(tmp_path / "a.yaml", compression="zip")
    network = small()
    network.extra["bad"] = object()
    with pytest.raises(TypeError, match="tvbo/extra/bad holds a object"):
        network.save(tmp_path / "a.yaml")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_pair(pair, monkeypatch) -> None:
    from tvbo.storage import replacing

    small().save(pair)
    before = {path.name: path.read_bytes() for path in pair.parent.iterdir()}
    monkeypatch.setattr(replacing.os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space left"):
        Network.from_matrix(np.ones((9, 9))).save(pair)
    assert {path.name: path.read_bytes() for path in pair.parent.iterdir()} == before


def test_diff_names_every_kind_of_difference() -> None:
    base = small()
    changed = small()
    changed.matrices["weight"].values = np.asfortranarray(base.weights_matrix)
    changed.lengths_matrix[0, 1] += 1e-9
    changed.nodes.labels = ["a", "b", "d"]
    changed.nodes.columns["area"] = np.zeros(3, np.float32)
    changed.parameters["conduction_speed"].value = 4.0
    changed.set_matrix("fc", np.eye(3))
    found = {difference.path: difference.kind for difference in base.diff(changed)}
    assert found["matrices.weight"] == "order"
    assert found["matrices.length"] == "values"
    assert found["nodes.labels"] == "values"
    assert found["nodes.columns.area"] == "dtype"
    assert found["parameters.conduction_speed.value"] == "values"
    assert found["matrices.fc"] == "only in the second"
    assert "1 of 9 entries, largest deviation 1e-09" in str(base.diff(changed))
    assert base.digest() != changed.digest()
    assert not base.diff(small())
    assert "identical" in str(base.diff(small()))


def test_only_rows_that_are_stored_back_a_count(tmp_path) -> None:
    path = tmp_path / "a.yaml"
    Network.from_matrix(np.eye(20)).save(path, nodes="companion")
    # The matrix has as many rows as there are nodes, and is stored.
    assert Network.from_file(path, limits=Limits(nodes=5)).number_of_nodes == 20
    for shape, chunks in (((20, 0), None), ((20,), None), ((20, 3), (5, 3))):
        path.write_text("number_of_nodes: 20\ndata_file: a.h5\n")
        with h5py.File(path.with_suffix(".h5"), "w") as file:
            file.create_dataset("nodes/coordinates", shape, "f8", chunks=chunks)
        with pytest.raises(LimitError, match=r"nodes would be 20, the limit is 5"):
            Network.from_file(path, limits=Limits(nodes=5))


@pytest.mark.parametrize("layout", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_a_sparse_shape_is_no_larger_than_what_is_stored(tmp_path, layout) -> None:
    path = tmp_path / "a.yaml"
    network = Network.from_matrix(np.eye(3))
    network.extra["large"] = sp.eye_array(3000, 3000, format="coo").asformat(layout)
    network.extra["wide"] = sp.coo_array(([1.0], ([0], [0])), shape=(1, 4000)).asformat(layout)
    network.save(path)
    found = Network.from_file(path, limits=Limits(nodes=4000))
    assert not network.diff(found)
    with pytest.raises(LimitError, match=r"wide.*: nodes would be 4,000.*Limits\(nodes=4000\)"):
        Network.from_file(path, limits=Limits(nodes=3999))
    del network.extra["wide"]
    network.save(path)
    # As much is stored as there are rows.
    assert not network.diff(Network.from_file(path, limits=Limits(nodes=5)))


@pytest.mark.parametrize("named", [{}, {"format": "tvbo"}])
def test_what_would_get_another_name_is_not_written(tmp_path, named) -> None:
    with pytest.raises(ValueError, match=r"\.hdf5'"):
        small().save(tmp_path / "network.hdf5", **named)
    assert not list(tmp_path.iterdir())
