"""Files of TVB's framework: both layouts read, the current one written, and what they cannot carry is named."""

import json
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import tvb
import tvb.datatypes.local_connectivity
import tvb.datatypes.projections
import tvb.datatypes.sensors
import tvb.datatypes.surfaces
import tvb_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Limits, Mesh, Network, NodeTable, registry
from tvbo.errors import (
    CompanionError,
    DamagedFileError,
    LimitError,
    LossyConversionError,
    LossyConversionWarning,
    MatrixNotFoundError,
    TvboWarning,
    UnknownFormatError,
    UnsafeFileError,
)

LEGACY = Path(next(iter(tvb.__path__))) / "tests/library/datatypes/Edited_Connectivity.h5"
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def framework(path: Path, kind: str, module: str, arrays: dict[str, Any], attrs: dict[str, Any], gid: str = "") -> Path:
    """Write a file as the framework lays it out."""
    gid = gid or uuid.uuid4().hex
    path = path / f"{kind}_{gid}.h5"
    common = {"gid": uuid.UUID(gid).urn, "type": f"tvb.datatypes.{module}.{kind}", "Data_version": 5}
    common |= {"written_by": "tvb.adapters.x.Y", "create_date": "2026-01-02,03-04-05.000006"}
    common |= {"invalid": "bool:False", "is_nan": "bool:False", "visible": "bool:True", "subject": "", "user_tag_1": ""}
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            text = np.asarray(values).dtype.kind == "U"
            file.create_dataset(name, data=values, dtype=h5py.string_dtype("utf-8") if text else None)
        for name, value in (common | attrs).items():
            file.attrs[f"TVB_{name}"] = value
    return path


def connectivity(folder: Path, gid: str = "", **changed: Any) -> Path:
    arrays = {
        "region_labels": ["lÄ´", "r B"],
        "weights": np.array([[0, 0.1], [np.nan, 2]]),
        "tract_lengths": np.array([[0, 1.5], [2, 0]]),
        "centres": np.arange(6.0).reshape(2, 3),
        "cortical": np.array([True, False]),
        "hemispheres": np.array([False, True]),
    }
    attrs = {"undirected": "bool:True", "number_of_regions": 2, "number_of_connections": 3, "saved_selection": "[1, 0]"}
    arrays |= {name: value for name, value in changed.items() if name not in attrs}
    attrs |= {name: value for name, value in changed.items() if name in attrs}
    arrays = {name: value for name, value in arrays.items() if value is not None}
    return framework(folder, "Connectivity", "connectivity", arrays, attrs, gid)


def traits(network: Network) -> dict[str, Any]:
    found: dict[str, Any] = network.extra["tvb"]["objects"][0]["traits"]
    return found


def fresh(network: Network, other: Network) -> list[str]:
    names = ("label", "extra.tvb.objects[0].traits.gid.uuid")
    return [str(each) for each in network.diff(other) if each.path not in names]


# ---------------------------------------------------------------- reading


def test_a_connectivity_of_the_framework(tmp_path: Path) -> None:
    gid = uuid.uuid4()
    path = connectivity(tmp_path, gid.hex)
    assert registry.for_path(path, "read") is registry.get("tvb-h5")
    made = Connectivity()
    made.gid = gid
    made.title = f"Connectivity gid: {gid}"
    made.region_labels = np.array(["lÄ´", "r B"])
    made.weights = np.array([[0, 0.1], [np.nan, 2]])
    made.tract_lengths = np.array([[0, 1.5], [2, 0]])
    made.centres = np.arange(6.0).reshape(2, 3)
    made.cortical, made.hemispheres = np.array([True, False]), np.array([False, True])
    made.orientations = made.areas = None
    made.undirected, made.number_of_regions, made.number_of_connections = True, 2, 3
    made.saved_selection = [1, 0]
    assert str(Network.from_file(path).diff(Network.from_tvb(made))).startswith("identical")


def test_a_file_of_the_first_versions() -> None:
    found = Network.from_file(LEGACY)
    assert registry.get("tvb-h5").can_read(LEGACY)
    by_tvb = Network.from_tvb(Connectivity.from_file(str(LEGACY)))
    added = ("number_of_regions", "parent_connectivity", "saved_selection", "extra.tvb_h5")
    assert [each for each in fresh(by_tvb, found) if not any(name in each for name in added)] == []
    assert traits(found)["parent_connectivity"] == {"value": "25dd0ef8-d7e9-11e2-b5cb-c860002c3492"}
    assert traits(found)["saved_selection"]["value"][:3] == [3, 4, 5]
    assert found.nodes.columns["area"].shape == (74, 1)
    assert found.extra["tvb_h5"]["subject"] == "John Doe"


def test_datatypes_that_lie_beside_it_are_read_too(tmp_path: Path) -> None:
    gids = [uuid.uuid4().hex for _ in range(3)]
    vertices, triangles = np.eye(3), np.array([[0, 1, 2]])
    connectivity(tmp_path, gids[0])
    attrs = {"zero_based_triangles": "bool:True", "surface_type": "Cortical Surface", "number_of_vertices": 3}
    surface = framework(
        tmp_path,
        "CorticalSurface",
        "surfaces",
        {"vertices": vertices, "triangles": triangles, "vertex_normals": -vertices},
        attrs,
        gids[1],
    )
    references = {"connectivity": uuid.UUID(gids[0]).urn, "surface": uuid.UUID(gids[1]).urn}
    path = framework(
        tmp_path, "RegionMapping", "region_mapping", {"array_data": np.array([0, 1, -1])}, references, gids[2]
    )
    found = Network.from_file(path)
    assert found.mesh is not None
    assert found.node_mapping_data is not None
    assert found.node_mapping_data.tolist() == [0, 1, -1]
    assert found.parent().nodes.labels.tolist() == ["lÄ´", "r B"]
    made = found.execute(format="tvb")
    assert isinstance(made, RegionMapping)
    assert isinstance(made.surface, CorticalSurface)
    assert (made.gid.hex, made.connectivity.gid.hex, made.surface.gid.hex) == (gids[2], gids[0], gids[1])
    assert made.surface.vertex_normals.tolist() == (-vertices).tolist()
    again = Network.from_tvb(made)
    assert [each.path for each in again.diff(found) if "surface_type" not in each.path] == []
    surface.unlink()
    alone = Network.from_file(path)
    assert alone.mesh is None
    assert alone.extra["tvb_h5"]["references"] == {"surface": str(uuid.UUID(gids[1]))}
    alone.save(tmp_path / "x.h5", format="tvb-h5", strict=True)
    with h5py.File(tmp_path / "x.h5") as file:
        assert file.attrs["TVB_surface"] == uuid.UUID(gids[1]).urn
        assert file.attrs["TVB_connectivity"] == uuid.UUID(gids[0]).urn


def test_a_local_connectivity_with_its_equation(tmp_path: Path) -> None:
    matrix = sp.csr_matrix(np.array([[0, 1.5, 0], [0.25, 0, 0], [0, 0, 0]]))
    arrays = {"matrixdata": matrix.data, "matrixindptr": matrix.indptr, "matrixindices": matrix.indices}
    arrays["matrix"] = np.zeros(1, np.float32)
    equation = {"type": "Gaussian", "parameters": {"amp": 2.0, "sigma": 1.0, "midpoint": 0.0, "offset": 0.0}}
    path = framework(
        tmp_path, "LocalConnectivity", "local_connectivity", arrays, {"cutoff": 12.5, "equation": json.dumps(equation)}
    )
    sparse = {"format": "csr", "dtype": "<f8", "Shape": "(3, 3)"}
    with h5py.File(path, "a") as file:
        for name, value in sparse.items():
            file["matrix"].attrs[f"TVB_{name}"] = value
    found = Network.from_file(path)
    assert (found.matrix("local_connectivity", format=None) != matrix).nnz == 0
    assert traits(found)["cutoff"] == {"value": 12.5}
    note = found.extra["tvb"]["objects"][traits(found)["equation"]["object"]]
    assert (note["class"], note["module"]) == ("Gaussian", "tvb.datatypes.equations")
    assert note["traits"]["parameters"]["value"] == equation["parameters"]
    found.save(tmp_path / "x.h5", format="tvb-h5")
    assert Network.from_file(tmp_path / "x.h5").identical(found)
    with h5py.File(path, "a") as file:
        file["matrixindices"][0] = 7
    with pytest.raises(DamagedFileError, match="its indices do not fit its shape, 3 x 3"):
        Network.from_file(path)
    with h5py.File(path, "a") as file:
        file["matrix"].attrs["TVB_Shape"] = "(3, 3, 3)"
    with pytest.raises(DamagedFileError, match="expected the parts of a csr or csc matrix"):
        Network.from_file(path)


@pytest.mark.parametrize(
    ("kind", "module", "arrays", "attrs", "trait"),
    [
        ("SensorsMEG", "sensors", {"labels": ["T'5", "´"], "locations": np.eye(2, 3), "orientations": np.ones((2, 3))}, {"has_orientation": "bool:True", "sensors_type": "MEG", "number_of_sensors": 2}, "labels"),  # noqa: E501
        ("SensorsEEG", "sensors", {"labels": ["a"], "locations": np.ones((1, 3)), "usable": np.array([True])}, {"has_orientation": "bool:False", "number_of_sensors": 1}, "usable"),  # noqa: E501
        ("ProjectionSurfaceEEG", "projections", {"projection_data": np.full((2, 5), np.nan)}, {"projection_type": "projEEG", "conductances": '{"air": 0.0}'}, "projection_data"),  # noqa: E501
        ("Volume", "volumes", {"origin": np.ones((1, 3)), "voxel_size": np.ones(3)}, {"voxel_unit": "mm"}, "origin"),
        ("StructuralMRI", "structural", {"array_data": np.ones((2, 3, 4))}, {"weighting": "T1"}, "weighting"),
        ("RegionVolumeMapping", "region_mapping", {"array_data": -np.ones((2, 3, 4), int)}, {}, "array_data"),
        ("ConnectivityMeasure", "graph", {"array_data": np.eye(3)}, {"title": "degree"}, "array_data"),
        ("ConnectivityMeasure", "graph", {"array_data": np.arange(3.0)}, {"title": ""}, "array_data"),
    ],
)  # fmt: skip
def test_other_datatypes_go_round(
    tmp_path: Path, kind: str, module: str, arrays: dict[str, Any], attrs: dict[str, Any], trait: str
) -> None:
    found = Network.from_file(framework(tmp_path, kind, module, arrays, attrs))
    assert found.extra["tvb"]["objects"][0]["class"] == kind
    assert trait in traits(found)
    if "title" in attrs:
        assert found.label == attrs["title"]
    target = tmp_path / "x.h5"
    found.save(target, format="tvb-h5")
    again = Network.from_file(target)
    assert [each.path for each in found.diff(again) if each.kind != "only in the second"] == []
    with h5py.File(target) as file:
        for name, values in arrays.items():
            there = file[name].asstr()[()] if np.asarray(values).dtype.kind == "U" else file[name][()]
            assert np.array_equal(there, values, equal_nan=there.dtype.kind == "f")


def test_reading_needs_no_tvb(tmp_path: Path) -> None:
    path = connectivity(tmp_path)
    code = f"import sys, tvbo; tvbo.Network.from_file({str(path)!r}).weights_matrix; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"tvb", "tvb_data", "matplotlib", "mne"}.isdisjoint(loaded)


# ---------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"weights": None}, CompanionError, "weights is missing: a Connectivity of TVB has it"),
        ({"weights": np.eye(2, dtype=complex)}, DamagedFileError, "weights holds complex128"),
        ({"region_labels": np.arange(2)}, CompanionError, "region_labels holds int64: expected text"),
        ({"region_labels": ["a" * 129, "b"]}, DamagedFileError, "129 characters"),
        ({"undirected": "bool:Perhaps"}, DamagedFileError, "TVB_undirected is 'bool:Perhaps': expected bool"),
        ({"number_of_regions": "two"}, DamagedFileError, "expected int"),
        ({"saved_selection": "[1,"}, DamagedFileError, "TVB_saved_selection"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changed: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Network.from_file(connectivity(tmp_path, **changed))


def test_other_files_are_told_apart(tmp_path: Path) -> None:
    Network.from_matrix(np.eye(2)).save(tmp_path / "ours.yaml")
    assert registry.for_path(tmp_path / "ours.h5", "read") is registry.get("tvbo")
    assert not registry.get("tvb-h5").can_read(tmp_path / "ours.h5")
    assert not registry.get("tvb-h5").can_read(tmp_path / "missing.h5")
    path = framework(tmp_path, "TimeSeries", "time_series", {}, {})
    with pytest.raises(UnknownFormatError, match="holds TimeSeries of TVB: expected one of Connectivity"):
        Network.from_file(path)
    path = connectivity(tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs["TVB_gid"] = "../../x"
    with pytest.raises(DamagedFileError, match="expected a gid"):
        Network.from_file(path)


def test_links_and_bombs_are_refused(tmp_path: Path) -> None:
    path = connectivity(tmp_path, areas=None)
    with h5py.File(path, "a") as file:
        file["areas"] = h5py.ExternalLink("other.h5", "areas")
    with pytest.raises(UnsafeFileError, match="into another file"):
        Network.from_file(path)
    path = connectivity(tmp_path)
    with h5py.File(path, "a") as file:
        del file["weights"]
        file.create_dataset("weights", (20_000, 20_000), "f8", chunks=(100, 20_000), compression="gzip")
    with pytest.raises(LimitError):
        Network.from_file(path)
    path = connectivity(tmp_path, region_labels=["x" * 100_000] + ["y"] * 9_999)
    with pytest.raises(LimitError, match="region_labels"):
        Network.from_file(path, limits=Limits(inflated_bytes=1000 * 1000))
    path = connectivity(tmp_path)
    with h5py.File(path, "a") as file:
        file.attrs["TVB_user_tag_1"] = "x" * 5000
    with pytest.raises(LimitError):
        Network.from_file(path, limits=Limits(sidecar_bytes=4000))


def test_an_array_without_axes_has_lost_its_value(tmp_path: Path) -> None:
    path = connectivity(tmp_path)
    with h5py.File(path, "a") as file:
        file["areas"] = h5py.Empty("f8")
    with pytest.warns(TvboWarning, match="array without axes"):
        found = Network.from_file(path)
    assert traits(found)["areas"] == {"value": None}


def test_a_damaged_heap_of_text_is_refused(tmp_path: Path) -> None:
    path = connectivity(tmp_path)
    data = bytearray(path.read_bytes())
    at = data.index(b"GCOL")
    data[at + 16 + 8 : at + 16 + 16] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises((CompanionError, DamagedFileError)):
        Network.from_file(path)


# ---------------------------------------------------------------- writing

floats = st.floats(allow_nan=False) | st.sampled_from([np.nan, -0.0, 5e-324])


@quick
@given(st.data(), st.integers(1, 5))
def test_connectivities_go_round_bit_for_bit(tmp_path: Path, data: Any, n: int) -> None:
    made = Connectivity()
    texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=128)
    made.region_labels = np.array(data.draw(st.lists(texts, min_size=n, max_size=n)), dtype="U128")
    for trait, shape in (("weights", (n, n)), ("tract_lengths", (n, n)), ("centres", (n, 3)), ("areas", (n, 1))):
        setattr(made, trait, data.draw(hnp.arrays(float, shape, elements=floats)))
    made.cortical = data.draw(hnp.arrays(bool, (n,)))
    made.hemispheres, made.orientations = None, np.empty(0)
    made.undirected = data.draw(st.booleans())
    made.parent_connectivity = data.draw(st.text(max_size=5).filter(lambda text: "\0" not in text and text.isascii()))
    made.saved_selection = data.draw(st.lists(st.integers(0, 9))) or ()
    made.number_of_regions, made.number_of_connections = 7, 8
    made.title = f"Connectivity gid: {made.gid}"
    network = Network.from_tvb(made)
    path = tmp_path / "x.h5"
    network.save(path, format="tvb-h5", strict=True)
    assert Network.from_file(path).identical(network)
    with h5py.File(path) as file:
        assert file["weights"][()].tobytes() == made.weights.tobytes()
        assert file["region_labels"].asstr()[()].tolist() == made.region_labels.tolist()
        assert file["cortical"].dtype == bool
        assert file.attrs["TVB_type"] == "tvb.datatypes.connectivity.Connectivity"
        assert file.attrs["TVB_gid"] == made.gid.urn
        assert re.fullmatch(r"\d{4}-\d\d-\d\d,\d\d-\d\d-\d\d\.\d{6}", file.attrs["TVB_create_date"])


def test_what_is_lost_is_named_and_strict_writes_nothing(tmp_path: Path) -> None:
    made = Connectivity.from_file("connectivity_66.zip")
    made.configure()
    made.title, made.tags, made.speed = "my brain", {"a": "b"}, np.array([5.0])
    network = Network.from_tvb(made)
    names = ("label", "tags", "speed", "delays")
    with pytest.raises(LossyConversionError) as refused:
        network.save(tmp_path / "x.h5", format="tvb-h5", strict=True)
    assert not list(tmp_path.iterdir())
    assert [name for name in names if name not in str(refused.value)] == []
    surface = Network.from_tvb(CorticalSurface.from_file())
    surface.nodes.columns["hemisphere"] = np.arange(16384) > 8000
    with pytest.warns(LossyConversionWarning, match=r"nodes\.columns\.hemisphere"):
        surface.save(tmp_path / "s.h5", format="tvb-h5")
    with h5py.File(tmp_path / "s.h5") as file:
        slices = json.loads(file.attrs["TVB_split_slices"])
        assert [each["hemisphere"] for each in slices.values()] == ["LEFT", "RIGHT"]
        assert file.attrs["TVB_bi_hemispheric"] == "bool:True"
        first = slices["0"]["triangles"]
        assert file["split_triangles"][first["start_idx"] : first["end_idx"]].max() <= 8000


def test_a_large_surface_is_cut_into_slices_that_hold_every_triangle(tmp_path: Path) -> None:
    count = 100_001
    vertices = np.zeros((count, 3))
    triangles = np.arange(count - 2)[:, None] + np.arange(3)
    network = Network(mesh=Mesh(vertices, triangles), descriptor="surface")
    network.save(tmp_path / "s.h5", format="tvb-h5")
    with h5py.File(tmp_path / "s.h5") as file:
        slices = json.loads(file.attrs["TVB_split_slices"])
        split = file["split_triangles"][()]
    assert len(slices) == file_slices(count)
    back = [
        split[each["triangles"]["start_idx"] : each["triangles"]["end_idx"]] + each["vertices"]["start_idx"]
        for each in slices.values()
    ]
    assert np.array_equal(np.concatenate(back), triangles)
    assert max(each["vertices"]["end_idx"] - each["vertices"]["start_idx"] for each in slices.values()) < 1 << 16


def file_slices(count: int) -> int:
    """Say how many slices of 40,000 vertices there are, where one of up to 15,000 joins the last."""
    return -(-(count - 15_000) // 40_000)


def test_a_network_of_arrays(tmp_path: Path) -> None:
    network = Network.from_matrix(np.eye(2), np.ones((2, 2)), labels=["a", "b"], positions=np.zeros((2, 3)))
    path = tmp_path / "x.h5"
    network.save(path, format="tvb-h5")
    with pytest.raises(UnknownFormatError, match="no format has the extension"):
        registry.for_path(tmp_path / "a.nothing", "write")
    assert Network.from_file(path).execute(format="tvb").weights.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(MatrixNotFoundError, match="needs weights, tract_lengths"):
        Network(NodeTable(size=2)).save(path, format="tvb-h5")
    assert Network.from_file(path).number_of_nodes == 2


def test_what_the_file_says_of_its_project_is_kept(tmp_path: Path) -> None:
    shutil.copy(LEGACY, tmp_path / "a.h5")
    first = Network.from_file(tmp_path / "a.h5")
    with pytest.warns(LossyConversionWarning, match=r"number_of_connections \(not set, and comes back set\)"):
        first.save(tmp_path / "b.h5", format="tvb-h5")
    second = Network.from_file(tmp_path / "b.h5")
    assert second.extra["tvb_h5"]["user_tag_1"] == "EditedOne"
    assert [each.path for each in first.diff(second) if each.kind != "only in the second"] == []


@pytest.mark.parametrize(
    ("file", "kind", "attribute", "value"),
    [
        ("sensors/meg_151.txt.bz2", "SensorsMEG", "sensors_type", "MEG"),
        ("projectionMatrix/projection_eeg_62_surface_16k.mat", "ProjectionSurfaceEEG", "projection_type", "projEEG"),
        ("surfaceData/scalp_1082.zip", "EEGCap", "surface_type", "EEG Cap"),
    ],
)
def test_what_a_class_fixes_is_written_for_the_framework(
    tmp_path: Path, file: str, kind: str, attribute: str, value: str
) -> None:
    first = Network.from_file(Path(tvb_data.__file__).parent / file, kind=kind)
    path = tmp_path / "x.h5"
    with pytest.warns(LossyConversionWarning, match="not set, and comes back set"):
        first.save(path, format="tvb-h5")
    with h5py.File(path) as held:
        assert held.attrs[f"TVB_{attribute}"] == value
    assert attribute not in traits(Network.from_file(path))
    assert getattr(tvb_class(kind)(), attribute) == value


def tvb_class(kind: str) -> Any:
    modules = (tvb.datatypes.sensors, tvb.datatypes.projections, tvb.datatypes.surfaces)
    return next(getattr(module, kind) for module in modules if hasattr(module, kind))


def test_a_local_connectivity_gets_the_equation_that_tvb_gives_it(tmp_path: Path) -> None:
    first = Network.from_file(Path(tvb_data.__file__).parent / "local_connectivity/local_connectivity_16384.mat")
    with pytest.warns(LossyConversionWarning, match=r"equation \(not set, and comes back set\)"):
        first.save(tmp_path / "x.h5", format="tvb-h5")
    with h5py.File(tmp_path / "x.h5") as held:
        equation = json.loads(held.attrs["TVB_equation"])
    default = tvb.datatypes.local_connectivity.LocalConnectivity().equation
    assert equation == {"type": type(default).__name__, "parameters": default.parameters}
