"""Opening files of strangers: plain files only, and no more of them than is wanted."""

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tvbo.errors import DamagedFileError, NetworkNotFoundError, TvboError, UnsafeFileError
from tvbo.limits import Limits

# What os.stat counts blocks in, on every system that counts them.
_BLOCK = 512
# Where a file can be read in one place only at a time.
_ALONE = threading.Lock()


def check_plain(path: Path) -> os.stat_result:
    """
    Refuse what is no plain file; a pipe or a device would never end.

    Parameters
    ----------
    path : Path
        The file; a symbolic link is followed.

    Returns
    -------
    os.stat_result
        Its state.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is a folder, a pipe, a socket or a device.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        raise NetworkNotFoundError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise UnsafeFileError(f"{str(path)!r} cannot be opened: {error}") from error
    if not stat.S_ISREG(state.st_mode):
        kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a pipe, a socket or a device"
        raise UnsafeFileError(f"{path} is {kind}: expected a plain file")
    return state


def size_on_disk(state: os.stat_result) -> int:
    """
    Tell what a file takes on disk: holes in it are free, and must not buy memory.

    Parameters
    ----------
    state : os.stat_result
        The state of the file.

    Returns
    -------
    int
        Number of bytes, at most its length.
    """
    blocks = getattr(state, "st_blocks", None)
    return state.st_size if blocks is None else min(state.st_size, blocks * _BLOCK)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """
    Open a plain file for reading.

    Parameters
    ----------
    path : Path
        The file; a symbolic link is followed.

    Yields
    ------
    file : BinaryIO
        The file.
    size : int
        What it takes on disk, at most its length: holes are free, and must not buy memory.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file, or may not be opened.
    DamagedFileError
        If reading it fails.
    """
    check_plain(path)
    try:
        # A pipe that took its place since then does not make us wait.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise NetworkNotFoundError(f"there is no file {path}") from None
    except OSError as error:
        raise UnsafeFileError(f"{path} cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise UnsafeFileError(f"{path} has turned into a pipe, a socket or a device: expected a plain file")
        try:
            yield file, size_on_disk(state)
        except TvboError:
            raise
        except OSError as error:
            raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error


def read_at(file: BinaryIO, place: int, buffer: Any) -> int:
    """
    Fill a buffer with what stands in a place of a file; several threads may do so at once.

    Parameters
    ----------
    file : BinaryIO
        The file.
    place : int
        Bytes from its start.
    buffer : bytes-like
        What is filled.

    Returns
    -------
    int
        How many bytes there were.
    """
    left = memoryview(buffer)
    if not hasattr(os, "preadv"):
        with _ALONE:
            file.seek(place)
            found: int = file.readinto(left)  # type: ignore[attr-defined]
            return found
    done = 0
    while left and (found := os.preadv(file.fileno(), [left], place + done)):
        done += found
        left = left[found:]
    return done


def read_bytes(path: Path, limit: int, name: str = "sidecar_bytes") -> bytes:
    """
    Read a file, whole.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        How many bytes it may hold.
    name : str, default: "sidecar_bytes"
        The limit that this comes from.

    Returns
    -------
    bytes
        What it holds.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file, or may not be opened.
    LimitError
        If it is larger than the limit.
    DamagedFileError
        If reading it fails.
    """
    with opened(path) as (file, _):
        # Its length before its bytes, so that the message tells what it needs.
        size = os.fstat(file.fileno()).st_size
        Limits().check(name, size, path, limit)
        data = file.read(size + 1)
        if len(data) > size:
            # Some files that the system makes up tell no length.
            data += file.read(limit + 1 - len(data))
        Limits().check(name, len(data), path, limit)
    return data


def inside(folder: Path, name: object, what: str, limits: Limits) -> Path:
    """
    Give the file that a name in a sidecar stands for, if it lies in the folder of the sidecar.

    Parameters
    ----------
    folder : Path
        The folder.
    name : object
        What the sidecar says.
    what : str
        Where it says so, for messages.
    limits : Limits
        Whether it may lie elsewhere.

    Returns
    -------
    Path
        The file; it need not be there.

    Raises
    ------
    UnsafeFileError
        If it lies elsewhere.
    """
    if isinstance(name, str) and name and "\0" not in name:
        # Both kinds of separators, so that a file means the same on every system.
        bare = name not in (".", "..") and not set(name) & {"/", "\\", ":"} and len(name.encode(errors="replace")) < 256
        if bare or limits.outside:
            return folder / name
    raise UnsafeFileError(
        f"{what} must be the name of a file in the same folder, not {str(name)[:100]!r}: "
        "if you trust the file, open it with limits=Limits(outside=True)"
    )
