"""TVB objects of networks that never were in TVB: which class is chosen, and what is missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tvb.simulator.simulator import Simulator

from tvbo import Mesh, Network, NodeTable
from tvbo.errors import (
    LossyConversionError,
    LossyConversionWarning,
    MatrixNotFoundError,
    ShapeError,
    UnsupportedObjectError,
)
from tvbo.model.parameters import Parameter

CORNERS = [[0, 1, 2], [1, 2, 3]]


def sensors(n: int = 2, **columns: Any) -> Network:
    places = np.arange(n * 3.0).reshape(n, 3) / 7
    return Network(NodeTable([f"S{i}" for i in range(n)], places, columns), descriptor="sensors", label="cap")


def corners(n: int = 5) -> np.ndarray:
    # On a curve, so that no triangle is flat.
    return np.arange(1.0, n + 1)[:, None] ** np.arange(1, 4)


def cortex(n: int = 5) -> Network:
    return Network(mesh=Mesh(corners(n), CORNERS, np.ones((n, 3))), descriptor="surface")


@pytest.mark.parametrize(
    ("said", "columns", "with_gain", "expected"),
    [
        (None, {}, False, "Sensors"),
        (None, {"orientation": np.eye(2, 3)}, False, "SensorsMEG"),
        ("eeg", {}, False, "SensorsEEG"),
        ("eeg", {"orientation": np.eye(2, 3)}, False, "SensorsEEG"),
        ("seeg", {}, False, "SensorsInternal"),
        ("ecog", {}, False, "Sensors"),
        (None, {}, True, "ProjectionMatrix"),
        (None, {"orientation": np.eye(2, 3)}, True, "ProjectionSurfaceMEG"),
        ("eeg", {}, True, "ProjectionSurfaceEEG"),
        ("seeg", {}, True, "ProjectionSurfaceSEEG"),
    ],
)
def test_the_class_follows_from_what_is_known(
    said: str | None, columns: dict[str, Any], with_gain: bool, expected: str
) -> None:
    network = sensors(**columns)
    if said is not None:
        network.parameters["sensor_type"] = Parameter(said)
    if with_gain:
        network.set_matrix("gain", np.ones((2, 5)), target_network=cortex())
    made = network.execute(format="tvb")
    assert type(made).__name__ == expected
    assert made.title == "cap"
    assert (made.sensors if with_gain else made).labels.tolist() == ["S0", "S1"]


@pytest.mark.parametrize("kind", ["ProjectionMatrix", "ProjectionSurfaceEEG", "ProjectionSurfaceSEEG"])
def test_a_kind_that_is_given_wins(kind: str) -> None:
    network = sensors(orientation=np.eye(2, 3))
    network.set_matrix("gain", np.ones((2, 5)), target_network=cortex())
    assert type(network.execute(format="tvb", kind=kind)).__name__ == kind
    with pytest.warns(LossyConversionWarning, match=r"cannot carry matrices\.gain"):
        assert type(network.execute(format="tvb", kind="SensorsEEG")).__name__ == "SensorsEEG"
    assert type(cortex().execute(format="tvb", kind="SkinAir")).__name__ == "SkinAir"


def test_what_tvb_has_no_place_for_is_named() -> None:
    network = Network.from_matrix(np.eye(2), np.ones((2, 2)), labels=["a", "b"], positions=np.zeros((2, 3)))
    network.execute(format="tvb", strict=True)
    network.set_matrix("fc", np.eye(2))
    network.nodes.columns["thickness"] = np.ones(2)
    network.parameters["G"], network.description, network.extra["mine"] = 0.1, "a text", 1
    with pytest.warns(LossyConversionWarning) as caught:
        network.execute(format="tvb")
    lost = ("description", "nodes.columns.thickness", "matrices.fc", "G", "extra.mine")
    assert caught[0].message.losses == lost
    with pytest.raises(LossyConversionError, match=r"cannot carry description, nodes\.columns\.thickness"):
        network.execute(format="tvb", strict=True)


def test_a_surface_that_is_mapped_comes_in_as_it_goes_out() -> None:
    surface = cortex()
    surface.parent_network = Network.from_matrix(np.eye(2), np.ones((2, 2)), positions=np.zeros((2, 3)))
    surface.node_mapping_data = np.array([0, 1, 0, 1, 0])
    parts = surface.execute(format="tvb")
    back = Network.from_object(parts)
    assert back.parent_network is not None
    assert back.node_mapping_data.tolist() == [0, 1, 0, 1, 0]
    assert type(back.execute(format="tvb")) is type(parts)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(4, 6))
def test_every_number_of_a_projection_arrives(data: Any, n: int, vertices: int) -> None:
    floats = st.floats(allow_nan=False) | st.sampled_from([np.nan, -0.0, 5e-324])
    network, surface = sensors(n, usable=np.arange(n) > 0), cortex(vertices)
    network.nodes.positions = places = data.draw(hnp.arrays(float, (n, 3), elements=floats))
    network.set_matrix(
        "gain", gain := data.draw(hnp.arrays(float, (n, vertices), elements=floats)), target_network=surface
    )
    network.links["skin_air"], network.links["brain_skull"] = cortex(), cortex(6)
    made = network.execute(format="tvb")
    assert made.projection_data.tobytes() == gain.tobytes()
    assert made.sensors.locations.tobytes() == places.tobytes()
    assert made.sensors.usable.tolist() == [i > 0 for i in range(n)]
    assert made.sensors.number_of_sensors == n
    assert made.sources.vertices.tolist() == corners(vertices).tolist()
    assert (type(made.skin_air).__name__, type(made.brain_skull).__name__) == ("SkinAir", "BrainSkull")
    assert made.skull_skin is None
    # It owns what it got.
    made.projection_data[:] = 0
    assert network.matrix("gain").tobytes() == gain.tobytes()
    again = Network.from_tvb(network.execute(format="tvb"))
    assert again.matrix("gain").tobytes() == gain.tobytes()
    assert again.target("gain").mesh.elements.tolist() == CORNERS


def test_what_the_sources_are_need_not_be_known() -> None:
    network = sensors()
    network.set_matrix("gain", np.ones((2, 3)), column_labels=["a", "b", "c"])
    with pytest.warns(LossyConversionWarning, match=r"carry matrices\.gain\.column_labels"):
        assert "sources" not in network.execute(format="tvb").__dict__
    network.set_matrix("gain", np.ones((2, 3)), target_network=Network.from_matrix(np.eye(3)))
    with pytest.warns(LossyConversionWarning, match=r"carry links\.gain"):
        assert "sources" not in network.execute(format="tvb").__dict__


def test_a_cortex_with_regions_is_the_source_and_one_object(tmp_path: Any) -> None:
    surface = cortex()
    surface.parent_network = Network.from_matrix(np.eye(2), np.ones((2, 2)), positions=np.zeros((2, 3)))
    surface.node_mapping_data = np.array([0, 1, 0, 1, 0])
    network = sensors()
    network.set_matrix("gain", np.ones((2, 5)), target_network=surface)
    assert network.execute(format="tvb").sources.number_of_vertices == 5


def test_places_are_in_mm() -> None:
    network = sensors()
    network.distance_unit = "m"
    made = network.execute(format="tvb")
    assert made.locations.tolist() == (network.nodes.positions * 1000.0).tolist()


@pytest.mark.parametrize(
    ("network", "kind", "error", "match"),
    [
        (Network(NodeTable(["a"]), descriptor="sensors"), None, ShapeError, "no positions: give net.nodes.positions"),
        (sensors(), "SensorsMEG", ShapeError, "no column 'orientation': give net.nodes.columns"),
        (sensors(), "ProjectionSurfaceEEG", MatrixNotFoundError, "needs a gain, and the network has the matrices none"),
        (sensors(), "CorticalSurface", ShapeError, "the network has no mesh: give net.mesh"),
        (sensors(), "Connectivity", MatrixNotFoundError, r"TVB needs weights.*net.set_matrix\('weight'"),
        (Network(NodeTable(size=2)), None, MatrixNotFoundError, "if its nodes are sensors, ask for them with kind="),
        (Network.from_matrix(np.eye(2)), None, MatrixNotFoundError, "neither a matrix 'length' nor positions"),
        (Network(mesh=Mesh(np.ones((4, 3)), [[0, 1, 2, 3]])), None, ShapeError, "elements of 4 vertices"),
        (sensors(), "Simulator", ValueError, "kind='Simulator' is not known: expected one of Connectivity"),
    ],
)
def test_what_is_missing_is_named(network: Network, kind: str | None, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        network.execute(format="tvb", kind=kind)


def test_what_came_from_tvb_goes_back_as_it_was() -> None:
    network = Network.from_tvb(sensors().execute(format="tvb", kind="SensorsEEG"))
    assert type(network.execute(format="tvb", kind="SensorsEEG")).__name__ == "SensorsEEG"
    with pytest.raises(ValueError, match="came from TVB as a SensorsEEG, and goes back as such"):
        network.execute(format="tvb", kind="SensorsMEG")


def test_a_surface_of_another_class_is_no_source() -> None:
    face = Network.from_tvb(cortex().execute(format="tvb", kind="FaceSurface"))
    network = sensors()
    network.set_matrix("gain", np.ones((2, 5)), target_network=face)
    with pytest.raises(UnsupportedObjectError, match="leads to a FaceSurface: TVB takes a CorticalSurface as sources"):
        network.execute(format="tvb")


def test_a_simulator_goes_back_as_one(tmp_path: Any) -> None:
    regions = Network.from_matrix(np.eye(2), np.ones((2, 2)), positions=np.zeros((2, 3))).execute(format="tvb")
    group = Network.from_tvb(Simulator(connectivity=regions))
    assert group.execute(format="tvb").connectivity.weights.tolist() == np.eye(2).tolist()
    with pytest.raises(ValueError, match="came from TVB as a Simulator"):
        group.execute(format="tvb", kind="Connectivity")
    with pytest.raises(MatrixNotFoundError, match="needs weights"):
        group.save(tmp_path / "x.h5", format="tvb-h5")


def regions(**columns: Any) -> Network:
    network = Network.from_matrix(np.eye(2), np.ones((2, 2)), labels=["a", "b"], positions=np.eye(3)[:2])
    network.conduction_speed = 3.0
    for name, values in columns.items():
        network.nodes.columns[name] = np.array(values)
    return network


@pytest.mark.parametrize("name", ["hemisphere", "cortical"])
@pytest.mark.parametrize("values", [["left", "right"], ["L", ""], [2, 1], [np.nan, 1.0], [1j, 0]])
def test_what_is_neither_true_nor_false_is_not_taken_for_true(tmp_path: Path, name: str, values: list[Any]) -> None:
    network = regions(**{name: values})
    expected = rf"column '{name}' has dtype .* such as .*expected what fits into bool.*set net\.nodes\.columns"
    with pytest.raises(ShapeError, match=expected):
        network.execute(format="tvb")
    for path in (tmp_path / "network.zip", tmp_path / "network.h5"):
        with pytest.raises(ShapeError, match=expected):
            network.save(path, format=f"tvb-{path.suffix[1:]}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("values", [[False, True], [0, 1], [0.0, 1.0]])
def test_zero_and_one_are_false_and_true(values: list[Any]) -> None:
    made = regions(hemisphere=values).execute(format="tvb")
    assert made.hemispheres.tolist() == [False, True]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("the weights", lambda network: network.set_matrix("weight", np.eye(2) * 1j)),
        ("the lengths", lambda network: network.set_matrix("length", np.eye(2) * 1j)),
        ("the column 'area'", lambda network: network.nodes.columns.update(area=np.array(["big", "small"]))),
        ("the conduction speed", lambda network: setattr(network, "conduction_speed", "fast")),
    ],
)
def test_what_is_no_real_number_is_refused_by_name(part: str, change: Any) -> None:
    network = regions()
    change(network)
    with pytest.raises(ShapeError, match=rf"^{part} cannot go to TVB as .*: expected real numbers"):
        network.execute(format="tvb")


def noted() -> Network:
    """Give regions of whose parts something is noted that TVB has no place for."""
    network = regions(area=[1.0, 2.0])
    network.nodes = NodeTable(
        ["a", "b"], np.eye(3)[:2], {"area": [1.0, 2.0]}, ids=[7, 9], units={"area": "cm2"}, extra={0: {"note": 1}}
    )
    network.set_matrix("weight", np.array([[2**53 + 1, 0], [0, 1]]), unit="count")
    network.matrices["weight"].extra["description"] = "counted"
    network.parameters["conduction_speed"].label = "measured"
    network.parent_network = regions()
    return network


def test_what_is_noted_of_parts_that_tvb_has_is_named() -> None:
    network = noted()
    lost = (
        "nodes.ids",
        "nodes.extra",
        "nodes.columns.area.unit",
        "matrices.weight.unit",
        "matrices.weight.extra",
        "matrices.weight (rounded from int64 to float64)",
        "conduction_speed",
        "parent_network",
    )
    with pytest.raises(LossyConversionError) as refused:
        network.execute(format="tvb", strict=True)
    assert refused.value.losses == lost
    with pytest.warns(LossyConversionWarning) as caught:
        network.execute(format="tvb")
    assert caught[0].message.losses == lost


def test_the_unit_and_the_columns_of_a_gain_are_named() -> None:
    network = sensors()
    network.set_matrix("gain", np.ones((2, 3)), unit="uV", column_labels=["x", "y", "z"])
    with pytest.raises(LossyConversionError) as refused:
        network.execute(format="tvb", strict=True)
    assert refused.value.losses == ("matrices.gain.unit", "matrices.gain.column_labels")


@pytest.mark.parametrize(
    ("number", "dtype", "exact"),
    [
        (2**53, np.int64, True),
        (-(2**63), np.int64, True),
        (2**63 - 1, np.int64, False),
        (2**64 - 1, np.uint64, False),
        (2**64 - 2**11, np.uint64, True),
        (1.5, np.longdouble, True),
        (np.nan, np.longdouble, True),
        (1 + np.finfo(np.longdouble).eps, np.longdouble, np.finfo(np.longdouble).nmant == np.finfo(float).nmant),
        (1.5, np.float32, True),
        (2**32 - 1, np.uint32, True),
    ],
)
def test_numbers_of_more_digits_than_tvb_has_are_named(number: Any, dtype: type, exact: bool) -> None:
    network = regions()
    network.set_matrix("weight", np.array([[number, 0], [0, 1]], dtype=dtype))
    if exact:
        network.execute(format="tvb", strict=True)
    else:
        with pytest.raises(LossyConversionError, match="rounded from"):
            network.execute(format="tvb", strict=True)


@pytest.mark.parametrize(
    ("vertices", "triangles"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3), int)),
        (np.eye(3), np.zeros((0, 3), int)),
        (np.eye(3), [[0, 1, 3]]),
        (np.eye(3), [[0, 1, -1]]),
        (np.full((3, 3), np.nan), [[0, 1, 2]]),
    ],
)
def test_a_mesh_that_tvb_cannot_measure_is_refused(vertices: Any, triangles: Any) -> None:
    network = Network(mesh=Mesh(vertices, triangles), descriptor="surface")
    with pytest.raises(ShapeError, match=r"triangles of \d vertices, and TVB measures their edges: expected one"):
        network.execute(format="tvb")


@pytest.mark.parametrize("label", ["a\0b", "\ud800"])
def test_labels_that_hdf5_cannot_hold_are_refused(tmp_path: Path, label: str) -> None:
    network = regions()
    network.nodes.labels = [label, "b"]
    with pytest.raises(ShapeError, match="1 region_labels cannot stand in HDF5, such as"):
        network.save(tmp_path / "network.h5", format="tvb-h5")
    assert not list(tmp_path.iterdir())


def test_what_the_regions_have_a_place_for_the_vertices_have_not() -> None:
    surface = cortex()
    surface.nodes.labels = list("vwxyz")
    surface.nodes.columns["cortical"] = np.ones(5, bool)
    surface.parent_network, surface.node_mapping_data = regions(), np.array([0, 1, 0, 1, 0])
    with pytest.raises(LossyConversionError) as refused:
        surface.execute(format="tvb", strict=True)
    assert refused.value.losses == ("nodes.labels", "nodes.columns.cortical")


def test_what_is_lost_of_the_regions_of_a_surface_is_named() -> None:
    surface, parent = cortex(), regions(thickness=[1.0, 2.0])
    surface.parent_network, surface.node_mapping_data = parent, np.array([0, 1, 0, 1, 0])
    with pytest.raises(LossyConversionError) as refused:
        surface.execute(format="tvb", strict=True)
    assert refused.value.losses == ("parent_network",)
