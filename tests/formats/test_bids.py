"""Datasets of BIDS: what is written comes back to the bit, what cannot be is named, and a save is whole."""

import contextlib
import errno
import json
import math
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tvb.datatypes.connectivity import Connectivity

from tvbo import Mesh, Network, NodeTable, Parameter
from tvbo.errors import (
    DuplicateNameError,
    LossyConversionError,
    LossyConversionWarning,
    MismatchError,
    NetworkNotFoundError,
    UnknownFormatError,
)
from tvbo.formats import bids
from tvbo.testing import array_strategies as arrays
from tvbo.testing.strategies import connectivities
from tvbo.testing.suite import FormatSuite, example_networks

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# JSON takes two surrogates for one character; the names of things with such are lost, and said to be.
texts = lambda: arrays.texts().filter(lambda text: json.loads(json.dumps(text)) == text)
DTYPES = ("?", "i1", "u1", "<i4", ">i8", "u8", "<f2", "<f4", ">f4", "<f8", ">f8")


def around(network: Network, storage: str = "tsv", **options: Any) -> Network:
    """Write and read; nothing may be lost."""
    with tempfile.TemporaryDirectory() as folder:
        bids.write(network, Path(folder) / "dataset", strict=True, storage=storage, **options)
        back = bids.read(Path(folder) / "dataset")
        assert not network.diff(back) or str(network.diff(back)), "read before the folder is gone"
        for name in back.matrices:
            back.matrix(name, None)
        return back


def differences(network: Network, back: Network) -> list[str]:
    """List what differs, but for the width of text and the entities."""
    found = []
    for each in network.diff(back):
        same_text = each.kind == "dtype" and each.path in ("nodes.labels",) and network.nodes.has_labels is False
        if not same_text and not each.path.startswith("extra.sidecar.bids"):
            found.append(str(each))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- to the bit


@pytest.mark.parametrize("storage", ["tsv", "h5"])
@pytest.mark.parametrize("name", list(example_networks()))
def test_networks_come_back(name: str, storage: str) -> None:
    network = example_networks()[name]
    assert differences(network, around(network, storage, subject="01")) == []
    assert differences(network, around(network, storage)) == []


@st.composite
def _values(draw: Any, shape: tuple[int, int]) -> Any:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    size = math.prod(shape) * dtype.itemsize
    raw = draw(st.binary(min_size=size, max_size=size))
    if dtype.kind == "b":
        return (np.frombuffer(raw, np.uint8) > 127).reshape(shape)
    values = np.frombuffer(raw, dtype).reshape(shape).copy()
    return np.asfortranarray(values) if draw(st.booleans()) else values


@quick
@given(st.data(), st.sampled_from(["tsv", "h5"]))
def test_every_bit_of_dense_matrices_comes_back(data: Any, storage: str) -> None:
    n = data.draw(st.integers(0, 4))
    network = Network.from_matrix(data.draw(_values((n, n))), data.draw(arrays.float_arrays((n, n))))
    assert differences(network, around(network, storage)) == []


@quick
@given(st.data(), st.sampled_from(["tsv", "h5"]))
def test_every_entry_of_sparse_matrices_comes_back(data: Any, storage: str) -> None:
    n = data.draw(st.integers(1, 4))
    layouts = ("csr", "csc", "coo", "lil", "dok")
    matrix = data.draw(arrays.sparse_matrices((n, n), layouts).filter(lambda each: each.dtype.kind in "biuf"))
    network = Network.from_matrix(matrix)
    held = matrix.format in ("csr", "csc")
    if held and int(matrix.indptr[-1]) < len(matrix.indices):
        return
    assert differences(network, around(network, storage)) == []


@quick
@given(st.data())
def test_nodes_come_back(data: Any) -> None:
    n = data.draw(st.integers(1, 4))
    labels = data.draw(st.lists(arrays.texts(), min_size=n, max_size=n))
    names = data.draw(st.lists(texts().filter(bool), unique=True, max_size=3))
    names += data.draw(st.lists(st.sampled_from(["hemisphere", "x", "label", "node_file", "node_index"]), unique=True))
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(names):
        tail = data.draw(st.sampled_from([(), (1,), (3,), (2, 2), (0,)]))
        kind = data.draw(st.sampled_from(["text", "bool", "int", "float"]))
        size = math.prod((n, *tail))
        if kind == "text":
            made: Any = np.array(data.draw(st.lists(arrays.texts(), min_size=size, max_size=size)), dtype=str)
            columns[name] = made.reshape((n, *tail))
        elif kind == "bool":
            columns[name] = data.draw(arrays.bool_arrays((n, *tail)))
        elif kind == "int":
            columns[name] = data.draw(arrays.int_arrays((n, *tail)))
        else:
            columns[name] = data.draw(arrays.float_arrays((n, *tail)))
    positions = data.draw(st.none() | arrays.float_arrays((n, 3)))
    ids = data.draw(st.none() | st.lists(st.integers(0, 10**6), min_size=n, max_size=n, unique=True))
    units = {name: data.draw(texts()) for name in columns if data.draw(st.booleans())}
    units = {name: unit for name, unit in units.items() if columns[name].size}
    nodes = NodeTable(data.draw(st.sampled_from([None, labels])), positions, columns, size=n, ids=ids, units=units)
    network = Network(
        nodes,
        label=data.draw(texts()),
        description=data.draw(texts()),
        distance_unit=data.draw(st.sampled_from([None, "m"])),
    )
    network.set_matrix("weight", np.zeros((n, n)))
    found = differences(network, around(network))
    # What numpy has no text for.
    assert [each for each in found if not ("dtype" in each and "<U0" in each)] == []


@quick
@given(st.data())
def test_what_bids_has_no_words_for_comes_back(data: Any) -> None:
    network = Network.from_matrix(np.eye(2), labels=["a", "b"])
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts()
    trees = st.recursive(leaves, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(texts(), inside))
    network.extra = data.draw(st.dictionaries(texts().filter(lambda key: key not in ("bids", "tvb")), trees))
    network.extra.pop("sidecar", None)
    network.extra["sidecar"] = {"dynamics": {"name": "x"}, "bids": {"template": "MNI152", "run": 1, "more": [1, 2]}}
    for name in data.draw(st.lists(texts().filter(bool), unique=True, max_size=3)):
        network.parameters[name] = Parameter(data.draw(trees), data.draw(st.none() | texts()), None, {"a": 1})
    network.matrices["weight"].extra = {"description": data.draw(texts())}
    network.set_matrix(
        "gain", np.ones((2, 3)), column_labels=data.draw(st.lists(arrays.texts(), min_size=3, max_size=3))
    )
    back = around(network)
    assert [each for each in map(str, network.diff(back)) if "column_labels: dtype" not in each] == []


@quick
@given(connectivities())
def test_a_connectivity_comes_back_as_the_object_that_it_was(connectivity: Any) -> None:
    network = Network.from_tvb(connectivity)
    if "weight" not in network.matrices or "speed" in {each.partition(".")[0] for each in network.parameters}:
        return
    with warnings.catch_warnings(record=True) as given_warnings, tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("always")
        bids.write(network, Path(folder) / "dataset")
        back = bids.read(Path(folder) / "dataset")
    if not given_warnings:
        assert differences(network, back) == []


def test_the_default_connectivity_comes_back(tmp_path: Path) -> None:
    connectivity = Connectivity.from_file()
    connectivity.configure()
    network = Network.from_tvb(connectivity)
    back = around(network, subject="01", entities={"atlas": "hagmann76"})
    assert differences(network, back) == []
    assert back.extra["sidecar"]["bids"] == {"subject": "01", "atlas": "hagmann76"}
    again = back.execute("tvb")
    assert again.gid == connectivity.gid
    assert again.weights.tobytes() == connectivity.weights.tobytes()


def test_all_of_one_nan_takes_no_list_of_places(tmp_path: Path) -> None:
    bits = np.full((300, 300), 0xFFF8000000000000, np.uint64)
    network = Network.from_matrix(bits.view(np.float64))
    bids.write(network, tmp_path / "dataset", strict=True)
    assert (tmp_path / "dataset" / "meas-weight_relmat.json").stat().st_size < 2000
    assert differences(network, bids.read(tmp_path / "dataset")) == []


# ---------------------------------------------------------------- the files


def test_the_files_are_those_of_the_draft(tmp_path: Path) -> None:
    network = example_networks()["full"]
    root = tmp_path / "dataset"
    bids.write(network, root, subject="01", session="a", entities={"atlas": "DK"})
    stem = "sub-01/ses-a/dwi/sub-01_ses-a_atlas-DK"
    assert sorted(contents(root)) == [
        ".bidsignore",
        "README.md",
        "dataset_description.json",
        f"{stem}_meas-tractLength_relmat.dense.tsv",
        f"{stem}_meas-tractLength_relmat.json",
        f"{stem}_meas-weight_relmat.dense.tsv",
        f"{stem}_meas-weight_relmat.json",
        f"{stem}_nodeindices.json",
        f"{stem}_nodeindices.tsv",
    ]
    said = json.loads((root / f"{stem}_meas-tractLength_relmat.json").read_bytes())
    required = {"Directed", "RelationshipMeasure", "Software", "ValidDiagonal", "Weighted"}
    assert required <= set(said)
    assert (said["RelationshipMeasure"], said["MeasureUnits"], said["Directed"]) == ("tractLength", "mm", True)
    assert said["NodeFiles"] == [f"bids::{stem}_nodeindices.tsv"]
    assert [axis["Size"] for axis in said["Axes"]] == [4, 4]
    nodes = json.loads((root / f"{stem}_nodeindices.json").read_bytes())
    assert nodes["x"]["Units"] == "mm"
    assert nodes["tvbo"]["dialect"] == "BEP017 draft, PR 1902"
    description = json.loads((root / "dataset_description.json").read_bytes())
    assert (description["DatasetType"], description["GeneratedBy"][0]["Name"]) == ("derivative", "tvbo")


def test_what_is_said_of_a_matrix_is_true_of_it(tmp_path: Path) -> None:
    for number, (values, expected) in enumerate(
        [
            (np.array([[0.0, 1.0], [1.0, 0.0]]), (False, False, False, True)),
            (np.array([[1.0, 2.0], [-3.0, 0.0]]), (True, True, True, False)),
            (np.array([[0.0, np.nan], [np.nan, 0.0]]), (False, False, True, True)),
            (sp.csr_array(np.array([[0.0, 2.0], [2.0, 0.0]])), (False, False, True, True)),
            (sp.coo_array(([1.0, 1.0, 2.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2)), (False, False, True, True)),
            (sp.csr_array(np.array([[5.0, 2.0], [1.0, 0.0]])), (True, True, True, True)),
        ]
    ):
        root = tmp_path / str(number)
        bids.write(Network.from_matrix(values), root)
        said = json.loads((root / "meas-weight_relmat.json").read_bytes())
        found = tuple(said[key] for key in ("Directed", "ValidDiagonal", "Weighted", "NonNegative"))
        assert found == expected, number


def test_pandas_reads_the_tables(tmp_path: Path) -> None:
    network = example_networks()["full"]
    network.set_matrix("sparse", sp.csr_array(np.array(np.eye(4) / 3)))
    network.matrices["weight"].values[0, 1] = np.nan
    bids.write(network, tmp_path / "dataset", subject="01")
    folder = tmp_path / "dataset" / "sub-01" / "dwi"
    weights = pd.read_csv(folder / "sub-01_meas-weight_relmat.dense.tsv", sep="\t", header=None)
    assert np.array_equal(weights.to_numpy(), network.matrix("weight"), equal_nan=True)
    nodes = pd.read_csv(folder / "sub-01_nodeindices.tsv", sep="\t")
    assert list(nodes.columns[:3]) == ["matrix_index", "node_file", "node_index"]
    assert nodes["label"].tolist() == network.nodes.labels.tolist()
    assert np.array_equal(nodes[["x", "y", "z"]].to_numpy(), network.nodes.positions)
    assert nodes["cortical"].tolist() == network.nodes.columns["cortical"].tolist()
    entries = pd.read_csv(folder / "sub-01_meas-sparse_relmat.sparse.tsv", sep="\t")
    assert entries.to_numpy().tolist() == [[index, index, 1 / 3] for index in range(4)]


def test_hemispheres_are_called_left_and_right(tmp_path: Path) -> None:
    nodes = NodeTable(["a", "b"], columns={"hemisphere": np.array([True, False])})
    network = Network(nodes)
    network.set_matrix("weight", np.eye(2))
    bids.write(network, tmp_path / "d")
    assert (tmp_path / "d/nodeindices.tsv").read_text().splitlines()[1].split("\t")[-1] == "R"


def test_the_same_network_gives_the_same_files(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        bids.write(example_networks()["full"], tmp_path / name / "dataset", subject="1")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_names_of_matrices_that_files_cannot_have(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(2))
    for name in ("Weight", "a/b", "a b", "aB", "é", "左", "tractLength", "x_1"):
        network.set_matrix(name, np.full((2, 2), float(len(network.matrices))))
    back = around(network)
    assert differences(network, back) == []
    assert list(back.matrices) == list(network.matrices)


def test_edits_by_hand_count(tmp_path: Path) -> None:
    bids.write(example_networks()["full"], tmp_path / "d")
    table, said = tmp_path / "d/nodeindices.tsv", tmp_path / "d/meas-weight_relmat.json"
    table.write_text(table.read_text().replace("region_1", "V1"))
    said.write_text(said.read_text().replace('"Weighted"', '"MeasureUnits": "1/s",\n"Weighted"'))
    back = bids.read(tmp_path / "d")
    assert back.nodes.labels.tolist() == ["region_0", "V1", "region_2", "region_3"]
    assert back.matrices["weight"].unit == "1/s"


# ---------------------------------------------------------------- a dataset of several


def dataset(root: Path) -> Path:
    network = example_networks()["full"]
    for subject in ("01", "02"):
        bids.write(network, root, subject=subject, entities={"atlas": "DK"})
    bids.write(example_networks()["weights"], root, subject="02", session="b", datatype="func")
    return root


def test_the_networks_of_a_dataset_are_listed(tmp_path: Path) -> None:
    found = bids.list_networks(dataset(tmp_path / "d"))
    assert [(each.subject, each.session, each.datatype) for each in found] == [
        ("01", None, "dwi"),
        ("02", None, "dwi"),
        ("02", "b", "func"),
    ]
    assert found[0].entities == {"subject": "01", "atlas": "DK"}
    assert found[0].measures == ("tractLength", "weight")


def test_it_is_asked_which(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d")
    with pytest.raises(DuplicateNameError, match=r"3 networks.*subject='01', atlas='DK' in dwi"):
        bids.read(root)
    with pytest.raises(DuplicateNameError, match="2 networks with subject='02'"):
        bids.read(root, subject="02")
    with pytest.raises(NetworkNotFoundError, match="no relationship matrix with subject='03'"):
        bids.read(root, subject="03")
    assert bids.read(root, subject="sub-01").number_of_nodes == 4
    assert bids.read(root, subject="02", session="b").matrix_names == ("weight",)
    assert bids.read(root, subject="02", datatype="dwi").matrix_names == ("weight", "length")
    assert bids.read(root, entities={"subject": "01", "atlas": "DK"}).has_parent_network is False
    with pytest.raises(NetworkNotFoundError):
        bids.read(tmp_path / "nothing")


def test_any_file_of_a_network_opens_it(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d")
    whole = bids.read(root, subject="01")
    for path in (root / "sub-01/dwi").iterdir():
        assert bids.read(path).identical(whole)
        assert bids.can_read(path) == (path.suffix != ".tsv" or "relmat" in path.name)


def test_other_subjects_are_not_touched(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d")
    (root / "dataset_description.json").write_text('{"Name": "mine"}')
    before = contents(root)
    bids.write(example_networks()["weights"], root, subject="03")
    after = contents(root)
    assert {name: after[name] for name in before} == before
    assert {name.partition("/")[0] for name in after.keys() - before.keys()} == {"sub-03"}


def test_a_network_that_is_saved_again_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    root = dataset(tmp_path / "d")
    bids.write(example_networks()["weights"], root, subject="01", entities={"atlas": "DK"}, storage="h5")
    names = sorted(path.name for path in (root / "sub-01/dwi").iterdir())
    assert names == [
        "sub-01_atlas-DK_meas-weight_relmat.dense.h5",
        "sub-01_atlas-DK_meas-weight_relmat.json",
        "sub-01_atlas-DK_nodeindices.json",
        "sub-01_atlas-DK_nodeindices.tsv",
    ]
    assert bids.read(root, subject="01").matrix_names == ("weight",)


def test_entities_of_the_network_are_those_of_the_files(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(2))
    network.extra["sidecar"] = {
        "bids": {"template": "MNI152 2009c", "cohort": "a"},
        "parcellation": {"atlas": {"name": "Desikan-Killiany"}},
    }
    root = tmp_path / "d"
    bids.write(network, root, strict=True)
    assert (
        root / "tpl-MNI1522009c/cohort-a/tpl-MNI1522009c_cohort-a_atlas-DesikanKilliany_meas-weight_relmat.json"
    ).exists()
    assert differences(network, bids.read(root)) == []
    bids.write(network, root, subject="01", strict=True)
    assert bids.read(root, subject="01").extra["sidecar"]["bids"] == network.extra["sidecar"]["bids"] | {
        "subject": "01"
    }
    for path in list((root / "sub-01/dwi").iterdir()):
        path.rename(path.with_name(path.name.replace("sub-01", "sub-07_ses-x")))
    renamed = bids.read(root, subject="07").extra["sidecar"]["bids"]
    assert (renamed["subject"], renamed["session"], renamed["cohort"]) == ("07", "x", "a")


# ---------------------------------------------------------------- refusals and losses


@pytest.mark.parametrize("subject", ["0/1", "..", "a_b", "a b", "é"])
def test_entities_that_cannot_stand_in_a_name_are_refused(tmp_path: Path, subject: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in the name of a file"):
        bids.write(Network.from_matrix(np.eye(2)), tmp_path / "d", subject=subject)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(2))
    (tmp_path / "d").mkdir()
    (tmp_path / "d/thesis.txt").write_text("x")
    with pytest.raises(FileExistsError, match="something else"):
        bids.write(network, tmp_path / "d")
    with pytest.raises(FileExistsError, match="is a file"):
        bids.write(network, tmp_path / "d/thesis.txt")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        bids.write(network, tmp_path / "no/d")
    with pytest.raises(ValueError, match="storage='zarr'"):
        bids.write(network, tmp_path / "e", storage="zarr")
    with pytest.raises(ValueError, match="datatype='beh'"):
        bids.write(network, tmp_path / "e", subject="1", datatype="beh")
    assert contents(tmp_path) == {"d/thesis.txt": b"x"}


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    root = tmp_path / "d"
    (root / "sub-1/dwi").mkdir(parents=True)
    (root / "dataset_description.json").write_text("{}")
    for name in ("sub-1_meas-corr_relmat.tsv", "sub-1_nodeindices.tsv"):
        (root / "sub-1/dwi" / name).write_text("0\n")
        before = contents(root)
        with pytest.raises(FileExistsError, match="not from tvbo"):
            bids.write(Network.from_matrix(np.eye(2)), root, subject="1")
        assert contents(root) == before
        (root / "sub-1/dwi" / name).unlink()


def test_a_network_without_matrices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match="no matrix that BIDS could hold"):
        bids.write(Network(NodeTable(["a"])), tmp_path / "d")
    assert not list(tmp_path.iterdir())


def lossy() -> Network:
    vertices = np.eye(3)
    network = Network(mesh=Mesh(vertices, np.array([[0, 1, 2]])), node_mapping_data=np.array([0, 0, 1]))
    network.parent_network = Network.from_matrix(np.eye(2))
    network.set_matrix("weight", np.eye(3))
    network.set_matrix("phase", np.eye(3) * 1j)
    network.nodes.columns["mode"] = np.ones(3) * 1j
    network.set_matrix("gain", np.ones((3, 2)), target_network=Network(NodeTable(["p", "q"])))
    network.parameters["speeds"] = Parameter(np.arange(3.0))
    network.extra = {"kept": (1, 2), "arrays": {"a": np.ones(2)}}
    # Said of the mesh, which is lost.
    network.extra["tvb"] = {
        "root": 0,
        "objects": [{"class": "CorticalSurface", "traits": {"vertices": {"home": "mesh:"}}}],
    }
    return network


def test_what_is_lost_is_named(tmp_path: Path) -> None:
    network = lossy()
    with pytest.warns(LossyConversionWarning) as given_warnings:
        bids.write(network, tmp_path / "d")
    said = str(given_warnings[0].message)
    for name in ("mesh", "node_mapping_data", "parent_network", "links.gain", "speeds", "extra.arrays"):
        assert name in said
    for name in ("matrices.phase", "nodes.columns.mode"):
        assert name in said
    assert "extra.kept" not in said
    assert bids.read(tmp_path / "d").extra["kept"] == (1, 2)


def test_strict_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LossyConversionError, match="cannot carry"):
        bids.write(lossy(), tmp_path / "d", strict=True)
    assert not list(tmp_path.iterdir())


def test_complex_numbers_are_carried_by_hdf5() -> None:
    network = Network.from_matrix(phase=np.eye(3) * (1 + 2j))
    assert differences(network, around(network, "h5")) == []


# ---------------------------------------------------------------- whole


def test_a_save_that_fails_leaves_the_old_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = example_networks().values()
    for step in range(1, 300):
        root = tmp_path / str(step)
        bids.write(first, root, subject="01")
        before, happened = contents(root), [0]
        with monkeypatch.context() as patch, failing(patch, step, happened):
            try:
                bids.write(second, root, subject="01")
                failed = False
            except OSError:
                failed = True
        if failed:
            assert contents(root) == before, step
        else:
            assert bids.read(root).matrix_names == ("weight",)
        if happened[0] < step:
            assert step > 10
            return
    raise AssertionError("a save takes 300 steps")


def test_a_save_that_fails_leaves_no_new_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in range(1, 300):
        happened = [0]
        with monkeypatch.context() as patch, failing(patch, step, happened):
            try:
                bids.write(example_networks()["full"], tmp_path / "d", subject="01")
            except OSError:
                assert not (tmp_path / "d").exists(), step
                continue
        assert happened[0] < step
        return
    raise AssertionError("a save takes 300 steps")


def left_by_a_crash(root: Path, first: Network, second: Network) -> str:
    try:
        back = bids.read(root, subject="01")
    except MismatchError:
        return "error"
    assert not differences(first, back) or not differences(second, back)
    return "new" if differences(first, back) else "old"


def test_a_crash_at_any_step_leaves_a_network_or_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, _ = example_networks().values()
    seen: set[str] = set()
    for step in range(1, 300):
        root = tmp_path / str(step)
        bids.write(first, root, subject="01")
        happened = [0]
        with (
            contextlib.suppress(OSError),
            monkeypatch.context() as patch,
            failing(patch, step, happened, for_ever=True),
        ):
            bids.write(second, root, subject="01")
        if happened[0] < step:
            assert seen >= {"old", "error", "new"}
            return
        seen.add(left_by_a_crash(root, first, second))
        bids.write(second, root, subject="01")
        assert differences(second, bids.read(root)) == []
        assert not list(root.rglob(".*tvbo-tmp"))
    raise AssertionError("a save takes 300 steps")


class failing:
    """Let a call that changes the disk fail, and all after it if it is a crash."""

    def __init__(self, patch: pytest.MonkeyPatch, step: int, happened: list[int], for_ever: bool = False) -> None:
        self.patch, self.step, self.happened, self.for_ever = patch, step, happened, for_ever

    def __enter__(self) -> None:
        for name in ("write", "fsync", "replace", "rename", "unlink", "mkdir"):
            self.patch.setattr(os, name, self.wrapped(getattr(os, name)))

    def __exit__(self, *_: object) -> None:
        pass

    def wrapped(self, call: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            # The trial in the folder for temporary files is none of the dataset.
            if isinstance(arguments[0], (str, Path)) and "dataset" in Path(arguments[0]).parts:
                return call(*arguments, **options)
            self.happened[0] += 1
            if self.happened[0] == self.step or (self.for_ever and self.happened[0] > self.step):
                raise OSError(errno.EIO, "made to fail")
            return call(*arguments, **options)

        return counted


# ---------------------------------------------------------------- as every format


class TestBids(FormatSuite):
    """What every format must hold to."""

    format = "bids"
    extension = "/"
    named = True
    max_examples = 10

    def examples(self) -> dict[str, Network]:
        """Add one whose files have the names of the first, and one that BIDS cannot carry whole."""
        first, *others = example_networks().items()
        again = example_networks()["full"]
        again.set_matrix("weight", again.matrix("length"), unit="1/s")
        return dict([first, ("full again", again), *others, ("lossy", lossy())])

    def read(self, path: Path) -> Network:
        """Say which format is missed where there is nothing to tell it by."""
        return Network.from_file(path)

    def strategy(self) -> Any:
        """Draw connectivities of TVB."""
        return connectivities().map(Network.from_tvb).filter(lambda network: len(network.matrices) > 0)
