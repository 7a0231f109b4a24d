"""
Notes of where arrays lie: read when they are touched, checked when they are read.

A `StoredArray` holds no open file, can be pickled, and refuses to read a file that was replaced by another network.
"""

import contextlib
import hashlib
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from h5py import h5d

from tvbo.errors import CompanionError, CorruptionError, StaleFileError, TvboError
from tvbo.limits import Limits
from tvbo.storage.bands import band_rows
from tvbo.storage.chunks import CHECKED_ROWS, CHECKSUMS, StoredBands
from tvbo.storage.deflate import buffer_of
from tvbo.storage.files import opened, size_on_disk
from tvbo.storage.located import Located
from tvbo.storage.order import in_order
from tvbo.storage.sparse import Array
from tvbo.storage.structure import attributes, by_hard_links, declared, read_attribute, readable

Stamp = tuple[int, int, int]
# The group of the companion that is ours, and the identifier of the save among its attributes.
GROUP, CONTENT, RECORD = "tvbo", "content", "tvbo/record"
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ADVICE = "take the file from a backup; arrays that are not damaged can still be read"
# Reads the bands that cover rows: the first row of each, and its rows.
Bands = Callable[[int, int], Iterator[tuple[int, Array]]]
# What libhdf5 and h5py raise when a file is not what it seems.
HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError)


def stamp_of(state: os.stat_result) -> Stamp:
    """
    Tell one version of a file from the next.

    Parameters
    ----------
    state : os.stat_result
        Its state.

    Returns
    -------
    tuple of int
        Inode, size and time of change.
    """
    return state.st_ino, state.st_size, state.st_mtime_ns


@contextlib.contextmanager
def opened_companion(path: Path) -> Iterator[BinaryIO]:
    """
    Open a companion as a plain file.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    BinaryIO
        The file, which begins as HDF5 files do.

    Raises
    ------
    CompanionError
        If it is missing, or no HDF5 file.
    UnsafeFileError
        If it is no plain file.
    """
    with contextlib.ExitStack() as until:
        try:
            file, _ = until.enter_context(opened(path))
            head = file.read(64)
        except OSError as error:
            raise CompanionError(
                f"the companion {path} cannot be read ({error.strerror or 'there is no such file'}): "
                "put the .h5 file beside its sidecar"
            ) from error
        if not head.startswith(_SIGNATURE):
            raise CompanionError(f"{path} is not an HDF5 file{_what_else(head)}")
        yield file


@contextlib.contextmanager
def open_file(path: Path) -> Iterator[tuple[h5py.File, Stamp]]:
    """
    Open an HDF5 file for reading.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    file : h5py.File
        The file; whatever libhdf5 raises inside becomes a `CompanionError`.
    stamp : tuple of int
        The version of the file that was opened.

    Raises
    ------
    CompanionError
        If it is missing, damaged, or no HDF5 file.
    UnsafeFileError
        If it is no plain file.
    """
    with opened_companion(path) as plain:
        state = os.fstat(plain.fileno())
    try:
        with h5py.File(path, "r", locking=False) as file:
            if sys.platform != "win32":
                # Another save may have replaced it since; on Windows an open file cannot be replaced.
                state = os.fstat(file.id.get_vfd_handle())
            yield file, stamp_of(state)
    except TvboError:
        raise
    except HDF5_ERRORS as error:
        raise CompanionError(f"{path} is damaged: {error}") from error


def _what_else(head: bytes) -> str:
    if not head:
        return ": it is empty"
    if head.startswith(b"version https://git-lfs"):
        return ": it is a pointer of git-lfs; run git lfs pull"
    if head.lstrip()[:1] == b"<":
        return ": it is a web page; download the file itself"
    return ""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """
    An array in a companion, read when it is touched.

    Attributes
    ----------
    path : Path
        The file.
    dataset : str
        Path of the dataset in it.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type that it is read as.
    order : str
        Memory order that it is read in, as `order_of` tells it.
    stamp : tuple of int
        The version of the file that this was read from.
    content : str
        The identifier of the save that it belongs to; empty for files by others.
    digest : str or None
        SHA-256 of its bytes as stored; None if there is none, or it is not to be looked at; empty if it was lost.
    on_disk : int
        How many bytes of it are stored.
    limits : Limits
        What its file may ask for.
    located : Located or None
        Where its bytes lie, if the file says so in a list of its own.
    """

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: str
    stamp: Stamp
    content: str = ""
    digest: str | None = None
    on_disk: int = 0
    limits: Limits = field(default_factory=Limits)
    located: Located | None = None

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.shape)) or "a number"
        return f"<{type(self).__name__} {self.dataset} of {self.path.name}: {size}, {self.dtype}, not read>"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        parts = _expanded(key, self.ndim)
        if parts is None or not self.ndim:
            # What a band of rows does not tell: lists, masks, steps backwards, new axes.
            return np.asarray(self)[key]
        # Raises what numpy raises for rows that are not there; takes no memory.
        _ = np.broadcast_to(np.empty((), self.dtype), self.shape)[key]
        with self._bands() as bands:
            if bands is None:
                # A small array is read whole, so that its digest can be looked at.
                return np.asarray(self)[key]
            found = _decode(_picked(self.shape, parts, bands), self.dtype)
        # An ellipsis makes an array of a single number, as numpy has it.
        return found if found.ndim or _has_dots(key) else found[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        with self._in_place() as (file, located):
            if file is not None and located is not None:
                stored = located.whole(file, self._where, self.digest)
            else:
                with self._opened() as item:
                    stored = StoredBands(item, self._where, self.limits).whole(self.digest)
        values = in_order(_decode(stored, self.dtype), self.order)
        return values if dtype is None else values.astype(dtype, copy=False)

    @property
    def rows_together(self) -> int:
        """How many rows lie together, so that one is not read without the others."""
        if self.located is not None:
            return self.located.step
        return band_rows(self.shape, self.dtype.itemsize) if self.shape else 1

    def blocks_of_rows(self) -> Iterator[Array]:
        """
        Read some rows after the other.

        Yields
        ------
        array
            Consecutive rows; the whole array if it is small.

        Raises
        ------
        CorruptionError
            If they are not those that were saved.
        """
        with self._bands() as bands:
            if bands is None:
                yield np.asarray(self)
            else:
                for _, values in bands(0, self.shape[0]):
                    yield _decode(values, self.dtype)

    def prove(self, seen: Callable[[int], None] = lambda count: None) -> None:
        """
        Compare every bit with the SHA-256 of the save, some rows at a time; reading compares checksums of bands.

        Parameters
        ----------
        seen : callable, optional
            Is told of how many bytes each time.

        Raises
        ------
        CorruptionError
            If they are not those that were saved.
        """
        with self._in_place() as (file, located):
            if file is not None and located is not None and located.rows and self.digest is not None:
                total = hashlib.sha256()
                for _, values in located.bands(file, 0, self.shape[0], self._where, check=True):
                    total.update(buffer_of(values))
                    seen(values.nbytes)
                if total.hexdigest() != self.digest:
                    raise CorruptionError(f"{self._where} is damaged: its SHA-256 is not that of what was saved")
                return
        np.asarray(self)

    @property
    def _where(self) -> str:
        return f"{self.path}: {self.dataset}"

    @contextlib.contextmanager
    def _bands(self) -> Iterator[Bands | None]:
        """Give what reads bands of rows and checks them; None if only the whole can be checked, or has no rows."""
        with self._in_place() as (file, located):
            if not self.shape:
                yield None
            elif file is not None and located is not None:
                check = self.digest is not None
                whole = not located.nbytes or (check and not located.rows)
                yield None if whole else lambda start, stop: located.bands(file, start, stop, self._where, check=check)
            elif self.digest == "":
                yield None
            else:
                with self._opened() as item:
                    stored = StoredBands(item, self._where, self.limits)
                    sums, rows = _checks(item, stored, self.digest is not None)
                    yield None if rows is None else lambda start, stop: stored.bands(start, stop, rows, sums)

    @contextlib.contextmanager
    def _in_place(self) -> Iterator[tuple[BinaryIO | None, Located | None]]:
        """Open the file as it was listed; nothing if it has changed since, so that HDF5 has to be asked."""
        if self.located is None:
            yield None, None
            return
        with contextlib.ExitStack() as until:
            try:
                file, _ = until.enter_context(opened(self.path))
            except TvboError:
                yield None, None
                return
            unchanged = stamp_of(os.fstat(file.fileno())) == self.stamp
            try:
                yield (file, self.located) if unchanged else (None, None)
            except CorruptionError as error:
                error.add_note(_ADVICE)
                raise

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        with open_file(self.path) as (file, stamp):
            replaced = stamp != self.stamp
            if replaced and not self._is_same_save(file):
                raise StaleFileError(
                    f"{self.path} has changed since it was opened, {self.dataset} was not read yet: "
                    "open the network again with Network.from_file"
                )
            try:
                item = self._looked_through(file) if replaced else h5d.open(file.id, _name(self.dataset))
            except KeyError as error:
                raise CompanionError(f"{self.path}: {self.dataset} cannot be read: {error}") from error
            if item.shape != self.shape or not readable(item.get_type()) or not fits(self.dtype, item.dtype):
                raise StaleFileError(f"{self.path}: {self.dataset} is another array than when it was opened")
            try:
                yield item
            except CorruptionError as error:
                error.add_note(_ADVICE)
                raise

    def _is_same_save(self, file: h5py.File) -> bool:
        """Tell whether another file holds the same: a copy, or the network saved with another compression."""
        try:
            group = by_hard_links(file, self.path, GROUP)
        except KeyError:
            return False
        return bool(self.content and attributes(group).get(CONTENT) == self.content)

    def _looked_through(self, file: h5py.File) -> Any:
        """Give the dataset of a file that nobody has looked through yet."""
        item = by_hard_links(file, self.path, self.dataset)
        if not isinstance(item, h5d.DatasetID):
            raise KeyError(f"there is no array {self.dataset}")
        where = f"{self.path}: {self.dataset}"
        said = declared(item, where, self.limits)
        self.limits.check("chunks", said.chunks, where)
        there = size_on_disk(self.path.stat())
        self.limits.check("inflated_bytes", said.in_memory, where, self.limits.inflated(min(said.on_disk, there)))
        return item


def fits(wanted: np.dtype[Any], stored: np.dtype[Any]) -> bool:
    """
    Tell whether what is stored can be read as another type.

    Parameters
    ----------
    wanted, stored : numpy.dtype
        The two.

    Returns
    -------
    bool
        True for bytes as text, whole numbers as times, and whatever is the same.
    """
    return (
        wanted == stored
        or (wanted.kind == "U" and stored.kind == "S")
        or (wanted.kind in "mM" and stored == np.dtype(np.int64))
    )


def _name(dataset: str) -> bytes:
    return dataset.encode("utf-8", "surrogateescape")


def _has_dots(key: Any) -> bool:
    return any(part is Ellipsis for part in (key if isinstance(key, tuple) else (key,)))


def _checks(item: Any, bands: StoredBands, wanted: bool) -> tuple[Array | None, int | None]:
    """Give the checksums of bands and the rows of each; no rows if the array is to be read whole."""
    if not bands.size:
        return None, None
    if wanted:
        rows, sums = _plain_attribute(item, CHECKED_ROWS), _plain_attribute(item, CHECKSUMS)
        if not isinstance(rows, np.integer) or not isinstance(sums, np.ndarray) or sums.dtype.kind != "u" or rows < 1:
            return None, None
        step = bands.chunks[0] if bands.chunks else int(rows)
        if rows != step or sums.shape != (-(-bands.shape[0] // step),):
            # Another program has stored it in other chunks; the digest of the whole still tells.
            return None, None
        return sums, step
    return None, bands.chunks[0] if bands.chunks else band_rows(bands.shape, bands.dtype.itemsize)


def _plain_attribute(item: Any, name: str) -> Any:
    """Read an attribute of numbers; text of variable length, which is not to be trusted, is no such."""
    if not h5py.h5a.exists(item, name.encode()):
        return None
    attribute = h5py.h5a.open(item, name.encode())
    return read_attribute(attribute) if readable(attribute.get_type()) and attribute.shape is not None else None


def _expanded(key: Any, ndim: int) -> list[Any] | None:
    """Spell a key out, one part for each axis; None if it is no plain slice."""
    parts = list(key) if isinstance(key, tuple) else [key]
    plain = all(
        part is Ellipsis
        or (isinstance(part, (int, np.integer)) and not isinstance(part, (bool, np.bool_)))
        or (isinstance(part, slice) and (part.step is None or part.step > 0))
        for part in parts
    )
    dots = sum(part is Ellipsis for part in parts)
    if not plain or dots > 1 or len(parts) - dots > ndim:
        return None
    where = next((index for index, part in enumerate(parts) if part is Ellipsis), len(parts))
    missing = ndim - (len(parts) - dots)
    return [*parts[:where], *[slice(None)] * missing, *parts[where + 1 :]]


def _picked(shape: tuple[int, ...], parts: list[Any], bands: Bands) -> Array:
    """Read the bands that a key needs, some at a time, and keep what it asks for."""
    length, first = shape[0], parts[0]
    one = not isinstance(first, slice)
    start, stop, step = (int(first) % length, int(first) % length + 1, 1) if one else first.indices(length)
    pieces = []
    # Of rows that nobody wants, the first are read for their type.
    for low, values in bands(start, stop) if stop > start else bands(0, 1):
        begin = start if start >= low else start + -(-(low - start) // step) * step
        rows = slice(begin - low, stop - low, step) if stop > start else slice(0, 0)
        pieces.append(values[(rows, *parts[1:])])
    # Without its type, bytes would be swapped.
    found = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, dtype=pieces[0].dtype)
    return np.asarray(found[0, ...] if one else found, order="C")


def _decode(values: Any, dtype: np.dtype[Any]) -> Array:
    raw = np.asarray(values)
    if dtype.kind == "U":
        text = [item.decode("utf-8", "surrogatepass") for item in raw.reshape(-1).tolist()]
        return np.array(text, dtype=dtype).reshape(raw.shape)
    if dtype.kind in "mM":
        return raw.view(dtype)
    return raw


@dataclass(frozen=True, slots=True)
class AbsentArray:
    """
    An array that cannot be read: its shape is known, touching it says why.

    Attributes
    ----------
    path : Path
        The file that should hold it.
    dataset : str
        What was to be read from it.
    shape : tuple of int
        Shape that the sidecar promises.
    dtype : numpy.dtype
        Element type that is expected.
    why : str
        What is wrong with the file, and what to do.
    named : bool
        Whether the sidecar says all that is known of it, so that it may be saved as one that is missing.
    shown : object
        What the sidecar shows in its place.
    """

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))
    why: str = "is missing: put the .h5 file beside its sidecar"
    named: bool = False
    shown: Any = None

    def __getitem__(self, key: Any) -> Any:
        raise CompanionError(f"{self.dataset} lies in {self.path}, which {self.why}")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        values: Array = self[()]
        return values
