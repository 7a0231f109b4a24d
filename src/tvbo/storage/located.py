"""
Arrays of which it is known where each chunk lies: read without libhdf5, in threads.

The companion's index tells the places (`tvbo.storage.index`). Each chunk is inflated to exactly its size, and each band
of rows is compared with its checksum, or the whole with its digest.
"""

import hashlib
import itertools
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from tvbo.errors import CorruptionError
from tvbo.storage.bands import band_rows, together
from tvbo.storage.deflate import buffer_of, crc32, inflate, unshuffle
from tvbo.storage.files import read_at
from tvbo.storage.pool import batches, ordered, workers
from tvbo.storage.sparse import Array

# Below this, starting threads takes longer than they save.
_THREADS_FROM = 1 << 21
# For each thread, as many bands are read together as it is handed so many times.
_AT_ONCE = 2
# Numbers in one piece of this many bytes are mapped into memory, not copied.
_MAP_FROM = 1 << 20


@dataclass(frozen=True, slots=True)
class Located:
    """
    Where the bytes of an array lie.

    Attributes
    ----------
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type as stored.
    chunk : tuple of int or None
        Shape of a chunk; None for bytes in one piece.
    shuffled : bool
        Whether chunks went through the shuffle filter.
    places, sizes : sequence of int
        First byte and number of bytes of each chunk, in the order of their corners; of the one piece.
    rows : int
        Rows of a band that has a checksum; 0 if there are none.
    sums : sequence of int
        CRC-32 of each band.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk: tuple[int, ...] | None
    shuffled: bool
    places: Sequence[int]
    sizes: Sequence[int]
    rows: int
    sums: Sequence[int]

    @property
    def nbytes(self) -> int:
        """How many bytes it takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def padded(self) -> int:
        """How many bytes all chunks take in memory, with what reaches beyond the edge."""
        if self.chunk is None:
            return self.nbytes
        return len(self.places) * math.prod(self.chunk) * self.dtype.itemsize

    @property
    def step(self) -> int:
        """How many rows are read together."""
        if self.rows:
            return self.rows
        return self.chunk[0] if self.chunk is not None else band_rows(self.shape, self.dtype.itemsize)

    def whole(self, file: BinaryIO, where: str, digest: str | None) -> Array:
        """
        Read all of it.

        Parameters
        ----------
        file : BinaryIO
            The file.
        where : str
            The file and the place in it, for messages.
        digest : str or None
            Its SHA-256, which is compared where bands have no checksums; None compares nothing.

        Returns
        -------
        array
            The numbers as stored.

        Raises
        ------
        CorruptionError
            If they cannot be decoded, or are not those that were saved.
        """
        if self.chunk is None and self.nbytes >= _MAP_FROM and sys.platform != "win32":
            return self._mapped(file, where, digest)
        values = np.empty(self.shape, self.dtype)
        if not self.shape or not self.nbytes:
            if self.nbytes:
                values[...] = np.frombuffer(
                    self._raw(file, 0, where, memoryview(bytearray(self.sizes[0]))), self.dtype
                )[0]
        else:
            self._fill(file, values, 0, where, check=digest is not None)
        self._compare(values, where, digest)
        return values

    def _mapped(self, file: BinaryIO, where: str, digest: str | None) -> Array:
        """Map numbers that lie in one piece; writing to them changes the memory only."""
        values = np.asarray(np.memmap(file, self.dtype, "c", self.places[0], self.shape))
        if digest is not None and self.rows:
            for index in range(len(self.sums)):
                self._check(values[index * self.rows : (index + 1) * self.rows], index * self.rows, where)
        self._compare(values, where, digest)
        return values

    def _compare(self, values: Array, where: str, digest: str | None) -> None:
        if digest is not None and not self.rows and hashlib.sha256(buffer_of(values)).hexdigest() != digest:
            raise CorruptionError(
                f"{where} is damaged: its numbers are not those that were saved (SHA-256 differs); "
                "verify=False reads them as they are"
            )

    def _check(self, band: Array, first: int, where: str) -> None:
        if crc32(band) != self.sums[first // self.rows]:
            raise CorruptionError(
                f"{where} is damaged in rows {first} to {first + len(band) - 1}: "
                "its numbers are not those that were saved; verify=False reads them as they are"
            )

    def bands(self, file: BinaryIO, start: int, stop: int, where: str, *, check: bool) -> Iterator[tuple[int, Array]]:
        """
        Read the bands that cover some rows.

        Parameters
        ----------
        file : BinaryIO
            The file.
        start, stop : int
            The rows.
        where : str
            The file and the place in it, for messages.
        check : bool
            Whether to compare them with their checksums.

        Yields
        ------
        first : int
            The first row of a band.
        values : array
            Its rows as stored.

        Raises
        ------
        CorruptionError
            If they cannot be decoded, or are not those that were saved.
        """
        step = self.step
        # Some at once, for the threads to share.
        most = _AT_ONCE * workers() * together(step * (self.nbytes // max(1, self.shape[0])))
        many = step * max(1, min(most, -(-(stop - start) // step)))
        for first in range(start // step * step, stop, many):
            last = min(first + many, -(-stop // step) * step, self.shape[0])
            values = np.empty((last - first, *self.shape[1:]), self.dtype)
            self._fill(file, values, first, where, check=check)
            yield first, values

    def _fill(self, file: BinaryIO, values: Array, first: int, where: str, *, check: bool) -> None:
        """Read the rows from one on, the first of a band, into an array."""
        threads = workers() if values.nbytes >= _THREADS_FROM else 1
        step = self.step
        # One for each thread: what is allocated anew for each chunk, the system clears page by page.
        held = threading.local()

        def place(low: int) -> None:
            band = values[low : low + step]
            if self.chunk is None:
                start = self.places[0] + (first + low) * (self.nbytes // self.shape[0])
                if read_at(file, start, buffer_of(band)) != band.nbytes:
                    raise CorruptionError(f"{where} is cut off")
            for corner, index in self._chunks(first, low, len(band)):
                if not hasattr(held, "buffer"):
                    held.buffer = memoryview(bytearray(max(self.sizes)))
                self._put(band, corner, self._raw(file, index, where, held.buffer), where)
            if check and self.rows:
                self._check(band, first + low, where)

        def place_all(lows: list[int]) -> None:
            for low in lows:
                place(low)

        for _ in ordered(place_all, batches(range(0, len(values), step), together(values[:step].nbytes)), threads):
            pass

    def _chunks(self, first: int, low: int, rows: int) -> Iterator[tuple[tuple[int, ...], int]]:
        """Give the corner in its band, and the number, of each chunk of a band."""
        if self.chunk is None:
            return
        tiles = [range(0, size, part) for size, part in zip(self.shape[1:], self.chunk[1:], strict=True)]
        across = math.prod(map(len, tiles))
        for down in range(0, rows, self.chunk[0]):
            number = (first + low + down) // self.chunk[0] * across
            for index, rest in enumerate(itertools.product(*tiles), number):
                yield (down, *rest), index

    def _raw(self, file: BinaryIO, index: int, where: str, buffer: memoryview) -> memoryview:
        """Read a chunk as stored into the beginning of a buffer."""
        raw = buffer[: self.sizes[index]]
        if read_at(file, self.places[index], raw) != len(raw):
            raise CorruptionError(f"{where} is cut off")
        return raw

    def _put(self, band: Array, corner: tuple[int, ...], raw: memoryview, where: str) -> None:
        """Inflate a chunk into the part of a band that it covers."""
        assert self.chunk is not None
        data = inflate(raw, math.prod(self.chunk) * self.dtype.itemsize, f"{where}: a chunk")
        target = band[tuple(slice(low, low + size) for low, size in zip(corner, self.chunk, strict=True))]
        whole = target.shape == self.chunk and target.flags.c_contiguous
        chunk = target if whole else np.empty(self.chunk, self.dtype)
        if self.shuffled:
            unshuffle(data, chunk)
        elif whole:
            chunk.reshape(-1).view(np.uint8)[:] = np.frombuffer(data, np.uint8)
        else:
            chunk = np.frombuffer(data, self.dtype).reshape(self.chunk)
        if not whole:
            target[...] = chunk[tuple(slice(0, size) for size in target.shape)]
