"""One matrix of one network of a cohort: read by rows, with its regions in the order of the cohort."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tvbo.cohort.items import Item
from tvbo.errors import ShapeError
from tvbo.model.arrays import Array, is_loaded, is_sparse
from tvbo.model.matrices import LENGTHS, WEIGHTS, EdgeMatrix
from tvbo.model.network import Network
from tvbo.storage.virtual import Planes


@dataclass(frozen=True, slots=True)
class Reopened:
    """
    A matrix whose format reads all at once: its file is read anew whenever rows are wanted, so that none is kept.

    Attributes
    ----------
    item : Item
        The network.
    name : str
        The matrix.
    shape : tuple of int
        Its shape.
    dtype : numpy.dtype
        Its element type.
    """

    item: Item
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __getitem__(self, key: Any) -> Any:
        values = matrix_of(self.item.open(), self.name).load()
        if values.shape != self.shape or values.dtype != self.dtype:
            raise ShapeError(f"{self.item.path}: {self.name} has changed since the cohort was opened: open it again")
        return (values.tocsr() if is_sparse(values) else values)[key]


@dataclass(frozen=True, slots=True)
class Listed:
    """
    A matrix that a file over many lists; its companion is opened, and checked, when rows are wanted.

    Attributes
    ----------
    planes : Planes
        The file over many.
    number : int
        Which plane it is.
    """

    planes: Planes
    number: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.planes.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type."""
        return self.planes.dtype

    def __getitem__(self, key: Any) -> Any:
        return self.planes.plane(self.number)[key]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """
    One matrix, seen with the regions of its cohort.

    Attributes
    ----------
    values : lazy array, lazy sparse matrix
        The matrix as it lies on disk.
    rows, columns : array of int, or None
        For each region of the cohort the row, or the column, that it is; -1 for one that is missing. None if they are
        the same.
    """

    values: Any
    rows: Array | None = None
    columns: Array | None = None

    def read(self, rows: range, columns: range, dtype: "np.dtype[Any]") -> Array:
        """
        Read a part; only rows that are wanted are read, as far as the file tells them apart.

        Parameters
        ----------
        rows, columns : range
            Regions of the cohort.
        dtype : numpy.dtype
            Element type wanted, which can hold NaN if regions are missing.

        Returns
        -------
        array, shape (len(rows), len(columns))
            The numbers; NaN where a region is missing.
        """
        down = np.asarray(rows, np.intp) if self.rows is None else self.rows[np.asarray(rows, np.intp)]
        across = np.asarray(columns, np.intp) if self.columns is None else self.columns[np.asarray(columns, np.intp)]
        there, here = down >= 0, across >= 0
        if there.all() and here.all():
            return self._taken(down)[:, _as_slice(across)].astype(dtype, copy=False)
        found = np.full((len(down), len(across)), np.nan, dtype)
        found[np.ix_(there, here)] = self._taken(down[there])[:, across[here]]
        return found

    def _taken(self, wanted: Array) -> Array:
        """Read rows in any order: those that lie close together at once."""
        if not len(wanted):
            return np.empty((0, *self.values.shape[1:]), self.values.dtype)
        plain = _as_slice(wanted)
        if isinstance(plain, slice):
            return _dense(self.values[plain])
        ordered, places = np.unique(wanted, return_inverse=True)
        gap = max(1, int(getattr(self.values, "rows_together", 1)))
        runs = np.split(ordered, np.flatnonzero(np.diff(ordered) > gap) + 1)
        parts = [_dense(self.values[int(run[0]) : int(run[-1]) + 1])[run - run[0]] for run in runs]
        return np.concatenate(parts)[places]


def _as_slice(index: Array) -> "Array | slice":
    if len(index) and index[-1] - index[0] == len(index) - 1 and (np.diff(index) == 1).all():
        return slice(int(index[0]), int(index[-1]) + 1)
    return index


def _dense(values: Any) -> Array:
    return np.asarray(values.toarray() if is_sparse(values) else values)


def matrix_of(network: Network, name: str) -> EdgeMatrix:
    """
    Give a matrix by its name, or by another spelling of it.

    Parameters
    ----------
    network : Network
        The network.
    name : str
        The name; ``weight`` also stands for ``weights``, and ``length`` for ``tract_lengths``.

    Returns
    -------
    EdgeMatrix
        The matrix.

    Raises
    ------
    MatrixNotFoundError
        If there is none.
    """
    if name not in network.matrices:
        for spellings in (WEIGHTS, LENGTHS):
            if name in spellings:
                return network.matrices[network.matrices.first_of(spellings)]
    return network.matrices[name]


def later(item: Item, network: Network, name: str) -> Any:
    """
    Give the matrix of a network as something that keeps no numbers in memory.

    Parameters
    ----------
    item : Item
        Where the network was found.
    network : Network
        The network.
    name : str
        The matrix.

    Returns
    -------
    lazy array or lazy sparse matrix
        It can be sliced by rows, and sent to another process.
    """
    values = matrix_of(network, name).values
    if not is_loaded(values) and hasattr(values, "__getitem__"):
        return values
    return Reopened(item, name, tuple(values.shape), values.dtype)
