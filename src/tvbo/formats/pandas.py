"""
Data frames of pandas: a row for each edge, with ``source``, ``target``, and a column for each matrix.

Entry [i, j] is the edge with source j and target i. Both ends are categories, which are the labels of all nodes in
their order, isolated ones too. An edge is where any matrix has an entry, and has 0 where another has none. Units and
all the rest lie in ``df.attrs``; ``execute(format="pandas", table="nodes")`` gives the table of nodes. A square frame
with the same names for rows and columns is taken as a matrix, row = target.
"""

from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import DuplicateNameError, UnsupportedObjectError
from tvbo.model.arrays import Array
from tvbo.model.edge_lists import ends_of, network_of_edges, network_of_square
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.model.tables import tables_of

__all__ = ["EXTRA", "from_object", "takes", "to_object"]

EXTRA = "pandas"
_RECORD = "tvbo"


def takes(obj: object) -> bool:
    """
    Tell whether an object is a data frame of pandas.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for `pandas.DataFrame` and what is derived from it.
    """
    return any(each.__name__ == "DataFrame" and each.__module__.startswith("pandas") for each in type(obj).__mro__)


def from_object(frame: Any, *, nodes: Any = None, matrix: str = "weight") -> Network:
    """
    Take a list of edges, or a square table.

    Parameters
    ----------
    frame : pandas.DataFrame
        With columns ``source`` and ``target`` (or ``from`` and ``to``) and numbers; or with the same names for rows and
        columns.
    nodes : pandas.DataFrame, optional
        A row for each node, whose names are the column ``label`` or the index; ``x``, ``y`` and ``z`` are positions.
    matrix : str
        What the matrix of a square table is to be called.

    Returns
    -------
    Network
        The network. Without ``nodes`` and categories, its nodes are those that have edges, as they come.

    Raises
    ------
    UnsupportedObjectError
        If it is neither.
    ShapeError
        If an end is no node.
    DuplicateNameError
        If an edge is there twice, or two nodes have one name.
    """
    ends = ends_of(list(frame.columns))
    if ends is None:
        values = frame.to_numpy()
        if values.dtype == object and values.size:
            # Some may be missing: pandas has a type of its own for such numbers.
            values = np.stack([_values(frame.iloc[:, place]) for place in range(frame.shape[1])], axis=1)
        return network_of_square(values, list(frame.index), list(frame.columns), matrix)
    for given in (frame, nodes):
        if given is not None and not takes(given):
            raise UnsupportedObjectError(f"nodes= is a {type(given).__name__}: expected a data frame of pandas")
        if given is not None and not given.columns.is_unique:
            twice = given.columns[given.columns.duplicated()][0]
            raise DuplicateNameError(f"the table has several columns {twice!r}: expected one of each name")
    attrs = dict(frame.attrs)
    labels, rows = _labels(frame, ends), {}
    if nodes is not None:
        named = "label" in nodes.columns
        labels = list(nodes["label"]) if named else list(nodes.index)
        rows = {name: _values(nodes[name]) for name in nodes.columns if name != "label"}
        # What the table of nodes does not hold to the bit stands beside that one.
        attrs[_RECORD] = nodes.attrs.get(_RECORD)
    columns = {name: list(frame[name]) if name in ends else _values(frame[name]) for name in frame.columns}
    notes = {name: each for name, each in attrs.items() if isinstance(each, str) and name != _RECORD}
    record = attrs.get(_RECORD)
    return network_of_edges(columns, ends, labels, rows, record if isinstance(record, str) else None, notes)


def _labels(frame: Any, ends: tuple[str, str]) -> list[Any] | None:
    """Give the categories of both ends, if they are the same."""
    found = [getattr(frame[end], "cat", None) for end in ends]
    if any(each is None for each in found):
        return None
    first, second = (list(each.categories) for each in found if each is not None)
    return first if first == second else None


def _values(column: Any) -> Array:
    values = column.to_numpy()
    if values.dtype.kind == "O" and getattr(column.dtype, "kind", "O") in "iuf":
        # Numbers some of which may be missing.
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(values)


def to_object(network: Network, *, table: str = "edges", strict: bool = False) -> Any:
    """
    Give a network as a list of edges, or the table of its nodes.

    Parameters
    ----------
    network : Network
        The network.
    table : {"edges", "nodes"}
        Which. Each has what the other lacks in its ``attrs``.
    strict : bool
        Whether to refuse to lose anything.

    Returns
    -------
    pandas.DataFrame
        The table; that of nodes has their labels as its index.

    Raises
    ------
    DuplicateNameError
        If two nodes have one label.
    """
    if table not in ("edges", "nodes"):
        raise ValueError(f"table={table!r} is not known: expected 'edges' or 'nodes'")
    pd = require("pandas", extra=EXTRA, purpose="give a network as data frames")
    tables = tables_of(network, carries=_is_carried, with_nodes=table == "nodes")
    labels = np.array(tables.labels, dtype=object)
    ends = {
        name: pd.Categorical.from_codes(rows, categories=pd.Index(labels, dtype=object))
        for name, rows in (("source", tables.sources), ("target", tables.targets))
    }
    edges = pd.DataFrame(ends | tables.edges)
    nodes = pd.DataFrame(tables.nodes, index=pd.Index(labels, name="label", dtype=object))
    for frame in (edges, nodes):
        frame.attrs |= tables.notes | {_RECORD: tables.record}
    if table == "nodes":
        report_losses(network, from_object(edges, nodes=nodes), "a data frame of pandas", strict)
        return nodes
    report_losses(network, from_object(edges), "a data frame of pandas", strict)
    return edges


def _is_carried(values: Array) -> bool:
    # Its texts are no numpy texts, and those that end in zeros or are halves of characters are not the same.
    return values.dtype.kind != "U" or all(each.isprintable() for each in values.tolist())
