"""Edges that a sidecar lists one by one, as matrices."""

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tvbo.errors import SidecarError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.network import Network
from tvbo.storage.schema import named

# A matrix, and what files call the number of an edge that goes into it: the first that is there counts.
_SLOTS = (("weight", ("weight",)), ("length", ("length", "distance")), ("delay", ("delay",)))
Ends: TypeAlias = tuple[int, int]


def is_explicit(row: dict[str, Any]) -> bool:
    """
    Tell whether a row of the list of edges is one edge, and no matrix.

    Parameters
    ----------
    row : dict
        The row.

    Returns
    -------
    bool
        True for one with a source or a target, and for one without a name.
    """
    return any(row.get(key) is not None for key in ("source", "target")) or not _is_named(row)


def _is_named(row: dict[str, Any]) -> bool:
    return any(row.get(key) is not None for key in ("label", "name"))


def add_matrices(network: Network, rows: list[dict[str, Any]], path: Path, limits: Limits) -> None:
    """
    Make matrices of edges with a source and a target, unless the network has them already.

    An edge that is not said to be directed goes both ways, unless the way back is listed too.

    Parameters
    ----------
    network : Network
        The network; it gets ``weight``, and ``length`` and ``delay`` if edges have them.
    rows : list of dict
        The edges: ``source`` and ``target`` are node ids; ``weight`` (1 unless given), ``length`` or
        ``distance``, ``delay``. They are also kept as they are.
    path : Path
        The sidecar, for error messages.
    limits : Limits
        How large the matrices may be.

    Raises
    ------
    SidecarError
        If an edge names a node that is not there, or has no number where one belongs.
    """
    edges = [(index, row) for index, row in enumerate(rows) if _is_within(row)]
    if not edges:
        return
    ends = _ends(network, edges, path)
    _say_what_stands_twice(ends, path)
    listed = frozenset(ends.values())
    units = {"length": network.distance_unit or "mm", "delay": network.time_unit or "ms"}
    for name, slots in _SLOTS:
        values = [_number(row, slots, index, path) for index, row in edges]
        if name in network.matrices or (name != "weight" and all(value is None for value in values)):
            continue
        limits.check("inflated_bytes", 8 * len(network.nodes) ** 2, f"{path}: the matrix of its edges")
        matrix: Array = np.zeros((len(network.nodes), len(network.nodes)))
        for (index, row), value in zip(edges, values, strict=True):
            target, source = ends[index]
            number = value if value is not None else 1.0 if name == "weight" else 0.0
            matrix[target, source] = number
            if not row.get("directed") and (source, target) not in listed:
                matrix[source, target] = number
        directed = any(row.get("directed") for _, row in edges) or None
        network.set_matrix(name, matrix, unit=units.get(name), directed=directed)


def _is_within(row: dict[str, Any]) -> bool:
    """Tell whether both ends of an edge are nodes of this very network."""
    both = row.get("source") is not None or row.get("target") is not None
    return both and row.get("source_network") is None and row.get("target_network") is None


def _ends(network: Network, edges: list[tuple[int, dict[str, Any]]], path: Path) -> dict[int, Ends]:
    """Find the rows of the target and the source of each edge."""
    ids = network.nodes.ids.tolist()
    place = {number: row for row, number in enumerate(ids)}
    wrong = next((each for each in edges if not _are_among(place, each[1])), None)
    if wrong is not None:
        rows = {row: row for row in range(len(ids))}
        if not all(_are_among(rows, row) for _, row in edges):
            said = (wrong[1].get(end) for end in ("source", "target"))
            raise SidecarError("{}: edge {} goes from {!r} to {!r}: no such node".format(path, wrong[0], *said))
        # tvbo 0.5.3 counts nodes where others name them.
        warn(f"{path}: the edges go between nodes by their places in the list, from 0: they are no ids of nodes")
        place = rows
    return {index: (place[row["target"]], place[row["source"]]) for index, row in edges}


def _are_among(place: dict[int, int], row: dict[str, Any]) -> bool:
    return all(type(row.get(end)) is int and row[end] in place for end in ("source", "target"))


def _say_what_stands_twice(ends: dict[int, Ends], path: Path) -> None:
    first: dict[Ends, int] = {}
    for index, pair in ends.items():
        if first.setdefault(pair, index) != index:
            warn(
                f"{path}: edge {index} joins two nodes that an edge before it joins already: all are kept in the list, "
                "and the matrices have the numbers of the last"
            )
            return


def _number(row: dict[str, Any], slots: tuple[str, ...], index: int, path: Path) -> float | None:
    inside = named(row.get("parameters"))
    for slot in slots:
        entry = inside.get(slot)
        value = entry.get("value") if isinstance(entry, dict) else entry
        value = value if row.get(slot) is None else row[slot]
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise SidecarError(f"{path}: {slot} of edge {index} is {value!r}: expected a number")
        if value is not None:
            return value
    return None
