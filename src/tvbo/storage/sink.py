"""
A file that HDF5 writes without ever hearing of an error.

libhdf5 swallows some failures of a disk and crashes on others. So it writes through an object that remembers the first
failure and says that all is well; whoever writes looks at it when the file is closed, and throws the file away.
"""

import contextlib
import functools
import itertools
import os
from collections.abc import Iterator
from typing import Any

import h5py
from h5py import h5f, h5p

# Checksums of all metadata in a layout that old readers know; arrays begin where processors like them to.
_OPTIONS: dict[str, Any] = {"libver": ("v108", "v108"), "alignment_threshold": 1 << 12, "alignment_interval": 64}
# So many bytes are handed to the disk together.
_AT_ONCE = 1 << 23
# libhdf5 tells files apart by their names, also those that are in memory only.
_NAMES = itertools.count()


def begin_writing(descriptor: int, start: int = 0, length: int = 0) -> None:
    """
    Have the disk begin with what was written, without waiting for it: flushing waits for less then.

    Parameters
    ----------
    descriptor : int
        The file.
    start, length : int
        Where; 0 bytes stand for all.
    """
    if hasattr(os, "posix_fadvise"):
        # That it is not needed again soon begins the writing; only what is on the disk already would be forgotten.
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


class Sink:
    """
    What h5py needs of a file, on a descriptor.

    Parameters
    ----------
    descriptor : int
        An empty file, open for reading and writing.

    Attributes
    ----------
    failure : OSError or None
        The first thing that went wrong.
    """

    def __init__(self, descriptor: int) -> None:
        self.failure: OSError | None = None
        self._descriptor = descriptor
        self._place = 0
        # Up to here the disk is at work.
        self._begun = 0

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """
        Move to a place.

        Parameters
        ----------
        place : int
            Bytes from the start, or from the end.
        whence : int
            What it is counted from.

        Returns
        -------
        int
            The place.
        """
        self._place = place + (os.fstat(self._descriptor).st_size if whence == os.SEEK_END else 0)
        return self._place

    def tell(self) -> int:
        """
        Tell the place.

        Returns
        -------
        int
            Bytes from the start.
        """
        return self._place

    def readinto(self, buffer: Any) -> int:
        """
        Read what was written.

        Parameters
        ----------
        buffer : bytes-like
            Filled; with zeros where the file has an end.

        Returns
        -------
        int
            Its length.
        """
        view = memoryview(buffer).cast("B")
        found = b""
        if self.failure is None:
            try:
                os.lseek(self._descriptor, self._place, os.SEEK_SET)
                found = os.read(self._descriptor, len(view))
            except OSError as error:
                self.failure = error
        view[:] = found.ljust(len(view), b"\0")
        self._place += len(view)
        return len(view)

    def read(self, size: int = -1) -> bytes:
        """
        Read what was written; h5py knows a file by this, and uses `readinto`.

        Parameters
        ----------
        size : int
            Number of bytes.

        Returns
        -------
        bytes
            As many.
        """
        found = bytearray(max(size, 0))
        self.readinto(found)
        return bytes(found)

    def write(self, buffer: Any) -> int:
        """
        Write.

        Parameters
        ----------
        buffer : bytes-like
            What to write.

        Returns
        -------
        int
            Its length, whether it could be written or not.
        """
        left = memoryview(buffer).cast("B")
        size = len(left)
        while left and self.failure is None:
            try:
                os.lseek(self._descriptor, self._place, os.SEEK_SET)
                done = os.write(self._descriptor, left)
            except OSError as error:
                self.failure = error
                break
            self._place += done
            left = left[done:]
        self._place += len(left)
        if self._place >= self._begun + _AT_ONCE:
            begin_writing(self._descriptor, self._begun, self._place - self._begun)
            self._begun = self._place
        return size

    def truncate(self, size: int) -> int:
        """
        Set the length.

        Parameters
        ----------
        size : int
            Number of bytes.

        Returns
        -------
        int
            The same.
        """
        if self.failure is None:
            try:
                os.ftruncate(self._descriptor, size)
            except OSError as error:
                self.failure = error
        return size

    def flush(self) -> None:
        """Do nothing: whoever opened the file flushes it when it is whole."""


@functools.cache
def _in_memory(step: int) -> Any:
    """Give the way in which a file in memory is opened; closing it closes all that was opened in it."""
    plan = h5p.create(h5p.FILE_ACCESS)
    plan.set_fapl_core(step, False)
    plan.set_libver_bounds(h5f.LIBVER_V18, h5f.LIBVER_V18)
    plan.set_alignment(_OPTIONS["alignment_threshold"], _OPTIONS["alignment_interval"])
    plan.set_fclose_degree(h5f.CLOSE_STRONG)
    return plan


@functools.cache
def _new() -> Any:
    """Give the way in which h5py makes a file."""
    plan = h5p.create(h5p.FILE_CREATE)
    plan.set_obj_track_times(False)
    return plan


@contextlib.contextmanager
def hdf5_in_memory(size: int = 0) -> Iterator[h5f.FileID]:
    """
    Open a new HDF5 file that never touches a disk.

    Parameters
    ----------
    size : int
        About how many bytes it will hold.

    Yields
    ------
    h5py.h5f.FileID
        The file; ``get_file_image()`` gives its bytes.
    """
    # Without callbacks into Python: neither a full disk nor Ctrl-C can reach HDF5 while it writes.
    # Whenever it grows it may move, so that a large one must not grow often.
    step = 1 << 20 if size > 1 << 20 else 1 << 17
    file = h5f.create(f"in-memory-{next(_NAMES)}.h5".encode(), h5f.ACC_TRUNC, _new(), _in_memory(step))
    try:
        yield file
    finally:
        file.close()


@contextlib.contextmanager
def hdf5_on(descriptor: int) -> Iterator[tuple[h5f.FileID, Sink]]:
    """
    Write a new HDF5 file to a descriptor; only where Ctrl-C does not reach.

    Parameters
    ----------
    descriptor : int
        An empty file, open for reading and writing.

    Yields
    ------
    file : h5py.h5f.FileID
        The file.
    sink : Sink
        What it writes through, which knows of failures before the end.

    Raises
    ------
    OSError
        When it is closed, if anything could not be written.
    """
    sink = Sink(descriptor)
    with h5py.File(sink, "w", **_OPTIONS) as file:
        yield file.id, sink
    if sink.failure is not None:
        raise sink.failure
