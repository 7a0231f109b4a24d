"""TVB's objects go through files and come back with every bit."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tvb_data
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.projections import ProjectionSurfaceEEG, ProjectionSurfaceMEG
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.sensors import SensorsEEG, SensorsInternal, SensorsMEG
from tvb.datatypes.surfaces import (
    BrainSkull,
    CorticalSurface,
    EEGCap,
    FaceSurface,
    SkinAir,
    SkullSkin,
)

from tvbo import Network, Parameter
from tvbo.errors import MatrixNotFoundError, TvboWarning, UnsupportedObjectError
from tvbo.testing.assertions import assert_tvb_identical

SHIPPED = [
    *((Connectivity, f"connectivity_{name}.zip") for name in ("66", "68", "76", "96", "192")),
    (Connectivity, "paupau.zip"),
    (CorticalSurface, "cortex_16384.zip"),
    (FaceSurface, "face_8614.zip"),
    (BrainSkull, "inner_skull_4096.zip"),
    (SkullSkin, "outer_skull_4096.zip"),
    (SkinAir, "outer_skin_4096.zip"),
    (EEGCap, "scalp_1082.zip"),
    (RegionMapping, "regionMapping_16k_76.txt"),
    (RegionMapping, "regionMapping_16k_192.txt"),
    (SensorsEEG, "eeg_brainstorm_65.txt"),
    (SensorsEEG, "eeg_unitvector_62.txt.bz2"),
    (SensorsMEG, "meg_151.txt.bz2"),
    (SensorsMEG, "meg_brainstorm_276.txt"),
    (SensorsInternal, "seeg_39.txt.bz2"),
    (SensorsInternal, "seeg_588.txt"),
    (ProjectionSurfaceEEG, "projection_eeg_62_surface_16k.mat"),
    (ProjectionSurfaceEEG, "projection_eeg_65_surface_16k.npy"),
    (ProjectionSurfaceMEG, "projection_meg_276_surface_16k.npy"),
    (LocalConnectivity, "local_connectivity_16384.mat"),
]
SLOW = {"projection_meg_276_surface_16k.npy"}
# What tvb-data has that no class of tvb-library reads: for the importers of TVB's web framework.
OTHERS = {
    "output_ConnectionCapacityMatrix.csv",
    "output_ConnectionDistanceMatrix.csv",
    "sample.cortex.gii",
    "eeg_cap.obj",
    "face_surface.obj",
    "tvb-brco.xml",
}
# What they refer to, which files do not say and configure() asks for.
REFERENCES = {
    RegionMapping: {"connectivity": Connectivity, "surface": CorticalSurface},
    LocalConnectivity: {"surface": CorticalSurface},
    ProjectionSurfaceEEG: {"sensors": SensorsEEG, "sources": CorticalSurface, "skin_air": SkinAir},
    ProjectionSurfaceMEG: {"sources": CorticalSurface},
}


def through_files(obj: Any) -> None:
    network = Network.from_tvb(obj)
    assert_tvb_identical(obj, network.execute(format="tvb"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        network.save(path)
        found = Network.from_file(path)
        assert not network.diff(found), str(network.diff(found))
        assert network.digest() == found.digest()
        assert_tvb_identical(obj, found.execute(format="tvb"))


@pytest.mark.parametrize(
    ("cls", "name"),
    [pytest.param(*each, id=each[1], marks=[pytest.mark.slow] * (each[1] in SLOW)) for each in SHIPPED],
)
@pytest.mark.parametrize("configured", [False, True])
def test_what_tvb_ships_comes_back(cls: Any, name: str, configured: bool) -> None:
    with warnings.catch_warnings():
        # The face comes with an empty file of normals, which numpy remarks on.
        warnings.simplefilter("ignore")
        obj = cls.from_file(name)
        if configured:
            for trait, of in REFERENCES.get(cls, {}).items():
                setattr(obj, trait, of.from_file())
            if cls is ProjectionSurfaceMEG:
                obj.sensors = SensorsMEG.from_file("meg_brainstorm_276.txt")
            obj.configure()
    through_files(obj)


def test_every_file_that_tvb_ships_is_among_them() -> None:
    files = {path.name for path in Path(tvb_data.__file__).parent.rglob("*.*") if path.suffix not in (".py", ".pyc")}
    assert files == {name for _, name in SHIPPED} | OTHERS


def brain() -> tuple[Any, Any, Any]:
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    surface.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    return connectivity, surface, mapping


def test_a_surface_network_hands_back_what_came_in(tmp_path: Path) -> None:
    given_objects = brain()
    regions, surface = Network.from_tvb_surface(*given_objects)
    assert surface.parent_network is regions
    surface.save(tmp_path / "surface.yaml")
    regions.save(tmp_path / "regions.yaml")
    found = Network.from_file(tmp_path / "surface.yaml").execute(format="tvb")
    for before, after in zip(given_objects, found, strict=True):
        assert_tvb_identical(before, after)
    assert found.region_mapping.surface is found.surface
    assert found.region_mapping.connectivity is found.connectivity


def test_other_linked_objects_give_way_with_a_warning() -> None:
    _, surface, mapping = brain()
    with pytest.warns(TvboWarning, match=r"region_mapping\.connectivity is another object"):
        Network.from_tvb_surface(Connectivity.from_file(), surface, mapping)


def test_the_default_cortex_comes_back() -> None:
    cortex = Cortex.from_file(local_connectivity_file="local_connectivity_16384.mat")
    cortex.region_mapping_data.connectivity = Connectivity.from_file()
    cortex.local_connectivity.surface = cortex.surface
    cortex.coupling_strength = np.array([2.0**-10])
    through_files(cortex)


def test_the_network_does_not_change_with_the_object() -> None:
    connectivity = Connectivity.from_file()
    network = Network.from_tvb(connectivity)
    before = network.digest()
    connectivity.weights[0, 1] = 99.0
    connectivity.tags["new"] = "tag"
    assert network.digest() == before
    network.execute().weights[:] = 0
    assert network.digest() == before


def test_changes_in_the_network_reach_tvb() -> None:
    network = Network.from_tvb(Connectivity.from_file())
    network.set_matrix("weight", np.eye(76))
    network.conduction_speed.value = 7.0
    network.label = "new title"
    found = network.execute()
    np.testing.assert_array_equal(found.weights, np.eye(76))
    assert found.speed.tolist() == [7.0]
    assert found.title == "new title"


def test_arrays_become_a_configured_connectivity() -> None:
    weights = np.random.default_rng(0).random((4, 4))
    network = Network.from_matrix(weights, labels=["a", "b", "c", "d"], positions=np.eye(4, 3))
    found = network.execute(format="tvb")
    np.testing.assert_array_equal(found.weights, weights)
    assert found.number_of_regions == 4
    assert found.tract_lengths[0, 1] == pytest.approx(2**0.5)
    with pytest.raises(MatrixNotFoundError, match="tract lengths"):
        Network.from_matrix(weights).execute(format="tvb")


def test_what_is_not_taken_is_said() -> None:
    with pytest.raises(UnsupportedObjectError, match=r"expected one of tvb\.datatypes' Connectivity, Surface"):
        Network.from_tvb({"weights": 1})
    connectivity, surface, _ = brain()
    with pytest.raises(UnsupportedObjectError, match="region_mapping is a"):
        Network.from_tvb_surface(connectivity, surface, surface)


def test_a_file_cannot_name_another_class(tmp_path: Path) -> None:
    network = Network.from_tvb(Connectivity.from_file())
    network.extra["tvb"]["objects"][0] |= {"class": "Popen", "module": "subprocess"}
    network.save(tmp_path / "a.yaml")
    with pytest.raises(UnsupportedObjectError, match="not one that tvbo restores"):
        Network.from_file(tmp_path / "a.yaml").execute()


def simulate(connectivity: Any, cortex: Any = None, length: float = 20.0) -> Any:
    from tvb.simulator import coupling, integrators, models, monitors, noise, simulator

    source = noise.Additive(nsig=np.array([1e-3]), noise_seed=42)
    run = simulator.Simulator(
        connectivity=connectivity,
        surface=cortex,
        model=models.Generic2dOscillator(),
        coupling=coupling.Linear(a=np.array([0.01])),
        integrator=integrators.HeunStochastic(dt=0.5, noise=source),
        monitors=[monitors.TemporalAverage(period=1.0)],
        simulation_length=length,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.configure()
        return run.run()[0][1]


def test_a_region_simulation_is_bit_identical(tmp_path: Path) -> None:
    connectivity = Connectivity.from_file()
    Network.from_tvb(connectivity).save(tmp_path / "a.yaml")
    back = Network.from_file(tmp_path / "a.yaml").execute()
    assert simulate(connectivity).tobytes() == simulate(back).tobytes()


def test_a_surface_simulation_is_bit_identical(tmp_path: Path) -> None:
    def make() -> Any:
        cortex = Cortex.from_file(local_connectivity_file="local_connectivity_16384.mat")
        cortex.region_mapping_data.connectivity = Connectivity.from_file()
        cortex.local_connectivity.surface = cortex.surface
        cortex.coupling_strength = np.array([2.0**-10])
        return cortex

    cortex = make()
    Network.from_tvb(cortex).save(tmp_path / "a.yaml")
    back = Network.from_file(tmp_path / "a.yaml").execute()
    first, second = (simulate(each.region_mapping_data.connectivity, each, 2.0) for each in (cortex, back))
    assert np.isfinite(first).all()
    assert first.tobytes() == second.tobytes()


def test_units_are_converted_to_those_of_tvb() -> None:
    network = Network.from_matrix(np.ones((2, 2)), np.full((2, 2), 0.05), positions=np.ones((2, 3)))
    network.distance_unit = network.matrices["length"].unit = "m"
    network.parameters["conduction_speed"] = Parameter(4.0, "m_per_s")
    made = network.execute(format="tvb")
    assert made.tract_lengths.max() == 50
    assert made.centres.max() == 1000
    assert made.speed == [4.0]
    network.matrices["length"].unit = "furlong"
    with pytest.raises(ValueError, match="'furlong' is not a unit of length"):
        network.execute(format="tvb")
