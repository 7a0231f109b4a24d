"""Columns of nodes that stand in a sidecar which nobody had to read yet."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tvbo.model.arrays import Array
from tvbo.model.nodes import NodeTable


class LaterNodes:
    """
    Nodes that are read when one of their columns is touched.

    Parameters
    ----------
    read : callable
        Reads them.
    """

    def __init__(self, read: Callable[[], NodeTable]) -> None:
        self._read = read
        self._table: NodeTable | None = None

    def values(self, name: str) -> Array:
        """
        Give a column.

        Parameters
        ----------
        name : str
            As `NodeTable.held` names it.

        Returns
        -------
        array
            Its values.
        """
        if self._table is None:
            self._table = self._read()
        return np.asarray(self._table.held()[name])


class LaterColumn:
    """
    A column of nodes that is read when it is touched.

    Parameters
    ----------
    nodes : LaterNodes
        The nodes.
    name : str
        As `NodeTable.held` names it.
    shape : tuple of int
        Its shape.
    dtype : numpy.dtype
        Its element type.
    """

    def __init__(self, nodes: LaterNodes, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._nodes, self._name = nodes, name
        self.shape, self.dtype = shape, dtype
        self.size = math.prod(shape)

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        values = self._nodes.values(self._name)
        return values if dtype is None else values.astype(dtype, copy=False)

    def __reduce__(self) -> Any:
        # What is copied or sent away does not take the sidecar along.
        return np.asarray, (np.asarray(self),)


def can_wait(spec: Mapping[str, Any]) -> bool:
    """
    Tell whether enough is known of nodes to read them later.

    Parameters
    ----------
    spec : mapping
        What the companion says of them.

    Returns
    -------
    bool
        True for nodes as they are mostly saved.
    """
    return "labels" in spec and spec.get("has_labels") is not False
