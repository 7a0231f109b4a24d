"""What is measured: matrices of every kind that brain networks have, and sparse connectomes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

CLASSES = {
    "W": "weights: symmetric log-normal, 30 % zeros",
    "L": "tract lengths: distances with detours, 30 % zeros",
    "C": "streamline counts: whole numbers, 30 % zeros",
    "F": "weights that were once float32",
    "FC": "correlations of time series, no zeros",
    "R": "uniform random numbers",
    "sp90": "weights, 90 % zeros",
}


def _symmetric(values: Array) -> Array:
    """Mirror the upper triangle, block by block, so that little memory is used."""
    step = 512
    for start in range(0, len(values), step):
        rows = slice(start, start + step)
        square = np.triu(values[rows, rows])
        values[rows, rows] = square + np.triu(square, 1).T
        values[start + step :, rows] = values[rows, start + step :].T
    return values


def weights(n: int, rng: np.random.Generator, zeros: float = 0.3) -> Array:
    """Give connection strengths, shape (n, n)."""
    values = rng.lognormal(0.0, 2.0, (n, n))
    values[rng.random((n, n)) < zeros] = 0.0
    return _symmetric(values)


def lengths(n: int, rng: np.random.Generator, zeros: float = 0.3) -> Array:
    """Give tract lengths, shape (n, n) [mm]."""
    places = rng.normal(0.0, 40.0, (n, 3))
    square = (places**2).sum(1)
    values = np.sqrt(np.maximum(square[:, None] + square[None] - 2 * places @ places.T, 0.0))
    values *= rng.uniform(1.0, 1.6, (n, n))
    values[rng.random((n, n)) < zeros] = 0.0
    return _symmetric(values)


def matrix(kind: str, n: int) -> Array:
    """Give a matrix of one class, shape (n, n), float64."""
    rng = np.random.default_rng(20261101)
    if kind == "L":
        return lengths(n, rng)
    if kind == "C":
        return np.floor(weights(n, rng))
    if kind == "F":
        return weights(n, rng, 0.1).astype(np.float32).astype(np.float64)
    if kind == "FC":
        series = rng.normal(size=(n, 300)) + 0.7 * rng.normal(size=(n, 20)) @ rng.normal(size=(20, 300))
        return np.corrcoef(series)
    if kind == "R":
        return rng.random((n, n))
    return weights(n, rng, 0.9 if kind == "sp90" else 0.3)


def sparse(nodes: int, each: int, first: int = 0, rows: int | None = None) -> Any:
    """Give a sparse connectome in which every node has so many edges, or some rows of it."""
    rng = np.random.default_rng((nodes, each, first))
    count = nodes if rows is None else rows
    # Sorted, and each once.
    indices = np.sort(rng.integers(0, nodes - each + 1, (count, each), dtype=np.int32), axis=1)
    indices += np.arange(each, dtype=np.int32)
    values = rng.lognormal(size=count * each)
    starts = np.arange(0, count * each + 1, each, dtype=np.int32)
    import scipy.sparse as sp

    return sp.csr_array((values, indices.reshape(-1), starts), shape=(count, nodes))


def arrays_of(network: Any) -> dict[str, Array]:
    """Give all arrays of a network, read if they were not."""
    found: dict[str, Array] = {}
    for name in network.matrix_names:
        _take(found, name, network.matrix(name, format=None))
    if network.mesh is not None:
        for name in network.mesh.arrays:
            _take(found, f"mesh/{name}", network.mesh.arrays[name])
    if network.has_node_mapping:
        _take(found, "mapping", network.node_mapping_data)
    _take(found, "extra", network.extra)
    return found


def _take(found: dict[str, Array], name: str, value: Any) -> None:
    if hasattr(value, "indptr"):
        for part in ("data", "indices", "indptr"):
            found[f"{name}/{part}"] = getattr(value, part)
    elif hasattr(value, "dtype") and hasattr(value, "shape"):
        found[name] = np.asarray(value)
    elif isinstance(value, Mapping):
        for key in value:
            _take(found, f"{name}/{key}", value[key])
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _take(found, f"{name}/{index}", each)
