"""
Sparse matrices of scipy and arrays of numpy: a square one is the matrix ``weight``, row = target, column = source.

The way back is ``network.matrix(name, format="csr")``.
"""

from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.errors import ShapeError
from tvbo.model.matrices import edge_matrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

__all__ = ["from_object", "takes"]


def takes(obj: object) -> bool:
    """
    Tell whether an object is a matrix.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for sparse matrices and arrays of numpy.
    """
    return isinstance(obj, np.ndarray) or bool(sp.issparse(obj))


def from_object(values: Any, *, matrix: str = "weight", labels: Any = None, positions: Any = None) -> Network:
    """
    Take a matrix.

    Parameters
    ----------
    values : sparse matrix or array, shape (n, n)
        Row = target, column = source. Held, not copied.
    matrix : str
        What it is to be called.
    labels : sequence of str, shape (n,), optional
        Names of the nodes.
    positions : array_like, shape (n, 3), optional [mm]
        Where they are.

    Returns
    -------
    Network
        The network, as `Network.from_matrix` makes it.

    Raises
    ------
    ShapeError
        If it is not square.
    """
    if len(values.shape) != 2 or values.shape[0] != values.shape[1]:
        raise ShapeError(
            f"the matrix has shape {tuple(values.shape)}: expected a square one; for a rectangular one make a network "
            "of its rows, and give net.set_matrix(name, values, column_labels=...)"
        )
    network = Network(NodeTable(labels, positions, size=int(values.shape[0])))
    network.matrices[matrix] = edge_matrix(matrix, values, unit="mm" if matrix == "length" else None)
    return network
