"""Networks of arrays that others named: which of them are the weights, the lengths, the names and the places."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tvbo.errors import ShapeError, UnknownFormatError, warn
from tvbo.model.arrays import Array, is_sparse
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

# What is what in files of others, whatever the case; the first that is there is taken. ``CIJ`` is the habit of the
# Brain Connectivity Toolbox.
WEIGHTS = ("weight", "weights", "sc", "w", "cij", "connectivity", "connectome", "conn", "adjacency", "adj", "matrix")
LENGTHS = ("length", "lengths", "tract_lengths", "tract_length", "distance", "distances", "dist", "fiber_length")
LABELS = ("labels", "label", "region_labels", "names", "regions", "roi_labels", "nodes")
POSITIONS = ("positions", "centres", "centers", "coords", "coordinates", "xyz", "pos")


def network_of_arrays(found: Mapping[str, Any], where: object, variable: str | None = None) -> Network:
    """
    Make a network of arrays by their names.

    Parameters
    ----------
    found : mapping of str to array or sparse matrix
        The arrays.
    where : object
        What holds them, for messages.
    variable : str, optional
        The one that is the weights, where its name does not tell.

    Returns
    -------
    Network
        Square arrays of its size are matrices, and what has a row for each node is a column. Rows are targets, as they
        stand. What fits nowhere is left out with a warning.

    Raises
    ------
    UnknownFormatError
        If it cannot be told which are the weights.
    ShapeError
        If labels or positions are of another number of nodes.
    """
    square = [name for name, each in found.items() if _is_square(each)]
    weights = variable if variable is not None else _first(found, WEIGHTS, square)
    if variable is None and weights is None and _first(found, LENGTHS, square) is None and len(square) == 1:
        weights = square[0]
    lengths = _first({name: each for name, each in found.items() if name != weights}, LENGTHS, square)
    chief = weights if weights is not None else lengths
    if chief is None or chief not in square:
        raise UnknownFormatError(
            f"{where} holds {', '.join(found)[:200] or 'nothing'}: expected a square array called "
            f"{', '.join(WEIGHTS[:4])}, ...; give variable= for another name"
        )
    n = int(found[chief].shape[0])
    named, placed = _first(found, LABELS, [*found]), _first(found, POSITIONS, [*found])
    labels = None if named is None else _labels(found[named], n, f"{where}: {named}")
    positions = None if placed is None else _positions(found[placed], n, f"{where}: {placed}")
    network = Network(NodeTable(labels, positions, size=n, default_label="region"))
    if weights is not None:
        network.matrices["weight"] = EdgeMatrix(found[weights])
    if lengths is not None:
        network.matrices["length"] = EdgeMatrix(found[lengths], "mm")
    left = []
    for name in [each for each in found if each not in (weights, lengths, named, placed)]:
        if not _take(network, name, found[name]):
            left.append(name)
    if left:
        warn(f"{where}: {', '.join(left)[:200]} fit no node and no edge, and are left out")
    return network


def _take(network: Network, name: str, values: Any) -> bool:
    """Take an array as a matrix or a column, if it is one and the name is free."""
    n = network.number_of_nodes
    numeric = _is_numeric(values)
    if numeric and values.shape == (n, n) and not any(name.startswith(f"{other}/") for other in network.matrices):
        if name not in (*network.matrices, "weights", "lengths", "tract_lengths"):
            network.matrices[name] = EdgeMatrix(values)
            return True
        return False
    if not numeric or is_sparse(values) or not values.ndim:
        return False
    array: Array = np.asarray(values)
    if array.ndim == 2 and 1 in array.shape and array.size == n:
        array = array.reshape(-1)
    if len(array) == n:
        network.nodes.columns[name] = array
        return True
    return False


def _is_numeric(values: Any) -> bool:
    return getattr(getattr(values, "dtype", None), "kind", "") in tuple("biufc")


def _is_square(values: Any) -> bool:
    shape: tuple[int, ...] = getattr(values, "shape", ())
    return _is_numeric(values) and len(shape) == 2 and shape[0] == shape[1]


def _first(found: Mapping[str, Any], spellings: tuple[str, ...], among: list[str]) -> str | None:
    lower = {name.lower(): name for name in reversed(list(found)) if name in among}
    return next((lower[each] for each in spellings if each in lower), None)


def _labels(values: Any, n: int, where: str) -> Array:
    flat = np.asarray(values).reshape(-1)
    if flat.dtype.kind == "O":
        # Cells of MATLAB, each a text.
        texts = [np.asarray(each).reshape(-1) for each in flat.tolist()]
        single = all(each.dtype.kind in "US" and each.size <= 1 for each in texts)
        flat = np.array([str(each[0]) if each.size else "" for each in texts], dtype=str) if single else flat[:0]
    elif flat.dtype.kind == "S":
        flat = np.char.decode(flat, "utf-8")
    else:
        flat = flat.astype(str)
    if len(flat) != n:
        raise ShapeError(f"{where} holds {len(flat)} names, and there are {n} nodes: expected one for each")
    # MATLAB fills the rows of a table of characters with blanks.
    return np.char.rstrip(flat) if np.asarray(values).dtype.kind == "U" else flat


def _positions(values: Any, n: int, where: str) -> Array:
    array = np.asarray(values)
    if array.shape == (3, n) and n != 3:
        array = array.T
    if array.shape != (n, 3) or array.dtype.kind not in "iuf":
        raise ShapeError(f"{where} has shape {array.shape}: expected ({n}, 3) numbers")
    return array
