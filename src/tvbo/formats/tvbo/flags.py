"""What the sidecar says of a matrix for other readers, found by looking at its values."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tvbo.model.arrays import Array, is_loaded, is_sparse
from tvbo.model.blocks import RowBlocks, SparseRowBlocks
from tvbo.storage.pool import Beside, workers
from tvbo.storage.stored import AbsentArray

# Rows and columns that are compared with their mirror image at once: they stay in the processor's cache.
_TILE = 128
# Entries of a sparse matrix up to which it is compared with its mirror image, which takes several times its memory.
_COMPARED = 10_000_000
# Bytes above which looking takes longer than beginning a thread.
_BESIDE_FROM = 1 << 23
# Bytes from which a matrix that lies elsewhere is not read into memory to be saved.
LARGE = 1 << 26


def flags_found(values: Any, beside: Beside) -> Callable[[], dict[str, bool]]:
    """
    Begin to look at a matrix in memory: a large one beside whatever comes next.

    Parameters
    ----------
    values : array or sparse matrix
        The matrix.
    beside : Beside
        Where: one after the other, since comparing a sparse matrix takes several times its memory.

    Returns
    -------
    callable
        Gives what `flags_of` does.
    """
    nbytes = values.dtype.itemsize * (values.nnz if is_sparse(values) else values.size)
    if nbytes > _BESIDE_FROM and workers() > 1:
        return beside.begin(functools.partial(flags_of, values))
    found = flags_of(values)
    return lambda: found


def flags_of(values: Any) -> dict[str, bool]:
    """
    Look at a matrix in memory.

    Parameters
    ----------
    values : array or sparse matrix
        The matrix.

    Returns
    -------
    dict of str to bool
        ``weighted``, ``valid_diagonal``, ``non_negative`` and ``directed``.
    """
    data = _entries(values) if is_sparse(values) else values
    square = values.shape[0] == values.shape[1]
    return {
        "weighted": data.dtype.kind != "b",
        "valid_diagonal": bool(square and np.any(values.diagonal() != 0)),
        "non_negative": not _any_negative(data),
        "directed": not square or _is_directed(values),
    }


def _entries(matrix: Any) -> Array:
    entries: Array = matrix.data if matrix.format in ("csr", "csc", "coo", "bsr") else matrix.tocoo().data
    return entries


def _any_negative(data: Array) -> bool:
    if data.dtype.kind not in "if":
        return False
    step = max(1, (1 << 20) // max(1, data[:1].nbytes)) if data.ndim else 1
    return any(_has_negative(data[start : start + step]) for start in range(0, len(data), step))


def _has_negative(part: Array) -> bool:
    if not part.size:
        return False
    with np.errstate(invalid="ignore"):
        # Found in half the time of a comparison; NaN is not below zero, and hides what is.
        least = part.min()
        return bool(least < 0 if least == least else np.any(part < 0))


def _is_directed(values: Any) -> bool:
    if is_sparse(values):
        if 0 in values.shape:
            return False
        if values.nnz > _COMPARED:
            return True
        rows = values.tocsr()
        return bool((rows != rows.T).nnz)
    size = len(values)
    for low in range(0, size, _TILE):
        for left in range(0, low + 1, _TILE):
            tile = values[low : low + _TILE, left : left + _TILE]
            if np.any(tile != values[left : left + _TILE, low : low + _TILE].T):
                return True
    return False


class WatchedEntries:
    """
    Flags of a sparse matrix that is never in memory whole, found while its entries are written.

    It is said to be directed, and to have a diagonal: neither can be told from its entries alone.

    Parameters
    ----------
    values : sparse matrix, or a lazy stand-in for one
        The matrix.
    """

    def __init__(self, values: Any) -> None:
        self._square = values.shape[0] == values.shape[1]
        self._weighted = values.dtype.kind != "b"
        self._negative = False

    def __call__(self, first: int, band: Array) -> None:
        self._negative = self._negative or _any_negative(band)

    def flags(self) -> dict[str, bool]:
        """
        Give the flags, once every band was seen.

        Returns
        -------
        dict of str to bool
            As `flags_of` gives them.
        """
        return {
            "weighted": self._weighted,
            "valid_diagonal": self._square,
            "non_negative": not self._negative,
            "directed": True,
        }


class WatchedRows(WatchedEntries):
    """
    Flags of a dense matrix that is never in memory whole, found while its rows are written.

    It is said to be directed: whether it is cannot be told from its rows alone.

    Parameters
    ----------
    values : lazy array
        The matrix.
    """

    def __init__(self, values: Any) -> None:
        super().__init__(values)
        self._diagonal = False

    def __call__(self, first: int, band: Array) -> None:
        super().__call__(first, band)
        if self._square and not self._diagonal:
            rows = np.arange(len(band))
            self._diagonal = bool(np.any(band[rows, first + rows] != 0))

    def flags(self) -> dict[str, bool]:
        """
        Give the flags, once every band was seen.

        Returns
        -------
        dict of str to bool
            As `flags_of` gives them.
        """
        return super().flags() | {"valid_diagonal": self._diagonal}


def is_streamed(values: Any) -> bool:
    """
    Tell whether a matrix is written without being read into memory.

    Parameters
    ----------
    values : array, sparse matrix or lazy stand-in
        As the network holds it.

    Returns
    -------
    bool
        True for a large one that is not in memory, and for one that comes in blocks.
    """
    if isinstance(values, (RowBlocks, SparseRowBlocks)):
        return True
    if isinstance(values, AbsentArray) or (is_loaded(values) and not isinstance(values, np.memmap)):
        return False
    parts = getattr(values, "parts", {"values": values}).values()
    size: int = sum(math.prod(part.shape) * part.dtype.itemsize for part in parts)
    return size > LARGE
