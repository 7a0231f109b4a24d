"""
Connectivity objects of mne-connectivity, and the matrices of a network.

There, ``[i, j]`` is the connection from node i to node j; here rows are targets, so that matrices are transposed. A
measure without direction is computed there for the lower triangle alone; here it is mirrored, and undirected.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tvbo._optional import require
from tvbo.errors import MatrixNotFoundError, UnsupportedObjectError
from tvbo.model.arrays import Array
from tvbo.model.matrices import WEIGHTS, EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

_HEADS = {"frequency": ("Hz", "freqs"), "time": ("s", "times")}


def from_connectivity(obj: Any) -> Network:
    """
    Take a connectivity object.

    Parameters
    ----------
    obj : mne_connectivity.Connectivity, SpectralConnectivity, TemporalConnectivity or SpectroTemporalConnectivity
        The connectivity.

    Returns
    -------
    Network
        A matrix for each frequency and time, called by the measure; where it is at is in the ``extra`` of the matrix.

    Raises
    ------
    UnsupportedObjectError
        If it has epochs, or connects several nodes at once.
    """
    kind = type(obj).__name__
    if kind.startswith("Epoch"):
        raise UnsupportedObjectError(f"{kind} has a matrix for every epoch: average them first, as obj.combine() does")
    data = np.asarray(obj.get_data("dense" if obj.indices != "symmetric" else "raveled"))
    if obj.indices == "symmetric" or data.shape[:2] != (obj.n_nodes, obj.n_nodes):
        data = _unravelled(obj)
    names = [str(name) for name in obj.names]
    method = str(obj.method or "connectivity").replace("/", " ")
    network = Network(NodeTable(names if names else None, size=int(obj.n_nodes)), descriptor="FC")
    for where, matrix in _slices(obj, data):
        turned, directed = _turned(matrix)
        name = " ".join([method, *(f"{value:g} {_HEADS[what][0]}" for what, value in where.items())])
        extra = {"method": method, **where, **({} if directed else {"mirrored": True})}
        network.matrices[name] = EdgeMatrix(turned, directed=directed, extra=extra)
    return network


def _unravelled(obj: Any) -> Array:
    """Lay what is stored for pairs of nodes into matrices."""
    flat = np.asarray(obj.get_data("raveled"))
    n = int(obj.n_nodes)
    places: list[Array]
    if not isinstance(obj.indices, str):
        places = [np.asarray(each) for each in obj.indices]
    elif obj.indices == "symmetric":
        # The lower triangle, row by row, with the diagonal.
        places = list(np.tril_indices(n))
    else:
        places = list(np.indices((n, n)).reshape(2, -1))
    if any(each.dtype == object or each.ndim != 1 for each in places):
        raise UnsupportedObjectError("a connection joins several nodes at once: a matrix has a place for pairs only")
    dense = np.zeros((n, n, *flat.shape[1:]), flat.dtype)
    dense[places[0], places[1]] = flat
    return dense


def _slices(obj: Any, data: Array) -> Iterator[tuple[dict[str, float], Array]]:
    """Give each matrix of an object, and the frequency and the time that it is at."""
    axes = [("frequency", obj.freqs)] if hasattr(obj, "freqs") else []
    axes += [("time", obj.times)] if hasattr(obj, "times") else []
    for index in np.ndindex(data.shape[2:]):
        where = {name: float(values[place]) for (name, values), place in zip(axes, index, strict=True)}
        yield where, data[(..., *index)] if index else data


def _turned(matrix: Array) -> tuple[Array, bool]:
    """Give a matrix with targets as rows; mirrored if only its lower triangle is filled."""
    n = len(matrix)
    above = matrix[np.triu_indices(n, k=1)]
    below = matrix[np.tril_indices(n, k=-1)]
    if n > 1 and not above.any() and below.any():
        full = matrix + np.tril(matrix, k=-1).T
        return np.ascontiguousarray(full), False
    return np.ascontiguousarray(matrix.T), True


def to_connectivity(network: Network, matrix: str | None = None) -> Any:
    """
    Give matrices as a connectivity object.

    Parameters
    ----------
    network : Network
        The network.
    matrix : str, optional
        Which matrix; all that are at frequencies or times unless given, else the only one, else the weights.

    Returns
    -------
    mne_connectivity.Connectivity, SpectralConnectivity, TemporalConnectivity or SpectroTemporalConnectivity
        The connectivity, from node i to node j as that package has it.

    Raises
    ------
    MatrixNotFoundError
        If it is not clear which matrix is meant.
    """
    package = require("mne_connectivity", extra="mne", purpose="give a connectivity of mne-connectivity")
    square = {name: each for name, each in network.matrices.items() if each.shape[0] == each.shape[1]}
    placed = {name: each for name, each in square.items() if _HEADS.keys() & each.extra.keys()}
    if matrix is not None:
        chosen = {matrix: network.matrices[matrix]}
    elif placed:
        chosen = placed
    elif len(square) == 1:
        chosen = square
    elif not square.keys().isdisjoint(WEIGHTS):
        name = network.matrices.first_of([each for each in WEIGHTS if each in square])
        chosen = {name: square[name]}
    else:
        raise MatrixNotFoundError(
            f"the network has the matrices {', '.join(network.matrices) or 'none'}: say which is meant by matrix="
        )
    first = next(iter(chosen.values()))
    values = {name: _given(network.matrix(name), each) for name, each in chosen.items()}
    common = {
        "n_nodes": network.number_of_nodes,
        "names": network.nodes.labels.tolist(),
        "indices": "all",
        "method": first.extra.get("method", next(iter(chosen))),
    }
    axes = [what for what in _HEADS if all(what in each.extra for each in chosen.values())]
    points = {what: sorted({float(each.extra[what]) for each in chosen.values()}) for what in axes}
    data = np.zeros((network.number_of_nodes**2, *map(len, points.values())), np.result_type(*values.values()))
    for name, each in chosen.items():
        place: tuple[Any, ...] = tuple(points[what].index(float(each.extra[what])) for what in axes)
        data[(slice(None), *place)] = values[name].ravel()
    kind = {
        (): package.Connectivity,
        ("frequency",): package.SpectralConnectivity,
        ("time",): package.TemporalConnectivity,
        ("frequency", "time"): package.SpectroTemporalConnectivity,
    }[tuple(axes)]
    return kind(data, **common, **{_HEADS[what][1]: points[what] for what in axes})


def _given(values: Array, matrix: EdgeMatrix) -> Array:
    return np.tril(values) if matrix.extra.get("mirrored") else values.T
