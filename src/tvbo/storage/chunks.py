"""
The numbers of a dataset, decoded here and checked.

libhdf5 gives whatever lay in memory when a compressed chunk holds less than its shape says. So a chunk is fetched as
it is stored, inflated to exactly its size, and compared with its checksum.
"""

import hashlib
import math
import zlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5z

from tvbo.errors import CorruptionError, UnsafeFileError
from tvbo.storage.sparse import Array
from tvbo.storage.structure import FILTERS

DIGEST, CHECKSUMS, CHECKED_ROWS = "sha256", "crc32", "crc32_rows"
# Rows of about this many bytes are compressed, checked and read together.
BAND_BYTES = 1 << 20


def band_rows(length: int, size: int) -> int:
    """
    Tell how many rows of an array belong together.

    Parameters
    ----------
    length : int
        How many rows the array has.
    size : int
        How many bytes.

    Returns
    -------
    int
        Rows of about a mebibyte.
    """
    if not size:
        return 1
    return max(1, min(length, BAND_BYTES * length // size))


def checksums(data: Array, rows: int) -> Array:
    """
    Give a checksum for each band of rows.

    Parameters
    ----------
    data : array, shape (n, ...)
        In C order.
    rows : int
        Rows of a band.

    Returns
    -------
    array, shape (ceil(n / rows),), uint32
        CRC-32 of the bytes of each band.
    """
    bands = (data[start : start + rows] for start in range(0, len(data), rows))
    return np.array([zlib.crc32(_bytes(band)) for band in bands], dtype=np.uint32)


def _bytes(data: Array) -> Any:
    return np.ascontiguousarray(data).reshape(-1).view(np.uint8).data if data.size else b""


class StoredBands:
    """
    A dataset as bands of rows.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        The dataset.
    where : str
        The file and its place in it, for messages.

    Raises
    ------
    UnsafeFileError
        If it needs a filter that only a plug-in has.
    CorruptionError
        If less is stored than its shape says.
    """

    def __init__(self, dataset: Any, where: str) -> None:
        self.dataset, self.where = dataset, where
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        plan = dataset.get_create_plist()
        self.chunks: tuple[int, ...] | None = plan.get_chunk() if plan.get_layout() == h5d.CHUNKED else None
        self.filters = _filters(plan)
        if set(self.filters) - FILTERS:
            raise UnsafeFileError(
                f"{where} is compressed by a filter that is not read (number {max(set(self.filters) - FILTERS)}): "
                "expected gzip, shuffle or fletcher32"
            )
        self.size = math.prod(self.shape) * self.dtype.itemsize
        if self.chunks is None and dataset.get_storage_size() < self.size:
            raise CorruptionError(f"{where} holds {dataset.get_storage_size():,} of {self.size:,} bytes")

    @staticmethod
    def can_read(dataset: Any) -> bool:
        """
        Tell whether every chunk is there, and in a form that is read here.

        Parameters
        ----------
        dataset : h5py.h5d.DatasetID
            A dataset in chunks.

        Returns
        -------
        bool
            False for other filters, and for what was never written.
        """
        plan = dataset.get_create_plist()
        wanted = math.prod(-(-size // step) for size, step in zip(dataset.shape, plan.get_chunk(), strict=True))
        return FILTERS.issuperset(_filters(plan)) and dataset.get_num_chunks() == wanted

    def whole(self, digest: str | None) -> Array:
        """
        Read all of it.

        Parameters
        ----------
        digest : str or None
            Its SHA-256; not checked without one.

        Returns
        -------
        array
            The numbers as stored.

        Raises
        ------
        CorruptionError
            If they cannot be decoded, or are not those that were saved.
        """
        if self.chunks is None:
            values = np.empty(self.shape, self.dtype)
            if self.size:
                self.dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
        elif self.chunks == self.shape:
            values = self._chunk((0,) * len(self.shape))
        else:
            values = np.empty(self.shape, self.dtype)
            for start in range(0, self.shape[0], self.chunks[0]):
                self._fill(values[start : start + self.chunks[0]], start)
        if digest is not None and hashlib.sha256(_bytes(values)).hexdigest() != digest:
            raise CorruptionError(
                f"{self.where} is damaged: its numbers are not those that were saved (SHA-256 differs); "
                "verify=False reads them as they are"
            )
        return values

    def bands(self, start: int, stop: int, rows: int, sums: Array | None) -> Iterator[tuple[int, Array]]:
        """
        Read the bands that cover some rows.

        Parameters
        ----------
        start, stop : int
            The rows.
        rows : int
            Rows of a band, those of a chunk where there are chunks.
        sums : array or None
            The checksum of each band; not checked without.

        Yields
        ------
        first : int
            Its first row.
        values : array
            Its rows as stored.

        Raises
        ------
        CorruptionError
            If they cannot be decoded, or are not those that were saved.
        """
        for band in range(start // rows, -(-stop // rows)):
            first = band * rows
            values = np.empty((min(rows, self.shape[0] - first), *self.shape[1:]), self.dtype)
            if self.chunks is not None:
                self._fill(values, first)
            else:
                space = self.dataset.get_space()
                space.select_hyperslab((first, *(0 for _ in self.shape[1:])), values.shape)
                self.dataset.read(h5py.h5s.create_simple(values.shape), space, values)
            if sums is not None and (band >= len(sums) or zlib.crc32(_bytes(values)) != int(sums[band])):
                last = first + len(values) - 1
                raise CorruptionError(
                    f"{self.where} is damaged in rows {first} to {last}: its numbers are not those that were saved"
                )
            yield first, values

    def _fill(self, values: Array, first: int) -> None:
        """Fill a band with its chunks; chunks of other writers may be smaller than its rows."""
        assert self.chunks is not None
        tiles = [range(0, size, step) for size, step in zip(self.shape[1:], self.chunks[1:], strict=True)]
        for rest in np.ndindex(*(len(tile) for tile in tiles)):
            corner = (first, *(tile[index] for tile, index in zip(tiles, rest, strict=True)))
            chunk = self._chunk(corner)
            inside = tuple(slice(low, low + step) for low, step in zip((0, *corner[1:]), self.chunks, strict=True))
            target = values[inside]
            target[...] = chunk[tuple(slice(0, size) for size in target.shape)]

    def _chunk(self, corner: tuple[int, ...]) -> Array:
        assert self.chunks is not None
        size = math.prod(self.chunks) * self.dtype.itemsize
        where = f"{self.where}: the chunk at {corner}"
        try:
            info = self.dataset.get_chunk_info_by_coord(corner)
        except (OSError, RuntimeError, ValueError) as error:
            raise CorruptionError(f"{where} is missing: {error}") from error
        if info.byte_offset is None or info.filter_mask:
            raise CorruptionError(f"{where} is missing, or was stored without its filters")
        # The most that deflate makes of it, and a checksum.
        if info.size > size + size // 1000 + 64:
            raise CorruptionError(f"{where} claims {info.size:,} bytes for {size:,}")
        try:
            _, raw = self.dataset.read_direct_chunk(corner)
        except (OSError, RuntimeError, ValueError) as error:
            raise CorruptionError(f"{where} cannot be read: {error}") from error
        for code in reversed(self.filters):
            if code == h5z.FILTER_FLETCHER32:
                raw = _without_fletcher(raw, where)
            elif code == h5z.FILTER_DEFLATE:
                raw = inflate(raw, size, where)
            elif len(raw) == size and self.dtype.itemsize > 1:
                raw = np.frombuffer(raw, np.uint8).reshape(self.dtype.itemsize, -1).T.tobytes()
        if len(raw) != size:
            raise CorruptionError(f"{where} holds {len(raw):,} of {size:,} bytes")
        return np.frombuffer(bytearray(raw) if self.chunks == self.shape else raw, self.dtype).reshape(self.chunks)


def _filters(plan: Any) -> list[int]:
    return [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]


def inflate(raw: bytes, size: int, where: str) -> bytes:
    """
    Inflate a zlib stream of known size.

    Parameters
    ----------
    raw : bytes
        The stream.
    size : int
        How much it must give; it is never asked for more.
    where : str
        What it is, for messages.

    Returns
    -------
    bytes
        As many as that.

    Raises
    ------
    CorruptionError
        If it gives more or less, or its checksum differs.
    """
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(raw, size + 1)
        # The checksum at the end is looked at when more is asked for.
        found += stream.decompress(stream.unconsumed_tail, 1) if not stream.eof and len(found) <= size else b""
    except zlib.error as error:
        raise CorruptionError(f"{where} is damaged: {error}") from error
    if not stream.eof or len(found) != size or stream.unused_data:
        raise CorruptionError(f"{where} is damaged: it does not inflate to {size:,} bytes")
    return found


def _without_fletcher(raw: bytes, where: str) -> bytes:
    """Check and take off the checksum of the fletcher32 filter."""
    body, said = raw[:-4], int.from_bytes(raw[-4:], "little")
    words = np.frombuffer(body[: len(body) // 2 * 2], ">u2").astype(np.uint64)
    if len(body) % 2:
        words = np.append(words, np.uint64(body[-1] << 8))
    low = high = 0
    for start in range(0, len(words), 1 << 20):
        part = words[start : start + (1 << 20)]
        weights = np.arange(len(part), 0, -1, dtype=np.uint64)
        high = (high + low * len(part) + int((part * weights % np.uint64(65535)).sum())) % 65535
        low = (low + int(part.sum())) % 65535
    # Both sums are ones' complement: 0 and 65535 are the same number.
    if (said & 0xFFFF) % 65535 != low or (said >> 16) % 65535 != high:
        raise CorruptionError(f"{where} is damaged: its fletcher32 checksum differs")
    return body
