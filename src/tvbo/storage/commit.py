"""
Two files that are replaced together.

Everything that can fail is done before a target is touched: in memory, or, for large arrays, in a file beside. Then
both halves lie beside their targets and are flushed; the companion is moved into place first, and that is the commit:
it carries the sidecar's text, an identifier of the content, and the identifiers of what it replaces. The sidecar
follows.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TypeAlias

from h5py import h5f

from tvbo.errors import CompanionError, LimitError, NetworkNotFoundError, SidecarError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.image import Image, level_of
from tvbo.storage.index import sealed
from tvbo.storage.pair import REPLACES, SIDECARS, TEXT, identifier, identity, uses
from tvbo.storage.pool import undisturbed
from tvbo.storage.reopening import check_places, check_written, may_claim_too_much
from tvbo.storage.sink import begin_writing, hdf5_in_memory, hdf5_on
from tvbo.storage.stored import CONTENT, GROUP

if sys.platform != "win32":
    import fcntl

SUFFIX = ".tvbo-tmp"
# What is not finished has one of so many names: to find what a crash left, a folder of 100,000 files is not listed.
_SLOTS = 8
# Arrays of up to this many bytes are compressed in memory, where nothing can fail.
_IN_MEMORY = 1 << 23

# What a file is to hold, in parts that follow one another.
Content: TypeAlias = tuple[bytes, ...]
# Gives the sidecar when all arrays have been seen; is told how many bytes of how many are written.
Finish: TypeAlias = Callable[[], str]
Progress: TypeAlias = Callable[[int, int], None]


def stamped(text: str, image: Image) -> str:
    """
    Put the identifier of the content above a sidecar.

    Parameters
    ----------
    text : str
        The sidecar.
    image : Image
        The companion that belongs to it.

    Returns
    -------
    str
        The sidecar, beginning with ``# content: sha256:...``. The identifier does not depend on compression.
    """
    total = hashlib.sha256(text.encode())
    for line in image.fingerprint():
        total.update(line.encode("utf-8", "surrogatepass"))
    return f"# content: sha256:{total.hexdigest()}\n{text}"


def commit(
    target: Path,
    companion: Path,
    image: Image,
    finish: Finish,
    compression: str | int,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    progress: Progress | None = None,
) -> None:
    """
    Replace a pair as a whole.

    Parameters
    ----------
    target, companion : Path
        The two files, in one folder.
    image : Image
        The companion.
    finish : callable
        Gives the sidecar, as `stamped` does; called when all arrays have been seen.
    compression : {"gzip", "none"} or int
        As `Image.write` takes it.
    limits : Limits
        Within which the pair must be readable.
    progress : callable, optional
        Called with the number of bytes written so far, and that of all, while large arrays are written.

    Raises
    ------
    OSError
        If it cannot be written; then the pair is the old one, or, if only the very last step failed, the new one.
    FileExistsError
        If a name is taken by a file that is no part of this network.
    LimitError
        If it could not be opened again within the limits; then nothing was replaced.
    """
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    level_of(compression)
    check_places(image, companion, limits)
    save = _Save(target, companion, image, finish, compression, limits, progress)
    if image.watches or image.size() > _IN_MEMORY:
        # What will be refused is refused before it takes long.
        _replaced(target, companion)
        # Only where Ctrl-C does not reach may libhdf5 call back into Python.
        undisturbed(save.streamed)
    else:
        save.in_memory()


@dataclass(frozen=True, slots=True)
class _Save:
    """One save of a pair; what it takes is described at `commit`."""

    target: Path
    companion: Path
    image: Image
    finish: Finish
    compression: str | int
    limits: Limits
    progress: Progress | None

    def in_memory(self) -> None:
        with hdf5_in_memory(self.image.size()) as file:
            text = self._write(file, lambda _: None)
            with locked(self.target.parent) as alone:
                self._stamp(text, alone, None)
                self._replace(self.image.image(file), text)

    def streamed(self, stop: threading.Event) -> None:
        total, done = self.image.size(), 0

        def go_on(written: int) -> None:
            nonlocal done
            done += written
            if stop.is_set():
                raise InterruptedError("the save was interrupted")
            if sink.failure is not None:
                raise sink.failure
            if self.progress is not None:
                self.progress(done, max(total, done))

        with contextlib.ExitStack() as until, _temporary(self.companion) as (beside, temporary):
            descriptor = temporary.fileno()
            with hdf5_on(descriptor) as (file, sink):
                text = self._write(file, go_on)
                # Held until both files are replaced.
                alone = until.enter_context(locked(self.target.parent))
                self._stamp(text, alone, beside)
                self.image.finish(file)
                listed = self.image.listed(file)
            if listed:
                _append(descriptor, listed)
            os.fsync(descriptor)
            # Windows does not rename what is open.
            temporary.close()
            self._replace(beside, text)

    def _write(self, file: h5f.FileID, go_on: Callable[[int], None]) -> str:
        self.image.write(file, self.compression, go_on)
        text = self.finish()
        self.image.add_text(TEXT, text)
        check_places(self.image, self.companion, self.limits)
        self.image.write(file, self.compression)
        return text

    def _stamp(self, text: str, alone: bool, own: Path | None) -> None:
        """Say in the companion what it is, and what it replaces; nobody else is writing now."""
        # Compressing takes long: somebody else may have saved meanwhile.
        replaces = _replaced(self.target, self.companion)
        if alone:
            clear(self.target, self.companion, but=own)
        self.image.attrs[GROUP] = {CONTENT: identifier(text) or "", REPLACES: " ".join(replaces)}

    def _replace(self, companion: Content | Path, text: str) -> None:
        doubtful = may_claim_too_much(self.image, self.limits)
        look = (lambda written: check_written(written, self.companion, self.limits)) if doubtful else None
        replace_files([(self.companion, companion), (self.target, (text.encode(),))], look)


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[tuple[Path, FileIO]]:
    """Make a file beside another, which other writers leave alone; it is gone if something goes wrong."""
    while True:
        beside = _beside(target)
        try:
            descriptor = _create(beside, target)
        except FileExistsError:
            # Somebody else has just taken that name.
            continue
        break
    try:
        with FileIO(descriptor, "r+") as temporary:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):
                    fcntl.flock(temporary, fcntl.LOCK_EX)
            yield beside, temporary
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def _append(descriptor: int, listed: bytes) -> None:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    _write_all(descriptor, sealed(listed, end))


def _replaced(target: Path, companion: Path) -> list[str]:
    """Give the identifiers of what is there now; refuse to overwrite what is not ours."""
    found, size = set(), 0
    try:
        found.add(identity(sidecar.text_of(target)))
    except (LimitError, SidecarError, NetworkNotFoundError):
        # What cannot be opened cannot be taken for the half of a pair either.
        pass
    except UnsafeFileError as error:
        raise FileExistsError(f"{error}. Choose another name, or remove it first") from None
    for ending in SIDECARS:
        other = target.with_suffix(ending)
        if other != target and _uses(other, companion, if_damaged=True):
            raise FileExistsError(f"{other} uses {companion.name} too: choose another name, or remove it first")
    with contextlib.suppress(FileNotFoundError):
        size = companion.stat().st_size
    if size:
        try:
            attrs = Companion.attributes(companion, (GROUP,))
        except (CompanionError, UnsafeFileError):
            attrs = {}
        if schema.CLASS_KEY not in attrs.get("", {}) and not _uses(target, companion, if_damaged=False):
            raise FileExistsError(
                f"{companion} is there already and is no companion of a network: "
                "choose another name, or remove it first"
            )
        found.add(text_in(attrs.get(GROUP, {}), CONTENT))
    return sorted(each for each in found if each)


def _uses(path: Path, companion: Path, *, if_damaged: bool) -> bool:
    try:
        return uses(path, companion)
    except (SidecarError, UnsafeFileError):
        return if_damaged


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
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}: make it first, or save elsewhere")
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder: name a file in it, or save elsewhere")
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
    folder = files[0][0].parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    targets = [target for target, _ in files]
    if (taken := next((target for target in targets if target.is_dir()), None)) is not None:
        raise IsADirectoryError(f"{taken} is a folder: name a file in it, or save elsewhere")
    with locked(folder) as alone:
        if alone:
            clear(*targets)
        held = {target: target.read_bytes() if target.exists() else None for target in targets}
        try:
            replace_files([(target, (data,)) for target, data in files])
        except BaseException:
            for target, data in held.items():
                there = target.read_bytes() if target.exists() else None
                if data is None:
                    target.unlink(missing_ok=True)
                elif there != data:
                    replace_files([(target, (data,))])
            raise


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
            beside.replace(target)
            _sync(folder)
    except BaseException as error:
        for beside, _, _ in steps:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            error.add_note(f"{folder} may not be written to: save elsewhere, or change its permissions")
        raise


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
                _write_all(descriptor, part)
            begin_writing(descriptor)
            descriptors.append(descriptor)
        for descriptor in descriptors:
            os.fsync(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
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
