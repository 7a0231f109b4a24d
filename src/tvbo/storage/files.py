"""Opening files of strangers: plain files only, and no more of them than is wanted."""

import os
import stat
from pathlib import Path

from tvbo.errors import NetworkNotFoundError, UnsafeFileError
from tvbo.limits import Limits


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


def read_bytes(path: Path, limits: Limits) -> bytes:
    """
    Read a file of text, whole.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        ``sidecar_bytes`` of it are read.

    Returns
    -------
    bytes
        What it holds.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file.
    LimitError
        If it is larger than the limit.
    """
    check_plain(path)
    # A pipe that took its place since then does not make us wait.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(limits.sidecar_bytes + 1)
        limits.check("sidecar_bytes", max(len(data), os.fstat(file.fileno()).st_size), path)
    return data


def read_head(path: Path) -> str:
    """
    Read the beginning of a file, if there is one, as text.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        4,096 bytes of it; empty if it is missing, or no plain file.
    """
    try:
        check_plain(path)
        with path.open("rb") as file:
            return file.read(4096).decode("utf-8", "replace")
    except (OSError, UnsafeFileError):
        return ""


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
