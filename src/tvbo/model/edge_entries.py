"""The entries of matrices as columns of a table, and matrices of such columns."""

from typing import Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.model.arrays import Array, is_sparse
from tvbo.model.plain import Leaf, shaped, whole_sparse
from tvbo.storage.sparse import sparse_parts


def entries(values: Any) -> tuple[Array, Array]:
    """
    List the entries of a matrix.

    Parameters
    ----------
    values : array or sparse matrix, shape (n, n)
        The matrix.

    Returns
    -------
    keys : array, shape (n_entries,), int64
        n times the column plus the row, which are source and target, in order.
    data : array, shape (n_entries,)
        The entries: those that a sparse matrix stores, added up where it has several, and the numbers of a dense one
        whose bits are not those of zero.
    """
    n = int(values.shape[0])
    if is_sparse(values):
        stored = values.copy().tocoo()
        stored.sum_duplicates()
        rows, columns, data = stored.row.astype(np.int64), stored.col.astype(np.int64), stored.data
    else:
        rows, columns = np.nonzero(has_bits(values))
        data = values[rows, columns]
    keys = columns * n + rows
    # scipy takes it that entries of the layout dok are in order, which they need not be.
    order = np.argsort(keys)
    return keys[order], np.asarray(data)[order]


def has_bits(values: Array) -> Array:
    """
    Tell which numbers are other than zero in any bit.

    Parameters
    ----------
    values : array
        The numbers.

    Returns
    -------
    array of bool
        True for -0.0 too.
    """
    raw = np.ascontiguousarray(values).view(np.uint8)
    return np.asarray(raw.reshape((*values.shape, values.dtype.itemsize)).any(axis=-1))


def looked_up(union: Array, keys: Array, data: Array) -> Array:
    """
    Give the entries of a matrix at places where some may lack.

    Parameters
    ----------
    union : array of int64
        The places, in order.
    keys, data : array
        As `entries` gives them.

    Returns
    -------
    array
        0 where there is none.
    """
    found = np.zeros(len(union), data.dtype.newbyteorder("="))
    place = np.searchsorted(union, keys)
    # An undirected graph lacks the other half.
    there = place < len(union)
    there[there] = union[place[there]] == keys[there]
    found[place[there]] = data[there]
    return found


def is_plain(values: Array) -> bool:
    """
    Tell whether values have a form in Python that is as exact.

    Parameters
    ----------
    values : array
        The values.

    Returns
    -------
    bool
        False for long doubles, bytes, and dates.
    """
    kind, size = values.dtype.kind, values.dtype.itemsize
    return kind in "biuU" or (kind == "f" and size <= 8) or (kind == "c" and size <= 16)


def is_plain_nan(values: Array) -> bool:
    """
    Tell whether all NaN are the usual one, which is what a text says.

    Parameters
    ----------
    values : array
        The values.

    Returns
    -------
    bool
        True if there is none.
    """
    if values.dtype.kind not in "fc":
        return True
    parts = [values.real, values.imag] if values.dtype.kind == "c" else [values]
    for part in parts:
        own = part.astype(part.dtype.newbyteorder("="))
        bits = own[np.isnan(own)].view(f"u{own.dtype.itemsize}")
        if (bits != np.array(np.nan, own.dtype).view(bits.dtype)).any():
            return False
    return True


def is_symmetric(values: Any) -> bool:
    """
    Tell whether a matrix is its own mirror image, to the bit.

    Parameters
    ----------
    values : array or sparse matrix, shape (n, n)
        The matrix.

    Returns
    -------
    bool
        Whether it is.
    """
    (keys, data), (mirrored, other) = entries(values), entries(values.T)
    return np.array_equal(keys, mirrored) and data.tobytes() == other.tobytes()


def is_same_sparse(first: Any, second: Any) -> bool:
    """
    Tell whether two sparse matrices are made up of the same arrays.

    Parameters
    ----------
    first, second : sparse matrix
        The two, of one layout.

    Returns
    -------
    bool
        Whether they are.
    """
    one, two = sparse_parts(first), sparse_parts(second)
    return all(
        each.dtype == two[name].dtype and each.shape == two[name].shape and each.tobytes() == two[name].tobytes()
        for name, each in one.items()
    )


def rebuilt(leaf: Leaf, data: Array, sources: Array, targets: Array, n: int) -> Any:
    """
    Make a matrix of entries.

    Parameters
    ----------
    leaf : mapping
        Its ``dtype``, and its memory order, or its ``layout``, ``kind`` and ``index`` if it is sparse.
    data, sources, targets : array, shape (n_edges,)
        The entries, and where they are.
    n : int
        How many rows and columns it has.

    Returns
    -------
    array or sparse matrix, shape (n, n)
        The matrix; a sparse one has no entries of zero.
    """
    if "layout" in leaf:
        keep = has_bits(data)
        stored: Any = sp.coo_array((data[keep], (targets[keep], sources[keep])), shape=(n, n))
        if leaf["layout"] == "coo":
            # scipy's own order of entries, as far as it has one.
            stored = stored.tocsr().tocoo()
        return whole_sparse(stored, leaf)
    values = np.zeros((n, n), data.dtype)
    values[targets, sources] = data
    return shaped(values, {**leaf, "shape": [n, n]})


def say_the_same(first: Any, second: Any) -> bool:
    """
    Tell whether two sparse matrices have the same numbers.

    Parameters
    ----------
    first, second : sparse matrix
        The two.

    Returns
    -------
    bool
        Whether they have; how they store them does not count.
    """
    found = []
    for each in (first, second):
        keys, data = entries(each)
        there = data != 0
        found.append((keys[there], data[there]))
    (keys, data), (others, values) = found
    return np.array_equal(keys, others) and np.array_equal(data, values, equal_nan=data.dtype.kind in "fc")


def column_of(values: list[Any]) -> Array | None:
    """
    Make a column of what Python holds.

    Parameters
    ----------
    values : list of object
        The values.

    Returns
    -------
    array or None
        Of bool, integers, floats, complex numbers or text; None if they are something else, or of several kinds.
    """
    kinds = {type(each) for each in values}
    if not kinds <= {bool, int, float, complex, str} or (str in kinds and len(kinds) > 1):
        return None
    if kinds == {int} and max(values) >= 2**63 and min(values) >= 0:
        return np.array(values, np.uint64) if max(values) < 2**64 else None
    try:
        array = np.array(values)
    except OverflowError:
        return None
    return array if array.dtype.kind in "biufcU" and array.ndim == 1 else None
