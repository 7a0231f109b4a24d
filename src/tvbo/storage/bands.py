"""
Bands: some rows of an array, about a mebibyte, that are compressed, checked and read together.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from tvbo.storage.sparse import Array

# Rows of matrices are read by the hundred, single values of a vector by the thousand: its bands are smaller.
BAND_BYTES, VECTOR_BYTES = 1 << 20, 1 << 18
# A checksum for each band is kept in an attribute, which holds 64 KiB.
_MOST = 8192
# What a reader must hold at once.
_CHUNK_BYTES = 1 << 24


def band_rows(shape: tuple[int, ...], width: int) -> int:
    """
    Tell how many rows of an array make up a band.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    width : int
        Bytes of an element.

    Returns
    -------
    int
        Bands are of nearly equal length, so that the last is not mostly padding.
    """
    length, size = shape[0], math.prod(shape) * width
    if not size:
        return 1
    wanted = max(BAND_BYTES if len(shape) > 1 else VECTOR_BYTES, -(-size // _MOST))
    rows = -(-length // min(length, max(1, size // wanted)))
    most = max(1, _CHUNK_BYTES * length // size)
    # Of what is too much for one chunk, a band holds whole ones.
    return rows if rows <= most else min(length, -(-rows // most) * most)


def together(nbytes: int) -> int:
    """
    Tell how many bands are handed to a thread at once: those of vectors are small.

    Parameters
    ----------
    nbytes : int
        Bytes of a band.

    Returns
    -------
    int
        At least one.
    """
    return max(1, BAND_BYTES // max(1, nbytes))


def chunk_of(shape: tuple[int, ...], width: int) -> tuple[int, ...]:
    """
    Tell how an array is cut into chunks.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array.
    width : int
        Bytes of an element.

    Returns
    -------
    tuple of int
        A band; if one row is very large, a part of it.
    """
    chunk = [band_rows(shape, width), *shape[1:]]
    for axis in range(len(chunk)):
        rest = math.prod(chunk[axis + 1 :]) * width
        chunk[axis] = max(1, min(chunk[axis], _CHUNK_BYTES // max(rest, 1)))
    return tuple(chunk)


def recut(blocks: Iterable[Array], rows: int) -> Iterator[Array]:
    """
    Cut blocks of rows anew.

    Parameters
    ----------
    blocks : iterable of array
        Consecutive rows, any number in each.
    rows : int
        How many rows each is to have.

    Yields
    ------
    array
        As many rows as that; the last may have fewer.
    """
    held: list[Array] = []
    count = 0
    for block in blocks:
        while len(block):
            part, block = block[: rows - count], block[rows - count :]
            held.append(part)
            count += len(part)
            if count == rows:
                yield held[0] if len(held) == 1 else np.concatenate(held)
                held, count = [], 0
    if held:
        yield held[0] if len(held) == 1 else np.concatenate(held)
