"""
The bits of arrays, some rows at a time: a digest of one, and what differs between two.

So an array that lies on disk and is larger than memory is digested and compared all the same.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tvbo.model.arrays import Array, is_loaded
from tvbo.storage.order import order_of

# Rows of about this many bytes are looked at together.
_BAND_BYTES = 1 << 24
# What a file holds of up to this many bytes is read whole.
_AT_ONCE = 1 << 26


def is_large(values: Any) -> bool:
    """
    Tell whether an array lies elsewhere and is better read in parts.

    Parameters
    ----------
    values : array or lazy array
        What is held.

    Returns
    -------
    bool
        False for what is in memory, sparse, or small.
    """
    if is_loaded(values) or not hasattr(values, "__array__"):
        return False
    return bool(values.shape) and np.prod(values.shape, dtype=float) * values.dtype.itemsize > _AT_ONCE


def bands(values: Any) -> Iterator[Array]:
    """
    Give an array some rows at a time.

    Parameters
    ----------
    values : array or lazy array
        The array.

    Yields
    ------
    array
        Consecutive rows, C-contiguous; the array itself if it has no axes.
    """
    if hasattr(values, "blocks_of_rows"):
        yield from map(np.ascontiguousarray, values.blocks_of_rows())
        return
    if not values.shape or not values.shape[0]:
        yield np.asarray(values)
        return
    row = int(np.prod(values.shape[1:], dtype=np.int64)) * values.dtype.itemsize
    step = max(1, _BAND_BYTES // max(row, 1))
    for start in range(0, values.shape[0], step):
        yield np.ascontiguousarray(values[start : start + step])


def digest_of_array(values: Any) -> bytes:
    """
    Hash an array with its dtype, shape and memory order.

    Parameters
    ----------
    values : array or lazy array
        The array.

    Returns
    -------
    bytes
        A SHA-256.
    """
    order = order_of(values) if isinstance(values, np.ndarray) else getattr(values, "order", "C")
    state = hashlib.sha256(f"array{tuple(values.shape)}{values.dtype.str}{order}".encode())
    # A long double has no buffer that others understand.
    plain = values.dtype.kind in "biufc" and values.dtype.char not in "gG"
    for band in bands(values):
        state.update(band.data if plain else band.tobytes())
    return state.digest()


def deviation(first: Any, second: Any, seen: Callable[[int], None] = lambda count: None) -> str:
    """
    Say how much two arrays of one shape and dtype differ.

    Parameters
    ----------
    first, second : array or lazy array
        The two.
    seen : callable, optional
        Is told of how many bytes each time.

    Returns
    -------
    str
        Empty if all bits are the same; else the number of entries that differ, and by how much at most.
    """
    changed, size, largest = 0, 0, None
    for a, b in _pairs(first, second):
        size += a.size
        seen(a.nbytes)
        raw_a, raw_b = (np.frombuffer(each.tobytes(), np.uint8) for each in (a, b))
        if np.array_equal(raw_a, raw_b):
            continue
        width = max(a.dtype.itemsize, 1)
        changed += int((raw_a.reshape(-1, width) != raw_b.reshape(-1, width)).any(axis=1).sum())
        if a.dtype.kind in "iufc":
            with np.errstate(all="ignore"):
                gap = np.abs(np.subtract(a, b, dtype=np.result_type(a.dtype, np.float64)))
            finite = gap[np.isfinite(gap)]
            if finite.size:
                largest = max(float(finite.max()), largest or 0.0)
    if not changed:
        return ""
    return f"{changed} of {size} entries" + ("" if largest is None else f", largest deviation {largest:.3g}")


def _pairs(first: Any, second: Any) -> Iterator[tuple[Array, Array]]:
    """Give rows of two arrays side by side, however each comes in blocks."""
    left, right = bands(first), bands(second)
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        if not a.ndim:
            yield a, b
            return
        count = min(len(a), len(b))
        yield a[:count], b[:count]
        # An array without rows comes in one empty band.
        a = a[count:] if len(a) > count else next(left, None)
        b = b[count:] if len(b) > count else next(right, None)
