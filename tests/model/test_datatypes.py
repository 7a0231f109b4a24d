"""What is known of TVB's datatypes without TVB is what is known of the live objects."""

import importlib

import numpy as np
import pytest
from tvb.datatypes.connectivity import Connectivity

from tvbo import Network
from tvbo.model import datatypes
from tvbo.model.tvb_traits import MODULES


@pytest.mark.parametrize("kind", sorted(MODULES))
def test_classes_are_in_the_modules_of_tvb(kind: str) -> None:
    assert hasattr(importlib.import_module(MODULES[kind]), kind)


def test_the_speed_that_nobody_has_read_is_that_of_tvb() -> None:
    assert Connectivity.speed.default.tolist() == [datatypes.SPEED]


def test_a_datatype_comes_back_from_its_network() -> None:
    traits = {"weights": np.eye(2), "region_labels": np.array(["a", "b"], "U128"), "areas": np.empty(0)}
    traits |= {"tract_lengths": np.ones((2, 2)), "centres": np.zeros((2, 3))}
    given = datatypes.Datatype("Connectivity", traits)
    back = datatypes.datatype_of(datatypes.network_of(given))
    assert (back.kind, back.gid) == ("Connectivity", datatypes.gid_of(given))
    assert {name: value.tolist() for name, value in back.traits.items()} == {
        name: value.tolist() for name, value in traits.items()
    }
    assert datatypes.gid_of(given) != datatypes.gid_of(
        datatypes.Datatype("Connectivity", traits | {"areas": np.ones(2)})
    )


def test_lengths_and_places_are_in_the_units_of_tvb() -> None:
    network = Network.from_matrix(np.eye(2), np.ones((2, 2)), positions=np.ones((2, 3)))
    network.distance_unit = network.matrices["length"].unit = "cm"
    traits = datatypes.datatype_of(network).traits
    assert (traits["tract_lengths"][0, 0], traits["centres"][0, 0]) == (10, 10)


@pytest.mark.parametrize(("appended", "home"), [(0, True), (2, True), (-1, False)])
def test_a_mapping_may_be_longer_than_its_surface(appended: int, home: bool) -> None:
    surface = datatypes.Datatype("CorticalSurface", {"vertices": np.eye(3), "triangles": np.array([[0, 1, 2]])})
    mapping = datatypes.Datatype("RegionMapping", {"array_data": np.arange(3 + appended), "surface": surface})
    network = datatypes.network_of(mapping)
    assert network.has_node_mapping is home
    assert datatypes.datatype_of(network).traits["array_data"].tolist() == list(range(3 + appended))
