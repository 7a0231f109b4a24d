"""A network as a graph of networkx, and back; see `tvbo.model.tables` for what becomes an edge."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import DuplicateNameError, UnsupportedObjectError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.edge_entries import column_of
from tvbo.model.network import Network
from tvbo.model.tables import PLACES, Tables, need_numbers, network_of_tables, tables_of

RECORD = "tvbo"
# What XML cannot hold, and what its readers would change.
_ILLEGAL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")
# Attributes of nodes in which others keep three coordinates.
_POSITIONS = ("position", "pos", "centre", "center", "coords", "xyz", "dn_position")


def graph_of(
    network: Network,
    *,
    directed: bool = True,
    carries: Callable[[Array], bool] = lambda _: True,
    takes: Callable[[str], bool] = lambda _: True,
) -> Any:
    """
    Give a network as a graph.

    Parameters
    ----------
    network : Network
        The network.
    directed : bool
        Whether it is to be a DiGraph, or a Graph.
    carries : callable
        Tells whether the container of the graph can hold such values.
    takes : callable
        Tells whether an attribute may have that name there.

    Returns
    -------
    networkx.DiGraph or networkx.Graph
        The graph. Attributes are plain values of Python.
    """
    nx = require("networkx", extra="networkx", purpose="give a network as a graph")
    tables = tables_of(network, carries=carries, undirected=not directed, takes=takes)
    graph = nx.DiGraph() if directed else nx.Graph()
    if network.label is not None:
        graph.graph["name"] = network.label
    graph.graph |= tables.notes | {RECORD: tables.record}
    names = tables.labels
    graph.add_nodes_from(zip(names, _rows_of(tables.nodes, len(names)), strict=True))
    ends = ([names[row] for row in rows.tolist()] for rows in (tables.sources, tables.targets))
    graph.add_edges_from(zip(*ends, _rows_of(tables.edges, len(tables.sources)), strict=True))
    return graph


def _rows_of(columns: Mapping[str, Array], n: int) -> list[dict[str, Any]]:
    held = [values.tolist() for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*held, strict=True)] if held else [{} for _ in range(n)]


def network_of_graph(
    graph: Any,
    where: object = "the graph",
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    weight: str | None = None,
) -> Network:
    """
    Make a network of a graph.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        The graph.
    where : object
        What to call it in messages.
    limits : Limits
        What its record may ask for.
    weight : str, optional
        The attribute of edges that is the weight.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnsupportedObjectError
        If two edges may join the same nodes, or weights are no numbers.
    DuplicateNameError
        If two nodes have one name.
    """
    if graph.is_multigraph():
        raise UnsupportedObjectError(
            f"{where} is a {type(graph).__name__}, in which several edges may join two nodes, and a matrix has one "
            "entry for them: make it a graph first, as networkx.DiGraph(g) keeps the last of them, or add them up"
        )
    record = graph.graph.get(RECORD)
    record = record if isinstance(record, str) else None
    nodes = list(graph.nodes)
    row = {node: index for index, node in enumerate(nodes)}
    left: list[str] = []
    columns = _columns([graph.nodes[node] for node in nodes], None, left)
    labels = _labels(nodes, columns)
    if record is None:
        _place(columns, [graph.nodes[node] for node in nodes], left)
    ends = [(row[source], row[target], data) for source, target, data in graph.edges(data=True)]
    of_edges: list[str] = []
    edges = _columns([data for _, _, data in ends], 0, of_edges)
    of_edges += [name for name, values in edges.items() if values.dtype.kind == "U"]
    if weight is None:
        need_numbers(of_edges, where)
    left += of_edges
    edges = {name: values for name, values in edges.items() if values.dtype.kind != "U"}
    sources = np.array([source for source, _, _ in ends], np.int64)
    targets = np.array([target for _, target, _ in ends], np.int64)
    if weight is not None:
        if weight not in edges:
            raise ValueError(f"{where} has no numbers {weight!r} on its edges; it has: {', '.join(edges) or 'none'}")
        edges = {"weight": edges[weight]} | {
            name: each for name, each in edges.items() if name not in (weight, "weight")
        }
    if left:
        listed = ", ".join(sorted(set(left)))[:200]
        warn(f"{where}: the attributes {listed} are no plain values of every node or edge, and are left out")
    if record is None and not graph.is_directed():
        off = sources != targets
        edges = {name: np.concatenate([each, each[off]]) for name, each in edges.items()}
        sources, targets = np.concatenate([sources, targets[off]]), np.concatenate([targets, sources[off]])
    notes = {name: str(each) for name, each in graph.graph.items() if isinstance(each, str) and name != RECORD}
    network = network_of_tables(Tables(labels, columns, sources, targets, edges, record, notes), where, limits)
    if record is None:
        for matrix in network.matrices.values():
            matrix.directed = graph.is_directed()
    name = graph.graph.get("name")
    if isinstance(name, str) and name:
        network.label = name
    return network


def _columns(rows: list[Mapping[str, Any]], missing: object, left: list[str]) -> dict[str, Array]:
    """Make columns of attributes; of nodes all must have one, an edge without one has none of that."""
    found: dict[str, Array] = {}
    for name in dict.fromkeys(name for each in rows for name in each):
        values = [each.get(name, missing) for each in rows]
        plain = [each.item() if isinstance(each, np.generic) else each for each in values]
        column = column_of(plain)
        if column is None or not isinstance(name, str):
            left.append(str(name))
        else:
            found[name] = column
    return found


def _labels(nodes: list[Any], columns: dict[str, Array]) -> list[str]:
    named = columns.get("label")
    if named is not None and named.dtype.kind == "U" and len(set(named.tolist())) == len(nodes):
        del columns["label"]
        return [str(each) for each in named.tolist()]
    labels = [str(node) for node in nodes]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise DuplicateNameError(f"several nodes are called {twice!r} as text: rename them, as nx.relabel_nodes does")
    return labels


def _place(columns: dict[str, Array], rows: list[Mapping[str, Any]], left: list[str]) -> None:
    """Take coordinates that stand together in one attribute."""
    if all(name in columns for name in PLACES):
        return
    for name in _POSITIONS:
        found = [each.get(name) for each in rows]
        if found and all(isinstance(each, (list, tuple, np.ndarray)) and len(each) == len(PLACES) for each in found):
            columns |= dict(zip(PLACES, np.array(found, dtype=np.float64).T, strict=True))
            left[:] = [each for each in left if each != name]
            return


def is_legal_in_xml(text: str) -> bool:
    """
    Tell whether a text comes out of XML as it went in.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        False if it is empty, begins or ends with blanks, or holds control characters or halves of characters.
    """
    return bool(text) and text == text.strip() and not _ILLEGAL.search(text)


def graph_for_xml(network: Network, *, directed: bool, where: object, takes: Callable[[str], bool]) -> Any:
    """
    Give a network as a graph that a file of XML can hold.

    Parameters
    ----------
    network : Network
        The network.
    directed : bool
        Whether it is to be a DiGraph, or a Graph.
    where : object
        What the file is called, for messages.
    takes : callable
        Tells whether an attribute may have that name there.

    Returns
    -------
    networkx.DiGraph or networkx.Graph
        The graph.

    Raises
    ------
    ValueError
        If the name of a node cannot stand in XML.
    """
    bad = [label for label in network.nodes.labels.tolist() if label and _ILLEGAL.search(label)]
    if bad:
        raise ValueError(
            f"{len(bad)} nodes cannot be named in {where}, such as {bad[0]!r}: XML has no control characters; "
            "rename them"
        )

    def carries(values: Array) -> bool:  # numpydoc ignore=GL08
        if values.dtype.kind == "U":
            return all(map(is_legal_in_xml, values.tolist()))
        return values.dtype.kind != "c"

    def may_be_called(name: str) -> bool:  # numpydoc ignore=GL08
        return is_legal_in_xml(name) and takes(name)

    graph = graph_of(network, directed=directed, carries=carries, takes=may_be_called)
    graph.graph = {
        name: each for name, each in graph.graph.items() if is_legal_in_xml(name) and is_legal_in_xml(str(each))
    }
    return graph
