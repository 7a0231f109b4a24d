"""The networks of a simulator come back linked to one another as they were; what else it holds is said to be lost."""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tvb.datatypes import equations, patterns
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.projections import ProjectionSurfaceEEG
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.sensors import SensorsEEG, SensorsMEG
from tvb.datatypes.surfaces import CorticalSurface
from tvb.simulator import coupling, integrators, models, monitors, noise
from tvb.simulator.simulator import Simulator

from tvbo import Network
from tvbo.errors import LossyConversionError, LossyConversionWarning, UnsupportedObjectError
from tvbo.formats.tvb import TVBMonitor, TVBSimulation
from tvbo.testing import datatype_strategies
from tvbo.testing.assertions import assert_networks_identical, assert_tvb_identical, clone

HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large]
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=HEALTH)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=HEALTH)
PARTS = ("sensors", "projection", "region_mapping")


def networks_of(simulator: Any) -> TVBSimulation:
    """Pick the same parts out of the simulator itself."""
    held = vars(simulator)
    found = [
        TVBMonitor(type(each).__name__, *(vars(each).get(part) for part in PARTS))
        for each in held.get("monitors") or ()
        if any(vars(each).get(part) is not None for part in PARTS)
    ]
    return TVBSimulation(held.get("connectivity"), held.get("surface"), held.get("stimulus"), tuple(found))


def take(simulator: Any) -> Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        return Network.from_tvb(simulator)


def simulator_goes_round(simulator: Any) -> None:
    before = clone(simulator_parts := networks_of(simulator))
    group = take(simulator)
    assert_tvb_identical(before, simulator_parts)
    assert_tvb_identical(before, group.execute(format="tvb"))
    digest = group.digest()
    with tempfile.TemporaryDirectory() as folder:
        group.save(Path(folder, "one.yaml"))
        one = Network.from_file(Path(folder, "one.yaml"))
        assert_networks_identical(group, one)
        assert one.digest() == digest
        assert_tvb_identical(before, one.execute(format="tvb"))
        one.save(Path(folder, "one.yaml"))
        assert_tvb_identical(before, Network.from_file(Path(folder, "one.yaml")).execute(format="tvb"))
        own = next(iter(take(simulator).save_all(Path(folder, "many"))))
        Path(folder, "many").rename(Path(folder, "moved"))
        many = Network.from_file(Path(folder, "moved", f"{own}.yaml"))
        assert_networks_identical(group, many)
        assert_tvb_identical(before, many.execute(format="tvb"))


@given(datatype_strategies.simulators())
@QUICK
def test_any_simulator(simulator: Any) -> None:
    simulator_goes_round(simulator)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(datatype_strategies.simulators())
@MANY
def test_any_simulator_many(simulator: Any) -> None:
    simulator_goes_round(simulator)


def surface_simulator() -> Any:
    cortex = Cortex.from_file(local_connectivity_file="local_connectivity_16384.mat")
    connectivity = Connectivity.from_file()
    cortex.region_mapping_data.connectivity = connectivity
    cortex.local_connectivity.surface = cortex.surface
    eeg = monitors.EEG.from_file()
    eeg.projection.sources = cortex.surface
    meg = monitors.MEG(sensors=SensorsMEG.from_file("meg_151.txt.bz2"), region_mapping=cortex.region_mapping_data)
    stimulus = patterns.StimuliSurface(
        surface=cortex.surface,
        spatial=equations.Gaussian(),
        temporal=equations.PulseTrain(parameters={"T": 10.0, "tau": 1.0, "onset": 2.0, "amp": 0.5}),
        focal_points_triangles=np.array([3, 12000]),
    )
    return Simulator(
        connectivity=connectivity, surface=cortex, stimulus=stimulus, monitors=[monitors.TemporalAverage(), eeg, meg]
    )


def test_a_surface_simulator_is_one_graph(tmp_path: Path) -> None:
    simulator = surface_simulator()
    group = take(simulator)
    assert list(group.links) == ["regions", "surface", "stimulus", "surface_2", "eeg", "meg"]
    surface = group.links["surface"]
    assert surface.parent_network is group.links["regions"]
    assert group.links["eeg"].target("gain") is surface
    assert group.links["eeg"].nodes.labels.tolist() == vars(simulator.monitors[1])["sensors"].labels.tolist()
    group.save_all(tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.yaml")) == [
        "eeg.yaml", "meg.yaml", "regions.yaml", "simulation.yaml", "stimulus.yaml", "surface.yaml", "surface_2.yaml"
    ]  # fmt: skip
    found = Network.from_file(tmp_path / "simulation.yaml")
    assert found.links["eeg"].target("gain") is found.links["surface"]
    made = found.execute(format="tvb")
    assert made.surface.region_mapping_data.connectivity is made.connectivity
    eeg = made.monitors[0]
    assert eeg.projection.sources is made.surface.region_mapping_data.surface
    assert made.monitors[1].region_mapping is made.surface.region_mapping_data
    assert made.stimulus.surface is eeg.projection.sources
    assert_tvb_identical(networks_of(simulator), made)


def test_a_region_simulator_with_a_projection(tmp_path: Path) -> None:
    connectivity = Connectivity.from_file()
    eeg = monitors.EEG.from_file()
    eeg.region_mapping.connectivity, eeg.region_mapping.surface = connectivity, CorticalSurface.from_file()
    stimulus = patterns.StimuliRegion(connectivity=connectivity, temporal=equations.Linear(), weight=np.arange(76.0))
    simulator = Simulator(connectivity=connectivity, monitors=[eeg], stimulus=stimulus)
    simulator_goes_round(simulator)
    group = take(simulator)
    # TVB's gain from a file names neither its sensors nor its vertices; the monitor does.
    assert group.links["eeg"].number_of_nodes == 65
    assert group.links["eeg"].target("gain") is group.links["surface"]
    np.testing.assert_array_equal(group.links["stimulus"].nodes.columns["stimulus"], np.arange(76.0))


def test_an_eeg_simulation_is_bit_identical(tmp_path: Path) -> None:
    connectivity = Connectivity.from_file()
    eeg = monitors.EEG.from_file(period=1.0)
    eeg.region_mapping.connectivity, eeg.region_mapping.surface = connectivity, CorticalSurface.from_file()
    train = equations.PulseTrain(parameters={"T": 10.0, "tau": 1.0, "onset": 2.0, "amp": 0.5})
    stimulus = patterns.StimuliRegion(connectivity=connectivity, temporal=train, weight=np.arange(76.0) / 76)
    given = Simulator(connectivity=connectivity, monitors=[eeg], stimulus=stimulus)
    take(given).save_all(tmp_path)
    parts = Network.from_file(tmp_path / "simulation.yaml").execute(format="tvb")
    kind, sensors, projection, region_mapping = parts.monitors[0]
    assert kind == "EEG"
    again = monitors.EEG(period=1.0, sensors=sensors, projection=projection, region_mapping=region_mapping)
    back = Simulator(connectivity=parts.connectivity, monitors=[again], stimulus=parts.stimulus)
    runs = []
    for simulator in (given, back):
        simulator.simulation_length = 20.0
        # With a seed, which also draws where the history begins.
        simulator.integrator = integrators.HeunStochastic(noise=noise.Additive(nsig=np.array([1e-3]), noise_seed=42))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            simulator.configure()
            runs.append(simulator.run()[0][1])
    assert np.isfinite(runs[0]).any()
    assert np.ptp(runs[0][:, 0, 0, 0]) > 0
    assert runs[0].tobytes() == runs[1].tobytes()


def test_what_is_left_out_is_said() -> None:
    simulator = Simulator(
        connectivity=Connectivity.from_file(),
        model=models.Generic2dOscillator(),
        coupling=coupling.Linear(),
        integrator=integrators.HeunDeterministic(),
        monitors=(monitors.TemporalAverage(),),
    )
    said = (
        r"only its networks are taken; left out: coupling \(Linear\), model \(Generic2dOscillator\), "
        r"integrator \(HeunDeterministic\), the settings of the monitor TemporalAverage"
    )
    with pytest.warns(LossyConversionWarning, match=said) as caught:
        Network.from_tvb(simulator)
    assert caught[0].filename == __file__
    with pytest.raises(LossyConversionError, match=said):
        Network.from_tvb(simulator, strict=True)
    simulator.configure()
    with pytest.warns(LossyConversionWarning, match=r"history, the settings"):
        Network.from_tvb(simulator)


def test_a_simulator_of_networks_alone_loses_nothing() -> None:
    simulator = Simulator(connectivity=Connectivity.from_file())
    group = Network.from_tvb(simulator, strict=True)
    assert_tvb_identical(networks_of(simulator), group.execute())


def test_a_stimulus_of_another_class_is_refused() -> None:
    class Mine(patterns.SpatioTemporalPattern):
        pass

    with pytest.raises(UnsupportedObjectError, match=r"the stimulus, a .*Mine: expected a StimuliRegion"):
        Network.from_tvb(Simulator(connectivity=Connectivity.from_file(), stimulus=Mine()))


def test_a_datatype_made_of_one_of_tvbs_is_refused() -> None:
    class Mine(RegionMapping):
        pass

    class Labelled(SensorsEEG):
        pass

    with pytest.raises(UnsupportedObjectError, match="Mine"):
        Network.from_tvb(Cortex(region_mapping_data=Mine()))
    with pytest.raises(UnsupportedObjectError, match="Labelled"):
        Network.from_tvb(ProjectionSurfaceEEG(sensors=Labelled()))
