"""Datasets of BIDS that others write, and those that lead astray: read as they are, or refused in words."""

import contextlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Network
from tvbo.errors import (
    DamagedFileError,
    DuplicateNameError,
    LimitError,
    MismatchError,
    NetworkNotFoundError,
    ShapeError,
    TvboError,
    TvboWarning,
    UnknownFormatError,
    UnsafeFileError,
)
from tvbo.formats import bids

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = np.array([[1.0, 0.25, np.nan], [0.25, 1.0, -1e-300], [np.nan, -1e-300, 1 / 3]])
LABELS = ["LH_Vis_1", "RH Vis 1", "Left-Hippocampus"]


def put(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def same(found: Network, name: str, values: Any = NUMBERS) -> bool:
    return np.array_equal(found.matrix(name), values, equal_nan=True)


# ---------------------------------------------------------------- who writes what


def giga(root: Path) -> Path:
    """As giga_connectome does: a row of numbers above, and one sidecar at the root."""
    put(root / "dataset_description.json", {"Name": None, "GeneratedBy": [{"Name": "giga_connectome"}]})
    sidecar = {"Measure": "Pearson correlation", "Weighted": False, "Directed": False, "ValidDiagonal": True}
    put(
        root / "meas-PearsonCorrelation_relmat.json",
        sidecar | {"StorageFormat": "Full", "NonNegative": "", "Code": "u"},
    )
    for run in ("01", "02"):
        name = f"sub-1_ses-t1_task-rest_run-{run}_space-MNI_res-2_seg-Schaefer100_meas-PearsonCorrelation_desc-simple"
        path = root / f"sub-1/ses-t1/func/{name}_relmat.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(NUMBERS, columns=range(1, 4)).to_csv(path, sep="\t", index=False)
    return root


def test_a_dataset_of_giga_connectome(tmp_path: Path) -> None:
    root = giga(tmp_path / "d")
    assert [each.entities["run"] for each in bids.list_networks(root)] == ["01", "02"]
    found = bids.read(root, entities={"run": "02"})
    assert same(found, "PearsonCorrelation")
    assert found.descriptor == "FC"
    assert found.nodes.labels.tolist() == ["1", "2", "3"]
    assert found.matrices["PearsonCorrelation"].directed is False
    entities = found.extra["sidecar"]["bids"]
    assert (entities["segmentation"], entities["resolution"], entities["datatype"]) == ("Schaefer100", "2", "func")
    assert found.extra["bids"]["sidecars"]["PearsonCorrelation"]["Code"] == "u"


def test_a_dataset_of_xcp_d(tmp_path: Path) -> None:
    stem = tmp_path / "sub-1/func/sub-1_task-rest_space-fsLR_atlas-Glasser_stat-pearsoncorrelation_relmat"
    put(tmp_path / "dataset_description.json", {"Name": "xcp_d"})
    put(stem.with_suffix(".json"), {"RelationshipMeasure": "Pearson", "Weighted": True, "Directed": False})
    table = pd.DataFrame(NUMBERS, columns=LABELS, index=LABELS)
    table.to_csv(stem.with_suffix(".tsv"), sep="\t", index_label="Node", na_rep="n/a")
    found = bids.read(tmp_path)
    assert same(found, "pearsoncorrelation")
    assert found.nodes.labels.tolist() == LABELS
    assert found.extra["bids"]["sidecars"]["pearsoncorrelation"]["RelationshipMeasure"] == "Pearson"


def test_a_dataset_of_the_draft_by_somebody_else(tmp_path: Path) -> None:
    put(tmp_path / "dataset_description.json", {"Name": "x"})
    stem = "sub-1/dwi/sub-1_atlas-DK"
    rows = "\n".join("\t".join("n/a" if x != x else repr(x) for x in row) for row in NUMBERS.tolist())
    put(tmp_path / f"{stem}_meas-streamlineCount_relmat.dense.tsv", rows + "\n")
    put(tmp_path / f"{stem}_meas-tractLength_relmat.sparse.tsv", "0\t1\t0.5\n2\t0\t7\n2\t2\t0.0\n")
    put(tmp_path / f"{stem}_meas-tractLength_relmat.json", {"MeasureUnits": "mm", "Directed": True, "Sources": ["a"]})
    nodes = "matrix_index\tnode_file\tnode_index\tlabel\tx\ty\tz\themisphere\tarea\tnetwork\n"
    nodes += "2\tdk.nii\t12\tc\t7\t8\t9\tR\tn/a\tn/a\n0\tdk.nii\t10\ta\t1\t2\t3.5\tL\t1.5\tVis\n"
    nodes += "1\tdk.nii\t11\tb\t4\t5\t6\tL\t2\tDMN\n"
    put(tmp_path / f"{stem}_nodeindices.tsv", nodes)
    put(tmp_path / f"{stem}_nodeindices.json", {"area": {"Units": "mm^2", "Description": "of it"}})
    found = bids.read(tmp_path)
    assert same(found, "weight")
    assert found.matrix("length").tolist() == [[0, 0.5, 0], [0, 0, 0], [7, 0, 0]]
    assert found.matrix("length", None).nnz == 3
    assert (found.matrices["length"].unit, found.matrices["length"].directed) == ("mm", True)
    assert found.nodes.labels.tolist() == ["a", "b", "c"]
    assert found.nodes.ids.tolist() == [10, 11, 12]
    assert found.nodes.positions is not None
    assert found.nodes.positions.tolist() == [[1, 2, 3.5], [4, 5, 6], [7, 8, 9]]
    columns = found.nodes.columns
    assert columns["hemisphere"].tolist() == [False, False, True]
    assert columns["area"].tolist()[:2] == [1.5, 2.0]
    assert np.isnan(columns["area"][2])
    assert columns["network"].tolist() == ["Vis", "DMN", "n/a"]
    assert columns["node_file"].tolist() == ["dk.nii"] * 3
    assert found.nodes.units == {"area": "mm^2"}
    # And on to a dataset of ours, without loss, under the names that it had.
    bids.write(found, tmp_path / "ours", strict=True)
    names = {path.name for path in (tmp_path / "ours/sub-1/dwi").iterdir()}
    assert "sub-1_atlas-DK_meas-streamlineCount_relmat.dense.tsv" in names
    assert not found.diff(bids.read(tmp_path / "ours"))
    found.save(tmp_path / "network.yaml")
    assert "subject: '1'" in (tmp_path / "network.yaml").read_text()
    assert not found.diff(Network.from_file(tmp_path / "network.yaml"))


def test_what_tvbo_0_5_3_exports(tmp_path: Path) -> None:
    nodes = "matrix_index\tnode_file\tnode_index\tlabel\n" + "\n".join(
        f"{index}\tatlas-None\t{index}\t{label}" for index, label in enumerate(LABELS)
    )
    put(tmp_path / "atlas-None_nodeindices.tsv", nodes)
    for name in ("weight", "length"):
        np.savetxt(tmp_path / f"atlas-None_meas-{name}_relmat.dense.tsv", NUMBERS, delimiter="\t", fmt="%.8g")
        sidecar = {"RelationshipMeasure": name, "Directed": False, "MeasureUnits": "mm"}
        put(tmp_path / f"atlas-None_meas-{name}_relmat.json", sidecar)
    found = bids.read(tmp_path)
    assert set(found.matrix_names) == {"weight", "length"}
    assert found.nodes.labels.tolist() == LABELS
    assert np.allclose(found.weights_matrix, NUMBERS, equal_nan=True, rtol=1e-7)
    # Rows that do not count from 0 are taken in their order.
    put(tmp_path / "atlas-None_nodeindices.tsv", nodes.replace("\n2\t", "\n7\t"))
    with pytest.warns(TvboWarning, match="does not count from 0"):
        assert bids.read(tmp_path).nodes.labels.tolist() == LABELS


@quick
@given(st.data(), st.integers(2, 5), st.booleans(), st.booleans(), st.sampled_from(["Node", "", "corner missing"]))
def test_every_way_to_name_rows_and_columns(
    tmp_path: Path, data: Any, n: int, above: bool, beside: bool, corner: str
) -> None:
    values = data.draw(hnp.arrays(float, (n, n), elements=st.floats(allow_nan=False)))
    numbered = above and data.draw(st.booleans())
    names = [str(10 + index) if numbered else f"r{index}" for index in range(n)]
    beside = beside and above if numbered else beside
    rows = [[*([name] * beside), *map(repr, row)] for name, row in zip(names, values.tolist(), strict=True)]
    head = [*([corner] * (beside and corner != "corner missing")), *names]
    path = tmp_path / "meas-x_relmat.tsv"
    put(path, "\n".join("\t".join(row) for row in ([head] * above) + rows))
    found = bids.read(path)
    assert found.matrix("x").tobytes() == values.tobytes()
    assert found.nodes.has_labels is (above or beside)
    if above or beside:
        assert found.nodes.labels.tolist() == names
    path.unlink()


def test_sidecars_nearer_to_the_file_count_more(tmp_path: Path) -> None:
    put(tmp_path / "dataset_description.json", "{}")
    put(tmp_path / "relmat.json", {"a": "root", "b": "root", "c": "root", "d": "root"})
    put(tmp_path / "meas-x_relmat.json", {"b": "measure", "c": "measure", "d": "measure"})
    put(tmp_path / "meas-y_relmat.json", {"a": "another measure"})
    put(tmp_path / "sub-1/sub-1_relmat.json", {"c": "subject", "d": "subject"})
    put(tmp_path / "sub-1/func/sub-1_meas-x_relmat.json", {"d": "file"})
    put(tmp_path / "sub-1/func/sub-1_task-rest_relmat.json", {"d": "another task"})
    put(tmp_path / "sub-1/func/sub-1_meas-x_relmat.tsv", "1\t2\n3\t4\n")
    said = bids.read(tmp_path).extra["bids"]["sidecars"]["x"]
    assert said == {"a": "root", "b": "measure", "c": "subject", "d": "file"}


def test_nodes_are_found_where_the_sidecar_says(tmp_path: Path) -> None:
    put(tmp_path / "dataset_description.json", "{}")
    table = "matrix_index\tlabel\n0\ta\n1\tb\n"
    put(tmp_path / "atlas/atlas-A_nodeindices.tsv", table)
    put(tmp_path / "nodeindices.tsv", table.replace("\ta", "\tinherited"))
    put(tmp_path / "sub-1/func/sub-1_meas-x_relmat.tsv", "1\t2\n3\t4\n")
    assert bids.read(tmp_path).nodes.labels.tolist() == ["inherited", "b"]
    for said in (
        {"NodeIndicesFile": "bids::atlas/atlas-A_nodeindices.tsv"},
        {"NodeFiles": ["atlas.nii.gz", "atlas/atlas-A_nodeindices.tsv"]},
        {"Axes": [{"Name": "rows", "NodeFile": "atlas/atlas-A_nodeindices.tsv"}]},
    ):
        put(tmp_path / "sub-1/func/sub-1_meas-x_relmat.json", said)
        assert bids.read(tmp_path).nodes.labels.tolist() == ["a", "b"]


def test_hdf5_of_others(tmp_path: Path) -> None:
    path = tmp_path / "meas-x_relmat.h5"
    with h5py.File(path, "w") as file:
        file["anything"] = NUMBERS
    assert same(bids.read(path), "x")
    with h5py.File(path, "a") as file:
        file["more"] = NUMBERS
    with pytest.raises(UnknownFormatError, match="anything, more"):
        bids.read(path)


def test_datasets_in_a_dataset_are_others(tmp_path: Path) -> None:
    put(tmp_path / "dataset_description.json", "{}")
    giga(tmp_path / "derivatives/giga")
    assert bids.list_networks(tmp_path) == []
    assert not bids.can_read(tmp_path)
    with pytest.raises(NetworkNotFoundError, match="derivatives/giga"):
        bids.read(tmp_path)


# ---------------------------------------------------------------- astray


@pytest.mark.parametrize(
    "name",
    [
        "../outside/a_nodeindices.tsv",
        "bids::../outside/a_nodeindices.tsv",
        "/outside/a_nodeindices.tsv",
        "..\\outside\\a_nodeindices.tsv",
        "C:/outside/a_nodeindices.tsv",
        "file:///outside/a_nodeindices.tsv",
        "a\0_nodeindices.tsv",
    ],
)
@pytest.mark.parametrize("key", ["NodeIndicesFile", "NodeFiles", "Axes"])
def test_no_file_outside_of_the_dataset_is_read(tmp_path: Path, name: str, key: str) -> None:
    put(tmp_path / "outside/a_nodeindices.tsv", "matrix_index\tlabel\n0\tsecret\n1\tsecret\n")
    put(tmp_path / "d/dataset_description.json", "{}")
    put(tmp_path / "d/meas-x_relmat.tsv", "1\t2\n3\t4\n")
    value: Any = {"NodeIndicesFile": name, "NodeFiles": [name], "Axes": [{"NodeFile": name}]}[key]
    put(tmp_path / "d/meas-x_relmat.json", {key: value})
    with pytest.raises(UnsafeFileError, match="expected a file of its dataset"):
        bids.read(tmp_path / "d")


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret/sub-9_meas-x_relmat.tsv", "1\t2\n3\t4\n")
    root = tmp_path / "d"
    put(root / "dataset_description.json", "{}")
    (root / "meas-x_relmat.tsv").symlink_to(secret)
    (root / "sub-9").symlink_to(secret.parent)
    with pytest.raises(UnsafeFileError, match="outside of the dataset"):
        bids.read(root)
    assert bids.read(root, limits=Limits(outside=True)).number_of_nodes == 2
    (root / "meas-x_relmat.tsv").unlink()
    assert bids.list_networks(root) == []
    # Links within, as of git-annex, are fine.
    put(root / ".git/annex/object", "1\t2\n3\t4\n")
    (root / "meas-x_relmat.tsv").symlink_to(".git/annex/object")
    assert bids.read(root).number_of_nodes == 2


def test_tables_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "meas-x_relmat.tsv"
    for text in (
        "",
        "\n",
        "1\t2\n3\n",
        "1\t2\nx\ty\n",
        "1\t2\t3\n4\t5\t6\n",
        "\0\t1\n1\t2\n",
        "a\tb\nc\td\n",
        "1\t2\n3\tn\\a\n",
    ):
        put(path, text)
        with pytest.raises((ShapeError, DamagedFileError)):
            bids.read(path)
    sparse = tmp_path / "s/meas-x_relmat.sparse.tsv"
    for text in ("0\t1\n", "0\t-1\t2\n", "0\t0.5\t2\n", "0\tn/a\t2\n", "x\ty\tz\n1\ta\t2\n"):
        put(sparse, text)
        with pytest.raises((ShapeError, DamagedFileError)):
            bids.read(sparse)


def test_small_files_that_claim_much_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "meas-x_relmat.sparse.tsv", "0\t2000000000\t1\n")
    with pytest.raises(LimitError, match="nodes"):
        bids.read(path)
    bids.write(Network.from_matrix(np.eye(2)), tmp_path / "d")
    said = tmp_path / "d/meas-weight_relmat.json"
    whole = json.loads(said.read_text())
    for shape in ([10**9, 10**9], [2, 10**7], [-1, 2], "2x2", [2], [2.0, 2.0], [3, 3]):
        put(said, whole | {"tvbo": whole["tvbo"] | {"shape": shape}})
        with pytest.raises((LimitError, DamagedFileError, ShapeError)):
            bids.read(tmp_path / "d")
    put(said, whole)
    with pytest.raises(LimitError, match="objects"):
        bids.read(tmp_path / "d", limits=Limits(objects=2))
    with pytest.raises(LimitError, match="sidecar bytes"):
        bids.read(tmp_path / "d", limits=Limits(sidecar_bytes=10))
    table = put(tmp_path / "t/meas-x_relmat.tsv", "a\tb\n1\t2\n3\t4\n")
    with pytest.raises(LimitError):
        bids.read(table, limits=Limits(sidecar_values=1))


def test_files_of_two_saves_are_refused(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(2), np.eye(2))
    bids.write(network, tmp_path / "a")
    bids.write(Network.from_matrix(np.eye(2) * 2, np.eye(2)), tmp_path / "b")
    (tmp_path / "b/meas-weight_relmat.json").replace(tmp_path / "a/meas-weight_relmat.json")
    with pytest.raises(MismatchError, match="save the network again"):
        bids.read(tmp_path / "a")
    (tmp_path / "a/meas-weight_relmat.json").unlink()
    (tmp_path / "a/meas-weight_relmat.dense.tsv").unlink()
    with pytest.raises(MismatchError, match="lacks the measures weight"):
        bids.read(tmp_path / "a")


def test_a_measure_that_others_add_is_read_along(tmp_path: Path) -> None:
    bids.write(Network.from_matrix(np.eye(2)), tmp_path / "d")
    put(tmp_path / "d/meas-corr_relmat.tsv", "1\t2\n3\t4\n")
    assert bids.read(tmp_path / "d").matrix("corr").tolist() == [[1, 2], [3, 4]]
    put(tmp_path / "d/meas-corr_relmat.dense.tsv", "1\t2\n3\t4\n")
    with pytest.raises(DuplicateNameError, match="corr"):
        bids.read(tmp_path / "d")


def mutations(value: Any) -> Any:
    junk = [None, True, -1, 10**12, 1.5, "x", "<f8", "|O", [], [[1]], {}, {"$array": "x"}, {"x": "y"}]
    yield from junk
    if isinstance(value, dict):
        for key in value:
            yield {name: each for name, each in value.items() if name != key}
            for changed in mutations(value[key]):
                yield value | {key: changed}
    elif isinstance(value, list):
        for index in range(len(value)):
            for changed in mutations(value[index]):
                yield [*value[:index], changed, *value[index + 1 :]]


@pytest.mark.parametrize("file", ["nodeindices.json", "meas-weight_relmat.json", "meas-length_relmat.json"])
def test_notes_that_were_tampered_with_are_refused_in_words(tmp_path: Path, file: str) -> None:
    network = Network.from_matrix(np.eye(2), labels=["a", "b\n"])
    network.set_matrix("length", np.array([[np.nan, -np.nan], [1, 2]]), column_labels=["p", "q\0"])
    network.nodes.columns["area"] = np.array([np.nan, -np.nan], dtype="f4")
    network.nodes.columns["name"] = np.array([["a\t", "b"]] * 2)
    network.parameters["speed"] = 3.0
    network.extra = {"kept": (1, {"a": float("nan")})}
    said = {
        "sidecars": {"weight": {"Code": "u"}},
        "columns": {"area": {"About": "it"}},
        "measures": {"weight": "weight"},
    }
    network.extra |= {"bids": said, "sidecar": {"bids": {"template": "MNI"}}}
    bids.write(network, tmp_path / "d")
    path = next(
        each
        for each in (tmp_path / "d").rglob("*.json")
        if each.name.removeprefix("tpl-MNI_").replace("tractLength", "length") == file
    )
    whole = json.loads(path.read_text())
    for changed in mutations(whole["tvbo"]):
        put(path, whole | {"tvbo": changed})
        with contextlib.suppress(TvboError):
            bids.read(tmp_path / "d").digest()


def test_texts_that_were_cut_off_are_refused_in_words(tmp_path: Path) -> None:
    bids.write(Network.from_matrix(np.ones((3, 3)) / 3), tmp_path / "d")
    for path in sorted((tmp_path / "d").glob("*[._]*.*")):
        if path.name in ("dataset_description.json", "README.md"):
            continue
        data = path.read_bytes()
        for part in range(8):
            path.write_bytes(data[: len(data) * part // 8])
            with pytest.raises(TvboError):
                bids.read(tmp_path / "d").digest()
        path.write_bytes(data)
