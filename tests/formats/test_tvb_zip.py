"""Archives of TVB: read as TVB reads them, written so that TVB reads every bit, and nothing lost in silence."""

import bz2
import io
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tvb_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.datatypes import surfaces
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping

from tvbo import Limits, Mesh, Network, NodeTable, Parameter, registry
from tvbo.errors import (
    DamagedFileError,
    DuplicateNameError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    MatrixNotFoundError,
    NetworkNotFoundError,
    ShapeError,
    TvboWarning,
    UnknownFormatError,
    UnsafeFileError,
)
from tvbo.storage.bounded import numbers
from tvbo.testing.assertions import assert_tvb_identical

DATA = Path(tvb_data.__file__).parent
CONNECTIVITIES = sorted(path.name for path in (DATA / "connectivity").glob("*.zip"))
SURFACES = {
    "cortex_16384": "CorticalSurface",
    "face_8614": "FaceSurface",
    "inner_skull_4096": "BrainSkull",
    "outer_skull_4096": "SkullSkin",
    "outer_skin_4096": "SkinAir",
    "scalp_1082": "EEGCap",
}
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of an archive that does not exist yet."""
    return tmp_path / "network.zip"


@pytest.fixture(autouse=True)
def _quiet_tvb() -> Iterator[None]:
    with warnings.catch_warnings():
        # loadtxt in TVB says that a file is empty, which the format means.
        warnings.filterwarnings("ignore", "loadtxt: input contained no data")
        warnings.filterwarnings("ignore", "Input line .* contained no data")
        yield


def members(**changed: Any) -> dict[str, bytes]:
    """Give the members of a small connectivity; None leaves one out."""
    files = {
        "weights.txt": b"0 1.5\n0.25 0\n",
        "tract_lengths.txt": b"0 10\n10 0\n",
        "centres.txt": b"lA 1 2 3\nrA -1 2 3\n",
        "cortical.txt": b"1\n0\n",
        "hemispheres.txt": b"0\n1\n",
        "areas.txt": b"1e-320\n2.5\n",
        "average_orientations.txt": b"1 0 0\n0 -0.0 1\n",
    }
    files |= {name.replace("__", "."): data for name, data in changed.items()}
    return {name: data for name, data in files.items() if data is not None}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def by_tvb(path: Path, kind: Any = Connectivity) -> Network:
    return Network.from_tvb(kind.from_file(str(path)))


def differing(a: Network, b: Network) -> list[str]:
    """Name what differs, but for the gid that TVB draws, the title that names it, and the text that TVB drops."""
    fresh = ("label", "extra.tvb.objects[0].traits.gid.uuid", "extra.tvb_zip.info")
    return [str(each) for each in a.diff(b) if each.path not in fresh]


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("name", CONNECTIVITIES)
def test_every_connectivity_of_tvb_is_read_as_tvb_reads_it(name: str) -> None:
    file = DATA / "connectivity" / name
    found = Network.from_file(file)
    assert differing(found, by_tvb(file)) == []
    assert found.label == f"Connectivity gid: {found.extra['tvb']['objects'][0]['traits']['gid']['uuid']}"


@pytest.mark.parametrize("name", SURFACES)
def test_every_surface_of_tvb_is_read_as_tvb_reads_it(name: str) -> None:
    file = DATA / "surfaceData" / f"{name}.zip"
    kind = SURFACES[name]
    assert differing(Network.from_file(file, kind=kind), by_tvb(file, getattr(surfaces, kind))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"average_orientations__txt": None, "areas__txt": None, "cortical__txt": None, "hemispheres__txt": None},
        {"tract_lengths__txt": b""},
        {"tract_lengths__txt": b"# nothing\n\n"},
        {"centres__txt": b"lA 1 2 3 None\nrA -1 2 3 None extra\n"},
        {"centres__txt": b"lA\t1  2 3   \r\n\r\nrA -1 2 3\r\n"},
        {"centres__txt": b"# a comment\nlA 1 2 3 # another\nrA -1 2 nan\n"},
        {"centres__txt": "lÄ 1 2 3\nrA -1 2 3\n".encode("latin-1")},
        {"centres__txt": None, "centers__txt": b"lA 1 2 3\nrA -1 2 3\n"},
        {"centres__txt": None, "centres__txt__bz2": bz2.compress("lé´\u4e2d 1 2 3\nrA -1 2 3\n".encode())},
        {"weights__txt": None, "weights__txt__bz2": bz2.compress(b"0 1\n") + bz2.compress(b"nan -inf\n")},
        {"weights__txt": b"NaN inf\n-0.0 1e400\n"},
        {"cortical__txt": b"2 0\n"},
        {"areas__txt": b"1 2 3\n"},
        {"hemispheres__txt": b""},
        {".weights__txt": b"junk", "__MACOSX/._weights__txt": b"junk"},
        {"info__txt": b"anything"},
    ],
)
def test_variants_are_read_as_tvb_reads_them(path: Path, changed: dict[str, Any]) -> None:
    packed(path, members(**changed) if ".weights__txt" not in changed else members() | {"__MACOSX/._weights.txt": b"x"})
    assert differing(Network.from_file(path), by_tvb(path)) == []


def test_arrays_of_numpy_are_members_too(path: Path) -> None:
    held = io.BytesIO()
    np.save(held, np.array([[0.1, 2], [3, 4]], order="F"))
    packed(path, members(weights__txt=None, weights__npy=held.getvalue()))
    found = Network.from_file(path)
    assert found.matrix("weight").tolist() == [[0.1, 2], [3, 4]]
    assert differing(found, by_tvb(path)) == []


def test_a_compressed_member_in_a_folder_which_tvb_cannot_read(path: Path) -> None:
    files = {f"set/{name}.bz2": bz2.compress(data) for name, data in members().items()}
    plain = Network.from_file(packed(path, members()))
    assert Network.from_file(packed(path, files)).identical(plain)


def test_members_that_only_the_framework_finds(path: Path) -> None:
    plain = Network.from_file(packed(path, members()))
    renamed = {
        "a/SC_Weight.txt": "weights.txt",
        "a/tracts.txt": "tract_lengths.txt",
        "a/Centers.txt": "centres.txt",
        "a/cortical.txt": "cortical.txt",
        "a/hemisphere.txt": "hemispheres.txt",
        "a/area.txt": "areas.txt",
        "a/orientation.txt": "average_orientations.txt",
    }
    files = {new: members()[old] for new, old in renamed.items()}
    assert Network.from_file(packed(path, files)).identical(plain)


def test_no_tract_lengths_at_all_become_an_empty_array(path: Path) -> None:
    found = Network.from_file(packed(path, members(tract_lengths__txt=None)))
    assert "length" not in found.matrices
    made = found.execute(format="tvb")
    made.configure()
    assert made.tract_lengths.tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("text", [b"True\nFalse\n", b"1.0\n0.0\n", b"true 0\n", b"1e0\n0\n"])
def test_truths_that_tvb_drops_are_read_with_a_warning(path: Path, text: bytes) -> None:
    packed(path, members(cortical__txt=text))
    assert Connectivity.from_file(str(path)).cortical.size == 0
    with pytest.warns(TvboWarning, match=r"cortical\.txt is not written as 1 and 0: TVB's own reader drops it"):
        found = Network.from_file(path)
    assert found.nodes.columns["cortical"].tolist() == [True, False]


def test_what_cannot_be_read_and_need_not_be_there_is_left_out_with_a_warning(path: Path) -> None:
    packed(path, members(areas__txt=b"big\nsmall\n"))
    with pytest.warns(TvboWarning, match=r"areas\.txt is damaged.*left out, as TVB does"):
        found = Network.from_file(path)
    assert differing(found, by_tvb(path)) == []


def test_two_members_for_one_thing_are_said_and_the_first_is_taken_as_by_tvb(path: Path) -> None:
    files = {"normalised_weights.txt": b"0 1\n1 0\n"} | members()
    packed(path, files)
    with pytest.warns(TvboWarning, match=r"normalised_weights\.txt, weights\.txt could each be the weights"):
        found = Network.from_file(path)
    assert differing(found, by_tvb(path)) == []


def test_labels_in_utf_8_are_read_as_written(path: Path) -> None:
    packed(path, members(centres__txt="\ufefflé 1 2 3\nr中 -1 2 3\n".encode()))
    assert Connectivity.from_file(str(path)).region_labels[0] != "lé"
    with pytest.warns(TvboWarning, match="labels in UTF-8"):
        found = Network.from_file(path)
    assert found.nodes.labels.tolist() == ["lé", "r中"]


def test_one_region_keeps_its_axes(path: Path) -> None:
    files = {name: data.splitlines()[0] for name, data in members().items()}
    packed(path, files | {"weights.txt": b"0.5\n", "tract_lengths.txt": b"0\n"})
    with pytest.warns(TvboWarning, match="one region"):
        found = Network.from_file(path)
    assert found.matrix("weight").shape == (1, 1)
    assert found.nodes.columns["orientation"].shape == (1, 3)
    assert found.nodes.positions is not None
    assert found.nodes.positions.shape == (1, 3)
    with pytest.warns(TvboWarning, match="one region"):
        found.save(path)
    with pytest.warns(TvboWarning, match="one region"):
        assert Network.from_file(path).identical(found)


def test_units_other_than_those_of_tvb_are_kept_and_said(path: Path) -> None:
    info = b'weights_unit = "1/mm"\nlength_unit = "cm"\narea_unit = "cm^2"\n'
    packed(path, members(info__txt=info))
    with pytest.warns(TvboWarning, match="lengths are in cm: TVB takes them for mm"):
        found = Network.from_file(path)
    assert found.matrices["length"].unit == "cm"
    assert found.matrices["weight"].unit == "1/mm"
    assert found.nodes.units["area"] == "cm^2"
    assert found.extra["tvb_zip"]["info"] == info.decode()
    assert found.matrix("length")[0, 1] == 10


def test_the_same_content_has_the_same_gid(path: Path, tmp_path: Path) -> None:
    first = Network.from_file(packed(path, members()))
    files = {f"deep/{name}": data for name, data in reversed(members(areas__txt=b"1E-320 2.50").items())}
    second = Network.from_file(packed(tmp_path / "b.zip", files))
    assert first.identical(second)
    third = Network.from_file(packed(path, members(areas__txt=b"0 2.5")))
    assert third.label != first.label


def test_reading_needs_no_tvb(path: Path) -> None:
    packed(path, members())
    code = f"import sys, tvbo; tvbo.Network.from_file({str(path)!r}).save({str(path)!r}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"tvb", "tvb_data", "matplotlib", "mne"}.isdisjoint(loaded)


# ---------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"weights__txt": b"0 1\n1\n"}, DamagedFileError, r"weights\.txt is damaged: expected numbers"),
        ({"weights__txt": b"0,1\n1,0\n"}, DamagedFileError, r"weights\.txt is damaged: expected numbers"),
        ({"weights__txt": b"0 1 2\n"}, ShapeError, r"weights\.txt has shape \(3,\), and there are 2 centres"),
        ({"weights__txt": b""}, ShapeError, r"expected \(2, 2\)"),
        ({"tract_lengths__txt": b"1 2 3"}, ShapeError, "tract_lengths"),
        ({"centres__txt": b"lA 1 2\nrA 1 2\n"}, DamagedFileError, "row 0 has 3 words: expected 4"),
        ({"centres__txt": b"l A 1 2 3\nr A 1 2 3\n"}, DamagedFileError, "words 2 to 4"),
        ({"centres__txt": b"l\0A 1 2 3\nrA 1 2 3\n"}, DamagedFileError, "NUL"),
        ({"centres__txt": b"l" * 129 + b" 1 2 3\nrA 1 2 3\n"}, DamagedFileError, "label of 129 characters"),
        ({"centres__txt": None, "centres__npy": b"x"}, DamagedFileError, "cannot hold labels"),
        ({"weights__txt": None, "weights__npy": b"\x93NUMPY junk"}, DamagedFileError, r"weights\.npy"),
        ({"weights__txt": None}, UnknownFormatError, "expected members for weights and centres"),
        ({"../x__txt": b""}, UnsafeFileError, "inside the archive"),
    ],
)
def test_what_is_wrong_is_named(path: Path, changed: dict[str, Any], error: type[Exception], match: str) -> None:
    packed(path, members(**changed))
    with pytest.raises(error, match=match):
        Network.from_file(path)


def test_bombs_duplicates_and_passwords_are_refused(path: Path) -> None:
    packed(path, members(weights__txt=b"0 " * (1 << 20)))
    with pytest.raises(LimitError, match="inflated bytes"):
        Network.from_file(path, limits=Limits(inflated_bytes=1 << 20))
    packed(path, members(weights__txt=None, weights__txt__bz2=bz2.compress(b"0 " * (1 << 20))))
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(inflated_bytes=1 << 20))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.txt", "0")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("weights.txt", "0")
    with pytest.raises(DuplicateNameError):
        Network.from_file(path)
    packed(path, members())
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(signature), bytes(data)):
            data[found.start() + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match="encrypted"):
        Network.from_file(path)
    assert not registry.get("tvb-zip").can_read(path)


def test_wide_labels_are_counted_before_they_take_memory(path: Path) -> None:
    rows = 20_000
    packed(path, {"weights.txt": b"0", "centres.txt": b"a 0 0 0\n" * rows})
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(inflated_bytes=rows * 500))


def test_a_file_that_is_missing_or_no_archive(path: Path) -> None:
    with pytest.raises(NetworkNotFoundError):
        Network.from_file(path)
    path.write_bytes(b"weights centres")
    with pytest.raises(DamagedFileError):
        Network.from_file(path)
    assert not registry.get("tvb-zip").can_read(path)
    assert registry.get("tvb-zip").can_read(DATA / "connectivity" / "connectivity_68.zip")
    assert registry.get("tvb-zip").can_read(DATA / "surfaceData" / "face_8614.zip")


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("name", CONNECTIVITIES)
def test_tvb_reads_what_is_written_bit_for_bit(path: Path, name: str) -> None:
    given_ = Network.from_file(DATA / "connectivity" / name)
    given_.save(path, strict=True)
    assert Network.from_file(path).identical(given_)
    assert differing(by_tvb(path), given_) == []


floats = st.floats(allow_nan=False) | st.sampled_from([np.nan, -0.0, 5e-324, 1e39, 0.1, -np.inf])
labels = st.text(st.characters(codec="utf-8", exclude_characters="#\0"), min_size=1, max_size=128).filter(
    lambda text: text.split() == [text]
)


@st.composite
def networks(draw: Any) -> Network:
    """Draw anything that an archive carries whole."""
    n = draw(st.integers(2, 5))
    made = Connectivity()
    made.weights = draw(hnp.arrays(float, (n, n), elements=floats))
    made.tract_lengths = draw(hnp.arrays(float, (n, n), elements=floats) | st.just(np.empty(0)))
    made.centres = draw(hnp.arrays(float, (n, 3), elements=floats))
    made.region_labels = np.array(draw(st.lists(labels, min_size=n, max_size=n)))
    for trait, shape, dtype in (("areas", (n,), float), ("orientations", (n, 3), float)):
        setattr(made, trait, draw(hnp.arrays(dtype, shape, elements=floats) | st.just(np.empty(0))))
    for trait in ("cortical", "hemispheres"):
        setattr(made, trait, draw(hnp.arrays(bool, (n,)) | st.just(np.empty(0, bool))))
    return Network.from_tvb(made)


@quick
@given(networks())
def test_round_trips_lose_the_gid_only(path: Path, network: Network) -> None:
    with pytest.warns(LossyConversionWarning) as caught:
        network.save(path)
    lost = str(caught[0].message).partition(" cannot carry ")[2].partition(": save as")[0]
    assert re.fullmatch(r"label \(values: .*\), gid", lost)
    assert differing(Network.from_file(path), network) == []
    assert differing(by_tvb(path), network) == []


def test_everything_that_is_lost_is_named_and_strict_writes_nothing(path: Path) -> None:
    made = Connectivity.from_file("connectivity_76.zip")
    made.configure()
    made.speed = np.array([7.0])
    made.tags = {"a": "b"}
    made.parent_connectivity = "x"
    network = Network.from_tvb(made)
    network.description = "words"
    network.set_matrix("fc", np.eye(76))
    network.parameters["gain"] = Parameter(3.0)
    network.extra["note"] = {"a": 1}
    network.nodes.columns["volume"] = np.arange(76.0)
    names = (
        *("label", "description", "gid", "tags", "speed", "conduction_speed", "parent_connectivity", "saved_selection"),
        *("undirected", "delays", "number_of_regions", "matrices.fc", "gain", "extra.note", "nodes.columns.volume"),
    )
    with pytest.raises(LossyConversionError) as refused:
        network.save(path, strict=True)
    assert not path.exists()
    with pytest.warns(LossyConversionWarning) as caught:
        network.save(path)
    for message in (str(refused.value), str(caught[0].message)):
        missing = [name for name in names if not re.search(rf"(?<![\w.]){re.escape(name)}\b", message)]
        assert missing == []
    assert differing(Network.from_file(path), Network.from_file(DATA / "connectivity" / "connectivity_76.zip")) == [
        str(each)
        for each in Network.from_file(path).diff(Network.from_file(DATA / "connectivity" / "connectivity_76.zip"))
        if "hemisphere" in each.path
    ]


def test_none_that_would_come_back_empty_is_named(path: Path) -> None:
    made = Connectivity.from_file("connectivity_66.zip")
    made.areas = None
    del made.__dict__["cortical"]
    with pytest.warns(LossyConversionWarning, match=r"areas.*cortical \(not set, and comes back set\)"):
        Network.from_tvb(made).save(path)


def test_a_network_of_arrays(path: Path) -> None:
    network = Network.from_matrix(
        np.array([[0, 1], [2, 0]], np.float32), labels=["a", "b"], positions=[[0, 0, 0], [0.1, 0, 0]]
    )
    with pytest.warns(LossyConversionWarning, match=r"carry matrices\.weight \(dtype: float32 and float64\): save"):
        network.save(path)
    made = Connectivity.from_file(str(path))
    assert made.weights.tolist() == [[0, 1], [2, 0]]
    made.configure()
    assert made.tract_lengths[0, 1] == pytest.approx(0.1)


def test_lengths_in_another_unit_are_written_in_mm(path: Path) -> None:
    network = Network.from_matrix(np.eye(2), np.full((2, 2), 3.0), labels=["a", "b"], positions=np.zeros((2, 3)))
    network.matrices["length"].unit = "cm"
    with pytest.warns(LossyConversionWarning, match=r"matrices\.length"):
        network.save(path)
    assert Connectivity.from_file(str(path)).tract_lengths[0, 0] == 30


@pytest.mark.parametrize("label", ["a b", "a#b", "", " a", "a\n", "a\u00a0b", "a\0b", "\ud800"])
def test_labels_that_a_text_cannot_hold(path: Path, label: str) -> None:
    network = Network.from_matrix(np.eye(2), np.eye(2), labels=[label, "ok"], positions=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="rename them first"):
        network.save(path)
    assert not path.exists()


def test_what_is_no_connectivity_says_what_is_missing(path: Path) -> None:
    with pytest.raises(MatrixNotFoundError, match=r"give net\.set_matrix"):
        Network(NodeTable(size=2)).save(path)
    with pytest.raises(MatrixNotFoundError, match="neither a matrix 'length' nor positions"):
        Network.from_matrix(np.eye(2)).save(path)
    network = Network.from_matrix(np.eye(2), positions=np.zeros((2, 3)))
    network.nodes.labels = ["x" * 129, "y"]
    with pytest.raises(ValueError, match="129 characters"):
        network.save(path)
    del network.matrices["weight"]
    network.set_matrix("weight", np.ones((2, 3)), column_labels=["a", "b", "c"])
    with pytest.raises(ShapeError, match="square"):
        network.save(path)


def test_a_save_that_fails_leaves_the_old_archive(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network.from_file(packed(path, members()))
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        network.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# ---------------------------------------------------------------- surfaces


@pytest.mark.parametrize("name", ["cortex_16384", "face_8614", "inner_skull_4096"])
def test_tvb_reads_surfaces_bit_for_bit(path: Path, name: str) -> None:
    given_ = Network.from_file(DATA / "surfaceData" / f"{name}.zip", kind=SURFACES[name])
    given_.save(path, strict=True)
    assert Network.from_file(path, kind=SURFACES[name]).identical(given_)
    assert differing(by_tvb(path, getattr(surfaces, SURFACES[name])), given_) == []
    assert_tvb_identical(
        given_.execute(format="tvb"), Network.from_file(path, kind=SURFACES[name]).execute(format="tvb")
    )


def hemispheres() -> Network:
    vertices = np.array([[0, 1, 0], [1, 1, 0], [0, 2, 0], [0, -1, 0], [1, -1, 0], [0, -2, 0.1]])
    network = Network(mesh=Mesh(vertices, np.array([[0, 1, 2], [3, 4, 5]]), vertices / 3), descriptor="surface")
    network.nodes.columns["hemisphere"] = np.arange(6) > 2
    return network


def test_hemispheres_apart_as_the_framework_has_them(path: Path) -> None:
    network = hemispheres()
    network.save(path, split=True)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("right_triangles.txt") == b"0 1 2\n"
    found = Network.from_file(path)
    assert [each.path for each in network.diff(found) if each.kind != "only in the second"] == ["label"]
    assert found.execute(format="tvb").bi_hemispheric is True
    with pytest.warns(LossyConversionWarning, match=r"nodes\.columns\.hemisphere.*split=True"):
        network.save(path)


@pytest.mark.parametrize(
    "names", [("lh.{}.txt", "rh.{}.txt"), ("x/B_{}_left.txt", "x/B_{}_right.txt"), ("L{}.txt", "R{}.txt")]
)
def test_names_that_tell_the_side(path: Path, names: tuple[str, str]) -> None:
    hemispheres().save(path, split=True)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    files = {}
    for side, pattern in zip(("left", "right"), names, strict=True):
        for part in ("vertices", "vertex_normals", "triangles"):
            files[pattern.format(part)] = held[f"{side}_{part}.txt"]
    found = Network.from_file(packed(path, dict(reversed(files.items()))))
    assert found.nodes.columns["hemisphere"].tolist() == [False] * 3 + [True] * 3
    assert found.mesh is not None
    assert found.mesh.elements.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_hemispheres_that_are_not_apart(path: Path) -> None:
    network = hemispheres()
    network.nodes.columns["hemisphere"] = np.arange(6) < 3
    with pytest.raises(ShapeError, match="left vertices first"):
        network.save(path, split=True)
    del network.nodes.columns["hemisphere"]
    with pytest.raises(ShapeError, match="no column 'hemisphere'"):
        network.save(path, split=True)
    network = hemispheres()
    network.need_mesh().arrays["elements"] = np.array([[3, 4, 5], [0, 1, 2]])
    with pytest.raises(ShapeError, match="the left ones first"):
        network.save(path, split=True)


def test_a_surface_that_is_mapped_goes_without_its_mapping(path: Path) -> None:
    surface = surfaces.CorticalSurface.from_file()
    mapping = RegionMapping.from_file()
    _, network = Network.from_tvb_surface(Connectivity.from_file(), surface, mapping)
    with pytest.warns(LossyConversionWarning, match=r"node_mapping_data.*parent_network") as caught:
        network.save(path)
    told = caught[0].message.losses
    assert "extra.tvb (what TVB knew of the object)" in told
    assert not any("vertices" in each or "triangles" in each for each in told)
    np.testing.assert_array_equal(Network.from_file(path).mesh.vertices, surface.vertices)


def test_triangles_that_are_counted_from_one(path: Path) -> None:
    files = {"vertices.txt": b"0 0 0\n1 0 0\n0 1 0\n", "triangles.txt": b"1 2 3\n"}
    packed(path, files)
    with pytest.raises(ShapeError, match="zero_based=False"):
        Network.from_file(path)
    found = Network.from_file(path, zero_based=False)
    assert found.need_mesh().elements.tolist() == [[0, 1, 2]]
    packed(path, files | {"triangles.txt": b"0 1 7\n"})
    with pytest.raises(ShapeError, match=r"joins vertices 0 to 7, and there are 3: expected 0 to 2$"):
        Network.from_file(path)
    packed(path, files | {"triangles.txt": b"0.0 1.0 2.0\n"})
    with pytest.raises(DamagedFileError, match="triangles"):
        Network.from_file(path)
    with pytest.raises(ValueError, match="no surface"):
        Network.from_file(path, kind="Connectivity")


# ---------------------------------------------------------------- numbers


@quick
@given(hnp.arrays(float, (3, 4), elements=st.floats(0, 1e99) | st.floats(1e-99, 1.0)))
def test_the_text_of_savetxt_is_read_exactly(values: Any) -> None:
    held = io.BytesIO()
    np.savetxt(held, values)
    assert numbers(held.getvalue(), Limits(), "x").tobytes() == values.tobytes()


@quick
@given(st.lists(st.tuples(st.integers(0, 10**19 - 1), st.integers(-99, 99)), min_size=1, max_size=50))
def test_decimals_of_nineteen_digits_are_rounded_right(drawn: list[tuple[int, int]]) -> None:
    words = [f"{f'{digits:019d}'[0]}.{f'{digits:019d}'[1:]}e{power:+03d}" for digits, power in drawn]
    found = np.atleast_1d(numbers("".join(f"{word}\n" for word in words).encode(), Limits(), "x"))
    assert found.tolist() == [float(word) for word in words]


@quick
@given(st.integers(2**52, 2**53 - 2), st.sampled_from([-1, 0, 1]))
def test_ties_between_two_floats_go_to_the_even_one(low: int, beside: int) -> None:
    text = f"{(2 * low + 1) * 500 + beside:019d}"
    word = f"{text[0]}.{text[1:]}e+00"
    assert numbers(f"{word}\n{word}\n".encode(), Limits(), "x").tolist() == [float(word)] * 2


@pytest.mark.parametrize(
    "bad", [b"1.00000000000000000:e+00\n", b"1.000000000000000000e+0x\n", b"/.000000000000000000e+00\n"]
)
def test_what_only_looks_like_the_text_of_savetxt(bad: bytes) -> None:
    with pytest.raises(DamagedFileError):
        numbers(b"1.000000000000000000e+00\n" + bad, Limits(), "x")


def test_one_member_that_is_two_things_is_read_as_both(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("weights_tract_lengths.txt", "0 1.5\n2 0\n")
        made.writestr("centres.txt", "a 0 0 0\nb 1 1 1\n")
    found = Network.from_file(path)
    assert found.matrix("weight").tolist() == found.matrix("length").tolist() == [[0, 1.5], [2, 0]]
