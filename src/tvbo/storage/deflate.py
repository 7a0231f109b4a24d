"""
The gzip and shuffle filters of HDF5, at the speed of the machine.

What is written are ordinary zlib streams, which every HDF5 reader inflates. ISA-L and libdeflate write and read them
several times faster than zlib; where one is missing, zlib does its work. All of it runs outside Python's lock.
"""

import importlib
import itertools
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from tvbo.errors import CorruptionError
from tvbo.storage.sparse import Array


def _found(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_isal, _libdeflate = _found("isal.isal_zlib"), _found("deflate")
# What the decoders of `decoder` raise.
DECODER_ERRORS: tuple[type[Exception], ...] = (zlib.error,) if _isal is None else (zlib.error, _isal.error)
# Up to here one stream of everything is as dense as one for each byte of an element.
SMALL = 1 << 17
_FAST_LEVEL = 1
# Of its four levels the second is as fast as the first, and 1 to 2 % denser.
_ISAL_LEVEL = 2
_SAMPLE, _SAMPLES = 1 << 16, 4
_PART, _LEAST = 64, 1 << 11
# Entropy of a byte, estimated from 4,096 of them, above which deflate gains nothing; for random ones it is 7.955.
_NOISE, _ENTROPY_SAMPLE = 7.9, 4096
# What a stored block of deflate can hold.
_BLOCK = 0xFFFF


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How the chunks of one array are compressed.

    Attributes
    ----------
    shuffle : bool
        Whether bytes of equal weight are put together first.
    level : int
        Level of deflate; 0 stores.
    planes : tuple of bool
        For each byte of an element, whether it is noise and better stored; empty for one stream of everything.
    """

    shuffle: bool
    level: int
    planes: tuple[bool, ...] = ()

    def pack(self, chunk: Array) -> bytes:
        """
        Compress a chunk.

        Parameters
        ----------
        chunk : array
            C-contiguous.

        Returns
        -------
        bytes
            A zlib stream.
        """
        data = shuffled(chunk) if self.shuffle else chunk.reshape(-1).view(np.uint8)
        if self.planes:
            return _pack_planes(data, self.planes)
        if self.level == _FAST_LEVEL and _isal is not None:
            packed: bytes = _isal.compress(data, _ISAL_LEVEL)
            return packed
        return _compress(data, self.level)


def recipe_for(data: Array, level: int | None) -> Recipe:
    """
    Choose how to compress an array, on samples of it.

    Shuffling makes numbers of full mantissa smaller, and those with many zeros larger.

    Parameters
    ----------
    data : array, shape (n,)
        The elements, or some that stand for all.
    level : int or None
        Level of deflate; None for the fastest that compresses as well as gzip's default.

    Returns
    -------
    Recipe
        The one whose samples came out smaller.
    """
    fast = level is None and data.nbytes > SMALL
    wanted = _FAST_LEVEL if level is None else level
    width = data.dtype.itemsize
    if width < 2 or not wanted:
        return Recipe(False, wanted)
    # Of a small array a part of it: looking must not take as long as compressing.
    count = max(1, min(_SAMPLE // width, max(data.size // _PART, min(_LEAST // width, data.size))))
    starts = sorted({(data.size - count) * index // (_SAMPLES - 1) for index in range(_SAMPLES)})
    samples = [np.ascontiguousarray(data[start : start + count]) for start in starts]
    if count * width < _SAMPLE:
        # Beginning a stream takes as long as the few bytes of a small sample.
        samples = [np.concatenate(samples)]
    planes = _noise(samples) if fast and _isal is not None else ()
    raw, mixed = Recipe(False, _FAST_LEVEL), Recipe(True, _FAST_LEVEL, planes)
    before = sum(len(raw.pack(sample)) for sample in samples)
    after = sum(len(mixed.pack(sample)) for sample in samples)
    # Shuffling costs time, so that it has to be worth it.
    return Recipe(True, wanted, planes) if after < 0.98 * before else Recipe(False, wanted)


def _noise(samples: list[Array]) -> tuple[bool, ...]:
    """Tell for each byte of an element whether it is noise."""
    rows = np.concatenate([sample.view(np.uint8).reshape(len(sample), -1) for sample in samples])
    step = max(1, len(rows) // _ENTROPY_SAMPLE)
    found = []
    for column in rows[::step][:_ENTROPY_SAMPLE].T:
        shares = np.bincount(column, minlength=256) / len(column)
        shares = shares[shares > 0]
        found.append(bool(-(shares * np.log2(shares)).sum() > _NOISE))
    return tuple(found)


def _pack_planes(data: Array, planes: tuple[bool, ...]) -> bytes:
    """Give each byte plane a Huffman table of its own, or store it; any inflate reads the result as one stream."""
    size = data.size // len(planes)
    view = data.data
    parts: list[Any] = [b"\x78\x01"]
    end = 0
    for noise, run in itertools.groupby(planes):
        start, end = end, end + size * len(list(run))
        if noise:
            for low in range(start, end, _BLOCK):
                block = view[low : min(end, low + _BLOCK)]
                parts += [struct.pack("<BHH", low + len(block) == len(view), len(block), len(block) ^ _BLOCK), block]
            continue
        for low in range(start, end, size):
            plane = view[low : low + size]
            if low + size == len(view):
                parts.append(_isal.compress(plane, _ISAL_LEVEL, -15))
            else:
                stream = _isal.compressobj(_ISAL_LEVEL, _isal.DEFLATED, -15)
                parts += [stream.compress(plane), stream.flush(_isal.Z_SYNC_FLUSH)]
    parts.append(struct.pack(">I", _isal.adler32(view)))
    return b"".join(parts)


def _compress(data: Array, level: int) -> bytes:
    if _libdeflate is not None:
        return bytes(_libdeflate.zlib_compress(data, level))
    return zlib.compress(data.data, level)


def buffer_of(data: Array) -> Any:
    """
    Give the bytes of an array without copying them.

    Parameters
    ----------
    data : array
        C-contiguous.

    Returns
    -------
    bytes-like
        Its bytes.
    """
    return data.reshape(-1).view(np.uint8).data if data.size else b""


def crc32(data: Array) -> int:
    """
    Give the CRC-32 of an array's bytes.

    Parameters
    ----------
    data : array
        C-contiguous.

    Returns
    -------
    int
        As `zlib.crc32` gives it.
    """
    raw = buffer_of(data)
    return int(_libdeflate.crc32(raw) if _libdeflate is not None else zlib.crc32(raw))


def shuffled(chunk: Array) -> Array:
    """
    Put bytes of equal weight together, as HDF5's shuffle filter does.

    Parameters
    ----------
    chunk : array
        C-contiguous.

    Returns
    -------
    array, shape (chunk.nbytes,), uint8
        All first bytes, then all second ones, ...
    """
    width = chunk.dtype.itemsize
    rows = chunk.reshape(-1).view(np.uint8).reshape(-1, width)
    out = np.empty((width, len(rows)), np.uint8)
    # In one call, which lets go of Python's lock once.
    np.copyto(out, rows.T)
    return out.reshape(-1)


def unshuffle(raw: Any, out: Array) -> None:
    """
    Undo `shuffled`.

    Parameters
    ----------
    raw : bytes-like
        As many bytes as the array has.
    out : array
        C-contiguous; filled.
    """
    width = out.dtype.itemsize
    planes = np.frombuffer(raw, np.uint8).reshape(width, -1)
    if width == 8:
        # Two bytes at a time: half as many passes over the memory.
        halves = out.reshape(-1).view(np.uint16).reshape(-1, 4)
        for index in range(4):
            both = planes[2 * index + 1].astype(np.uint16)
            both <<= 8
            both |= planes[2 * index]
            halves[:, index] = both if _LITTLE else both.byteswap()
        return
    rows = out.reshape(-1).view(np.uint8).reshape(-1, width)
    for index in range(width):
        rows[:, index] = planes[index]


_LITTLE = bool(np.array([1], np.uint16).view(np.uint8)[0])


def decoder() -> Any:
    """
    Make a decoder of deflate without a header, as members of zip archives are.

    Returns
    -------
    object
        Used as what `zlib.decompressobj` gives; it may raise any of `DECODER_ERRORS`.
    """
    return (zlib if _isal is None else _isal).decompressobj(-zlib.MAX_WBITS)


def inflate(raw: Any, size: int, where: str) -> Any:
    """
    Inflate a zlib stream of known size.

    Parameters
    ----------
    raw : bytes-like
        The stream.
    size : int
        How much it must give; it is never asked for more.
    where : str
        What it is, for messages.

    Returns
    -------
    bytes or bytearray
        As many as that.

    Raises
    ------
    CorruptionError
        If it gives more or less, or its checksum differs.
    """
    if _libdeflate is None:
        return _inflate_slowly(raw, size, where)
    try:
        found = _libdeflate.zlib_decompress(raw, size)
    except (_libdeflate.DeflateError, ValueError) as error:
        raise CorruptionError(f"{where} is damaged: it does not inflate to {size:,} bytes") from error
    if len(found) != size:
        raise CorruptionError(f"{where} is damaged: it does not inflate to {size:,} bytes")
    return found


def _inflate_slowly(raw: Any, size: int, where: str) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(raw, size + 1)
        # The checksum at the end is looked at when more is asked for.
        found += stream.decompress(stream.unconsumed_tail, 1) if not stream.eof and len(found) <= size else b""
    except zlib.error as error:
        raise CorruptionError(f"{where} is damaged: {error}") from error
    if not stream.eof or len(found) != size:
        raise CorruptionError(f"{where} is damaged: it does not inflate to {size:,} bytes")
    return found
