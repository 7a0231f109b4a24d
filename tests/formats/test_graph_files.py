"""GraphML and GEXF: exact, read by networkx, and safe."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import strategies as st

from tvbo import Limits, Network, NodeTable
from tvbo.errors import DamagedFileError, LimitError, UnsafeFileError, UnsupportedObjectError
from tvbo.testing.everything import whole_networks
from tvbo.testing.strategies import connectivities, cortices
from tvbo.testing.suite import FormatSuite

BOTH = pytest.mark.parametrize("name", ["graphml", "gexf"])


def with_other_names(network: Network) -> Network:
    """Give nodes names that differ and can stand in XML, and some of which are odd."""
    odd = ["<&>", "é", "\U0001f600", "a  b", "1.0"]
    network.nodes.labels = [f"{odd[index % 5]}{index}" for index in range(network.number_of_nodes)]
    return network


class GraphSuite(FormatSuite):
    """Networkx is what it is read with."""

    foreign = ("tvb", "tvb_data", "mne", "nibabel", "matplotlib", "lxml")

    def examples(self) -> Mapping[str, Network]:
        return whole_networks()

    def strategy(self) -> Any:
        return st.one_of(connectivities(), cortices()).map(Network.from_tvb).map(with_other_names)


class TestGraphML(GraphSuite):
    format = "graphml"
    extension = ".graphml"


class TestGexf(GraphSuite):
    format = "gexf"
    extension = ".gexf"


@BOTH
def test_networkx_reads_it(tmp_path: Path, name: str) -> None:
    network = whole_networks()["full"]
    network.save(tmp_path / f"a.{name}")
    graph = getattr(nx, f"read_{name}")(tmp_path / f"a.{name}")
    assert isinstance(graph, nx.DiGraph)
    assert list(graph.nodes) == network.nodes.labels.tolist()
    for matrix in ("weight", "length"):
        assert np.array_equal(nx.to_numpy_array(graph, weight=matrix).T, network.matrix(matrix))
        into = [graph.in_degree(node, weight=matrix) for node in graph]
        assert into == pytest.approx(network.matrix(matrix).sum(axis=1).tolist())
    assert graph.nodes["region_2"]["cortical"] is False
    assert graph.nodes["region_2"]["z"] == network.nodes.positions[2, 2]


@BOTH
def test_odd_numbers_are_spelled_as_others_read_them(tmp_path: Path, name: str) -> None:
    network = Network.from_matrix([[np.nan, np.inf], [-np.inf, 5e-324]], labels=["a", "nan"])
    network.nodes.columns["text"] = np.array(["nan", "True"])
    network.save(tmp_path / f"a.{name}", strict=True)
    text = (tmp_path / f"a.{name}").read_text()
    assert ("NaN" in text, "5e-324" in text) == (True, True)
    assert ("Infinity" if name == "graphml" else "INF") in text
    graph = getattr(nx, f"read_{name}")(tmp_path / f"a.{name}")
    assert np.isnan(graph.edges["a", "a"]["weight"])
    assert graph.edges["nan", "a"]["weight"] == np.inf
    assert graph.nodes["a"]["text"] == "nan"


@BOTH
def test_what_networkx_writes_is_read(tmp_path: Path, name: str) -> None:
    network = whole_networks()["full"]
    graph = network.execute(format="networkx")
    graph.edges["region_0", "region_1"]["weight"] = 99.5
    getattr(nx, f"write_{name}")(graph, tmp_path / f"a.{name}")
    found = Network.from_file(tmp_path / f"a.{name}")
    assert found.matrix("weight")[1, 0] == 99.5
    assert found.nodes.labels.tolist() == network.nodes.labels.tolist()
    if name == "graphml":
        # GEXF of networkx has no attributes of a graph.
        assert found.parameters.conduction_speed.value == 4.5
    getattr(nx, f"write_{name}")(nx.path_graph(3), tmp_path / f"b.{name}")
    assert Network.from_file(tmp_path / f"b.{name}").matrix("weight").tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@BOTH
def test_undirected_files(tmp_path: Path, name: str) -> None:
    network = Network.from_matrix([[0.0, 2], [2, 1]], labels=["a", "b"])
    network.save(tmp_path / f"a.{name}", directed=False)
    graph = getattr(nx, f"read_{name}")(tmp_path / f"a.{name}")
    assert (graph.is_directed(), graph.number_of_edges()) == (False, 2)
    assert Network.from_file(tmp_path / f"a.{name}").identical(network)


@BOTH
def test_names_that_xml_does_not_have_are_refused_in_words(tmp_path: Path, name: str) -> None:
    network = Network(NodeTable(["a", "b\x07"]))
    with pytest.raises(ValueError, match=r"1 nodes cannot be named in a\..*'b\\x07': XML has no control characters"):
        network.save(tmp_path / f"a.{name}")
    assert not list(tmp_path.iterdir())


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">{more}]><{root}>&b;</{root}>"""


@BOTH
@pytest.mark.parametrize("more", ["", '<!ENTITY c SYSTEM "file:///etc/passwd">'])
def test_bombs_and_entities_are_refused(tmp_path: Path, name: str, more: str) -> None:
    path = tmp_path / f"a.{name}"
    path.write_text(BOMB.format(root=name, more=more))
    with pytest.raises(UnsafeFileError, match="document type"):
        Network.from_file(path)


@BOTH
def test_it_is_bounded(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a.{name}"
    Network.from_matrix(np.ones((20, 20))).save(path)
    for limits in (Limits(sidecar_bytes=100), Limits(sidecar_values=10, objects=10), Limits(depth=2)):
        with pytest.raises(LimitError):
            Network.from_file(path, limits=limits)
        with pytest.raises(LimitError):
            Network.from_matrix(np.ones((20, 20))).save(tmp_path / f"b.{name}", limits=limits)
    assert not (tmp_path / f"b.{name}").exists()


@BOTH
def test_what_is_no_network_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a.{name}"
    path.write_text("<html><body/></html>")
    with pytest.raises(DamagedFileError):
        Network.from_file(path)
    getattr(nx, f"write_{name}")(nx.MultiDiGraph([(0, 1), (0, 1)]), path)
    with pytest.raises(UnsupportedObjectError, match="several edges"):
        Network.from_file(path)
