"""A dictionary of arrays: what a network has, under plain names, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tvbo import Network, NodeTable
from tvbo.errors import DuplicateNameError, ShapeError, UnsupportedObjectError
from tvbo.testing.object_suite import ObjectSuite, every_feature, example_networks, region_networks


class TestArrays(ObjectSuite):
    format = "arrays"

    def examples(self) -> Mapping[str, Network]:
        pointing = Network(NodeTable(["Fz"]))
        pointing.set_matrix("gain", np.eye(1, 3), target_network="cortex.yaml")
        return example_networks() | {"everything": every_feature(), "pointing": pointing}

    def strategy(self) -> Any:
        return region_networks()


def test_the_keys_are_plain_names() -> None:
    network = example_networks()["full"]
    given = network.execute(format="arrays")
    assert given["weights"] is network.weights_matrix
    assert given["conduction_speed"] == 4.5
    assert given["units"] == {"lengths": "mm", "conduction_speed": "mm_per_ms"}
    assert sorted(given["columns"]) == ["area", "cortical", "orientation"]


def test_a_key_that_means_nothing_is_refused() -> None:
    with pytest.raises(UnsupportedObjectError, match="wieghts means nothing"):
        Network.from_object({"wieghts": np.eye(2), "labels": ["a", "b"]})


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 nodes"):
        Network.from_object({"weights": np.eye(2), "labels": ["a", "b", "c"]})


def test_lists_will_do() -> None:
    network = Network.from_object({"weights": [[0, 1], [2, 0]]})
    assert network.weights_matrix.tolist() == [[0, 1], [2, 0]]
    assert network.number_of_nodes == 2


@pytest.mark.parametrize(
    ("given", "error", "expected"),
    [
        ({"weights": [[1, 2], [3]]}, ShapeError, "rows of matrix 'weights' have several lengths"),
        ({"weights": np.ones(3)}, ShapeError, r"matrix 'weights' has shape \(3,\): expected \(targets, sources\)"),
        ({"weights": None}, ShapeError, r"matrix 'weights' has shape \(\)"),
        ({"weights": np.eye(2), "units": "mm"}, UnsupportedObjectError, "'units' is a str: expected a dictionary"),
        ({"matrices": [np.eye(2)]}, UnsupportedObjectError, "'matrices' is a list"),
        ({"weights": np.eye(2), "columns": [1, 2]}, UnsupportedObjectError, "'columns' is a list"),
        ({"weights": np.eye(2), "parameters": 3}, UnsupportedObjectError, "'parameters' is a int"),
        ({"weights": np.eye(2), "column_labels": 3}, UnsupportedObjectError, "'column_labels' is a int"),
        ({"labels": ["a"], "mesh": 3}, UnsupportedObjectError, "'mesh' is a int"),
        ({"labels": ["a"], "mesh": {"vertices": np.eye(1, 3)}}, UnsupportedObjectError, "'mesh' lacks elements"),
        ({"weights": np.eye(2), "units": {"positions": "m"}}, UnsupportedObjectError, "'units' has positions"),
        ({"weights": np.eye(2), "matrices": {"weight": np.eye(2)}}, DuplicateNameError, "'weights' and an entry"),
    ],
)
def test_values_of_another_kind_are_refused_by_name(given: dict[str, Any], error: type, expected: str) -> None:
    with pytest.raises(error, match=expected):
        Network.from_object(given)
