"""Datatypes of TVB that are linked to others: what becomes of them, what is shared, and what trips others."""

import copy
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tvb.datatypes import equations, patterns
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.cortex import Cortex
from tvb.datatypes.graph import ConnectivityMeasure
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.projections import ProjectionMatrix, ProjectionSurfaceEEG
from tvb.datatypes.region_mapping import RegionMapping, RegionVolumeMapping
from tvb.datatypes.sensors import Sensors, SensorsEEG, SensorsInternal, SensorsMEG
from tvb.datatypes.structural import StructuralMRI
from tvb.datatypes.surfaces import BrainSkull, CorticalSurface, SkinAir, SkullSkin
from tvb.datatypes.tracts import Tracts
from tvb.datatypes.volumes import Volume
from tvb.simulator.monitors import EEG
from tvb.simulator.simulator import Simulator

from tvbo import Mesh, Network
from tvbo.errors import LossyConversionWarning, UnsupportedObjectError
from tvbo.testing.assertions import assert_networks_identical, assert_tvb_identical, clone


def through_files(obj: Any, folder: Path) -> Network:
    before = clone(obj)
    network = Network.from_tvb(obj)
    assert_tvb_identical(before, network.execute(format="tvb"))
    network.save(folder / "network.yaml")
    found = Network.from_file(folder / "network.yaml")
    assert_networks_identical(network, found)
    assert found.digest() == network.digest()
    assert_tvb_identical(before, found.execute(format="tvb"))
    return Network.from_file(folder / "network.yaml")


def small_surface(cls: Any = CorticalSurface, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return cls(vertices=rng.normal(size=(5, 3)), triangles=np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]]))


def small_connectivity() -> Any:
    rng = np.random.default_rng(1)
    labels = np.array(["a", "b", "c"])
    return Connectivity(
        weights=rng.random((3, 3)), tract_lengths=rng.random((3, 3)), region_labels=labels, centres=np.eye(3)
    )


# ---------------------------------------------------------------- sensors and projections


def test_sensors_are_nodes(tmp_path: Path) -> None:
    labels = np.array(["G´1", "T'5", "左", ""])
    orientations = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [np.nan, -0.0, 2.0], [0.0, 0.0, 1.0]])
    sensors = SensorsInternal(
        labels=labels,
        locations=np.zeros((4, 3)),
        orientations=np.asfortranarray(orientations),
        has_orientation=True,
        usable=np.array([True, False, True, True]),
    )
    found = through_files(sensors, tmp_path)
    assert found.descriptor == "sensors"
    assert found.nodes.labels.tolist() == labels.tolist()
    np.testing.assert_array_equal(found.nodes.columns["orientation"], orientations)
    assert found.nodes[1].parameters.usable.value is False
    assert "label: G´1" in (tmp_path / "network.yaml").read_text(encoding="utf-8")


def test_the_type_of_base_sensors_can_be_set_once(tmp_path: Path) -> None:
    sensors = Sensors(labels=np.array(["a"]), locations=np.ones((1, 3)), sensors_type="fNIRS")
    found = through_files(sensors, tmp_path).execute()
    assert found.sensors_type == "fNIRS"


def projection() -> Any:
    gain = np.asfortranarray(np.random.default_rng(2).normal(size=(3, 5)))
    gain[1] = np.nan
    return ProjectionSurfaceEEG(
        sensors=SensorsEEG(labels=np.array(["Fz", "ECG", "Oz"]), locations=np.eye(3)),
        sources=small_surface(),
        projection_data=gain,
        brain_skull=small_surface(BrainSkull, 3),
        skull_skin=small_surface(SkullSkin, 4),
        skin_air=small_surface(SkinAir, 5),
        conductances={"air": 0.0, "skin": 1, "skull": 0.01, "brain": np.nan},
    )


def test_a_projection_is_a_gain_from_vertices_to_sensors(tmp_path: Path) -> None:
    given = projection()
    found = through_files(given, tmp_path)
    assert found.nodes.labels.tolist() == ["Fz", "ECG", "Oz"]
    gain = found.matrix("gain")
    assert gain.flags.f_contiguous
    assert np.isnan(gain[1]).all()
    target = found.target("gain")
    np.testing.assert_array_equal(target.mesh.vertices, given.sources.vertices)
    assert_tvb_identical(given.sources, target.execute())
    assert list(found.links) == ["gain", "brain_skull", "skull_skin", "skin_air"]
    assert_tvb_identical(given.skin_air, found.links["skin_air"].execute())
    assert found.validate(deep=True)


def test_a_projection_without_anything_else(tmp_path: Path) -> None:
    for cls in (ProjectionMatrix, ProjectionSurfaceEEG):
        found = through_files(cls(projection_data=np.ones((2, 4))), tmp_path)
        assert found.matrices["gain"].shape == (2, 4)
        assert not found.links
    through_files(ProjectionMatrix(), tmp_path)


def test_meg_sensors_need_orientations_as_they_do_in_tvb(tmp_path: Path) -> None:
    sensors = SensorsMEG(labels=np.array(["TRIGGER"]), locations=np.zeros((1, 3)), orientations=np.zeros((1, 3)))
    sensors.configure()
    made = through_files(sensors, tmp_path).execute()
    assert made.has_orientation is True
    assert made.number_of_sensors == 1


# ---------------------------------------------------------------- what is on regions and vertices


@pytest.mark.parametrize(
    ("shape", "kind"), [((3,), "column"), ((3, 3), "matrix"), ((3, 2), "column"), ((2,), "none"), ((), "none")]
)
def test_a_measure_is_a_column_or_a_matrix(shape: tuple[int, ...], kind: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(shape)
    measure = ConnectivityMeasure(array_data=np.asarray(values), connectivity=small_connectivity())
    found = through_files(measure, tmp_path)
    assert ("measure" in found.nodes.columns) is (kind == "column")
    assert ("measure" in found.matrices) is (kind == "matrix")
    assert found.nodes.labels.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(found.weights_matrix, measure.connectivity.weights)


def test_stimuli_keep_equations_by_class_and_parameters(tmp_path: Path) -> None:
    train = equations.PulseTrain(parameters={"T": 10.0, "tau": 1, "onset": np.inf, "amp": -0.0})
    stimulus = patterns.StimuliRegion(connectivity=small_connectivity(), temporal=train, weight=np.arange(3.0))
    stimulus.configure_space()
    found = through_files(stimulus, tmp_path)
    assert found.nodes.columns["stimulus"].tolist() == [0, 1, 2]
    made = found.execute()
    assert type(made.temporal) is equations.PulseTrain
    np.testing.assert_array_equal(made.spatial_pattern, stimulus.spatial_pattern)


def test_text_of_an_equation_is_not_run(tmp_path: Path) -> None:
    trap = equations.FiniteSupportEquation(equation=f"__import__('pathlib').Path({str(tmp_path / 'x')!r}).touch()")
    stimulus = patterns.StimuliSurface(surface=small_surface(), spatial=trap, temporal=equations.Linear())
    stimulus.focal_points_triangles = np.array([1])
    network = through_files(stimulus, tmp_path)
    assert network.mesh.number_of_elements == 3
    assert not (tmp_path / "x").exists()
    network.extra["tvb"]["objects"][2]["class"] = "RefBase"
    with pytest.raises(UnsupportedObjectError, match="not one that tvbo restores"):
        network.execute()


def test_local_connectivity_keeps_zeros_order_and_wide_indices(tmp_path: Path) -> None:
    matrix = sp.csr_matrix(
        (np.array([0.0, -0.0, np.nan]), np.array([4, 0, 2]), np.array([0, 2, 2, 3, 3, 3])), shape=(5, 5)
    )
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    local = LocalConnectivity(surface=small_surface(), matrix=matrix, cutoff=12.5, equation=equations.DoubleGaussian())
    found = through_files(local, tmp_path)
    assert found.mesh.number_of_vertices == 5
    assert found.matrix("local_connectivity", format=None).nnz == 3
    made = found.execute()
    assert made.matrix.indices.dtype == np.int64
    assert made.matrix.indices.tolist() == [4, 0, 2]
    assert made.cutoff == 12.5


def test_a_cortex_before_and_after_padding(tmp_path: Path) -> None:
    for size in (5, 7):
        mapping = RegionMapping(
            array_data=np.array([0, 0, 0, 0, 0]), connectivity=small_connectivity(), surface=small_surface()
        )
        local = LocalConnectivity(surface=mapping.surface, matrix=sp.coo_matrix(np.eye(size)))
        found = through_files(Cortex(region_mapping_data=mapping, local_connectivity=local), tmp_path)
        assert ("local_connectivity" in found.matrices) is (size == 5)


# ---------------------------------------------------------------- volumes


def volume_mapping() -> Any:
    voxels = np.full((2, 3, 2), -1)
    voxels[0, 0, 0] = 2
    volume = Volume(origin=np.zeros((1, 3)), voxel_size=np.ones(3))
    return RegionVolumeMapping(array_data=voxels, connectivity=small_connectivity(), volume=volume)


def test_volumes_have_no_nodes(tmp_path: Path) -> None:
    mapping = volume_mapping()
    found = through_files(mapping, tmp_path)
    assert (found.descriptor, found.number_of_nodes) == ("volume", 0)
    assert_tvb_identical(mapping.connectivity, found.parent().execute())
    made = found.execute()
    assert made.array_data.min() == -1
    mri = StructuralMRI(array_data=np.asfortranarray(np.random.default_rng(0).random((3, 4, 2))), weighting="T1")
    mri.volume = mapping.volume
    assert not through_files(mri, tmp_path).has_parent_network


def test_tracts_bring_their_volume_and_its_regions(tmp_path: Path) -> None:
    tracts = Tracts(vertices=np.ones((4, 3)), tract_start_idx=np.array([0, 2, 4]), tract_region=np.array([-1, 2]))
    tracts.region_volume_map = volume_mapping()
    found = through_files(tracts, tmp_path)
    assert found.descriptor == "tracts"
    assert found.parent().number_of_nodes == 3


# ---------------------------------------------------------------- what is shared


def with_monitors(*given: Any) -> Network:
    monitors = [EEG(projection=each, sensors=each.sensors) for each in given]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossyConversionWarning)
        return Network.from_tvb(Simulator(monitors=monitors))


def test_what_is_one_object_comes_out_as_one(tmp_path: Path) -> None:
    first, second = projection(), projection()
    second.sources, second.brain_skull = first.sources, first.brain_skull
    group = with_monitors(first, second)
    group.save(tmp_path / "a.yaml")
    for network in (group, Network.from_file(tmp_path / "a.yaml")):
        one, two = (monitor.projection for monitor in network.execute().monitors)
        assert one.sources is two.sources
        assert one.brain_skull is two.brain_skull
        assert one.skin_air is not two.skin_air


def test_copies_with_the_same_gid_stay_two(tmp_path: Path) -> None:
    first, second = projection(), projection()
    second.sources = clone(first.sources)
    group = with_monitors(first, second)
    group.save(tmp_path / "a.yaml")
    group.save_all(tmp_path / "all")
    for network in (group, Network.from_file(tmp_path / "a.yaml"), Network.from_file(tmp_path / "all" / "a.yaml")):
        one, two = (monitor.projection for monitor in network.execute().monitors)
        assert one.sources is not two.sources
        assert one.sources.gid == two.sources.gid


@pytest.mark.parametrize("part", ["sources", "brain_skull"])
def test_networks_of_equal_copies_differ_only_in_being_two(part: str) -> None:
    first, second = projection(), projection()
    setattr(second, part, clone(getattr(first, part)))
    group = with_monitors(first, second)
    name = "gain" if part == "sources" else part
    one, two = (group.links[each].links[name] for each in ("eeg", "eeg_2"))
    assert [each.path for each in one.diff(two)] == ["extra.tvb.objects[0].twin"]


def test_networks_that_were_opened_apart_give_one_object_while_they_are_the_same() -> None:
    given, second = projection(), projection()
    second.sources = given.sources
    group = with_monitors(given, second)
    copied = copy.deepcopy(group.links["eeg"].target("gain"))
    group.links["eeg_2"].links["gain"] = copied
    one, two = (monitor.projection for monitor in group.execute().monitors)
    assert one.sources is two.sources
    copied.label = "edited"
    one, two = (monitor.projection for monitor in group.execute().monitors)
    assert (one.sources.title, two.sources.title) == (given.sources.title, "edited")


def test_an_edit_of_a_linked_network_reaches_tvb(tmp_path: Path) -> None:
    Network.from_tvb(projection()).save(tmp_path / "a.yaml")
    found = Network.from_file(tmp_path / "a.yaml")
    found.target("gain").mesh.arrays["vertices"] = np.zeros((5, 3))
    found.save(tmp_path / "a.yaml")
    assert not Network.from_file(tmp_path / "a.yaml").execute().sources.vertices.any()


def test_another_surface_can_be_linked() -> None:
    network = Network.from_tvb(projection())
    mesh = Mesh(small_surface().vertices, np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]]))
    network.links["gain"] = Network(mesh=mesh, label="mine")
    made = network.execute()
    assert made.sources.title == "mine"
    network.links["gain"] = Network.from_tvb(small_connectivity())
    with pytest.raises(UnsupportedObjectError, match="gives no Surface"):
        network.execute()


def test_linked_networks_are_pickled_and_copied(tmp_path: Path) -> None:
    given = projection()
    network = Network.from_tvb(given)
    network.save(tmp_path / "a.yaml")
    for each in (network, Network.from_file(tmp_path / "a.yaml")):
        for make in (copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))):
            assert_tvb_identical(given, make(each).execute())
