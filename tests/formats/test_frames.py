"""Data frames of pandas and polars: lists of edges, tables of nodes, and square tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tvbo import Network
from tvbo.errors import (
    DuplicateNameError,
    LossyConversionError,
    LossyConversionWarning,
    ShapeError,
    TvboWarning,
    UnsupportedObjectError,
)
from tvbo.testing.everything import whole_networks
from tvbo.testing.object_suite import ObjectSuite
from tvbo.testing.strategies import connectivities, cortices

BOTH = pytest.mark.parametrize("package", [pd, pl])


def with_other_names(network: Network) -> Network:
    """Give nodes names that differ, as lists of edges need."""
    labels = network.nodes.labels.tolist()
    network.nodes.labels = [f"{index}".join("ab") for index, _ in enumerate(labels)]
    return network


class TestPandas(ObjectSuite):
    format = "pandas"
    package = "pandas"

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices()).map(Network.from_tvb).map(with_other_names)


class TestPandasNodes(TestPandas):
    """The table of nodes, with that of edges, gives the same network."""

    def take(self, made: Any) -> Network:
        return Network.from_object(self.edges, nodes=made)

    def give(self, network: Network, **options: Any) -> Any:
        self.edges = network.execute(format="pandas")
        return super().give(network, table="nodes", **options)


class TestPolars(ObjectSuite):
    format = "polars"
    package = "polars"
    # Nothing is said of single nodes any more.
    adds = ("nodes.extra",)

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()


def frames(package: Any, network: Network) -> tuple[Any, Any]:
    """Give the table of edges, and that of nodes."""
    name = package.__name__
    if package is pl:
        with pytest.warns(LossyConversionWarning):
            edges = network.execute(format=name)
        with pytest.warns(LossyConversionWarning):
            return edges, network.execute(format=name, table="nodes")
    return network.execute(format=name), network.execute(format=name, table="nodes")


@BOTH
def test_sums_of_groups_are_sums_of_rows(package: Any) -> None:
    network = whole_networks()["full"]
    edges, nodes = frames(package, network)
    for name in ("weight", "length"):
        if package is pd:
            sums = edges.groupby("target", observed=False)[name].sum().to_numpy()
        else:
            sums = edges.group_by("target").agg(pl.col(name).sum()).sort("target")[name].to_numpy()
        assert sums.tolist() == pytest.approx(network.matrix(name).sum(axis=1).tolist())
    assert np.asarray(nodes["y"]).tolist() == network.nodes.positions[:, 1].tolist()
    assert np.asarray(nodes["orientation_z"]).tolist() == network.nodes.columns["orientation"][:, 2].tolist()
    assert edges["length"].dtype == (np.float64 if package is pd else pl.Float64)


@BOTH
def test_isolated_nodes_are_categories(package: Any) -> None:
    network = Network.from_matrix([[0.0, 0, 0], [0, 0, 0], [0, 4, 0]], labels=["z", "y", "x"])
    edges = network.execute(format=package.__name__)
    assert len(edges) == 1
    assert Network.from_object(edges).identical(network)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float64, (3, 3)), st.sampled_from(["pandas", "polars"]))
def test_numbers_are_exact(values: Any, name: str) -> None:
    network = Network.from_matrix(values, labels=["c", "b", "a"])
    assert Network.from_object(network.execute(format=name, strict=True)).identical(network)


@BOTH
def test_both_tables_give_positions_and_columns(package: Any) -> None:
    network = whole_networks()["regions"]
    edges, nodes = frames(package, network)
    found = Network.from_object(edges, nodes=nodes)
    assert found.nodes.labels.tolist() == network.nodes.labels.tolist()
    assert found.nodes.positions.tobytes() == network.nodes.positions.tobytes()
    assert found.nodes.columns["hemisphere"].tolist() == network.nodes.columns["hemisphere"].tolist()
    assert found.matrix("weight").tobytes() == np.asarray(network.matrix("weight")).tobytes()


@BOTH
def test_lists_of_others(package: Any) -> None:
    frame = package.DataFrame({"from": ["b", "a"], "to": ["c", "b"], "weight": [2, 3], "note": ["x", "y"]})
    with pytest.warns(TvboWarning, match="note"):
        found = Network.from_object(frame)
    assert found.nodes.labels.tolist() == ["b", "a", "c"]
    assert found.matrix("weight").tolist() == [[0, 3, 0], [0, 0, 0], [2, 0, 0]]
    frame = package.DataFrame({"source": [1, 2], "target": [2, 1], "weight": [0.5, None]})
    nodes = package.DataFrame(
        {"label": [1, 2, 3], "x": [0.0, 1, 2], "y": [0.0, 1, 2], "z": [0.0, 1, 2], "area": [1, 2, 3]}
    )
    found = Network.from_object(frame, nodes=nodes)
    assert found.nodes.labels.tolist() == ["1", "2", "3"]
    assert found.nodes.positions.tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    assert found.nodes.columns["area"].tolist() == [1, 2, 3]
    assert found.matrix("weight")[1, 0] == 0.5
    assert np.isnan(found.matrix("weight")[0, 1])


@BOTH
def test_square_tables(package: Any) -> None:
    values = np.arange(4.0).reshape(2, 2)
    if package is pd:
        frame = pd.DataFrame(values, index=["a", "b"], columns=["a", "b"])
    else:
        frame = pl.DataFrame({"": ["a", "b"], "a": values[:, 0], "b": values[:, 1]})
    found = Network.from_object(frame, matrix="length")
    assert found.matrix("length").tolist() == values.tolist()
    assert (found.nodes.labels.tolist(), found.matrices["length"].unit) == (["a", "b"], "mm")


@BOTH
def test_what_is_no_network_is_refused(package: Any) -> None:
    with pytest.raises(UnsupportedObjectError, match="expected the columns source and target, or the same names"):
        Network.from_object(package.DataFrame({"a": [1, 2], "b": [3, 4]}))
    frame = package.DataFrame({"source": ["a", "a"], "target": ["b", "b"], "weight": [1, 2]})
    with pytest.raises(DuplicateNameError, match=r"1 edges are there twice.*groupby"):
        Network.from_object(frame)
    with pytest.raises(ShapeError, match="1 ends of edges are no nodes, such as 'b'"):
        Network.from_object(frame[:1], nodes=package.DataFrame({"label": ["a"]}))
    with pytest.raises(DuplicateNameError, match="one name"):
        Network.from_object(frame[:1], nodes=package.DataFrame({"label": ["a", "a", "b"]}))
    with pytest.raises(ShapeError, match="no name"):
        Network.from_object(package.DataFrame({"source": ["a", None], "target": ["b", "b"], "weight": [1, 2]}))
    with pytest.raises(ValueError, match="expected 'edges' or 'nodes'"):
        Network.from_matrix(np.eye(2)).execute(format=package.__name__, table="both")


def test_what_was_changed_in_the_table_counts() -> None:
    network = whole_networks()["regions"]
    edges = network.execute(format="pandas")
    edges.loc[0, "weight"] = 77.0
    part = edges[edges["length"] > 30]
    found = Network.from_object(part)
    assert found.nodes.labels.tolist() == network.nodes.labels.tolist()
    assert (found.matrix("length") > 0).sum() == (network.matrix("length") > 30).sum()
    assert Network.from_object(edges).matrix("weight")[0, 0] == 77


@pytest.mark.parametrize("package", [pd, pl])
def test_weights_that_are_no_numbers_do_not_become_ones(package: Any) -> None:
    edges = package.DataFrame({"source": ["a", "b"], "target": ["b", "a"], "weight": ["0.5", "n/a"]})
    with pytest.raises(UnsupportedObjectError, match="'weight' of the edges is no number everywhere"):
        Network.from_object(edges)


@pytest.mark.parametrize("package", [pd, pl])
def test_nodes_that_are_no_table_are_refused(package: Any) -> None:
    edges = package.DataFrame({"source": ["a"], "target": ["b"], "weight": [1.0]})
    with pytest.raises(UnsupportedObjectError, match="nodes= is a list: expected a data frame"):
        Network.from_object(edges, nodes=["a", "b"])


def test_columns_of_one_name_are_refused() -> None:
    edges = pd.DataFrame([["a", "b", 1.0, 2.0]], columns=["source", "target", "weight", "weight"])
    with pytest.raises(DuplicateNameError, match="several columns 'weight'"):
        Network.from_object(edges)


def test_numbers_that_may_be_missing_make_a_square_table() -> None:
    numbers = {"a": pd.array([1, None], dtype="Int64"), "b": pd.array([0, 2], dtype="Int64")}
    found = Network.from_object(pd.DataFrame(numbers, index=["a", "b"])).matrix("weight")
    assert np.array_equal(found, [[1.0, 0.0], [np.nan, 2.0]], equal_nan=True)


def test_halves_of_characters_are_refused_or_named_by_polars() -> None:
    network = Network.from_matrix(np.eye(2), labels=["a", "b"])
    network.nodes.columns["note"] = np.array(["\ud800", "fine"])
    with pytest.raises(LossyConversionError, match=r"nodes\.columns\.note"):
        network.execute(format="polars", table="nodes", strict=True)
    network.nodes.labels = ["\ud800", "b"]
    with pytest.raises(UnsupportedObjectError, match="1 labels are no text in UTF-8"):
        network.execute(format="polars")
