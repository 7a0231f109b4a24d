"""GIFTI: exact or refused, with names and colours of regions, as nibabel and nilearn read it."""

import base64
import gzip
import re
import subprocess
import sys
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel
import nilearn
import numpy as np
import pytest
import tvb_data
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from nilearn import surface as nilearn_surface
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Limits, Mesh, Network, NodeTable
from tvbo.errors import (
    DamagedFileError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    MismatchError,
    ShapeError,
    TvboWarning,
    UnknownFormatError,
    UnsafeFileError,
)
from tvbo.testing.suite import FormatSuite, example_networks

TRIANGLES = np.array([[0, 1, 2], [1, 3, 2], [3, 4, 2]])


def surface(label: str = "a surface", scale: float = 0.25) -> Network:
    """Give a small surface that GIFTI holds exactly."""
    made = Network(mesh=Mesh(np.arange(15.0).reshape(5, 3) * scale, TRIANGLES), descriptor="surface", label=label)
    made.description = "two\nlines"
    made.nodes.columns["area"], made.nodes.units["area"] = np.arange(5.0) * scale, "mm2"
    made.nodes.columns["hemisphere"] = np.array([False, False, False, True, True])
    made.nodes.columns["count"] = np.arange(5, dtype=np.int16)
    colors = np.array([[0.1, 0.2, 0.3, 1.0], [1 / 3, 0.0, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0]])
    made.parent_network = Network(NodeTable(["front", "back ü", "<&>"], columns={"color": colors}), label="atlas")
    made.node_mapping_data = np.array([0, 2, 2, -1, 1])
    return made


def everything() -> Network:
    """Give a surface with parts that GIFTI does not have."""
    made = surface(" blanks ", 1 / 3)
    made.description, made.descriptor, made.distance_unit, made.time_unit = " words", "surface ", "cm", "s"
    nodes = NodeTable([f"v{i}" for i in range(5)], np.ones((5, 3)), ids=np.arange(1, 6), extra={0: {"note": "x"}})
    nodes.columns["orientation"] = np.eye(5)[:, :3]
    nodes.columns["thickness"] = np.arange(5) / 3
    made.nodes = nodes
    made.mesh = Mesh(made.need_mesh().vertices, np.asfortranarray(TRIANGLES), np.eye(5)[:, :3])
    made.node_mapping_data = np.array([0, 2, 2, -1, 1, 1])
    made.set_matrix("local", np.eye(5))
    made.conduction_speed = 3.0
    made.links["other"] = Network.from_matrix(np.eye(2))
    made.extra["anything"] = 3
    regions = example_networks()["full"]
    regions.label, regions.description, regions.distance_unit, regions.time_unit = " atlas", " all", "cm", "s"
    regions.nodes.labels = [" a", "b", "c", "d"]
    regions.nodes.extra[0] = {"note": "y"}
    regions.nodes = regions.nodes[:]
    regions.nodes._own["ids"] = np.array([0, -5, 7, 7])
    regions.extra["note"] = 1
    regions.links["more"] = Network.from_matrix(np.eye(2))
    made.parent_network = regions
    return made


NUMBERS = {
    "f4": st.floats(width=32, allow_nan=False) | st.sampled_from([-0.0, np.inf]),
    "f8": st.floats(width=32, allow_nan=False) | st.sampled_from([np.nan, -0.0, 1 / 3, 1e300]),
    "?": st.booleans(),
    **{kind: st.integers(0, 127) for kind in ("i1", "u1", "i2", "i4", "i8")},
}
text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=8)


@st.composite
def surfaces(draw: Any) -> Network:
    """Draw surfaces of any numbers and names; GIFTI rounds some numbers."""
    n = draw(st.integers(1, 6))

    def array(shape: Any, kinds: str) -> Any:
        kind = draw(st.sampled_from(kinds.split()))
        return draw(hnp.arrays(kind, shape, elements=NUMBERS[kind]))

    elements = draw(hnp.arrays(draw(st.sampled_from(["i4", "i8", "u2"])), (3, 3), elements=st.integers(0, n - 1)))
    made = Network(mesh=Mesh(array((n, 3), "f4 f8"), elements), descriptor=draw(st.sampled_from(["surface", "skull"])))
    made.label, made.description = draw(st.none() | text), draw(st.none() | text)
    for name in draw(st.lists(text.filter(bool), max_size=3, unique=True)):
        made.nodes.columns[name] = array(n, "f4 f8 ? i1 u1 i2 i4 i8")
    if draw(st.booleans()):
        names = draw(st.lists(text, min_size=1, max_size=4))
        ids = draw(st.none() | st.lists(st.integers(1, 99), min_size=len(names), max_size=len(names), unique=True))
        columns = draw(st.just({}) | st.just({"color": np.linspace(0, 1, 4 * len(names)).reshape(-1, 4)}))
        made.parent_network = Network(NodeTable(names, columns=columns, ids=ids), label=draw(st.none() | text))
        rows = st.integers(-1, len(names) - 1)
        made.node_mapping_data = draw(hnp.arrays(draw(st.sampled_from(["i2", "i4", "i8"])), n, elements=rows))
    if draw(st.booleans()):
        made.extra["frame"] = "RAS"
    return made


class TestGifti(FormatSuite):
    format = "gifti"
    extension = ".surf.gii"
    options = {"allow_lossy": True}
    # An empty mapping of notes stands where there were some.
    adds = ("nodes.extra", "parent_network.nodes.extra")
    foreign = tuple(name for name in FormatSuite.foreign if name != "nibabel")

    def examples(self) -> Mapping[str, Network]:
        return {"exact": surface(), "another": surface("another", 0.5), "everything": everything()}

    def strategy(self) -> Any:
        return surfaces()


@pytest.fixture(scope="module")
def cortex() -> Network:
    """TVB's default cortex with its regions."""
    connectivity = Connectivity.from_file()
    surface_ = CorticalSurface.from_file()
    mapping = RegionMapping.from_file()
    mapping.connectivity, mapping.surface = connectivity, surface_
    for each in (connectivity, surface_):
        each.configure()
    return Network.from_tvb_surface(connectivity, surface_, mapping)[1]


def exact(network: Network) -> Network:
    """Give a surface with the vertices that GIFTI holds."""
    mesh = network.need_mesh()
    made = Network(mesh=Mesh(mesh.vertices.astype("f4").astype("f8"), mesh.elements), descriptor="surface")
    made.parent_network, made.node_mapping_data = network.parent(), network.node_mapping_data
    return made


def test_rounding_is_refused_with_how_much_it_is(tmp_path: Path, cortex: Network) -> None:
    path = tmp_path / "lh.surf.gii"
    with pytest.raises(
        LossyConversionError, match=r"vertices as float32.*largest deviation 3\.\d+e-06 mm.*allow_lossy"
    ):
        cortex.save(path)
    assert not list(tmp_path.iterdir())
    with pytest.warns(LossyConversionWarning, match=r"mesh.vertices \(values: .* 3\.\d+e-06"):
        cortex.save(path, allow_lossy=True)
    found = Network.from_file(path).need_mesh()
    assert np.array_equal(found.vertices, cortex.need_mesh().vertices.astype("f4"))
    assert np.array_equal(found.elements, cortex.need_mesh().elements)


def test_nibabel_and_nilearn_read_the_cortex_as_it_is(tmp_path: Path, cortex: Network) -> None:
    network = exact(cortex)
    with pytest.warns(LossyConversionWarning, match="parent_network"):
        network.save(tmp_path / "cortex.surf.gii")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cortex.label.gii", "cortex.surf.gii"]
    mesh = network.need_mesh()
    points, triangles = nibabel.load(tmp_path / "cortex.surf.gii").agg_data(("pointset", "triangle"))
    assert np.array_equal(points, mesh.vertices)
    assert np.array_equal(triangles, mesh.elements)
    loaded = nilearn_surface.load_surf_mesh(str(tmp_path / "cortex.surf.gii"))
    assert np.array_equal(loaded.coordinates, mesh.vertices)
    assert np.array_equal(loaded.faces, mesh.elements)

    labels = nibabel.load(tmp_path / "cortex.label.gii")
    names = labels.labeltable.get_labels_as_dict()
    mapping = network.node_mapping_data
    assert mapping is not None
    regions = network.parent().nodes.labels
    keys = labels.agg_data()
    assert [names[key] for key in keys.tolist()] == regions[mapping[:16384]].tolist()
    # The mean of a map over each region, by their reader and by our arrays.
    values = mesh.vertices[:, 2]
    by_nilearn = nilearn_surface.load_surf_data(str(tmp_path / "cortex.label.gii"))
    theirs = [values[by_nilearn == key].mean() for key in np.unique(by_nilearn)]
    ours = [values[mapping[:16384] == row].mean() for row in np.unique(mapping[:16384])]
    assert theirs == ours
    assert Network.from_file(tmp_path / "cortex.surf.gii").parent().nodes.labels.tolist() == regions.tolist()


def test_two_hemispheres_are_two_files_and_one_network(tmp_path: Path, cortex: Network) -> None:
    network = exact(cortex)
    # The right comes first in TVB.
    network.nodes.columns["hemisphere"] = np.arange(16384) >= 8192
    network.nodes.columns["hemisphere"] = ~network.nodes.columns["hemisphere"]
    with pytest.raises(ShapeError, match=r"swap the two files, save\('rh.surf.gii', left='lh.surf.gii'\)"):
        network.save(tmp_path / "lh.surf.gii", right=tmp_path / "rh.surf.gii")
    with pytest.warns(LossyConversionWarning):
        network.save(tmp_path / "rh.surf.gii", left=tmp_path / "lh.surf.gii")
    found = Network.from_file(tmp_path / "rh.surf.gii", left=tmp_path / "lh.surf.gii")
    assert {each.path.split(".")[0] for each in network.diff(found)} == {"extra", "label", "parent_network"} - (
        {"label"} if network.label is None else set()
    )
    for side in ("left", "right"):
        structure = found.extra["gifti"][side]["pointset"]["AnatomicalStructurePrimary"]
        assert structure == f"Cortex{side.capitalize()}"
    for side in "lr":
        assert len(nibabel.load(tmp_path / f"{side}h.surf.gii").agg_data("pointset")) == 8192
    again = tmp_path / "again"
    again.mkdir()
    found.save(again / "rh.surf.gii", left=again / "lh.surf.gii", strict=True)
    assert Network.from_file(again / "rh.surf.gii", left=again / "lh.surf.gii").identical(found)


def foreign(path: Path, labels: dict[int, str], keys: list[int], name: str = "") -> Path:
    """Write a surface and a label file as another program does."""
    gii = nibabel.gifti
    table = gii.GiftiLabelTable()
    for key, text_ in labels.items():
        label = gii.GiftiLabel(key, 1.0, 0.5, 0.0, 1.0)
        label.label = text_
        table.labels.append(label)
    data = gii.GiftiDataArray(np.array(keys, np.int32), "NIFTI_INTENT_LABEL", meta={"Name": name})
    made = gii.GiftiImage(darrays=[data], labeltable=table, meta=gii.GiftiMetaData(UserName="somebody"))
    nibabel.save(made, path.with_name(path.name.replace(".surf.", ".label.")))
    space = gii.GiftiCoordSystem(3, 4, np.diag([2.0, 1.0, 1.0, 1.0]))
    points = gii.GiftiDataArray(np.eye(3, dtype="f4"), "NIFTI_INTENT_POINTSET", coordsys=space)
    points.meta["AnatomicalStructurePrimary"] = "CortexLeft"
    faces = gii.GiftiDataArray(np.array([[0, 1, 2]], np.int32), "NIFTI_INTENT_TRIANGLE")
    nibabel.save(gii.GiftiImage(darrays=[points, faces]), path)
    return path


def test_files_of_others_keep_keys_names_colours_and_spaces(tmp_path: Path) -> None:
    path = foreign(tmp_path / "L.surf.gii", {0: "???", 7: "b", 3: "a"}, [3, 0, 7], "parcels")
    found = Network.from_file(path)
    assert found.parent().nodes.labels.tolist() == ["b", "a"]
    assert found.parent().nodes.ids.tolist() == [7, 3]
    assert found.parent().nodes.columns["color"].tolist() == [[1.0, 0.5, 0.0, 1.0]] * 2
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [1, -1, 0]
    assert found.need_mesh().vertices.dtype == np.float64
    assert found.extra["gifti"]["dataspace"] == "NIFTI_XFORM_TALAIRACH"
    assert found.extra["gifti"]["matrix"][0, 0] == 2
    assert found.parent().extra["gifti"]["metadata"] == {"UserName": "somebody"}
    found.save(tmp_path / "ours.surf.gii", strict=True)
    assert Network.from_file(tmp_path / "ours.surf.gii").identical(found)
    other = foreign(tmp_path / "other.surf.gii", {0: "???", 1: "x"}, [1, 1, 1])
    assert Network.from_file(path, labels=other.with_name("other.label.gii")).parent().nodes.labels.tolist() == ["x"]


def test_regions_of_one_name_in_both_hemispheres_are_two(tmp_path: Path) -> None:
    left = foreign(tmp_path / "lh.surf.gii", {0: "unknown", 1: "insula", 2: "only"}, [1, 0, 2])
    right = foreign(tmp_path / "rh.surf.gii", {0: "unknown", 1: "insula"}, [1, 1, 0])
    found = Network.from_file(left, right=right)
    assert found.parent().nodes.labels.tolist() == ["lh.insula", "only", "rh.insula"]
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [0, -1, 1, 2, 2, -1]
    assert found.nodes.columns["hemisphere"].tolist() == [False] * 3 + [True] * 3
    assert found.need_mesh().elements.tolist() == [[0, 1, 2], [3, 4, 5]]
    found.save(tmp_path / "l.surf.gii", right=tmp_path / "r.surf.gii", strict=True)
    assert Network.from_file(tmp_path / "l.surf.gii", right=tmp_path / "r.surf.gii").identical(found)
    # One table for both, as in atlases whose names tell the side.
    names = {0: "???", 1: "L_V1", 2: "R_V1"}
    left = foreign(tmp_path / "a.surf.gii", names, [1, 0, 1])
    right = foreign(tmp_path / "b.surf.gii", names, [2, 2, 0])
    found = Network.from_file(left, right=right)
    assert found.parent().nodes.labels.tolist() == ["L_V1", "R_V1"]
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [0, -1, 0, 1, 1, -1]


def test_mappings_and_columns_alone(tmp_path: Path) -> None:
    network = surface()
    for ending, part in ((".label.gii", "node_mapping_data"), (".shape.gii", "nodes.c"), (".func.gii", "nodes.c")):
        with pytest.warns(LossyConversionWarning, match=r"mesh\.vertices"):
            network.save(tmp_path / f"x{ending}")
        found = Network.from_file(tmp_path / f"x{ending}")
        differing = {each.path for each in network.diff(found)}
        assert not any(path.startswith(part) for path in differing)
        assert found.mesh is None
    assert nilearn_surface.load_surf_data(str(tmp_path / "x.shape.gii"))[:, 0].tolist() == [0, 0.25, 0.5, 0.75, 1]
    bare = Network(mesh=network.mesh, descriptor="surface")
    for ending in (".label.gii", ".func.gii"):
        with pytest.raises(UnknownFormatError, match="the network has none"):
            bare.save(tmp_path / f"y{ending}")
    with pytest.raises(UnknownFormatError, match="surface of triangles"):
        example_networks()["full"].save(tmp_path / "y.surf.gii")


def test_turning_for_display_is_asked_for_and_noted(tmp_path: Path, cortex: Network) -> None:
    path = tmp_path / "lh.surf.gii"
    with pytest.warns(LossyConversionWarning):
        cortex.save(path, frame="RAS", allow_lossy=True)
    found, shown = Network.from_file(path), cortex.display_mesh()
    assert found.frame.frame == found.extra["frame"] == "RAS"
    assert np.array_equal(found.need_mesh().vertices, shown.vertices.astype("f4"))
    assert np.array_equal(found.need_mesh().elements, shown.elements)
    # Outwards by the divergence theorem.
    a, b, c = (found.need_mesh().vertices[found.need_mesh().elements[:, k]] for k in range(3))
    assert np.einsum("ij,ij->", a, np.cross(b, c)) > 0
    with pytest.raises(ValueError, match="expected 'RAS'"):
        cortex.save(path, frame="LPS")


def test_files_of_two_saves_are_not_mixed(tmp_path: Path) -> None:
    for name, scale in (("old", 0.25), ("new", 0.5)):
        surface(name, scale).save(tmp_path / f"{name}.surf.gii")
    (tmp_path / "new.label.gii").replace(tmp_path / "old.label.gii")
    with pytest.raises(MismatchError, match=r"old\.label\.gii and old\.surf\.gii come from different saves"):
        Network.from_file(tmp_path / "old.surf.gii")
    assert Network.from_file(tmp_path / "old.surf.gii", labels=tmp_path / "old.label.gii").has_node_mapping
    with pytest.warns(TvboWarning, match=r"saved with new\.label\.gii, which is not there"):
        found = Network.from_file(tmp_path / "new.surf.gii")
    assert not found.has_node_mapping
    assert "area" in found.nodes.columns


@pytest.mark.parametrize("stop", range(1, 5))
def test_a_save_that_is_killed_leaves_the_old_or_the_new_or_says_so(tmp_path: Path, stop: int) -> None:
    path = tmp_path / "x.surf.gii"
    old, new = surface("old"), surface("new", 0.5)
    new.save(tmp_path / "new.yaml")
    old.save(path)
    code = f"""
import os, sys
from tvbo import Network
replace, done = os.replace, 0
def counted(*names):
    global done
    done += 1
    if done == {stop}:
        os._exit(9)
    replace(*names)
network = Network.from_file(sys.argv[1])
os.replace = counted
network.save(sys.argv[2])
"""
    command = [sys.executable, "-c", code, str(tmp_path / "new.yaml"), str(path)]
    assert subprocess.run(command, check=False).returncode == (9 if stop < 4 else 0)
    if stop in (1, 4):
        assert Network.from_file(path).identical(old if stop == 1 else new)
    else:
        with pytest.raises(MismatchError, match="different saves"):
            Network.from_file(path)
    # The next save is whole, and removes what was left behind.
    new.save(path)
    assert Network.from_file(path).identical(new)
    assert not list(tmp_path.glob(".*"))


def written(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "x.surf.gii"
    Network(mesh=Mesh(np.eye(3), [[0, 1, 2]]), descriptor="surface").save(path)
    return path, path.read_text()


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@pytest.mark.parametrize(
    ("pattern", "replacement", "error", "match"),
    [
        (r'Dim0="3"', 'Dim0="3000000000"', LimitError, "inflated bytes"),
        (r'Dim0="3"', 'Dim0="2"', DamagedFileError, "cut off, or longer than it says"),
        (r'Dim0="3"', 'Dim0="4"', DamagedFileError, "36 bytes: expected 48"),
        (r'Dim0="3"', 'Dim0="-3"', DamagedFileError, "dimensions"),
        (r'Dim0="3"', 'Dim0="x"', DamagedFileError, "does not tell its dimensions"),
        (r' Dim0="3"', "", DamagedFileError, "does not tell its dimensions"),
        (r"<Data>.*?</Data>", f"<Data>{packed(bytes(10**7))}</Data>", DamagedFileError, "longer than it says"),
        (r"<Data>.*?</Data>", "<Data>AAAA</Data>", DamagedFileError, "compressed data"),
        (r"<Data>.*?</Data>", "<Data>A</Data>", DamagedFileError, "base64"),
        (r"<Data>.*?</Data>", "", DamagedFileError, "every array to have its data"),
        (r"<DataArray", "<Data>x</Data><DataArray", DamagedFileError, "every array to have its data"),
        (r'Encoding="\w+"', 'Encoding="ExternalFileBinary"', UnsafeFileError, "another file"),
        (r'DataType="\w+"', 'DataType="NIFTI_TYPE_RGB24"', DamagedFileError, "expected numbers"),
        (r'Arrays="2"', 'Arrays="3"', DamagedFileError, "may be cut off"),
        (r'Intent="NIFTI_INTENT_TRIANGLE"', 'Intent="x"', DamagedFileError, "expected GIFTI"),
        (
            r'Intent="NIFTI_INTENT_TRIANGLE"',
            'Intent="NIFTI_INTENT_SHAPE"',
            DamagedFileError,
            "points or triangles alone",
        ),
        (r"<!DOCTYPE[^>]*>", '<!DOCTYPE GIFTI [<!ENTITY a "aaa">]>', UnsafeFileError, "entities"),
        (
            r"<!DOCTYPE[^>]*>",
            '<!DOCTYPE GIFTI SYSTEM "file:///etc/passwd" [<!ENTITY a SYSTEM "x">]>',
            UnsafeFileError,
            "entities",
        ),
        (r"<!DOCTYPE[^>]*>", "<!DOCTYPE html>", UnsafeFileError, "document type"),
        (r"GIFTI V", "CIFTI V", DamagedFileError, "XML"),
    ],
)
def test_what_is_wrong_is_refused_before_memory_is_taken(
    tmp_path: Path, pattern: str, replacement: str, error: type[Exception], match: str
) -> None:
    path, held = written(tmp_path)
    changed = re.sub(pattern, replacement, held, count=1, flags=re.DOTALL)
    assert changed != held
    path.write_text(changed)
    with pytest.raises(error, match=match):
        Network.from_file(path)


def test_limits_hold_for_all_arrays_together(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    n = 1 << 16
    Network(mesh=Mesh(np.zeros((n, 3)), np.zeros((n, 3), int)), descriptor="surface").save(path)
    with pytest.raises(LimitError, match="inflated bytes would be 1,572,864"):
        Network.from_file(path, limits=Limits(inflated_bytes=1 << 20))


def test_ascii_and_other_orders_are_read(tmp_path: Path) -> None:
    path, held = written(tmp_path)
    values = np.arange(9, dtype="<f4").reshape(3, 3)

    def changed(data: str, encoding: str, order: str) -> Network:
        text_ = re.sub("<Data>.*?</Data>", f"<Data>{data}</Data>", held, count=1)
        path.write_text(text_.replace("GZipBase64Binary", encoding, 1).replace("RowMajorOrder", order, 1))
        return Network.from_file(path)

    lines = "0 1 2\n3 4 5\n6 7 8"
    assert changed(lines, "ASCII", "RowMajorOrder").need_mesh().vertices.tolist() == values.tolist()
    binary = base64.b64encode(values.tobytes()).decode()
    for name in ("Base64Binary", "GIFTI_ENCODING_B64BIN"):
        assert changed(binary, name, "ColumnMajorOrder").need_mesh().vertices.tolist() == values.T.tolist()
    # nibabel takes the rows of such a text for its rows, others do not.
    with pytest.raises(DamagedFileError, match="ColumnMajorOrder"):
        changed(lines, "ASCII", "ColumnMajorOrder")


def test_keys_without_labels_become_regions_with_a_warning(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.surf.gii", {1: "a"}, [1, 5, -1])
    with pytest.warns(TvboWarning, match="1 keys have no label, such as 5"):
        found = Network.from_file(path)
    assert found.parent().nodes.labels.tolist() == ["a", "label_5"]
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [0, 1, -1]


def test_texts_that_xml_cannot_hold_are_refused(tmp_path: Path) -> None:
    network = surface("with a \0")
    with pytest.raises(ValueError, match="XML has no character"):
        network.save(tmp_path / "x.surf.gii")
    network = surface()
    network.node_mapping_data = np.array([0, 1, 2, 3, 0])
    with pytest.raises(ShapeError, match="names the regions 0 to 3, and there are 3"):
        network.save(tmp_path / "x.surf.gii")
    assert not list(tmp_path.iterdir())


def real() -> list[Path]:
    """List the files of FreeSurfer, Caret and others that nilearn, nibabel and TVB bring along."""
    homes = [Path(nilearn.__file__).parent / "datasets", Path(nibabel.__file__).parent, Path(tvb_data.__file__).parent]
    found = [path for home in homes for path in sorted(home.rglob("*.gii*"))]
    # One lies in two files, two are no surfaces: their triangles lead nowhere.
    return [path for path in found if not path.name.startswith(("external", "ascii_flat", "base64bin"))]


@pytest.mark.parametrize("path", real(), ids=lambda path: path.name)
def test_files_of_others_are_read_as_nibabel_reads_them(tmp_path: Path, path: Path) -> None:
    file = tmp_path / path.name.removesuffix(".gz")
    file.write_bytes(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    image, found = nibabel.load(file), Network.from_file(file)
    columns = iter(found.nodes.columns)
    names = image.labeltable.get_labels_as_dict()
    for each in image.darrays:
        intent = nibabel.nifti1.intent_codes.niistring[each.intent]
        if intent.endswith("POINTSET"):
            assert np.array_equal(found.need_mesh().vertices, each.data)
        elif intent.endswith("TRIANGLE"):
            assert np.array_equal(found.need_mesh().elements, each.data)
        elif intent.endswith("LABEL"):
            mapping = found.node_mapping_data
            assert mapping is not None
            assert [names[key] for key, row in zip(each.data.tolist(), mapping.tolist(), strict=True) if row >= 0] == (
                found.parent().nodes.labels[mapping[mapping >= 0]].tolist()
            )
            assert {names.get(key, "???").lower() for key in each.data[mapping < 0].tolist()} <= {"???", "unknown"}
        else:
            assert np.array_equal(found.nodes.columns[next(columns)], np.squeeze(each.data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        found.save(tmp_path / "pair.yaml")
    assert Network.from_file(tmp_path / "pair.yaml").identical(found)


@pytest.mark.parametrize("name", ["lh.surf.gii", "lh.white"])
@pytest.mark.parametrize(("unit", "factor"), [("m", 1000.0), ("cm", 10.0), ("mm", 1.0)])
def test_other_programs_find_millimetres(tmp_path: Path, name: str, unit: str, factor: float) -> None:
    network = Network(mesh=Mesh(np.eye(3) / 16, [[0, 1, 2]]), descriptor="surface", distance_unit=unit)
    before = network.digest()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network.save(tmp_path / name)
    assert network.digest() == before
    if name.endswith(".gii"):
        found = nibabel.load(tmp_path / name).agg_data("pointset")
    else:
        found = nibabel.freesurfer.read_geometry(tmp_path / name)[0]
    assert np.array_equal(found, np.eye(3) / 16 * factor)
    lost = [each for warning in caught for each in warning.message.losses]
    assert any(each.startswith("mesh.vertices") for each in lost) is (unit != "mm")
