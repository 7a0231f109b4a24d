"""Files of FreeSurfer: to the byte as nibabel reads and writes them, exact or refused."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel.freesurfer as judge
import nilearn
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Limits, Mesh, Network, NodeTable
from tvbo.errors import (
    DamagedFileError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    ShapeError,
    TvboWarning,
    UnknownFormatError,
)
from tvbo.testing.suite import FormatSuite, example_networks

TRIANGLES = np.array([[0, 1, 2], [1, 3, 2], [3, 4, 2]])
POINTS = np.arange(15.0).reshape(5, 3) / 4
INFO = {
    "head": [2, 0, 20],
    "valid": "1  # volume info valid",
    "filename": "../mri/filled.mgz",
    "volume": "256 256 256",
    "voxelsize": "1.000000000000000e+00 1.000000000000000e+00 1.000000000000000e+00",
    "xras": "-1.000000000000000e+00 0.000000000000000e+00 0.000000000000000e+00",
    "yras": "0.000000000000000e+00 0.000000000000000e+00 -1.000000000000000e+00",
    "zras": "0.000000000000000e+00 1.000000000000000e+00 0.000000000000000e+00",
    "cras": "5.399703979492188e+00 1.800000000000000e+01 0.000000000000000e+00",
}


def surface(scale: float = 1.0) -> Network:
    """Give a small surface that FreeSurfer holds exactly."""
    made = Network(mesh=Mesh(POINTS * scale, TRIANGLES), descriptor="surface")
    made.extra["freesurfer"] = {"comment": "created by somebody", "volume_info": dict(INFO)}
    return made


def mapped(names: tuple[str, ...] = ("front", "back ü", "side")) -> Network:
    made = Network(NodeTable(size=5, default_label="vertex"), descriptor=None)
    colors = np.array([[220, 20, 20, 255], [60, 20, 255, 255], [0, 0, 1, 255]]) / 255
    made.parent_network = Network(NodeTable(names, columns={"color": colors}), descriptor=None)
    made.node_mapping_data = np.array([0, 2, 2, -1, 1])
    return made


def everything() -> Network:
    """Give a surface with parts that FreeSurfer does not have."""
    made = Network(
        NodeTable([f"v{i}" for i in range(5)], np.ones((5, 3)), ids=np.arange(1, 6), extra={0: {"note": "x"}}),
        mesh=Mesh(POINTS / 3, TRIANGLES.astype("i2"), np.eye(5)[:, :3]),
        label="label",
    )
    made.description, made.descriptor, made.distance_unit, made.time_unit = "words", "skull", "cm", "s"
    made.nodes.columns["thickness"] = np.arange(5) / 3
    regions = example_networks()["full"]
    regions.nodes.columns["color"] = np.eye(4)
    made.parent_network, made.node_mapping_data = regions, np.array([0, 2, 2, -1, 1, 1])
    made.set_matrix("local", np.eye(5))
    made.conduction_speed = 3.0
    made.links["other"] = Network.from_matrix(np.eye(2))
    made.extra["anything"] = 3
    return made


@st.composite
def surfaces(draw: Any) -> Network:
    n = draw(st.integers(1, 6))
    numbers = st.floats(width=32, allow_nan=False) | st.sampled_from([np.nan, -0.0, 1 / 3, 1e300])
    elements = draw(hnp.arrays("i8", (3, 3), elements=st.integers(0, n - 1)))
    made = Network(mesh=Mesh(draw(hnp.arrays("f8", (n, 3), elements=numbers)), elements), descriptor="surface")
    line = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20)
    made.extra["freesurfer"] = {"comment": draw(line)}
    if draw(st.booleans()):
        made.extra["freesurfer"]["rest"] = np.frombuffer(draw(st.binary(min_size=1, max_size=9)), np.uint8)
    return made


@st.composite
def annotations(draw: Any) -> Network:
    names = draw(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9), min_size=1))
    n = draw(st.integers(1, 6))
    made = Network(NodeTable(size=n, default_label="vertex"), descriptor=None)
    made.parent_network = Network(NodeTable(names), descriptor=None)
    made.node_mapping_data = draw(hnp.arrays("i8", n, elements=st.integers(-1, len(names) - 1)))
    return made


class TestSurfaces(FormatSuite):
    format = "freesurfer"
    extension = ".pial"
    # An empty mapping of notes stands where there were some.
    adds = ("nodes.extra",)
    options = {"allow_lossy": True}

    def examples(self) -> Mapping[str, Network]:
        return {"exact": surface(), "another": surface(0.5), "everything": everything()}

    def strategy(self) -> Any:
        return surfaces()


class TestAnnotations(FormatSuite):
    format = "freesurfer"
    extension = ".annot"
    adds = ("nodes.extra", "parent_network.nodes.columns.color", "parent_network.nodes.columns.color.unit")

    def examples(self) -> Mapping[str, Network]:
        return {"exact": mapped(), "another": mapped(("a", "b", "c")), "everything": everything()}

    def strategy(self) -> Any:
        return annotations()

    def test_every_drop_is_needed(self, tmp_path: Path) -> None:
        """Surfaces need them all."""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(annotations())
def test_names_and_rows_of_regions_lose_nothing(tmp_path: Path, network: Network) -> None:
    network.save(tmp_path / "x.annot", strict=True)
    labels, _, names = judge.read_annot(tmp_path / "x.annot")
    assert [name.decode() for name in names[1:]] == network.parent().nodes.labels.tolist()
    assert (labels - 1).tolist() == np.asarray(network.node_mapping_data).tolist()


def test_surfaces_are_those_of_nibabel(tmp_path: Path) -> None:
    path = tmp_path / "lh.pial"
    surface().save(path, strict=True)
    points, faces, info, stamp = judge.read_geometry(path, read_metadata=True, read_stamp=True)
    assert np.array_equal(points, POINTS)
    assert np.array_equal(faces, TRIANGLES)
    assert stamp == "created by somebody"
    assert info["cras"].tolist() == [5.399703979492188, 18.0, 0.0]
    judge.write_geometry(tmp_path / "rh.white", points, faces, stamp, info)
    found = Network.from_file(tmp_path / "rh.white")
    assert np.array_equal(found.need_mesh().vertices, POINTS)
    assert found.extra["freesurfer"]["volume_info"]["filename"] == INFO["filename"]
    held = (tmp_path / "rh.white").read_bytes()
    found.save(tmp_path / "again.white", strict=True)
    assert (tmp_path / "again.white").read_bytes() == held


def test_annotations_are_those_of_nibabel(tmp_path: Path) -> None:
    path = tmp_path / "lh.aparc.annot"
    network = mapped()
    network.save(path, strict=True)
    labels, table, names = judge.read_annot(path)
    assert labels.tolist() == [1, 3, 3, 0, 2]
    assert [name.decode() for name in names] == ["unknown", "front", "back ü", "side"]
    assert table[:, :3].tolist() == [[25, 5, 25], [220, 20, 20], [60, 20, 255], [0, 0, 1]]
    judge.write_annot(tmp_path / "rh.aparc.annot", labels, table, names)
    assert Network.from_file(tmp_path / "rh.aparc.annot").identical(network)
    assert (tmp_path / "rh.aparc.annot").read_bytes() == path.read_bytes()
    # Without an unknown region, and a vertex of none.
    judge.write_annot(tmp_path / "x.annot", np.array([1, -1, 0]), np.array([[1, 2, 3, 0], [4, 5, 6, 9]]), ["a", "b"])
    found = Network.from_file(tmp_path / "x.annot")
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [1, -1, 0]
    assert found.parent().nodes.labels.tolist() == ["a", "b"]
    assert found.parent().nodes.columns["color"][1].tolist() == [4 / 255, 5 / 255, 6 / 255, 246 / 255]


def test_a_real_annotation_is_read_as_nibabel_reads_it() -> None:
    path = Path(nilearn.__file__).parent / "surface" / "tests" / "data" / "test.annot"
    labels, _, names = judge.read_annot(path)
    found = Network.from_file(path)
    mapping = found.node_mapping_data
    assert mapping is not None
    ours = ["unknown" if row < 0 else found.parent().nodes.labels[row] for row in mapping.tolist()]
    assert ours == ["unknown" if row < 0 else names[row].decode() for row in labels.tolist()]
    assert len(set(ours)) > 10


def test_values_are_those_of_nibabel(tmp_path: Path) -> None:
    values = np.array([0.5, -0.25, np.nan, np.inf, 0.0])
    network = surface()
    network.nodes.columns["thickness"] = values
    with pytest.warns(LossyConversionWarning, match=r"mesh\.vertices"):
        network.save(tmp_path / "lh.thickness")
    judge.write_morph_data(tmp_path / "theirs.thickness", values, fnum=3)
    assert (tmp_path / "theirs.thickness").read_bytes() == (tmp_path / "lh.thickness").read_bytes()
    assert np.array_equal(judge.read_morph_data(tmp_path / "lh.thickness"), values.astype("f4"), equal_nan=True)
    assert np.array_equal(
        Network.from_file(tmp_path / "lh.thickness").nodes.columns["thickness"], values, equal_nan=True
    )
    judge.write_morph_data(tmp_path / "lh.sulc", values)
    assert list(Network.from_file(tmp_path / "lh.sulc").nodes.columns) == ["sulc"]
    judge.write_morph_data(tmp_path / "lh.area.pial", values)
    assert list(Network.from_file(tmp_path / "lh.area.pial").nodes.columns) == ["area.pial"]
    with pytest.raises(UnknownFormatError, match="column 'curv', a number for each node; there is: thickness"):
        network.save(tmp_path / "lh.curv")
    network.nodes.columns["curv"] = values / 3
    with pytest.raises(LossyConversionError, match=r"float32.*allow_lossy"):
        network.save(tmp_path / "lh.curv")


def test_two_hemispheres_with_annotations(tmp_path: Path) -> None:
    for side in "lr":
        surface().save(tmp_path / f"{side}h.pial")
        mapped().save(tmp_path / f"{side}h.aparc.annot")
    pair = (tmp_path / "lh.aparc.annot", tmp_path / "rh.aparc.annot")
    found = Network.from_file(tmp_path / "lh.pial", right=tmp_path / "rh.pial", labels=pair)
    assert found.parent().nodes.labels[[0, 3]].tolist() == ["lh.front", "rh.front"]
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [0, 2, 2, -1, 1, 3, 5, 5, -1, 4]
    assert found.need_mesh().elements[3:].tolist() == (TRIANGLES + 5).tolist()
    with pytest.warns(LossyConversionWarning, match="node_mapping_data"):
        found.save(tmp_path / "lh.white", right=tmp_path / "rh.white")
    assert (tmp_path / "rh.white").read_bytes() == (tmp_path / "rh.pial").read_bytes()
    again = Network.from_file(tmp_path / "lh.white", right=tmp_path / "rh.white", labels=pair)
    assert again.identical(found)
    with pytest.raises(ShapeError, match="labels= names 1 files"):
        Network.from_file(tmp_path / "lh.white", right=tmp_path / "rh.white", labels=pair[0])


def test_turning_is_noted(tmp_path: Path) -> None:
    network = Network(mesh=Mesh(POINTS, TRIANGLES), descriptor="surface")
    network.frame = "ALS"
    network.save(tmp_path / "lh.pial", frame="RAS", strict=True)
    found = Network.from_file(tmp_path / "lh.pial")
    assert found.frame.frame == "RAS"
    assert np.array_equal(found.need_mesh().vertices, network.display_mesh().vertices)


def pieces(tmp_path: Path) -> tuple[bytes, bytes, bytes]:
    surface().save(tmp_path / "a.pial")
    mapped().save(tmp_path / "a.annot")
    judge.write_morph_data(tmp_path / "a.curv", np.ones(5))
    made = tuple((tmp_path / f"a.{ending}").read_bytes() for ending in ("pial", "annot", "curv"))
    return made[0], made[1], made[2]


def test_what_is_wrong_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    pial, annot, curv = pieces(tmp_path)
    at = pial.index(b"\n\n") + 2
    huge, minus = b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff"
    cases = {
        "1.pial": (pial[:at] + huge + pial[at + 4 :], r"2,147,483,647 vertices at byte \d+ takes"),
        "2.pial": (pial[:at] + minus + pial[at + 4 :], "cut off"),
        "3.pial": (pial[: at + 9], "cut off at byte"),
        "4.pial": (b"\xff\xff\xfd" + pial[3:], "quadrangles.*mris_convert"),
        "5.pial": (b"\xff\xff\xfe" + b"x" * 5000, "cut off"),
        "6.pial": (re.sub(re.escape(np.array([3, 4, 2], ">i4").tobytes()), b"\x7f" * 12, pial), "not there; it has 5"),
        "1.annot": (huge + annot[4:], "2,147,483,647 vertices"),
        "2.annot": (annot[:44], "no table of colours"),
        "3.annot": (annot[:4] + annot[12:20] + annot[12:], "does not number its 5 vertices"),
        "4.annot": (annot[:48] + np.array([-3], ">i4").tobytes() + annot[52:], "version 3"),
        "5.annot": (annot[:56] + huge + annot[60:], "the name of the table"),
        "1.curv": (curv[:3] + huge + curv[7:], "2,147,483,647 values"),
        "2.curv": (curv[:11] + b"\0\0\0\2" + curv[15:], "2 values for each vertex"),
        "3.curv": (curv + b"x", "1 bytes more"),
        "4.curv": (b"\0\0\5" + curv[3:], "mris_convert"),
    }
    for name, (data, match) in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DamagedFileError, match=match):
            Network.from_file(tmp_path / name)
    with pytest.raises(LimitError, match="objects"):
        Network.from_file(tmp_path / "a.annot", limits=Limits(objects=2))
    with pytest.raises(LimitError, match="inflated bytes"):
        Network.from_file(tmp_path / "a.pial", limits=Limits(inflated_bytes=10))
    Network(mesh=Mesh(POINTS[:3], [[0, 1, 2]]), descriptor="surface").save(tmp_path / "b.pial")
    with pytest.raises(ShapeError, match="the annotation of this surface"):
        Network.from_file(tmp_path / "b.pial", labels=tmp_path / "a.annot")


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    network = mapped(("a\0b", "b", "c"))
    with pytest.raises(ValueError, match="a name ends at NUL"):
        network.save(tmp_path / "x.annot")
    network = surface()
    network.extra["freesurfer"]["comment"] = "two\nlines"
    with pytest.raises(ValueError, match="expected one line"):
        network.save(tmp_path / "x.pial")
    with pytest.raises(UnknownFormatError, match="region mapping"):
        network.save(tmp_path / "x.annot")
    with pytest.raises(UnknownFormatError, match="surface of triangles"):
        mapped().save(tmp_path / "x.pial")
    assert not list(tmp_path.iterdir())


def test_regions_of_one_colour_are_said(tmp_path: Path) -> None:
    judge.write_annot(tmp_path / "x.annot", np.array([0, 1]), np.array([[1, 2, 3, 0], [1, 2, 3, 0]]), ["a", "b"])
    with pytest.warns(TvboWarning, match="one colour"):
        Network.from_file(tmp_path / "x.annot")
