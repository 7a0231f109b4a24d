"""CIFTI-2: one matrix to the bit with the names of its parcels, in the order that the standard says."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from nibabel import cifti2

from tvbo import Limits, Mesh, Network, NodeTable
from tvbo.errors import (
    DamagedFileError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    MatrixNotFoundError,
    ShapeError,
    UnknownFormatError,
    UnsafeFileError,
)
from tvbo.testing.suite import FormatSuite, example_networks

VALUES = np.array([[0.1, 1 / 3, 5e-324], [np.nan, -0.0, 1e300], [7, 8, np.inf]])


def small(label: str = "a connectome", scale: float = 1.0) -> Network:
    made = Network.from_matrix(VALUES * scale, labels=["left", "right ü", "<&>"])
    made.label, made.description = label, "two\nlines"
    made.matrices["weight"].unit, made.matrices["weight"].directed = "1/mm", True
    return made


def everything() -> Network:
    """Give regions with parts that CIFTI does not have."""
    made = example_networks()["full"]
    made.label, made.description, made.descriptor = " blanks", " words ", "SC "
    made.distance_unit, made.time_unit = "cm", "s"
    nodes = made.nodes
    made.nodes = NodeTable(
        nodes.labels, nodes.positions, dict(nodes.columns), ids=np.arange(1, 5), extra={0: {"note": "x"}}
    )
    made.mesh = Mesh(np.asarray(nodes.positions), [[0, 1, 2]])
    made.parent_network, made.node_mapping_data = small(), np.array([0, 1, 2, -1])
    made.links["other"] = Network.from_matrix(np.eye(2))
    made.extra["anything"] = 3
    return made


text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)
# A name is a path of words: no empty one, and no dots alone.
name = text.filter(lambda each: not {"", ".", ".."} & set(each.split("/")))


@st.composite
def networks(draw: Any) -> Network:
    n = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(["f8", "f4", "f2", "?", "u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", ">f8"]))
    values = draw(hnp.arrays(kind, (n, n)))
    made = Network.from_matrix(labels=draw(st.lists(text, min_size=n, max_size=n)))
    made.set_matrix(draw(name), values, unit=draw(st.none() | text), directed=draw(st.none() | st.booleans()))
    made.label = draw(st.none() | text)
    return made


class TestCifti(FormatSuite):
    format = "cifti"
    extension = ".pconn.nii"
    adds = ("nodes.extra",)
    foreign = tuple(name for name in FormatSuite.foreign if name != "nibabel")

    def examples(self) -> Mapping[str, Network]:
        return {"exact": small(), "another": small("another", 2.0), "everything": everything()}

    def strategy(self) -> Any:
        return networks()


def test_rows_of_the_file_are_rows_of_the_matrix(tmp_path: Path) -> None:
    path = tmp_path / "x.pconn.nii"
    small().save(path, strict=True)
    image = nibabel.load(path)
    # dim[5] is the number of values in a row, says the standard, and they lie one after the other.
    assert image.nifti_header["dim"].tolist() == [6, 1, 1, 1, 1, 3, 3, 1]
    assert path.read_bytes()[-72:] == VALUES.tobytes()
    assert np.array_equal(np.asarray(image.dataobj), VALUES.T, equal_nan=True)
    assert image.get_data_dtype() == np.float64
    assert image.nifti_header.get_intent()[0] == "ConnParcels"
    for dimension in (0, 1):
        assert image.header.get_axis(dimension).name.tolist() == ["left", "right ü", "<&>"]


def test_one_matrix_is_written_and_the_others_are_said(tmp_path: Path) -> None:
    path = tmp_path / "x.pconn.nii"
    network = small()
    network.set_matrix("fc", np.eye(3, dtype="f4"))
    with pytest.warns(LossyConversionWarning, match=r"matrices\.fc"):
        network.save(path)
    with pytest.warns(LossyConversionWarning, match=r"matrices\.weight"):
        network.save(path, matrix="fc")
    found = Network.from_file(path)
    assert found.matrix_names == ("fc",)
    assert found.matrix("fc").dtype == np.float32
    assert Network.from_file(path, matrix="mine").matrix_names == ("mine",)
    with pytest.raises(MatrixNotFoundError):
        network.save(path, matrix="missing")
    with pytest.raises(MatrixNotFoundError, match="has none"):
        Network(NodeTable(["a"])).save(path)
    network = Network.from_matrix(labels=["a"])
    network.set_matrix("x", np.array([[1j]]))
    with pytest.raises(UnknownFormatError, match="complex"):
        network.save(path)
    network.set_matrix("x", np.array([[np.longdouble(1) / 3]]))
    with pytest.raises(LossyConversionError, match="'x' as float64"):
        network.save(path)


def test_vertices_of_each_parcel_go_along(tmp_path: Path) -> None:
    network = small()
    surface = Network(mesh=Mesh(np.zeros((6, 3)), [[0, 1, 2]]), descriptor="surface")
    surface.parent_network, surface.node_mapping_data = network, np.array([2, 0, 0, -1, 1, 1])
    surface.nodes.columns["hemisphere"] = np.array([True, True, False, False, False, True])
    path = tmp_path / "x.pconn.nii"
    network.save(path, surface=surface, strict=True)
    axis = nibabel.load(path).header.get_axis(1)
    assert axis.nvertices == {"CIFTI_STRUCTURE_CORTEX_LEFT": 3, "CIFTI_STRUCTURE_CORTEX_RIGHT": 3}
    held = [{name[-5:]: at.tolist() for name, at in each.items()} for each in axis.vertices]
    assert held == [{"_LEFT": [0], "RIGHT": [1]}, {"_LEFT": [2], "RIGHT": [2]}, {"RIGHT": [0]}]
    found = Network.from_file(path)
    assert found.extra["cifti"]["surfaces"]["CIFTI_STRUCTURE_CORTEX_RIGHT"].tolist() == [2, 0, 1]
    found.save(tmp_path / "again.pconn.nii", strict=True)
    assert (tmp_path / "again.pconn.nii").read_bytes() == path.read_bytes()
    surface.nodes.columns["hemisphere"] = np.ones(6, bool)
    network.save(path, surface=surface)
    assert nibabel.load(path).header.get_axis(0).nvertices == {"CIFTI_STRUCTURE_CORTEX_RIGHT": 6}
    surface.nodes.columns["hemisphere"] = np.array(["left", "right"] * 3)
    with pytest.raises(ShapeError, match=r"values such as left.*True \(right\)"):
        network.save(path, surface=surface)
    surface.node_mapping_data = np.array([3] * 6)
    with pytest.raises(ShapeError, match="regions 3 to 3, and there are 3"):
        network.save(path, surface=surface)


def test_other_programs_files_with_voxels_and_two_kinds_of_parcels(tmp_path: Path) -> None:
    model = cifti2.BrainModelAxis.from_surface([0, 2, 3], 5, name="CORTEX_LEFT")
    mask = np.zeros((2, 2, 2))
    mask[1, 0, 1] = mask[0, 1, 0] = 1
    volume = cifti2.BrainModelAxis.from_mask(mask, affine=np.diag([2.0, 2, 2, 1]), name="THALAMUS_LEFT")
    rows = cifti2.ParcelsAxis.from_brain_models([("cortex", model), ("thalamus", volume)])
    columns = cifti2.ParcelsAxis.from_brain_models([("a", model[:1]), ("b", model[1:2]), ("c", model[2:])])
    values = np.arange(6, dtype="i2").reshape(3, 2)
    image = cifti2.Cifti2Image(values, (columns, rows))
    image.header.matrix.metadata = cifti2.Cifti2MetaData(Provenance="theirs")
    image.to_filename(tmp_path / "theirs.pconn.nii")
    found = Network.from_file(tmp_path / "theirs.pconn.nii")
    assert found.nodes.labels.tolist() == ["cortex", "thalamus"]
    assert found.matrix("weight").tolist() == values.T.tolist()
    assert found.matrix("weight").dtype == np.int16
    assert np.asarray(found.matrices["weight"].column_labels).tolist() == ["a", "b", "c"]
    kept = found.extra["cifti"]
    assert kept["surfaces"]["CIFTI_STRUCTURE_CORTEX_LEFT"].tolist() == [0, -1, 0, 0, -1]
    assert kept["volume"]["voxels"].tolist() == [[0, 1, 0], [1, 0, 1]]
    assert kept["columns"]["surfaces"]["CIFTI_STRUCTURE_CORTEX_LEFT"].tolist() == [0, -1, 1, 2, -1]
    assert kept["metadata"] == {"Provenance": "theirs"}
    found.save(tmp_path / "ours.pconn.nii", strict=True)
    assert Network.from_file(tmp_path / "ours.pconn.nii").identical(found)
    again = nibabel.load(tmp_path / "ours.pconn.nii")
    assert again.header.get_axis(1) == rows
    assert again.header.get_axis(0) == columns
    series = cifti2.Cifti2Image(np.zeros((4, 2)), (cifti2.SeriesAxis(0, 1, 4), rows))
    series.to_filename(tmp_path / "series.pconn.nii")
    with pytest.raises(UnknownFormatError, match="SERIES x CIFTI_INDEX_TYPE_PARCELS: expected parcels x parcels"):
        Network.from_file(tmp_path / "series.pconn.nii")


def test_what_is_wrong_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.pconn.nii"
    small().save(path)
    data = path.read_bytes()

    def refused(changed: bytes, error: type[Exception], match: str, **limits: int) -> None:
        path.write_bytes(changed)
        with pytest.raises(error, match=match):
            Network.from_file(path, limits=Limits(**limits))

    def patched(at: int, layout: str, value: int) -> bytes:
        return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]

    refused(patched(56, "<q", 1 << 40), LimitError, "inflated bytes")
    refused(patched(56, "<q", 4), DamagedFileError, "72 bytes of numbers: expected 96 for 3 x 4")
    refused(patched(56, "<q", -3), DamagedFileError, "expected a matrix of numbers")
    refused(patched(12, "<h", 32), DamagedFileError, "type 32")
    refused(patched(168, "<q", 1 << 50), DamagedFileError, "bytes of numbers")
    refused(patched(544, "<i", 1 << 30), DamagedFileError, "an extension at byte 544 claims")
    refused(patched(548, "<i", 6), DamagedFileError, "without the extension")
    refused(data[:-1], DamagedFileError, "71 bytes of numbers: expected 72")
    refused(data[:300], DamagedFileError, "no NIfTI-2 file")
    refused(data, LimitError, "objects", objects=3)
    refused(data, LimitError, "inflated bytes", inflated_bytes=100)
    old = data[data.index(b"<CIFTI") : data.index(b"<CIFTI") + 20]
    refused(data.replace(old, b"<!DOCTYPE CIFTI [ ]>"), UnsafeFileError, "document type")
    refused(data.replace(b"PARCELS", b"PARCEL_"), DamagedFileError, "expected CIFTI-2")
    refused(data.replace(b'"2.0"', b'"1.0"'), DamagedFileError, "CIFTI-2")
    network = small()
    network.nodes.labels = ["\x01", "b", "c"]
    with pytest.raises(ValueError, match="XML has no character"):
        network.save(path)


def test_a_claim_of_vertices_is_held_against_the_limits(tmp_path: Path) -> None:
    model = cifti2.BrainModelAxis.from_surface([0], 1 << 40, name="CORTEX_LEFT")
    axis = cifti2.ParcelsAxis.from_brain_models([("a", model)])
    cifti2.Cifti2Image(np.zeros((1, 1)), (axis, axis)).to_filename(tmp_path / "x.pconn.nii")
    with pytest.raises(LimitError, match="nodes would be 1,099,511,627,776"):
        Network.from_file(tmp_path / "x.pconn.nii")
