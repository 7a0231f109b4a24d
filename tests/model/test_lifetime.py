"""Networks go with their last user: their arrays do not wait until Python looks for circles."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tvb.datatypes.connectivity import Connectivity

from tvbo import Network
from tvbo.testing.networks import example_networks


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _is_gone(made: list[Any]) -> bool:
    seen = weakref.ref(made[0])
    made.clear()
    return seen() is None


@pytest.mark.parametrize("name", sorted(example_networks()))
@pytest.mark.usefixtures("_no_collector")
def test_a_network_goes_with_its_last_user(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    # The first save imports what it needs.
    example_networks()[name].save(path)
    network = example_networks()[name]
    network.save(path)
    assert not network.diff(Network.from_file(path))
    network.validate()
    repr(network), network._repr_html_()
    made = [network]
    del network
    assert _is_gone(made)
    again = Network.from_file(path)
    for matrix in again.matrices.values():
        matrix.load()
    _ = again.nodes.labels, list(again.links.values())
    made = [again]
    del again
    assert _is_gone(made)


@pytest.mark.usefixtures("_no_collector")
def test_what_was_taken_from_tvb_and_given_to_it_goes_too() -> None:
    connectivity = Connectivity.from_file()
    network = Network.from_tvb(connectivity)
    network.execute(format="tvb")
    made = [network.execute(format="tvb")]
    assert _is_gone(made)
    made, seen = [network], weakref.ref(connectivity)
    del network, connectivity
    assert _is_gone(made)
    assert seen() is None


def test_links_of_a_network_that_nobody_else_holds_are_usable() -> None:
    links = Network.from_matrix(np.eye(2)).links
    links["other"] = Network.from_matrix(np.eye(3))
    assert links["other"].number_of_nodes == 3
