"""Sparse matrices in a companion, read when they are touched, and row by row where they are stored so."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tvbo.errors import CompanionError
from tvbo.storage.sparse import Array, sparse_from_parts
from tvbo.storage.stored import StoredArray


@dataclass(frozen=True, slots=True)
class StoredSparse:
    """
    A sparse matrix in a companion, read when it is touched.

    Attributes
    ----------
    format : str
        The scipy name of its layout.
    kind : str
        ``matrix`` or ``array``, scipy's two families.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type.
    parts : dict of str to StoredArray
        The arrays that make it up.
    source : str
        The layout in which the parts are stored; ``coo`` may hold a ``csc`` column by column.
    """

    format: str
    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: dict[str, StoredArray]
    source: str

    @property
    def nnz(self) -> int:
        """How many entries are stored."""
        return self.parts["data"].size

    def __getitem__(self, key: Any) -> Any:
        """
        Read some rows.

        Parameters
        ----------
        key : int, slice, or a pair with what is wanted of the columns
            As scipy takes it. Of a matrix that is stored row by row, only these rows are read; of others, everything.

        Returns
        -------
        sparse matrix
            What the whole matrix would give.

        Raises
        ------
        CompanionError
            If its arrays do not make up a matrix.
        """
        rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
        one = isinstance(rows, (int, np.integer)) and not isinstance(rows, (bool, np.bool_))
        if self.source != "csr" or not (one or (isinstance(rows, slice) and rows.step in (None, 1))):
            return self.load()[key]
        if one and not -self.shape[0] <= rows < self.shape[0]:
            raise IndexError(f"row {rows} asked for, of {self.shape[0]}")
        low, high, _ = (slice(rows % self.shape[0], rows % self.shape[0] + 1) if one else rows).indices(self.shape[0])
        found = self._rows(low, max(low, high))
        return found[0 if one else slice(None), columns]

    def _rows(self, low: int, high: int) -> Any:
        first = self.parts["indptr"]
        try:
            if first.shape != (self.shape[0] + 1,):
                raise ValueError(f"indptr must have {self.shape[0] + 1} entries")
            ends = first[low : high + 1]
            begin, end = int(ends[0]), int(ends[-1])
            if not 0 <= begin <= end <= self.nnz:
                raise ValueError(f"indptr leads from {begin} to {end}, of {self.nnz} entries")
            parts = {name: self.parts[name][begin:end] for name in ("indices", "data")}
            return sparse_from_parts("csr", self.kind, (high - low, self.shape[1]), {"indptr": ends - begin, **parts})
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            raise CompanionError(f"{first.path}: {first.dataset} is no csr matrix: {error}") from error

    def load(self) -> Any:
        """
        Read the matrix.

        Returns
        -------
        sparse matrix
            Exactly as it was saved: nothing sorted, summed or dropped.

        Raises
        ------
        CompanionError
            If its arrays do not make up a matrix.
        """
        parts = {name: np.asarray(part) for name, part in self.parts.items()}
        try:
            if self.format == "csc" and self.source == "coo":
                parts = _columns_from_pairs(parts, self.shape)
            return sparse_from_parts(self.format, self.kind, self.shape, parts)
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            first = next(iter(self.parts.values()))
            raise CompanionError(f"{first.path}: {first.dataset} is no {self.format} matrix: {error}") from error


def _columns_from_pairs(parts: dict[str, Array], shape: tuple[int, ...]) -> dict[str, Array]:
    """Make csc of what was stored column by column as coo."""
    columns = parts["col"]
    if columns.ndim != 1:
        raise ValueError(f"col has {columns.ndim} axes: expected 1")
    if not len(columns) == len(parts["row"]) == len(parts["data"]):
        raise ValueError(f"{len(parts['row'])} rows, {len(columns)} columns and {len(parts['data'])} values")
    if columns.size and (columns.dtype.kind not in "iu" or columns.min() < 0 or columns.max() >= shape[1]):
        raise ValueError(f"column indices must lie between 0 and {shape[1] - 1}")
    if (columns[1:] < columns[:-1]).any():
        raise ValueError("column indices must not decrease")
    counts = np.bincount(columns, minlength=shape[1])
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(parts["row"].dtype)
    return {"indptr": indptr, "indices": parts["row"], "data": parts["data"]}
