"""
Graphs of networkx: entry [i, j] of a matrix is the edge j -> i, since rows are targets and columns sources.

Nodes are called by their labels and stand in their order, isolated ones too; their attributes are ``x``, ``y``, ``z``
and the columns (``orientation_x``, ...). Each matrix is an attribute of the edges, and every edge has all of them: 0
where a matrix has no entry. So ``in_degree(weight="weight")`` is the sum of a row. Units are attributes of the graph
(``length_unit``), and all the rest is its attribute ``tvbo``, a text. Attributes that were changed since count.
"""

from typing import Any

from tvbo.errors import UnsupportedObjectError
from tvbo.model.graphs import graph_of, network_of_graph
from tvbo.model.losses import report_losses
from tvbo.model.network import Network

__all__ = ["EXTRA", "from_networkx", "from_object", "takes", "to_object"]

EXTRA = "networkx"


def takes(obj: object) -> bool:
    """
    Tell whether an object is a graph.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for graphs of networkx and what is derived from them.
    """
    return any(f"{each.__module__}.{each.__name__}" == "networkx.classes.graph.Graph" for each in type(obj).__mro__)


def from_networkx(graph: Any, *, weight: str | None = None) -> Network:
    """
    Take a graph.

    Parameters
    ----------
    graph : networkx.Graph or networkx.DiGraph
        The graph. In one of others all attributes of edges that are numbers become matrices; without any, the matrix
        ``weight`` is 1 for each edge. Names of nodes become text, or their attributes ``label`` are taken.
    weight : str, optional
        The attribute of edges that becomes the matrix ``weight``.

    Returns
    -------
    Network
        The network. An edge j -> i becomes the entry [i, j], an undirected one both.

    Raises
    ------
    UnsupportedObjectError
        If it is a multigraph, or no graph.
    DuplicateNameError
        If two nodes have one name.
    """
    if not takes(graph):
        kind = f"{type(graph).__module__}.{type(graph).__qualname__}"
        raise UnsupportedObjectError(f"a {kind} is no graph: expected one of networkx")
    return network_of_graph(graph, weight=weight)


from_object = from_networkx


def to_object(network: Network, *, directed: bool = True, strict: bool = False) -> Any:
    """
    Give a network as a graph.

    Parameters
    ----------
    network : Network
        The network.
    directed : bool
        Whether it is to be a DiGraph; a Graph is given of what is symmetric.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    networkx.DiGraph or networkx.Graph
        The graph.

    Raises
    ------
    DuplicateNameError
        If two nodes have one label.
    ValueError
        If it is to be undirected, and is not symmetric.
    """
    graph = graph_of(network, directed=directed)
    report_losses(network, network_of_graph(graph), "a graph of networkx", strict)
    return graph
