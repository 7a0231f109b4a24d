"""Whether a network is plausible: what is legal, and yet so seldom meant that people should look at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.model.arrays import Array
from tvbo.model.frames import detect_frame, hemispheres_from_labels, to_ras
from tvbo.model.matrices import LENGTHS, WEIGHTS
from tvbo.model.narrowing import are_truths
from tvbo.model.shown import problems_html
from tvbo.model.validity import Problem
from tvbo.units import in_mm

if TYPE_CHECKING:
    from tvbo.model.network import Network

# How many names or pairs a message shows.
_SHOWN = 5
# How long a human brain can be from pole to pole [mm], with room for a child's and for a scalp.
_SMALLEST, _LARGEST = 60.0, 400.0
# A share of regions on the other side of the mid-plane that rounding and midline regions explain.
_FEW = 0.05
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Findings:
    """
    What was found; true if nothing is conspicuous.

    Attributes
    ----------
    problems : tuple of Problem
        What is conspicuous, and the evidence. Nothing was changed.
    """

    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} finding{'s' * (count != 1)}" if count else "nothing conspicuous"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])

    def _repr_html_(self) -> str:
        return problems_html(str(self).partition("\n")[0], self.problems)


def check_network(network: "Network") -> Findings:
    """
    Look for what is seldom meant.

    Parameters
    ----------
    network : Network
        The network; it is read, and not changed.

    Returns
    -------
    Findings
        What is conspicuous.
    """
    return Findings((*_matrices(network), *_nodes(network), *_mapping(network)))


def _named(network: "Network", rows: Array) -> str:
    """Name some nodes: the first few, and how many more there are."""
    labels = network.nodes.labels[rows[:_SHOWN]].tolist()
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"{', '.join(labels)}{more}"


def _pair(network: "Network", places: Array) -> str:
    row, column = places[0]
    labels = network.nodes.labels
    return f"such as from {labels[column]} to {labels[row]}"


def _first(network: "Network", names: tuple[str, ...]) -> tuple[str, Any]:
    name = next((each for each in names if each in network.matrices), None)
    if name is None or len(set(network.matrices[name].shape)) != 1:
        return "", None
    return f"matrices.{name}", sp.csr_array(network.matrix(name, format="csr"))


def _matrices(network: "Network") -> Iterator[Problem]:
    for name, matrix in network.matrices.items():
        values = network.matrix(name)
        if values.dtype.kind == "f" and np.isnan(values).any():
            rows = np.flatnonzero(np.isnan(values).all(axis=1))
            count = int(np.isnan(values).sum())
            which = f"all of the rows {_named(network, rows)}" if len(rows) else f"{count:,} of {values.size:,} entries"
            yield Problem(f"matrices.{name}", f"{which} are NaN")
        if matrix.dtype.kind == "f" and np.isinf(values).any():
            yield Problem(f"matrices.{name}", f"{int(np.isinf(values).sum()):,} entries are infinite")
    path, weights = _first(network, WEIGHTS)
    length_path, lengths = _first(network, LENGTHS)
    if weights is not None:
        yield from _weights(network, path, weights)
    if lengths is not None:
        yield from _lengths(network, length_path, lengths, weights)


def _weights(network: "Network", path: str, weights: Any) -> Iterator[Problem]:
    negative = int((weights.data < 0).sum())
    if negative:
        yield Problem(path, f"{negative:,} weights are negative")
    from scipy.sparse.csgraph import connected_components

    there = sp.csr_array(weights != 0)
    alone = np.flatnonzero((there.sum(axis=0) + there.sum(axis=1)) == 0)
    if len(alone):
        yield Problem(path, f"{len(alone)} regions are connected to nothing: {_named(network, alone)}")
    parts, which = connected_components(there, directed=False)
    if parts - len(alone) > 1:
        sizes = np.bincount(which)
        largest = sorted((int(size) for size in sizes if size > 1), reverse=True)
        yield Problem(
            path, f"the network falls into {len(largest)} parts of {', '.join(map(str, largest[:5]))} regions"
        )


def _lengths(network: "Network", path: str, lengths: Any, weights: Any) -> Iterator[Problem]:
    dense = lengths.toarray()
    with np.errstate(invalid="ignore"):
        gap = np.abs(dense - dense.T)
        different = np.argwhere(np.triu(gap > _TOLERANCE * np.maximum(np.abs(dense), np.abs(dense.T))))
    if len(different):
        largest = float(np.nanmax(gap))
        yield Problem(
            path,
            f"the lengths of {len(different):,} pairs differ by direction, {_pair(network, different)}, "
            f"by up to {largest:.4g}: a tract is as long both ways",
        )
    negative = np.argwhere(dense < 0)
    if len(negative):
        yield Problem(path, f"{len(negative):,} lengths are negative, {_pair(network, negative)}")
    if weights is not None and weights.shape == dense.shape:
        connected = weights.toarray() > 0
        own = int((np.diag(connected) & (np.diag(dense) == 0)).sum())
        without = np.argwhere(connected & (dense == 0) & ~np.eye(len(dense), dtype=bool))
        if len(without):
            yield Problem(
                path, f"{len(without):,} connections have no length, {_pair(network, without)}: they act without delay"
            )
        if own:
            yield Problem(path, f"{own} regions are connected to themselves without a length: that acts without delay")
    positions = network.nodes.positions
    if positions is None:
        return
    unit = network.matrices[path.removeprefix("matrices.")].unit
    straight = np.linalg.norm(positions[:, None] - positions[None], axis=2) * _mm(network.distance_unit)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (dense * _mm(unit or network.distance_unit) / straight)[(dense > 0) & (straight > 0)]
    ratio = ratio[np.isfinite(ratio)]
    if len(ratio) and not 0.5 <= float(np.median(ratio)) <= 5:
        yield Problem(
            path,
            f"half of the tracts are {np.median(ratio):.3g} times as long as the straight line between their regions: "
            "expected 1 to 3; perhaps lengths and positions are in different units, or in another order",
        )


def _mm(unit: str | None) -> float:
    try:
        return in_mm(unit)
    except ValueError:
        return 1.0


def _nodes(network: "Network") -> Iterator[Problem]:
    labels, positions = network.nodes.labels, network.nodes.positions
    if network.nodes.has_labels:
        unique, counts = np.unique(labels, return_counts=True)
        twice = unique[counts > 1].tolist()
        if twice:
            yield Problem("nodes.labels", f"{len(twice)} labels stand for several nodes: {', '.join(twice[:_SHOWN])}")
    right = network.nodes.columns.get("hemisphere")
    if right is not None and not are_truths(right):
        yield Problem(
            "nodes.columns.hemisphere",
            f"it has dtype {right.dtype} and does not tell the sides: expected booleans, True for the right",
        )
        right = None
    right = None if right is None or right.ndim != 1 else right.astype(bool)
    told = hemispheres_from_labels(labels) if network.nodes.has_labels and len(labels) else None
    if right is not None and told is not None and (right != told).any():
        rows = np.flatnonzero(right != told)
        yield Problem(
            "nodes.columns.hemisphere", f"{len(rows)} nodes have another side in their labels: {_named(network, rows)}"
        )
    if positions is None or not len(positions):
        return
    missing = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(missing):
        yield Problem("nodes.positions", f"{len(missing)} nodes have no place: {_named(network, missing)}")
    if network.mesh is None:
        _, first, counts = np.unique(positions, axis=0, return_index=True, return_counts=True)
        shared = first[counts > 1]
        if len(shared):
            count = int(counts[counts > 1].sum())
            message = f"{count} nodes share their place with others, such as {_named(network, shared)}"
            yield Problem("nodes.positions", message)
    yield from _places(network, positions, right, told)


def _places(network: "Network", positions: Array, mask: Array | None, told: Array | None) -> Iterator[Problem]:
    finite = positions[np.isfinite(positions).all(axis=1)] * _mm(network.distance_unit)
    if len(finite) > 2:
        extent = float(np.ptp(finite, axis=0).max())
        if network.nodes.default_label != "sensor" and not _SMALLEST <= extent <= _LARGEST:
            yield Problem(
                "nodes.positions",
                f"the nodes extend over {extent:.3g} mm: expected about 100 to 200 for a human brain; perhaps the unit "
                f"is not {network.distance_unit or 'mm'}",
            )
    labels = network.nodes.labels if network.nodes.has_labels else None
    right = told if mask is None else mask
    if right is None or not (right.any() and (~right).any()):
        return
    evidence = detect_frame(positions, right=mask, labels=labels)
    if evidence.assumed:
        yield Problem("nodes.positions", f"left and right do not lie apart: {evidence.reason}")
        return
    across = to_ras(positions, evidence.frame)[:, 0]
    middle = np.nanmean(across[right]) / 2 + np.nanmean(across[~right]) / 2
    spread = np.nanmax(across) - np.nanmin(across)
    # What lies near the mid-plane may lie a little beyond.
    wrong = np.flatnonzero(np.where(right, middle - across, across - middle) > _FEW * spread)
    if len(wrong):
        yield Problem("nodes.positions", f"{len(wrong)} nodes lie on the other side: {_named(network, wrong)}")
    if evidence.frame != "ALS" and network.mesh is None:
        yield Problem(
            "nodes.positions",
            f"the axes point {evidence.frame}, those of TVB's own brain ALS (x to the front, y to the left, z up): "
            f"nothing was turned. {evidence.reason}",
        )


def _mapping(network: "Network") -> Iterator[Problem]:
    regions = network.node_mapping_data
    if regions is None:
        return
    regions = regions[: network.number_of_nodes]
    unmapped = int((regions < 0).sum())
    if unmapped:
        yield Problem("node_mapping_data", f"{unmapped:,} of {len(regions):,} vertices belong to no region")
    if not network.has_parent_network:
        return
    parent = network.parent()
    there = np.zeros(parent.number_of_nodes, dtype=bool)
    there[regions[(regions >= 0) & (regions < len(there))]] = True
    cortical = parent.nodes.columns.get("cortical")
    known = cortical is not None and cortical.shape == there.shape and are_truths(cortical)
    expected = cortical.astype(bool) if cortical is not None and known else np.ones_like(there)
    empty = np.flatnonzero(expected & ~there)
    if len(empty):
        yield Problem("node_mapping_data", f"{len(empty)} regions have no vertex: {_named(parent, empty)}")
