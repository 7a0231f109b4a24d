"""Networks of data frames: lists of edges, and square tables whose rows and columns have names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tvbo.errors import DuplicateNameError, ShapeError, UnsupportedObjectError, warn
from tvbo.model.arrays import Array
from tvbo.model.edge_entries import column_of
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.tables import Tables, need_numbers, network_of_tables

# What the two ends of an edge are called.
_ENDS = (("source", "target"), ("from", "to"))


def ends_of(names: Sequence[Any]) -> tuple[str, str] | None:
    """
    Tell which columns of a table are the ends of edges.

    Parameters
    ----------
    names : sequence
        What its columns are called.

    Returns
    -------
    tuple of str or None
        The source and the target; None if it is no list of edges.
    """
    return next((ends for ends in _ENDS if all(end in names for end in ends)), None)


def network_of_edges(
    columns: Mapping[Any, Sequence[Any] | Array],
    ends: tuple[str, str],
    labels: Sequence[Any] | None,
    nodes: Mapping[Any, Sequence[Any] | Array],
    record: str | None = None,
    notes: Mapping[str, str] | None = None,
) -> Network:
    """
    Make a network of a list of edges.

    Parameters
    ----------
    columns : mapping of str to sequence
        The list: names of the two ends, and numbers.
    ends : tuple of str
        Which columns are source and target.
    labels : sequence, optional
        Names of all nodes in order; without them those that have edges, as they come.
    nodes : mapping of str to sequence
        Columns of nodes.
    record : str, optional
        What `tvbo.model.tables` keeps beside tables.
    notes : mapping of str to str, optional
        Units of matrices: ``length_unit``.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    ShapeError
        If an end is no node.
    DuplicateNameError
        If an edge is there twice, or two nodes have one name.
    UnsupportedObjectError
        If weights are no numbers.
    """
    sources, targets = ([_name(each) for each in columns[end]] for end in ends)
    known = list(dict.fromkeys([*sources, *targets])) if labels is None else [_name(each) for each in labels]
    row = {label: index for index, label in enumerate(known)}
    if len(row) < len(known):
        raise DuplicateNameError("two nodes of the table have one name: edges tell nodes by it, give them others")
    stray = sorted({each for each in (*sources, *targets) if each not in row})
    if stray:
        raise ShapeError(f"{len(stray)} ends of edges are no nodes, such as {stray[0]!r}: expected names of the nodes")
    edges, left = _plain({name: each for name, each in columns.items() if name not in ends}, "biufc")
    need_numbers(left, "the table of edges")
    rows, more = _plain(nodes, "biufcU")
    if left or more:
        warn(f"the columns {', '.join([*left, *more])[:200]} hold no plain values, and are left out")
    places = [np.array([row[each] for each in end], np.int64) for end in (sources, targets)]
    pairs = set(zip(*(each.tolist() for each in places), strict=True))
    if len(pairs) < len(sources):
        raise DuplicateNameError(
            f"{len(sources) - len(pairs)} edges are there twice, and a matrix has one entry for each: add them up "
            "first, as in df.groupby(['source', 'target']).sum()"
        )
    tables = Tables(known, rows, places[0], places[1], edges, record, dict(notes or {}))
    return network_of_tables(tables, "the table of edges")


def network_of_square(values: Array, labels: Sequence[Any], columns: Sequence[Any], matrix: str) -> Network:
    """
    Make a network of a square table.

    Parameters
    ----------
    values : array, shape (n, n)
        Row = target, column = source.
    labels, columns : sequence
        Names of the rows and of the columns; they must be the same.
    matrix : str
        What the matrix is to be called.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnsupportedObjectError
        If it is no such table.
    """
    names = [_name(each) for each in labels]
    if names != [_name(each) for each in columns] or values.shape != (len(names), len(names)):
        raise UnsupportedObjectError(
            f"the table has {len(values)} rows and the columns {', '.join(map(str, columns))[:200]}: expected the "
            "columns source and target, or the same names for its rows and columns"
        )
    if values.dtype.kind not in "biufc":
        raise UnsupportedObjectError(f"the table holds {values.dtype}: expected numbers")
    network = Network(NodeTable(np.array(names, dtype=str), size=len(names)))
    network.matrices[matrix] = EdgeMatrix(values, "mm" if matrix == "length" else None)
    return network


def _name(value: Any) -> str:
    if value is None or value != value:
        raise ShapeError("an edge or a node has no name: expected one in each row")
    return str(value)


def _plain(columns: Mapping[Any, Sequence[Any] | Array], kinds: str) -> tuple[dict[str, Array], list[str]]:
    found: dict[str, Array] = {}
    left = []
    for name, values in columns.items():
        array = values if isinstance(values, np.ndarray) and values.dtype.kind in kinds else column_of(list(values))
        if array is None or array.dtype.kind not in kinds or not isinstance(name, str):
            left.append(str(name))
        else:
            found[name] = array
    return found, left
