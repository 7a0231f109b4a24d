"""Edges that a sidecar lists one by one, as matrices."""

from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import SidecarError
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.network import Network

# What a file calls a number of an edge, the matrix that it goes to, and that matrix' unit.
_SLOTS = (
    ("weight", "weight", None),
    ("length", "length", "mm"),
    ("distance", "length", "mm"),
    ("delay", "delay", "ms"),
)


def add_matrices(network: Network, rows: list[dict[str, Any]], path: Path, limits: Limits) -> None:
    """
    Make matrices of edges with a source and a target, unless the network has them already.

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
        If an edge names a node that is not there, stands twice, or has no number where one belongs.
    """
    place = {number: row for row, number in enumerate(network.nodes.ids.tolist())}
    ends = []
    for index, row in enumerate(rows):
        where = [place.get(row.get(end)) for end in ("target", "source")]
        if None in where:
            raise SidecarError(
                f"{path}: edge {index} goes from {row.get('source')!r} to {row.get('target')!r}: no such node"
            )
        ends.append(tuple(where))
    if len(set(ends)) < len(ends):
        first = {pair: index for index, pair in reversed(list(enumerate(ends)))}
        twice = next(index for index, pair in enumerate(ends) if first[pair] < index)
        raise SidecarError(
            f"{path}: edge {twice} joins two nodes that an edge before it joins already: give one of them"
        )
    for slot, name, unit in _SLOTS:
        values = [_number(row, slot, index, path) for index, row in enumerate(rows)]
        known = [value for value in values if value is not None]
        if name in network.matrices or (slot != "weight" and not known):
            continue
        limits.check("inflated_bytes", 8 * len(network.nodes) ** 2, f"{path}: the matrix of its edges")
        matrix: Array = np.zeros((len(network.nodes), len(network.nodes)))
        for (target, source), value in zip(ends, values, strict=True):
            matrix[target, source] = value if value is not None else 1.0 if slot == "weight" else 0.0
        network.set_matrix(name, matrix, unit=unit, directed=any(row.get("directed") for row in rows) or None)


def _number(row: dict[str, Any], slot: str, index: int, path: Path) -> float | None:
    inside = row.get("parameters")
    entry = inside.get(slot) if isinstance(inside, dict) else None
    value = row.get(slot, entry.get("value") if isinstance(entry, dict) else entry)
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise SidecarError(f"{path}: {slot} of edge {index} is {value!r}: expected a number")
    return value
