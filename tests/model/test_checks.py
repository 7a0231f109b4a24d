"""What is legal and seldom meant is found, with evidence, and nothing is changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tvb_data

from tvbo import Mesh, Network, NodeTable

DATA = Path(tvb_data.__file__).parent / "connectivity"


def network(**changed: Any) -> Network:
    """Give a plausible brain: four regions on each side, x to the front and y to the left as TVB has it."""
    places = np.array([[60.0, 30, 0], [-60, 30, 0], [0, 60, 10], [0, 30, 50]])
    positions = np.concatenate([places, places * [1, -1, 1]])
    straight = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    parts: dict[str, Any] = {
        "weights": 1 - np.eye(8),
        "lengths": straight * 1.2,
        "positions": positions,
        "labels": [f"{side}{name}" for side in "lr" for name in ("FRONT", "V", "T", "P")],
        "hemisphere": np.arange(8) > 3,
    } | changed
    made = Network.from_matrix(parts["weights"], parts["lengths"], labels=parts["labels"], positions=parts["positions"])
    made.nodes.columns["hemisphere"] = parts["hemisphere"]
    return made


def found(**changed: Any) -> str:
    made = network(**changed)
    before = made.digest()
    text = str(made.check())
    assert made.digest() == before
    assert bool(made.check()) == (text == "nothing conspicuous")
    return text


def edited(name: str, place: Any, value: float) -> dict[str, Any]:
    made = network()
    values = {"weights": made.weights_matrix, "lengths": made.lengths_matrix, "positions": made.nodes.positions}[name]
    assert values is not None
    changed = values.copy()
    changed[place] = value
    return {name: changed}


def test_a_plausible_brain_has_no_findings() -> None:
    assert found() == "nothing conspicuous"
    assert str(Network(NodeTable(size=3)).check()) == "nothing conspicuous"
    assert str(Network.from_matrix(np.zeros((0, 0))).check()) == "nothing conspicuous"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (edited("lengths", (1, 0), 99), "lengths of 1 pairs differ by direction, such as from lV to lFRONT, by up to"),
        (edited("lengths", [(0, 1), (1, 0)], 0), "connections have no length, such as from lV to lFRONT"),
        (edited("weights", (0, 0), 1), "1 regions are connected to themselves without a length"),
        (edited("lengths", (2, 1), -5), "1 lengths are negative, such as from lV to lT"),
        (edited("weights", (0, 1), -1), "1 weights are negative"),
        (edited("weights", 3, np.nan), "all of the rows lP are NaN"),
        (edited("weights", (3, 4), np.nan), "1 of 64 entries are NaN"),
        (edited("weights", (3, 4), np.inf), "1 entries are infinite"),
        ({"weights": np.kron(np.eye(2), np.ones((4, 4)) - np.eye(4))}, "falls into 2 parts of 4, 4 regions"),
        ({"labels": ["a"] * 8}, "1 labels stand for several nodes: a"),
        (edited("positions", 0, np.nan), "1 nodes have no place: lFRONT"),
        ({"positions": network().nodes.positions / 1000}, "the nodes extend over 0.12 mm"),
        ({"lengths": network().lengths_matrix / 10}, "0.12 times as long as the straight line"),
        ({"hemisphere": np.arange(8) < 4}, "8 nodes have another side in their labels: lFRONT, lV, lT, lP, rFRONT and"),
        ({"positions": network().nodes.positions[:, [1, 0, 2]] * [-1, 1, 1]}, "the axes point RAS, those of TVB"),
    ],
)  # fmt: skip
def test_what_is_conspicuous_is_named(changed: dict[str, Any], expected: str) -> None:
    assert expected in found(**changed)


def test_a_region_that_is_connected_to_nothing() -> None:
    weights = 1 - np.eye(8)
    weights[3] = weights[:, 3] = 0
    assert "1 regions are connected to nothing: lP" in found(weights=weights)


def test_regions_that_share_a_place_or_lie_on_the_other_side() -> None:
    positions = network().nodes.positions
    assert positions is not None
    same = positions.copy()
    same[1] = same[0]
    assert "2 nodes share their place with others, such as lFRONT" in found(positions=same)
    crossed = positions.copy()
    crossed[2, 1] = -40
    assert "1 nodes lie on the other side: lT" in found(positions=crossed)
    mixed = positions.copy()
    mixed[:, 1] = 0
    assert "left and right do not lie apart" in found(positions=mixed)


def test_sets_of_tvb_that_are_known_to_be_odd() -> None:
    text = str(Network.from_file(DATA / "connectivity_192.zip").check())
    assert "116 nodes share their place" in text
    assert "ARS is left-handed: left and right may be swapped" in text
    assert str(Network.from_file(DATA / "connectivity_66.zip").check()) == "nothing conspicuous"


def test_vertices_and_regions_without_one_another() -> None:
    parent = network()
    vertices = np.eye(3) * 100
    surface = Network(
        mesh=Mesh(vertices, np.array([[0, 1, 2]])), node_mapping_data=np.array([0, -1, 5]), parent_network=parent
    )
    text = str(surface.check())
    assert "1 of 3 vertices belong to no region" in text
    assert "6 regions have no vertex: lV, lT, lP, rFRONT, rT and 1 more" in text
    parent.nodes.columns["cortical"] = np.arange(8) == 0
    assert "no vertex" not in str(surface.check())
