"""
The numbers of a dataset, decoded here and checked.

libhdf5 gives whatever lay in memory when a compressed chunk holds less than its shape says. So a chunk is fetched as
it is stored, inflated to exactly its size, and compared with its checksum.
"""

import functools
import hashlib
import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5d, h5t, h5z

from tvbo.errors import CorruptionError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.deflate import buffer_of, crc32, inflate, unshuffle
from tvbo.storage.sparse import Array
from tvbo.storage.structure import FILTERS

DIGEST, CHECKSUMS, CHECKED_ROWS = "sha256", "crc32", "crc32_rows"


class StoredChunk(NamedTuple):
    """
    Where a chunk lies.

    Attributes
    ----------
    offset : int
        Its first byte in the file.
    size : int
        How many bytes it takes there.
    mask : int
        A bit for each filter that was left out.
    """

    offset: int
    size: int
    mask: int


class StoredChunks:
    """
    The chunks of a dataset, decoded one by one.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        The dataset.
    where : str
        The file and its place in it, for messages.
    itemsize : int
        Bytes of an element, as it is stored.
    limits : Limits
        How many chunks there may be.

    Raises
    ------
    UnsafeFileError
        If they need a filter that only a plug-in has.
    """

    def __init__(self, dataset: Any, where: str, itemsize: int, limits: Limits) -> None:
        self.dataset, self.where, self.itemsize, self.limits = dataset, where, itemsize, limits
        plan = dataset.get_create_plist()
        self.shape: tuple[int, ...] = plan.get_chunk()
        self.size = math.prod(self.shape) * itemsize
        self.filters = filters_of(plan)
        if set(self.filters) - FILTERS:
            raise UnsafeFileError(
                f"{where} is compressed by a filter that is not read (number {max(set(self.filters) - FILTERS)}): "
                "expected gzip, shuffle or fletcher32"
            )

    @functools.cached_property
    def index(self) -> dict[tuple[int, ...], StoredChunk]:
        """Every chunk that was written, by its corner; looked for one at a time, each would go through all of them."""
        return chunk_index(self.dataset, self.where, self.limits)

    def decoded(self, corner: tuple[int, ...]) -> bytes | None:
        """
        Read a chunk.

        Parameters
        ----------
        corner : tuple of int
            Its first element.

        Returns
        -------
        bytes or None
            All of its elements, also those beyond the edge; None if it was never written.

        Raises
        ------
        CorruptionError
            If it cannot be decoded.
        """
        there = self.index.get(corner)
        if there is None:
            return None
        size = self.size
        # The most that deflate makes of it, and a checksum.
        if there.size > size + size // 1000 + 64:
            raise CorruptionError(f"{self._at(corner)} claims {there.size:,} bytes for {size:,}")
        try:
            _, raw = self.dataset.read_direct_chunk(corner)
        except (OSError, RuntimeError, ValueError) as error:
            raise CorruptionError(f"{self._at(corner)} cannot be read: {error}") from error
        for place, code in reversed(list(enumerate(self.filters))):
            if there.mask >> place & 1:
                continue
            if code == h5z.FILTER_FLETCHER32:
                raw = _without_fletcher(raw, self._at(corner))
            elif code == h5z.FILTER_DEFLATE:
                raw = inflate(raw, size, self._at(corner))
            elif len(raw) == size and self.itemsize > 1:
                whole = np.empty(size, np.uint8)
                unshuffle(raw, whole.view(f"V{self.itemsize}"))
                raw = whole.data
        if len(raw) != size:
            raise CorruptionError(f"{self._at(corner)} holds {len(raw):,} of {size:,} bytes")
        return bytes(raw)

    def _at(self, corner: tuple[int, ...]) -> str:
        return f"{self.where}: the chunk at {corner}"


def chunk_index(dataset: Any, where: str, limits: Limits) -> dict[tuple[int, ...], StoredChunk]:
    """
    List the chunks of a dataset that were written, in one go.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        A dataset in chunks.
    where : str
        The file and its place in it, for messages.
    limits : Limits
        How many there may be.

    Returns
    -------
    dict of tuple of int to StoredChunk
        By their corners.

    Raises
    ------
    CorruptionError
        If the index is damaged.
    LimitError
        If there are too many.
    """
    found: dict[tuple[int, ...], StoredChunk] = {}
    count = itertools.count(1)

    def note(chunk: Any) -> bool | None:  # numpydoc ignore=GL08
        if next(count) > limits.chunks:
            # Anything but None ends it: the index of a damaged file may lead in circles.
            return True
        found[chunk.chunk_offset] = StoredChunk(chunk.byte_offset, chunk.size, chunk.filter_mask)
        return None

    try:
        ended = dataset.chunk_iter(note)
    except (OSError, RuntimeError, ValueError) as error:
        raise CorruptionError(f"{where}: the index of its chunks is damaged: {error}") from error
    if ended:
        limits.check("chunks", max(limits.chunks + 1, dataset.get_num_chunks()), where)
    return found


class StoredBands:
    """
    A dataset as bands of rows; what was never written is the fill value.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        The dataset.
    where : str
        The file and its place in it, for messages.
    limits : Limits
        How many chunks there may be.

    Raises
    ------
    UnsafeFileError
        If it needs a filter that only a plug-in has.
    CorruptionError
        If less is stored than its shape says.
    """

    def __init__(self, dataset: Any, where: str, limits: Limits = Limits()) -> None:  # noqa: B008
        self.dataset, self.where = dataset, where
        self.shape: tuple[int, ...] = dataset.shape
        self.dtype: np.dtype[Any] = dataset.dtype
        kind = dataset.get_type()
        # Other programs store numbers of 17 bits, or text that ends in blanks.
        self.converted = None if kind == h5t.py_create(self.dtype) else kind
        self.size = math.prod(self.shape) * self.dtype.itemsize
        self.stored: StoredChunks | None = None
        self.chunks: tuple[int, ...] | None = None
        if dataset.get_create_plist().get_layout() == h5d.CHUNKED:
            self.stored = StoredChunks(dataset, where, kind.get_size(), limits)
            self.chunks = self.stored.shape
        elif 0 < dataset.get_storage_size() < math.prod(self.shape) * kind.get_size():
            raise CorruptionError(f"{where} holds {dataset.get_storage_size():,} of {self.size:,} bytes")

    @staticmethod
    def can_read(dataset: Any) -> bool:
        """
        Tell whether a dataset is stored in a form that is read here.

        Parameters
        ----------
        dataset : h5py.h5d.DatasetID
            The dataset.

        Returns
        -------
        bool
            False if it needs other filters.
        """
        return FILTERS.issuperset(filters_of(dataset.get_create_plist()))

    @functools.cached_property
    def fill(self) -> Array:
        """The number that stands where none was written, without axes."""
        value = np.zeros((), self.dtype)
        plan = self.dataset.get_create_plist()
        if plan.fill_value_defined() != h5d.FILL_VALUE_UNDEFINED:
            plan.get_fill_value(value)
        return value

    def whole(self, digest: str | None) -> Array:
        """
        Read all of it.

        Parameters
        ----------
        digest : str or None
            Its SHA-256; not checked without one. An empty one was lost.

        Returns
        -------
        array
            The numbers as stored.

        Raises
        ------
        CorruptionError
            If they cannot be decoded, or are not those that were saved.
        """
        if digest == "":
            raise CorruptionError(
                f"{self.where} is damaged: it has no SHA-256, as every array of this file has had; "
                "verify=False reads it as it is"
            )
        raw = self.stored.decoded((0,) * len(self.shape)) if self.stored and self.chunks == self.shape else None
        if raw is not None:
            values = self._numbers(bytearray(raw)).reshape(self.shape)
        else:
            values = np.empty(self.shape, self.dtype)
            self._read(values, 0)
        if digest is not None and hashlib.sha256(buffer_of(values)).hexdigest() != digest:
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
            self._read(values, first)
            if sums is not None and (band >= len(sums) or crc32(values) != int(sums[band])):
                last = first + len(values) - 1
                raise CorruptionError(
                    f"{self.where} is damaged in rows {first} to {last}: its numbers are not those that were saved"
                )
            yield first, values

    def _read(self, values: Array, first: int) -> None:
        """Read the rows from one on into an array; with chunks, it is the first row of some."""
        if not values.size:
            return
        if self.stored is not None:
            self._put_together(self.stored, values, first)
        elif not self.dataset.get_storage_size():
            values[...] = self.fill
        elif not values.ndim:
            self.dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
        else:
            space = self.dataset.get_space()
            space.select_hyperslab((first, *(0 for _ in self.shape[1:])), values.shape)
            self.dataset.read(h5py.h5s.create_simple(values.shape), space, values)

    def _put_together(self, stored: StoredChunks, values: Array, first: int) -> None:
        """Put chunks where they belong; those of other writers may be smaller than a band."""
        lengths = (first + len(values), *self.shape[1:])
        tiles = [range(low, high, step) for low, high, step in zip(_from(first), lengths, stored.shape, strict=False)]
        for corner in itertools.product(*tiles):
            inside = (
                slice(corner[0] - first, corner[0] - first + stored.shape[0]),
                *(slice(low, low + step) for low, step in zip(corner[1:], stored.shape[1:], strict=True)),
            )
            target = values[inside]
            raw = stored.decoded(corner)
            if raw is None:
                target[...] = self.fill
            else:
                chunk = self._numbers(raw).reshape(stored.shape)
                target[...] = chunk[tuple(slice(size) for size in target.shape)]

    def _numbers(self, raw: bytes | bytearray) -> Array:
        """Give the numbers that a chunk holds."""
        if self.converted is None:
            return np.frombuffer(raw, self.dtype)
        old, new = self.converted.get_size(), self.dtype.itemsize
        count = len(raw) // old
        buffer = np.zeros(count * max(old, new), np.uint8)
        buffer[: len(raw)] = np.frombuffer(raw, np.uint8)
        h5t.convert(self.converted, h5t.py_create(self.dtype), count, buffer)
        return buffer[: count * new].view(self.dtype)


def _from(first: int) -> Iterator[int]:
    return itertools.chain([first], itertools.repeat(0))


def filters_of(plan: Any) -> list[int]:
    """
    List the filters of a dataset.

    Parameters
    ----------
    plan : h5py.h5p.PropDCID
        How it was made.

    Returns
    -------
    list of int
        Their numbers, in the order in which they were applied.
    """
    return [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]


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
