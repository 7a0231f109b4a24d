"""
Two files that are replaced together.

Everything that can fail is done in memory before the disk is touched. Then both halves are written beside
their targets and flushed; the companion is moved into place first, the sidecar last.
"""

import contextlib
import os
import secrets
from pathlib import Path

SUFFIX = ".tvbo-tmp"


def commit(files: list[tuple[Path, bytes]]) -> None:
    """
    Replace files, in the order given, each as a whole.

    Parameters
    ----------
    files : list of (Path, bytes)
        Targets in one folder, and their new content.

    Raises
    ------
    OSError
        If the folder is missing or the disk is full; then every target is as it was.
    """
    folder = files[0][0].parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    written: list[tuple[Path, Path]] = []
    try:
        for target, data in files:
            beside = folder / f".{target.name}.{secrets.token_hex(4)}{SUFFIX}"
            written.append((beside, target))
            _write(beside, data)
        for beside, target in written:
            beside.replace(target)
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)
    _sync_folder(folder)


def _write(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o666), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems cannot flush a folder; the files themselves are flushed already.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
