"""
Files that are replaced as a whole: after a crash at any instant each is the old one or the new one.

What is new lies beside its target and is flushed before it gets its name.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from pathlib import Path
from typing import TypeAlias

from tvbo.storage.pool import Beside
from tvbo.storage.sink import begin_writing

if sys.platform != "win32":
    import fcntl

SUFFIX = ".tvbo-tmp"
# What is not finished has one of so many names: to find what a crash left, a folder of 100,000 files is not listed.
_SLOTS = 8
# From here on, taking back the space of a file takes longer than starting a thread.
_LARGE = 1 << 24

# What a file is to hold, in parts that follow one another.
Content: TypeAlias = tuple[bytes, ...]


def write_file(target: Path, data: bytes) -> None:
    """
    Replace one file as a whole: after a crash at any instant it is the old one or the new one.

    Parameters
    ----------
    target : Path
        The file.
    data : bytes
        What it is to hold.

    Raises
    ------
    OSError
        If it cannot be written; then it is as it was.
    """
    _check_targets(target)
    with locked(target.parent) as alone:
        if alone:
            clear(target)
        replace_files([(target, (data,))])


def write_files(files: list[tuple[Path, bytes]]) -> None:
    """
    Replace files of one folder that belong together; where one fails, those before it are put back.

    Parameters
    ----------
    files : list of (Path, bytes)
        The files and what they are to hold. A crash can leave the first of them new and the others old: their content
        must tell that they do not belong together.

    Raises
    ------
    OSError
        If one cannot be written; then all are as they were.
    """
    targets = [target for target, _ in files]
    _check_targets(*targets)
    with locked(targets[0].parent) as alone:
        if alone:
            clear(*targets)
        exchange(files)


def _check_targets(*targets: Path) -> None:
    """Refuse names, of one folder, that no file can have."""
    folder = targets[0].parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    if (taken := next((target for target in targets if target.is_dir()), None)) is not None:
        raise IsADirectoryError(f"{taken} is a folder: name a file in it, or save elsewhere")


def exchange(files: list[tuple[Path, bytes]], stale: Sequence[Path] = ()) -> None:
    """
    Replace files of one folder, and remove others; whatever fails, those that were there come back.

    Parameters
    ----------
    files : list of (Path, bytes)
        The files and what they are to hold; nobody else is writing in their folder.
    stale : sequence of Path
        What is no longer part of it.

    Raises
    ------
    OSError
        If one cannot be written; then all are as they were.
    """
    old = {path: _there(path) for path in (*(path for path, _ in files), *stale)}
    try:
        replace_files([(path, (data,)) for path, data in files])
        for path in stale:
            path.unlink()
    except BaseException:
        # Should this fail too, the reader finds files of two saves, and says so.
        for path, before in old.items():
            with contextlib.suppress(OSError):
                if _there(path) == before:
                    continue
                if isinstance(before, bytes):
                    replace_files([(path, (before,))])
                    continue
                path.unlink(missing_ok=True)
                if before is not None:
                    path.symlink_to(before)
        raise


def _there(path: Path) -> bytes | Path | None:
    """Give what is in a file, or where a link leads."""
    if path.is_symlink():
        return path.readlink()
    return path.read_bytes() if path.exists() else None


def clear(*targets: Path, but: Path | None = None, thorough: bool = False) -> list[Path]:
    """
    Remove what crashes left of some files, while nobody else is writing in their folder.

    Parameters
    ----------
    *targets : Path
        The files.
    but : Path, optional
        What the caller itself has just written there.
    thorough : bool
        Whether to list the folder, and find those too whose names were made up as the others were taken.

    Returns
    -------
    list of Path
        What was removed.
    """
    if thorough:
        found = [each for target in targets for each in target.parent.glob(f".{_literal(target.name)}.*{SUFFIX}")]
    else:
        found = [each for target in targets for each in _slots(target) if os.path.lexists(each)]
    left = [each for each in found if each != but and not _is_in_use(each)]
    for leftover in left:
        leftover.unlink(missing_ok=True)
    return left


def _is_in_use(path: Path) -> bool:
    """Tell whether somebody is writing a file for a long time, without keeping others out of the folder."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # A file system without locks.
        return False
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def temporary(target: Path) -> Iterator[tuple[Path, FileIO]]:
    """
    Make a file beside another, which other writers leave alone; it is gone if something goes wrong.

    Parameters
    ----------
    target : Path
        The file that it is to replace.

    Yields
    ------
    beside : Path
        Where it is.
    opened : file
        The file, empty, open for reading and writing.
    """
    while True:
        beside = _beside(target)
        try:
            descriptor = _create(beside, target)
        except FileExistsError:
            # Somebody else has just taken that name.
            continue
        break
    try:
        with FileIO(descriptor, "r+") as opened:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):
                    fcntl.flock(opened, fcntl.LOCK_EX)
            yield beside, opened
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def replace_files(files: list[tuple[Path, Content | Path]], look: Callable[[Path], None] | None = None) -> None:
    """
    Replace files of one folder, one after the other, once all of them are on the disk.

    Parameters
    ----------
    files : list of (Path, tuple of bytes or Path)
        The files and what they are to hold, in parts that follow one another; or where this was written and flushed
        already, in the same folder.
    look : callable, optional
        Takes the first file where it was written, and raises if it must not get its name.

    Raises
    ------
    OSError
        If one cannot be written; then none was replaced, unless a renaming failed after others.
    """
    folder = files[0][0].parent
    steps = [(data if isinstance(data, Path) else _beside(target), target, data) for target, data in files]
    try:
        _write([(beside, target, data) for beside, target, data in steps if not isinstance(data, Path)])
        if look is not None:
            look(steps[0][0])
        for beside, target, _ in steps:
            _rename(beside, target)
            _sync(folder)
    except BaseException as error:
        for beside, _, _ in steps:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            error.add_note(f"{folder} may not be written to: save elsewhere, or change its permissions")
        raise


def _rename(beside: Path, target: Path) -> None:
    """Move a file into its place; the system takes back the space of a large old one while the caller goes on."""
    old = _opened_if_large(target)
    try:
        beside.replace(target)
    except OSError:
        if old is None:
            raise
        # Some file systems replace no file that is open.
        old.close()
        old = None
        beside.replace(target)
    finally:
        if old is not None:
            Beside().begin(old.close)


def _opened_if_large(target: Path) -> FileIO | None:
    if sys.platform == "win32":
        return None
    with contextlib.suppress(OSError):
        there = os.lstat(target)
        if stat.S_ISREG(there.st_mode) and there.st_size >= _LARGE:
            # What took its place meanwhile may be anything.
            return FileIO(target, opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK))
    return None


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _slots(target: Path) -> list[Path]:
    return [target.parent / f".{target.name}.{slot}{SUFFIX}" for slot in range(_SLOTS)]


def _beside(target: Path) -> Path:
    """Name a file that is not there; where there are no locks, another writer may yet be the first to make it."""
    free = [each for each in _slots(target) if not os.path.lexists(each)]
    return secrets.choice(free) if free else target.parent / f".{target.name}.{secrets.token_hex(4)}{SUFFIX}"


def _create(path: Path, target: Path) -> int:
    """Make a new file; it gets the permissions of the one that it is to replace, if that is no link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        with contextlib.suppress(FileNotFoundError):
            there = os.lstat(target)
            # Links of git-annex lead to files that nobody may write.
            if not stat.S_ISLNK(there.st_mode) and hasattr(os, "fchmod"):
                os.fchmod(descriptor, there.st_mode & 0o7777)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _write(files: list[tuple[Path, Path, Content]]) -> None:
    """Write new files, and flush them once all are written: the disk is at work on the first meanwhile."""
    with contextlib.ExitStack() as until:
        descriptors = []
        for path, target, data in files:
            descriptor = _create(path, target)
            until.callback(os.close, descriptor)
            for part in data:
                write_all(descriptor, part)
            begin_writing(descriptor)
            descriptors.append(descriptor)
        for descriptor in descriptors:
            os.fsync(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """
    Write bytes where a file is now, however many the system takes at once.

    Parameters
    ----------
    descriptor : int
        The file, open for writing.
    data : bytes
        What to write.
    """
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot flush a folder; the files themselves are flushed already.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """
    Keep other writers out of a folder; the kernel frees it when this process dies.

    Parameters
    ----------
    folder : Path
        The folder.

    Yields
    ------
    bool
        False where there are no locks, so that others may be writing.
    """
    if sys.platform == "win32":
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        held = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            # A file system without locks.
            held = False
        yield held
    finally:
        os.close(descriptor)
