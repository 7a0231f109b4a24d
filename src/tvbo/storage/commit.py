"""
Two files that are replaced together.

Everything that can fail is done in memory before the disk is touched. Then both halves are written beside
their targets and flushed; the companion is moved into place first, and that is the commit: it carries the
sidecar's text, an identifier of the content, and the identifiers of what it replaces. The sidecar follows.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tvbo.errors import CompanionError, LimitError, SidecarError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.files import check_plain
from tvbo.storage.image import Image
from tvbo.storage.pair import REPLACES, SIDECARS, TEXT, identifier, identity, uses
from tvbo.storage.reopening import check_places, check_written, may_claim_too_much
from tvbo.storage.stored import CONTENT, GROUP

if sys.platform != "win32":
    import fcntl

SUFFIX = ".tvbo-tmp"


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
    text: str,
    image: Image,
    compression: str | int,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> None:
    """
    Replace a pair as a whole.

    Parameters
    ----------
    target, companion : Path
        The two files, in one folder.
    text : str
        The sidecar, as `stamped` gives it.
    image : Image
        The companion.
    compression : {"gzip", "none"} or int
        As `Image.build` takes it.
    limits : Limits
        Within which the pair must be readable.

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
    image.add_text(TEXT, text)
    check_places(image, companion, limits)
    doubtful = may_claim_too_much(image, limits)
    while True:
        replaces = _replaced(target, companion)
        image.attrs[GROUP] = {CONTENT: identifier(text) or "", REPLACES: " ".join(replaces)}
        data = image.build(compression)
        with locked(folder) as alone:
            # Compressing takes long: somebody else may have saved meanwhile.
            if _replaced(target, companion) == replaces:
                if alone:
                    clear(target, companion)
                look = (lambda written: check_written(written, companion, limits)) if doubtful else None
                replace_files([(companion, data), (target, text.encode())], look)
                return


def _replaced(target: Path, companion: Path) -> list[str]:
    """Give the identifiers of what is there now; refuse to overwrite what is not ours."""
    found = set()
    if target.exists():
        try:
            check_plain(target)
            found.add(identity(sidecar.text_of(target)))
        except (LimitError, SidecarError):
            # What cannot be opened cannot be taken for the half of a pair either.
            pass
        except UnsafeFileError as error:
            raise FileExistsError(f"{error}. Choose another name, or remove it first") from None
    for ending in SIDECARS:
        other = target.with_suffix(ending)
        if other != target and _uses(other, companion, if_damaged=True):
            raise FileExistsError(f"{other} uses {companion.name} too: choose another name, or remove it first")
    if companion.exists() and companion.stat().st_size:
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


def clear(*targets: Path) -> list[Path]:
    """
    Remove what crashes left of some files, while nobody else is writing in their folder.

    Parameters
    ----------
    *targets : Path
        The files.

    Returns
    -------
    list of Path
        What was removed.
    """
    left = [each for target in targets for each in target.parent.glob(f".{_literal(target.name)}.*{SUFFIX}")]
    for leftover in left:
        leftover.unlink(missing_ok=True)
    return left


def replace_files(files: list[tuple[Path, bytes]], look: Callable[[Path], None] | None = None) -> None:
    """
    Replace files of one folder, one after the other, once all of them are on the disk.

    Parameters
    ----------
    files : list of (Path, bytes)
        The files and what they are to hold.
    look : callable, optional
        Takes the first file where it was written, and raises if it must not get its name.

    Raises
    ------
    OSError
        If one cannot be written; then none was replaced, unless a renaming failed after others.
    """
    folder = files[0][0].parent
    mark = f"{secrets.token_hex(4)}{SUFFIX}"
    steps = [(folder / f".{target.name}.{mark}", target, data) for target, data in files]
    try:
        for beside, target, data in steps:
            _write(beside, data, target)
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


def _write(path: Path, data: bytes, target: Path) -> None:
    """Write a new file and flush it; it gets the permissions of the one that it is to replace, if that is no link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        # Links of git-annex lead to files that nobody may write.
        if target.exists() and not target.is_symlink() and hasattr(os, "fchmod"):
            os.fchmod(descriptor, target.stat().st_mode & 0o7777)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
