"""Region mappings, sensors, projections and local connectivities: read as TVB reads them, and written for it."""

import bz2
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
import tvb_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.datatypes import local_connectivity, projections, region_mapping, sensors

from tvbo import Limits, Network, NodeTable, registry
from tvbo.errors import (
    DamagedFileError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    ShapeError,
    TvboWarning,
    UnknownFormatError,
    UnsafeFileError,
)

DATA = Path(tvb_data.__file__).parent
FILES = {
    "regionMapping/regionMapping_16k_76.txt": "RegionMapping",
    "regionMapping/regionMapping_16k_192.txt": "RegionMapping",
    "sensors/eeg_brainstorm_65.txt": "SensorsEEG",
    "sensors/eeg_unitvector_62.txt.bz2": "SensorsEEG",
    "sensors/meg_151.txt.bz2": "SensorsMEG",
    "sensors/meg_brainstorm_276.txt": "SensorsMEG",
    "sensors/seeg_39.txt.bz2": "SensorsInternal",
    "sensors/seeg_588.txt": "SensorsInternal",
    "projectionMatrix/projection_eeg_62_surface_16k.mat": "ProjectionSurfaceEEG",
    "projectionMatrix/projection_eeg_65_surface_16k.npy": "ProjectionSurfaceEEG",
    "projectionMatrix/projection_meg_276_surface_16k.npy": "ProjectionSurfaceMEG",
    "local_connectivity/local_connectivity_16384.mat": "LocalConnectivity",
}
MODULES = (region_mapping, sensors, projections, local_connectivity)
PLACES = {
    "array_data": lambda net: net.node_mapping_data,
    "labels": lambda net: net.nodes.labels,
    "locations": lambda net: net.nodes.positions,
    "orientations": lambda net: net.nodes.columns["orientation"],
    "projection_data": lambda net: net.matrix("gain"),
}
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def by_tvb(path: Path, kind: str) -> Any:
    cls = next(getattr(module, kind) for module in MODULES if hasattr(module, kind))
    if kind.startswith("Projection"):
        return cls.from_file(str(path), matlab_data_name="ProjectionMatrix")
    return cls.from_file(str(path))


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_tvb_is_read_as_tvb_reads_it(name: str) -> None:
    path, kind = DATA / name, FILES[name]
    found, made = Network.from_file(path, kind=kind), by_tvb(path, kind)
    assert registry.get("tvb-text").can_read(path)
    note = found.extra["tvb"]["objects"][0]
    assert (note["class"], note["module"]) == (kind, type(made).__module__)
    held = {trait: value for trait, value in made.__dict__.items() if trait in type(made).declarative_attrs}
    assert sorted(note["traits"]) == sorted(held)
    for trait in held.keys() - {"gid", "matrix"}:
        ours = PLACES[trait](found)
        assert (ours.dtype, ours.shape, ours.strides) == (held[trait].dtype, held[trait].shape, held[trait].strides)
        assert ours.tobytes() == held[trait].tobytes()
    if "matrix" in held:
        ours = found.matrix("local_connectivity", format=None)
        assert type(ours) is type(held["matrix"])
        for part in ("data", "indices", "indptr"):
            assert getattr(ours, part).dtype == getattr(held["matrix"], part).dtype
            assert getattr(ours, part).tobytes() == getattr(held["matrix"], part).tobytes()
    if registry.get("tvb").takes(made):
        fresh = ("label", "extra.tvb.objects[0].traits.gid.uuid")
        assert [str(each) for each in found.diff(Network.from_tvb(made)) if each.path not in fresh] == []


@pytest.mark.parametrize("name", FILES)
def test_what_is_written_is_read_by_us_and_by_tvb(tmp_path: Path, name: str) -> None:
    kind = FILES[name]
    first = Network.from_file(DATA / name, kind=kind)
    path = tmp_path / Path(name).name
    first.save(path, format="tvb-text", strict=True)
    assert Network.from_file(path, kind=kind).identical(first)
    one, other = by_tvb(DATA / name, kind), by_tvb(path, kind)
    for trait in PLACES.keys() & one.__dict__.keys():
        assert one.__dict__[trait].tobytes() == other.__dict__[trait].tobytes()


def test_the_class_is_told_from_the_content_where_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "eeg.txt"
    for text, kind in (
        ("a 1 2 3\n", "Sensors"),
        ("1 1 2 3\n", "Sensors"),
        ("\n# x\na 1 2 3 0 0 1\n", "SensorsMEG"),
        ("3\n-1\n", "RegionMapping"),
        ("3\r\n4\r\n", "RegionMapping"),
        ("1 2 3 4 5 6 7 8", "RegionMapping"),
        ("\ufeff7", "RegionMapping"),
    ):
        path.write_bytes(text.encode())
        assert Network.from_file(path).extra["tvb"]["objects"][0]["class"] == kind
    for text in ("", "a\n", "1.5\n", "a b\n", "weights 1 2\n", "a b c d\n"):
        path.write_bytes(text.encode())
        assert not registry.get("tvb-text").can_read(path)


def test_orientations_that_a_class_has_no_place_for(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("a 1 2 3 0 0 1\n")
    with pytest.warns(TvboWarning, match="without them, as TVB does"):
        found = Network.from_file(path, kind="SensorsEEG")
    assert not found.nodes.columns
    path.write_text("a 1 2 3\n")
    with pytest.raises(DamagedFileError, match="7 at least"):
        Network.from_file(path, kind="SensorsMEG")


def test_a_gain_of_brainstorm_is_projected_as_by_tvb(tmp_path: Path) -> None:
    path = tmp_path / "head.mat"
    rng = np.random.default_rng(1)
    fields = {"Gain": rng.random((4, 15)), "GridLoc": rng.random((5, 3)), "GridOrient": rng.random((5, 3))}
    scipy.io.savemat(path, fields)
    made = projections.ProjectionSurfaceEEG.from_file(str(path), is_brainstorm=True)
    assert Network.from_file(path).matrix("gain").tobytes() == made.projection_data.tobytes()
    scipy.io.savemat(path, fields | {"GridOrient": rng.random((4, 3))})
    with pytest.raises(ShapeError, match="three columns of gain"):
        Network.from_file(path, format="tvb-text")
    scipy.io.savemat(path, {"Other": rng.random((4, 15))})
    with pytest.raises(UnknownFormatError, match=r"Other: expected LocalCoupling.*give variable="):
        Network.from_file(path, format="tvb-text")
    assert Network.from_file(path, format="tvb-text", variable="Other").matrices["gain"].shape == (4, 15)
    with pytest.raises(UnknownFormatError, match="expected LocalCoupling"):
        Network.from_file(path, format="tvb-text", kind="LocalConnectivity")


@pytest.mark.parametrize(
    ("name", "data", "error", "match"),
    [
        ("a.txt", b"1 2\n3 4\n", UnknownFormatError, "is no text of TVB: expected a region mapping"),
        ("a.txt", b"1\n2 3\n", DamagedFileError, "one length"),
        ("a.txt", b"a 1 2 3\nb 1 2\n", DamagedFileError, "row 1 has 3 words"),
        ("a.txt", b"a 1 2 3\nb 1 2 x\n", DamagedFileError, "words 2 to 4"),
        ("a.txt", b"a" * 129 + b" 1 2 3\n", DamagedFileError, "129 characters"),
        ("a.bz2", b"no", DamagedFileError, "bytes of another kind"),
        ("a.npy", b"no", DamagedFileError, "numpy"),
        ("a.mat", b"no", DamagedFileError, "MATLAB"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, data: bytes, error: type[Exception], match: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(error, match=match):
        Network.from_file(path)
    assert not registry.get("tvb-text").can_read(path)


def test_bombs_and_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.bz2"
    path.write_bytes(bz2.compress(b"1\n" * (1 << 22)))
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(inflated_bytes=1 << 20))
    with pytest.raises(LimitError):
        Network.from_file(DATA / "regionMapping/regionMapping_16k_76.txt", limits=Limits(inflated_bytes=1000))
    np.save(tmp_path / "a.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(UnsafeFileError, match="run code"):
        Network.from_file(tmp_path / "a.npy")


def test_reading_needs_no_tvb() -> None:
    code = "import sys, tvbo; [tvbo.Network.from_file(each) for each in sys.argv[1:]]; print(*sys.modules)"
    command = [sys.executable, "-c", code, *(str(DATA / name) for name in FILES)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert {"tvb", "tvb_data", "matplotlib", "mne"}.isdisjoint(loaded)


# ---------------------------------------------------------------- writing

floats = st.floats(allow_nan=False) | st.sampled_from([np.nan, -0.0, 5e-324])
labels = st.text(st.characters(codec="utf-8", exclude_characters="#\0"), min_size=1, max_size=9).filter(
    lambda text: text.split() == [text]
)


@quick
@given(st.data(), st.integers(2, 6), st.sampled_from([".txt", ".txt.bz2"]))
def test_sensors_go_round(tmp_path: Path, data: Any, n: int, ending: str) -> None:
    table = NodeTable(
        data.draw(st.lists(labels, min_size=n, max_size=n)),
        data.draw(hnp.arrays(float, (n, 3), elements=floats)),
        {"orientation": data.draw(hnp.arrays(float, (n, 3), elements=floats))},
    )
    path = tmp_path / f"x{ending}"
    network = Network(table, descriptor="sensors")
    network.save(path, strict=True)
    found = Network.from_file(path)
    assert [each.path for each in network.diff(found) if each.kind != "only in the second"] in (
        ["label"],
        ["label", "nodes.labels"],
    )
    assert found.nodes.labels.tolist() == table.labels.tolist()
    assert sensors.SensorsMEG.from_file(str(path)).labels.tolist() == table.labels.tolist()


@quick
@given(hnp.arrays(np.int64, st.integers(1, 9), elements=st.integers(-1, 2**31 - 1)))
def test_mappings_go_round(tmp_path: Path, regions: Any) -> None:
    network = Network(NodeTable(size=len(regions)), descriptor="surface", node_mapping_data=regions)
    network.save(tmp_path / "x.txt", strict=True)
    found = Network.from_file(tmp_path / "x.txt").node_mapping_data
    assert found is not None
    assert found.tolist() == regions.tolist()


def test_what_is_lost_is_named(tmp_path: Path) -> None:
    first = Network.from_file(DATA / "regionMapping/regionMapping_16k_76.txt")
    first.nodes.columns["thickness"] = np.ones(16384)
    with pytest.raises(LossyConversionError, match=r"nodes\.columns\.thickness"):
        first.save(tmp_path / "a.txt", strict=True)
    assert not list(tmp_path.iterdir())
    network = Network.from_matrix(np.eye(2))
    with pytest.raises(UnknownFormatError, match="this network is a SC"):
        network.save(tmp_path / "a.txt")
    for name in ("a.npy", "a.mat"):
        with pytest.raises(UnknownFormatError, match="has no matrix"):
            network.save(tmp_path / name, format="tvb-text")
    table = Network(NodeTable(["a b"], [[0.0, 0, 0]]), descriptor="sensors")
    with pytest.raises(ValueError, match="rename"):
        table.save(tmp_path / "a.txt")
    with pytest.raises(ShapeError, match="no positions"):
        Network(NodeTable(["a"]), descriptor="sensors").save(tmp_path / "a.txt")
    network.set_matrix("local_connectivity", sp.csr_matrix([[0, 1.5], [0, 0]]))
    with pytest.warns(LossyConversionWarning, match=r"matrices\.weight"):
        network.save(tmp_path / "a.mat", format="tvb-text")
    assert local_connectivity.LocalConnectivity.from_file(str(tmp_path / "a.mat")).matrix[0, 1] == 1.5
