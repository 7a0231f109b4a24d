"""
Data frames of polars: a row for each edge, with ``source``, ``target``, and a column for each matrix.

Entry [i, j] is the edge with source j and target i. Both ends are an Enum, whose categories are the labels of all nodes
in their order, isolated ones too. An edge is where any matrix has an entry, and has 0 where another has none. A frame
of polars carries nothing beside its columns: ``execute(format="polars", table="nodes")`` gives positions and columns,
``Network.from_object(edges, nodes=nodes)`` takes both. A square frame whose first column has the names of the others is
taken as a matrix, row = target.
"""

from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import UnsupportedObjectError
from tvbo.model.arrays import Array
from tvbo.model.edge_lists import ends_of, network_of_edges, network_of_square
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.model.tables import tables_of

__all__ = ["DROPS", "EXTRA", "from_object", "takes", "to_object"]

EXTRA = "polars"
DROPS = {
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "distance_unit": "distance_unit",
    "time_unit": "time_unit",
    "nodes.ids": "nodes.ids",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra.*": "nodes.extra.",
    # Units and notes, layouts of sparse matrices, memory order, and what does not join nodes.
    "matrices.*": "matrices.*",
    "parameters.*.value*": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra*": "*",
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "parent_network.*": "parent_network",
    "links.*": "links.",
    "extra.*": "extra.",
}


def takes(obj: object) -> bool:
    """
    Tell whether an object is a data frame of polars.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for `polars.DataFrame`.
    """
    return any(each.__name__ == "DataFrame" and each.__module__.startswith("polars") for each in type(obj).__mro__)


def from_object(frame: Any, *, nodes: Any = None, matrix: str = "weight") -> Network:
    """
    Take a list of edges, or a square table.

    Parameters
    ----------
    frame : polars.DataFrame
        With columns ``source`` and ``target`` (or ``from`` and ``to``) and numbers; or with names in its first column,
        and columns of these names.
    nodes : polars.DataFrame, optional
        A row for each node, with their names in the column ``label``; ``x``, ``y`` and ``z`` are positions.
    matrix : str
        What the matrix of a square table is to be called.

    Returns
    -------
    Network
        The network. Without ``nodes`` and an Enum, its nodes are those that have edges, as they come.

    Raises
    ------
    UnsupportedObjectError
        If it is neither.
    ShapeError
        If an end is no node.
    DuplicateNameError
        If an edge is there twice, or two nodes have one name.
    """
    ends = ends_of(frame.columns)
    if ends is None:
        names, rest = frame.columns[:1], frame.columns[1:]
        values = frame.select(rest).to_numpy()
        return network_of_square(values, frame[names[0]].to_list() if names else [], rest, matrix)
    labels, rows = _labels(frame, ends), {}
    if nodes is not None:
        if not takes(nodes):
            raise UnsupportedObjectError(f"nodes= is a {type(nodes).__name__}: expected a data frame of polars")
        if "label" not in nodes.columns:
            raise UnsupportedObjectError("the table of nodes has no column 'label': expected the names of the nodes")
        labels = nodes["label"].to_list()
        rows = {name: _values(nodes[name]) for name in nodes.columns if name != "label"}
    columns = {name: frame[name].to_list() if name in ends else _values(frame[name]) for name in frame.columns}
    return network_of_edges(columns, ends, labels, rows)


def _labels(frame: Any, ends: tuple[str, str]) -> list[Any] | None:
    """Give the categories of both ends, if they are the same."""
    found = [getattr(frame[end].dtype, "categories", None) for end in ends]
    if any(each is None or not hasattr(each, "to_list") for each in found):
        return None
    first, second = (each.to_list() for each in found if each is not None)
    return list(first) if first == second else None


def _values(column: Any) -> Array:
    return np.asarray(column.to_numpy())


def to_object(network: Network, *, table: str = "edges", strict: bool = False) -> Any:
    """
    Give a network as a list of edges, or the table of its nodes.

    Parameters
    ----------
    network : Network
        The network.
    table : {"edges", "nodes"}
        Which.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    polars.DataFrame
        The table; that of nodes has their labels in its column ``label``.

    Raises
    ------
    DuplicateNameError
        If two nodes have one label.
    UnsupportedObjectError
        If a label holds half a character.
    """
    if table not in ("edges", "nodes"):
        raise ValueError(f"table={table!r} is not known: expected 'edges' or 'nodes'")
    pl = require("polars", extra=EXTRA, purpose="give a network as data frames")
    tables = tables_of(network, carries=_is_carried)
    bad = [label for label in tables.labels if not _is_text(label)]
    if bad:
        raise UnsupportedObjectError(f"{len(bad)} labels are no text in UTF-8, such as {bad[0]!r}: rename them")
    names = pl.Enum(tables.labels)
    ends = {
        name: pl.Series(name, [tables.labels[row] for row in rows.tolist()], dtype=names)
        for name, rows in (("source", tables.sources), ("target", tables.targets))
    }
    edges = pl.DataFrame(ends | {name: _widened(values) for name, values in tables.edges.items()})
    nodes = pl.DataFrame(
        {"label": pl.Series("label", tables.labels, dtype=pl.String)}
        | {
            name: values.tolist() if values.dtype.kind == "U" else _widened(values)
            for name, values in tables.nodes.items()
        }
    )
    if table == "nodes":
        report_losses(network, from_object(edges, nodes=nodes), "a data frame of polars", strict)
        return nodes
    report_losses(network, from_object(edges), "a data frame of polars", strict)
    return edges


def _is_carried(values: Array) -> bool:
    if values.dtype.kind == "U":
        return all(map(_is_text, values.tolist()))
    return values.dtype.kind != "c"


def _is_text(each: str) -> bool:
    # It holds UTF-8, which has no halves of characters.
    return not any("\ud800" <= letter <= "\udfff" for letter in each)


def _widened(values: Array) -> Array:
    return np.ascontiguousarray(values.astype(np.float32) if values.dtype == np.float16 else values)
