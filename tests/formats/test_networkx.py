"""Graphs of networkx: the edge j -> i is the entry [i, j], and nothing is lost."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import strategies as st

from tvbo import Network
from tvbo.errors import DuplicateNameError, TvboWarning, UnsupportedObjectError
from tvbo.testing.everything import whole_networks
from tvbo.testing.object_suite import ObjectSuite
from tvbo.testing.strategies import connectivities, cortices


def with_other_names(network: Network) -> Network:
    """Give nodes names that differ, as graphs need."""
    labels = network.nodes.labels.tolist()
    network.nodes.labels = [f"{label}{index}" for index, label in enumerate(labels)]
    return network


class TestNetworkx(ObjectSuite):
    format = "networkx"
    package = "networkx"

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices()).map(Network.from_tvb).map(with_other_names)


def test_networkx_sums_rows_where_tvb_does() -> None:
    network = whole_networks()["full"]
    graph = network.execute(format="networkx")
    assert list(graph.nodes) == network.nodes.labels.tolist()
    for name in ("weight", "length"):
        values = network.matrix(name)
        into = [graph.in_degree(node, weight=name) for node in graph]
        assert into == pytest.approx(values.sum(axis=1).tolist())
        assert [graph.out_degree(node, weight=name) for node in graph] == pytest.approx(values.sum(axis=0).tolist())
        # networkx itself has sources in rows.
        assert np.array_equal(nx.to_numpy_array(graph, weight=name).T, values)
    assert graph.graph["length_unit"] == "mm"
    assert graph.graph["name"] == "full"
    assert graph.nodes["region_1"]["orientation_y"] == network.nodes.columns["orientation"][1, 1]
    assert graph.nodes["region_1"]["x"] == network.nodes.positions[1, 0]


def test_which_entries_are_edges() -> None:
    network = Network.from_matrix([[0.0, np.nan, -0.0], [0, 0, 2], [0, 0, 0]], labels=["a", "b", "c"])
    network.set_matrix("length", sp.coo_array(([0.0, 3.0], ([2, 2], [0, 1])), shape=(3, 3)))
    graph = network.execute(format="networkx")
    assert sorted(graph.edges) == [("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")]
    assert graph.edges["b", "c"] == {"weight": 0.0, "length": 3.0}
    alone = Network.from_matrix(np.zeros((2, 2)), labels=["a", "b"]).execute(format="networkx")
    assert (list(alone.nodes), list(alone.edges)) == (["a", "b"], [])


def test_what_was_changed_in_the_graph_counts() -> None:
    network = whole_networks()["regions"]
    graph = network.execute(format="networkx")
    graph.edges["Ä", "1"]["weight"] = 7.5
    graph.nodes["1"]["x"] = -1.0
    nx.set_node_attributes(graph, {node: index for index, node in enumerate(graph)}, "rank")
    nx.set_edge_attributes(graph, 2.0, "extra")
    graph.graph["length_unit"] = "cm"
    found = Network.from_networkx(graph)
    assert found.matrix("weight")[2, 0] == 7.5
    assert found.matrix("weight")[0, 0] == network.matrix("weight")[0, 0]
    assert found.nodes.positions[2, 0] == -1
    assert found.nodes.columns["rank"].tolist() == [0, 1, 2, 3]
    assert found.matrix("extra")[2, 0] == 2
    assert found.matrices["length"].unit == "cm"
    assert found.parameters.conduction_speed.value == 4.5


def test_a_part_of_a_graph_is_a_network() -> None:
    graph = whole_networks()["surface"].execute(format="networkx")
    part = graph.subgraph(["vertex_0", "vertex_2"]).copy()
    with pytest.warns(TvboWarning, match="others than those that it was made of: mesh, node_mapping_data are left out"):
        found = Network.from_object(part)
    assert found.nodes.labels.tolist() == ["vertex_0", "vertex_2"]
    assert found.mesh is None
    assert found.matrix("local_connectivity", "dense").tolist() == [[0, 0], [1, 0]]
    renamed = nx.relabel_nodes(whole_networks()["full"].execute(format="networkx"), {"region_0": "first"})
    assert Network.from_object(renamed).nodes.labels[0] == "first"


def test_undirected_graphs() -> None:
    values = np.array([[1.0, 2, 0], [2, 0, 3], [0, 3, 0]])
    network = Network.from_matrix(values, labels=["a", "b", "c"])
    graph = network.execute(format="networkx", directed=False)
    assert isinstance(graph, nx.Graph)
    assert not graph.is_directed()
    assert graph.number_of_edges() == 3
    assert Network.from_networkx(graph).identical(network)
    with pytest.raises(ValueError, match=r"'weight' is not symmetric.* leave out directed=False"):
        whole_networks()["full"].execute(format="networkx", directed=False)
    found = Network.from_networkx(nx.path_graph(3))
    assert found.matrix("weight").tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert found.matrices["weight"].directed is False


def test_graphs_of_others() -> None:
    graph = nx.DiGraph()
    graph.add_node(3, pos=(1, 2, 3), kind="cortex")
    graph.add_node("b", pos=np.array([4.0, 5, 6]), kind="other")
    graph.add_edge(3, "b", weight=np.float32(0.5), fibres=3, colour="red")
    with pytest.warns(TvboWarning, match="colour"):
        found = Network.from_networkx(graph)
    assert found.nodes.labels.tolist() == ["3", "b"]
    assert found.nodes.positions.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found.nodes.columns["kind"].tolist() == ["cortex", "other"]
    assert found.matrix("weight").tolist() == [[0, 0], [0.5, 0]]
    assert found.matrix("fibres").dtype == np.int64
    del graph.edges[3, "b"]["colour"]
    assert Network.from_networkx(graph, weight="fibres").matrix("weight").tolist() == [[0, 0], [3, 0]]
    with pytest.raises(ValueError, match="no numbers 'strength' on its edges; it has: weight, fibres"):
        Network.from_networkx(graph, weight="strength")


def test_what_no_matrix_holds_is_refused() -> None:
    with pytest.raises(UnsupportedObjectError, match=r"MultiDiGraph.*networkx\.DiGraph\(g\)"):
        Network.from_networkx(nx.MultiDiGraph([(0, 1), (0, 1)]))
    with pytest.raises(DuplicateNameError, match="'1' as text"):
        Network.from_networkx(nx.Graph([(1, "1")]))
    with pytest.raises(DuplicateNameError, match="2 nodes are called 'a'"):
        Network.from_matrix(np.eye(2), labels=["a", "a"]).execute(format="networkx")


def test_a_large_graph_becomes_sparse() -> None:
    graph = nx.path_graph(20_000, create_using=nx.DiGraph)
    found = Network.from_networkx(graph)
    assert found.matrices["weight"].format == "csr"
    assert found.matrix("weight", "coo").nnz == 19_999
    assert found.matrix("weight", None)[1, 0] == 1


@pytest.mark.parametrize("weight", ["heavy", 2**70, None])
def test_weights_that_are_no_numbers_do_not_become_ones(weight: Any) -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", weight=weight)
    with pytest.raises(UnsupportedObjectError, match="'weight' of the edges is no number everywhere"):
        Network.from_networkx(graph)
