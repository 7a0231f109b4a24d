"""The bytes of a file, and the errors of the libraries that decode them."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tvbo.errors import DamagedFileError, NetworkNotFoundError, TvboError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.files import check_plain

# What os.stat counts blocks in, on every system that counts them.
_BLOCK = 512


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
        blocks = getattr(state, "st_blocks", None)
        try:
            yield file, state.st_size if blocks is None else min(state.st_size, blocks * _BLOCK)
        except TvboError:
            raise
        except OSError as error:
            raise DamagedFileError(f"{path} cannot be read: {error.strerror or error}") from error


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
        # Its length before its bytes: there may be more of them than memory.
        Limits().check(name, os.fstat(file.fileno()).st_size, path, limit)
        # Some files that the system makes up tell no length.
        data = file.read(limit + 1)
        Limits().check(name, len(data), path, limit)
    return data


@contextlib.contextmanager
def decoding(where: object, what: str, errors: tuple[type[Exception], ...]) -> Iterator[None]:
    """
    Say what a library raises as an error of tvbo.

    Parameters
    ----------
    where : object
        The file, and the place in it.
    what : str
        What it should be.
    errors : tuple of type
        What the library raises when it is not.

    Raises
    ------
    DamagedFileError
        If it is not.
    """
    try:
        yield
    except TvboError:
        raise
    except errors as error:
        raise DamagedFileError(f"{where} is damaged: expected {what}: {str(error)[:200]}") from error
