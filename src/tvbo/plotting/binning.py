"""Matrices with more entries than a page has dots: the mean of each block, never the whole as a dense array."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp

Array = npt.NDArray[Any]

# A heatmap has about 500 dots on a screen and twice as many in print: finer cells would be skipped, not drawn.
MOST_CELLS = 600


class Binned(NamedTuple):
    """
    A matrix as it can be shown.

    Attributes
    ----------
    values : array, shape (n_cells_down, n_cells_across), float64
        The mean of the finite entries of each cell, zeros included; NaN where there is none.
    rows, columns : int
        How many rows and columns of the matrix a cell holds; the last cells may hold fewer.
    """

    values: Array
    rows: int
    columns: int


def as_real(values: npt.ArrayLike) -> Array:
    """
    Give numbers that have a colour.

    Parameters
    ----------
    values : array_like
        Numbers of any kind.

    Returns
    -------
    array, same shape, float64
        The values; of complex ones the magnitude.
    """
    given = np.asarray(values)
    real: Array = np.abs(given) if given.dtype.kind == "c" else given
    return real.astype(np.float64, copy=False)


def as_triplets(values: Any) -> tuple[Array, Array, Array]:
    """
    List the stored entries of a sparse matrix.

    Parameters
    ----------
    values : sparse matrix, shape (n, m)
        Of any layout; entries stored twice are added up, as they count.

    Returns
    -------
    tuple of array, shape (nnz,)
        Rows and columns, int64, and the entries, float64.
    """
    entries = sp.coo_array(sp.csr_array(sp.coo_array(values)))
    rows, columns = (np.asarray(index, dtype=np.int64) for index in entries.coords)
    return rows, columns, as_real(entries.data)


def binned(values: Any, most: int = MOST_CELLS) -> Binned:
    """
    Average a matrix over blocks, if it is too large to be shown entry by entry.

    Parameters
    ----------
    values : array or sparse matrix, shape (n, m)
        The matrix; a large sparse one is never made dense.
    most : int
        How many cells to make along an axis at most; up to twice as many entries are left as they are.

    Returns
    -------
    Binned
        The cells, and how large they are.
    """
    n, m = values.shape
    rows, columns = (1 if size <= 2 * most else -(-size // most) for size in (n, m))
    if rows == columns == 1:
        sparse = bool(sp.issparse(values))
        return Binned(as_real(values.toarray() if sparse else values), 1, 1)
    means = _sparse_means if sp.issparse(values) else _dense_means
    return Binned(means(values, rows, columns), rows, columns)


def _sparse_means(values: Any, rows: int, columns: int) -> Array:
    n, m = values.shape
    height, width = (np.diff(np.append(np.arange(0, size, step), size)) for size, step in ((n, rows), (m, columns)))
    row, column, data = as_triplets(values)
    cell = row // rows * len(width) + column // columns
    finite = np.isfinite(data)
    lost = np.bincount(cell[~finite], minlength=len(height) * len(width))
    entries = np.outer(height, width).ravel() - lost
    # Divided before they are added: a sum may be beyond float64 where the mean is not.
    means = np.bincount(cell[finite], data[finite] / entries[cell[finite]], minlength=len(entries))
    return np.where(entries > 0, means, np.nan).reshape(len(height), len(width))


def _dense_means(values: Any, rows: int, columns: int) -> Array:
    starts = np.arange(0, values.shape[1], columns)
    # One band of rows at a time is float64, not the matrix.
    bands = range(0, values.shape[0], rows)
    means = np.empty((len(bands), len(starts)))
    for i, first in enumerate(bands):
        band = as_real(values[first : first + rows])
        finite = np.isfinite(band)
        entries = np.add.reduceat(finite.sum(axis=0), starts)
        share = np.where(finite, band, 0.0) / (rows * columns)
        total = np.add.reduceat(share.sum(axis=0), starts)
        means[i] = np.where(entries > 0, total * (rows * columns / np.maximum(entries, 1)), np.nan)
    return means
