"""Files of TVB's framework that refer to one another: stimuli, tracts, projections, and what they need."""

import json
import uuid
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tvb.datatypes.equations
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.equations import Gaussian, Linear, PulseTrain
from tvb.datatypes.patterns import StimuliRegion, StimuliSurface
from tvb.datatypes.projections import ProjectionSurfaceEEG
from tvb.datatypes.region_mapping import RegionMapping, RegionVolumeMapping
from tvb.datatypes.sensors import SensorsEEG
from tvb.datatypes.surfaces import BrainSkull, CorticalSurface, SkinAir, SkullSkin, Surface
from tvb.datatypes.tracts import Tracts
from tvb.datatypes.volumes import Volume

from tvbo import Mesh, Network, NodeTable
from tvbo.errors import (
    DamagedFileError,
    LossyConversionError,
    LossyConversionWarning,
    MatrixNotFoundError,
    NetworkNotFoundError,
    UnknownFormatError,
)
from tvbo.formats.tvb_h5.equations import PARAMETERS

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
numbers = st.floats(allow_nan=False) | st.sampled_from([np.nan, -0.0, 5e-324])
# What a file of the framework has no place for.
lossy = pytest.mark.filterwarnings("ignore::tvbo.errors.LossyConversionWarning")
TRAITS = {"number_of_vertices", "number_of_triangles", "hemisphere_mask", "speed"}


def a_connectivity(n: int = 3) -> Connectivity:
    made = Connectivity()
    made.weights, made.tract_lengths = np.arange(n * n * 1.0).reshape(n, n) / 7, np.ones((n, n))
    made.centres, made.region_labels = np.arange(n * 3.0).reshape(n, 3), np.array([f"r{i}" for i in range(n)])
    return made


def a_surface(kind: type[Surface] = CorticalSurface, seed: int = 0) -> Any:
    made = kind()
    made.vertices = np.random.default_rng(seed).normal(size=(5, 3))
    made.triangles = np.array([[4, 1, 2], [1, 2, 3], [2, 3, 4]])
    made.vertex_normals = np.random.default_rng(seed + 1).normal(size=(5, 3))
    made.zero_based_triangles = True
    return made


def a_projection() -> ProjectionSurfaceEEG:
    made = ProjectionSurfaceEEG()
    made.sensors = SensorsEEG()
    made.sensors.labels, made.sensors.locations = np.array(["A", "B"]), np.eye(2, 3)
    made.sources = a_surface()
    made.brain_skull, made.skull_skin = a_surface(BrainSkull, 2), a_surface(SkullSkin, 3)
    made.skin_air = a_surface(SkinAir, 4)
    made.projection_data = np.arange(10.0).reshape(2, 5) / 3
    return made


def tracts() -> Tracts:
    mapping = RegionVolumeMapping()
    mapping.array_data, mapping.connectivity = np.arange(8).reshape(2, 2, 2) % 4 - 1, a_connectivity()
    mapping.volume = Volume()
    mapping.volume.origin, mapping.volume.voxel_size = np.zeros((1, 3)), np.ones(3)
    made = Tracts()
    made.vertices, made.tract_start_idx = np.arange(18.0).reshape(6, 3), np.array([0, 2, 6])
    made.tract_region, made.region_volume_map = np.array([-1, 1]), mapping
    return made


def stimulus_of_regions() -> StimuliRegion:
    made = StimuliRegion()
    made.connectivity, made.weight, made.temporal = a_connectivity(), np.array([0.0, np.nan, -0.0]), PulseTrain()
    made.temporal.parameters["tau"] = 5.5
    return made


def stimulus_of_a_surface() -> StimuliSurface:
    made = StimuliSurface()
    made.surface, made.focal_points_triangles = a_surface(), np.array([2, 0])
    # Two that are alike, and are two.
    made.temporal, made.spatial = Gaussian(), Gaussian()
    return made


def path_of(folder: Path, obj: Any) -> Path:
    return folder / f"{type(obj).__name__}_{obj.gid.hex}.h5"


def same(first: Any, second: Any) -> None:
    """Compare all that is set in TVB's object, and in those that it refers to."""
    assert type(first) is type(second)
    if hasattr(type(first), "declarative_attrs"):
        equation = isinstance(first, tvb.datatypes.equations.Equation)
        for name in type(first).declarative_attrs:
            if name in first.__dict__ and name not in TRAITS and not (equation and name == "gid"):
                same(getattr(first, name), getattr(second, name))
    elif isinstance(first, np.ndarray):
        assert (first.dtype, first.shape, first.tobytes()) == (second.dtype, second.shape, second.tobytes())
    else:
        assert first == second


@lossy
@pytest.mark.parametrize("make", [stimulus_of_regions, stimulus_of_a_surface, tracts, a_projection])
def test_a_datatype_and_all_that_it_refers_to_go_round(tmp_path: Path, make: Any) -> None:
    made = make()
    network = Network.from_tvb(made)
    network.save(path_of(tmp_path, made), format="tvb-h5")
    back = Network.from_file(path_of(tmp_path, made))
    found = back.execute(format="tvb")
    same(made, found)
    # As it would be taken from TVB; and a second time nothing is lost at all.
    assert str(back.diff(Network.from_tvb(found))).startswith("identical")
    folder = tmp_path / "again"
    folder.mkdir()
    back.save(path_of(folder, made), format="tvb-h5", strict=True)
    assert Network.from_file(path_of(folder, made)).identical(back)
    assert sorted(each.name for each in folder.iterdir()) == sorted(each.name for each in tmp_path.glob("*.h5"))


@lossy
@quick
@given(st.data(), st.integers(1, 4))
def test_stimuli_and_tracts_of_any_numbers_go_round(tmp_path: Path, data: Any, n: int) -> None:
    stimulus, paths = stimulus_of_regions(), tracts()
    stimulus.connectivity = a_connectivity(n)
    stimulus.weight = data.draw(hnp.arrays(float, (n,), elements=numbers))
    paths.vertices = data.draw(hnp.arrays(float, (n, 3), elements=numbers))
    paths.tract_start_idx = data.draw(hnp.arrays(np.int64, (n + 1,)))
    paths.tract_region = data.draw(st.none() | hnp.arrays(np.int64, (n,)))
    for made in (stimulus, paths):
        Network.from_tvb(made).save(path_of(tmp_path, made), format="tvb-h5")
        same(made, Network.from_file(path_of(tmp_path, made)).execute(format="tvb"))


@lossy
def test_files_are_named_and_laid_out_as_the_framework_does(tmp_path: Path) -> None:
    made = stimulus_of_a_surface()
    Network.from_tvb(made).save(tmp_path / "mine.h5", format="tvb-h5")
    assert sorted(each.name for each in tmp_path.iterdir()) == [path_of(tmp_path, made.surface).name, "mine.h5"]
    with h5py.File(tmp_path / "mine.h5") as file:
        assert file.attrs["TVB_surface"] == made.surface.gid.urn
        assert file.attrs["TVB_written_by"] == "tvb.adapters.datatypes.h5.patterns_h5.StimuliSurfaceH5"
        assert file["focal_points_surface"][()].tolist() == made.focal_points_surface.tolist()
        # The framework takes what is said for all there is.
        assert json.loads(file.attrs["TVB_spatial"]) == {"type": "Gaussian", "parameters": Gaussian().parameters}


def test_the_parameters_of_every_equation_are_those_of_tvb() -> None:
    for name, parameters in PARAMETERS.items():
        assert getattr(tvb.datatypes.equations, name)().parameters == parameters


@lossy
def test_linked_networks_are_opened_when_they_are_asked_for(tmp_path: Path) -> None:
    made = a_projection()
    path = path_of(tmp_path, made)
    Network.from_tvb(made).save(path, format="tvb-h5")
    network = Network.from_file(path)
    # Not opened yet: a file that goes is missed only then.
    path_of(tmp_path, made.skin_air).unlink()
    assert network.target("gain").number_of_nodes == 5
    assert network.links["brain_skull"].mesh is not None
    with pytest.raises(NetworkNotFoundError, match=f"refers to its skin_air by the gid {made.skin_air.gid}"):
        _ = network.links["skin_air"]


@lossy
def test_what_is_missing_keeps_its_gid_and_is_said_when_it_is_touched(tmp_path: Path) -> None:
    made = a_projection()
    path, sources = path_of(tmp_path, made), path_of(tmp_path, made.sources)
    Network.from_tvb(made).save(path, format="tvb-h5")
    held = sources.read_bytes()
    sources.unlink()
    path_of(tmp_path, made.skull_skin).unlink()
    network = Network.from_file(path)
    assert network.matrices["gain"].target_network == sources.name
    assert set(network.links) == {"brain_skull", "skin_air"}
    for touch in (lambda: network.target("gain"), lambda: network.links["skull_skin"]):
        with pytest.raises(NetworkNotFoundError, match=r"put .*_[0-9a-f]{32}\.h5 there, or link a network yourself"):
            touch()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    network.save(path_of(folder, made), format="tvb-h5", strict=True)
    with h5py.File(path_of(folder, made)) as file:
        assert file.attrs["TVB_sources"] == made.sources.gid.urn
        assert file.attrs["TVB_skull_skin"] == made.skull_skin.gid.urn
    # A pair keeps the gid as well.
    network.save(folder / "pair.yaml")
    again = Network.from_file(folder / "pair.yaml")
    assert again.extra["tvb_h5"]["references"]["sources"] == str(made.sources.gid)
    sources.write_bytes(held)
    assert network.target("gain").number_of_nodes == 5


@lossy
def test_a_file_that_holds_the_same_is_left_alone(tmp_path: Path) -> None:
    made = stimulus_of_regions()
    other = path_of(tmp_path, made.connectivity)
    network = Network.from_tvb(made)
    network.save(tmp_path / "a.h5", format="tvb-h5")
    with h5py.File(other, "a") as file:
        file.attrs["TVB_user_tag_1"] = "mine"
    before = other.read_bytes()
    network.save(tmp_path / "b.h5", format="tvb-h5")
    assert other.read_bytes() == before
    network.set_matrix("weight", network.matrix("weight") + 1)
    network.save(tmp_path / "b.h5", format="tvb-h5")
    assert Network.from_file(other).matrix("weight").tolist() == network.matrix("weight").tolist()
    assert Network.from_file(tmp_path / "a.h5").identical(Network.from_file(tmp_path / "b.h5"))


def test_strict_writes_no_file_at_all(tmp_path: Path) -> None:
    made = a_projection()
    made.tags = {"a": "b"}
    with pytest.raises(LossyConversionError, match="tags"):
        Network.from_tvb(made).save(tmp_path / "x.h5", format="tvb-h5", strict=True)
    assert not list(tmp_path.iterdir())


@lossy
def test_files_that_refer_to_what_they_must_not_are_refused(tmp_path: Path) -> None:
    made = stimulus_of_regions()
    path = path_of(tmp_path, made)
    Network.from_tvb(made).save(path, format="tvb-h5")
    circle = tmp_path / f"StimuliRegion_{uuid.UUID(int=7).hex}.h5"
    circle.write_bytes(path.read_bytes())
    with h5py.File(circle, "a") as file:
        file.attrs["TVB_gid"], file.attrs["TVB_connectivity"] = uuid.UUID(int=7).urn, made.gid.urn
    with h5py.File(path, "a") as file:
        file.attrs["TVB_connectivity"] = uuid.UUID(int=7).urn
    with pytest.raises(DamagedFileError, match="refers to it as its connectivity, expected a Connectivity"):
        Network.from_file(path)
    # A name that says another gid than the file itself.
    lying = tmp_path / f"Connectivity_{uuid.UUID(int=8).hex}.h5"
    lying.write_bytes(path_of(tmp_path, made.connectivity).read_bytes())
    with h5py.File(path, "a") as file:
        file.attrs["TVB_connectivity"] = uuid.UUID(int=8).urn
    with pytest.raises(DamagedFileError, match="expected a Connectivity with the gid 00000000-"):
        Network.from_file(path)


def test_an_equation_that_is_needed_and_is_not_there_is_named(tmp_path: Path) -> None:
    made = StimuliSurface()
    made.surface, made.focal_points_triangles, made.temporal = a_surface(), np.array([0]), Linear()
    with pytest.raises(MatrixNotFoundError, match="StimuliSurface of TVB needs the equation spatial"):
        Network.from_tvb(made).save(tmp_path / "x.h5", format="tvb-h5")
    assert not list(tmp_path.iterdir())


def test_networks_that_never_were_in_tvb_are_written_with_what_they_link(tmp_path: Path) -> None:
    network = Network(NodeTable(["A", "B"], np.eye(2, 3)), descriptor="sensors")
    cortex = Network(mesh=Mesh(np.arange(15.0).reshape(5, 3), [[0, 1, 2]], np.ones((5, 3))), descriptor="surface")
    network.set_matrix("gain", np.ones((2, 5)), target_network=cortex)
    with pytest.warns(LossyConversionWarning, match="descriptor"):
        network.save(tmp_path / "x.h5", format="tvb-h5")
    found = Network.from_file(tmp_path / "x.h5").execute(format="tvb")
    assert found.sources.vertices.tolist() == np.arange(15.0).reshape(5, 3).tolist()
    assert found.sensors.labels.tolist() == ["A", "B"]
    assert found.projection_data.tolist() == np.ones((2, 5)).tolist()


@lossy
@quick
@given(st.data())
def test_flags_of_surfaces_that_somebody_set_go_round(tmp_path: Path, data: Any) -> None:
    kind = data.draw(st.sampled_from([CorticalSurface, SkinAir, Surface]))
    made = a_surface(kind)
    # Whatever the mask says, whether there are normals, and for the base class any type.
    made.bi_hemispheric, made.valid_for_simulations = data.draw(st.booleans()), data.draw(st.booleans())
    made.zero_based_triangles = data.draw(st.booleans())
    made.triangle_normals = data.draw(st.none() | hnp.arrays(float, (3, 3), elements=numbers))
    made.vertex_normals = data.draw(st.none() | hnp.arrays(float, (5, 3), elements=numbers))
    made.edge_mean_length = data.draw(st.floats(allow_nan=False, allow_infinity=False))
    if kind is Surface:
        made.surface_type = "Cerebellum"
    Network.from_tvb(made).save(path_of(tmp_path, made), format="tvb-h5")
    same(made, Network.from_file(path_of(tmp_path, made)).execute(format="tvb"))


@pytest.mark.parametrize("options", [{}, {"chunks": (1, 2), "compression": "gzip", "shuffle": True}])
def test_numbers_in_another_byte_order_and_packed_are_the_same(tmp_path: Path, options: dict[str, Any]) -> None:
    made = a_connectivity()
    with pytest.warns(LossyConversionWarning, match="not set, and comes back set"):
        Network.from_tvb(made).save(path_of(tmp_path, made), format="tvb-h5")
    before = Network.from_file(path_of(tmp_path, made))
    with h5py.File(path_of(tmp_path, made), "a") as file:
        for name in ("weights", "centres"):
            values = file[name][()]
            del file[name]
            file.create_dataset(name, data=values.astype(">f8"), **options)
    assert Network.from_file(path_of(tmp_path, made)).identical(before)


def test_what_the_framework_has_no_file_for_is_said(tmp_path: Path) -> None:
    cortex = Cortex()
    cortex.region_mapping_data = RegionMapping()
    cortex.region_mapping_data.surface, cortex.region_mapping_data.connectivity = a_surface(), a_connectivity()
    cortex.region_mapping_data.array_data = np.array([0, 1, 2, -1, 0])
    with pytest.raises(UnknownFormatError, match="the framework has no file for a Cortex"):
        Network.from_tvb(cortex).save(tmp_path / "x.h5", format="tvb-h5")
    made = a_connectivity()
    with pytest.warns(LossyConversionWarning):
        Network.from_tvb(made).save(tmp_path / "y.h5", format="tvb-h5")
    with h5py.File(tmp_path / "y.h5", "a") as file:
        file.attrs["TVB_type"] = "tvb.datatypes.cortex.Cortex"
    with pytest.raises(UnknownFormatError, match="holds Cortex of TVB: expected one of Connectivity"):
        Network.from_file(tmp_path / "y.h5")
