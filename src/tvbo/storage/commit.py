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
from collections.abc import Iterator
from pathlib import Path

from tvbo.errors import CompanionError, UnsafeFileError, warn
from tvbo.limits import Limits
from tvbo.storage import schema
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.files import read_head
from tvbo.storage.image import Image
from tvbo.storage.pair import REPLACES, SIDECARS, TEXT, identifier, names_companion
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


def commit(target: Path, companion: Path, text: str, image: Image, compression: str | int) -> None:
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

    Raises
    ------
    OSError
        If it cannot be written; then the pair is the old one, or, if only the very last step failed, the new one.
    FileExistsError
        If the companion's name is taken by a file that is no part of this network.
    """
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}: make it first, or save elsewhere")
    image.add_text(TEXT, text)
    size = image.size()
    while True:
        replaces = _replaced(target, companion)
        image.attrs[GROUP] = {CONTENT: identifier(text) or "", REPLACES: " ".join(replaces)}
        data = image.build(compression)
        allowed = Limits().inflated(len(data))
        if size > allowed:
            warn(
                f"{companion.name} is so small for the {size:,} bytes that it holds that it will be taken for "
                f"a bomb: open it with Network.from_file(path, limits=Limits(inflated_bytes={2 * size}))"
            )
        with _locked(folder) as alone:
            # Compressing takes long: somebody else may have saved meanwhile.
            if _replaced(target, companion) == replaces:
                if alone:
                    _clear(target, companion)
                _replace([(companion, data), (target, text.encode())])
                return


def _replaced(target: Path, companion: Path) -> list[str]:
    """Give the identifiers of what is there now; refuse to overwrite what is not ours."""
    found = set()
    named = False
    if target.exists():
        named = names_companion(target, companion)
        found.add(identifier(read_head(target)))
    for ending in SIDECARS:
        other = target.with_suffix(ending)
        if other != target and names_companion(other, companion):
            raise FileExistsError(f"{other} uses {companion.name} too: choose another name, or remove it first")
    if companion.exists() and companion.stat().st_size:
        try:
            attrs = Companion.attributes(companion, (GROUP,))
        except (CompanionError, UnsafeFileError):
            attrs = {}
        if schema.CLASS_KEY not in attrs.get("", {}) and not named:
            raise FileExistsError(
                f"{companion} is there already and is no companion of a network: "
                "choose another name, or remove it first"
            )
        found.add(text_in(attrs.get(GROUP, {}), CONTENT))
    return sorted(each for each in found if each)


def replace_sidecar(target: Path, text: str, keep: Path | None) -> list[Path]:
    """
    Replace a sidecar alone, and clear away what interrupted saves left.

    Parameters
    ----------
    target : Path
        The sidecar.
    text : str
        What it is to say.
    keep : Path or None
        Where to keep a copy of the one that is there.

    Returns
    -------
    list of Path
        What was cleared away.
    """
    with _locked(target.parent) as alone:
        left = _clear(target, target.with_suffix(".h5")) if alone else []
        if keep is not None:
            # A copy, so that at no instant there is no sidecar.
            _write(keep, target.read_bytes(), target)
        _replace([(target, text.encode())])
    return left


def _clear(*targets: Path) -> list[Path]:
    """Remove what crashes left of these names; nobody else is writing here."""
    left = [each for target in targets for each in target.parent.glob(f".{_literal(target.name)}.*{SUFFIX}")]
    for leftover in left:
        leftover.unlink(missing_ok=True)
    return left


def _replace(files: list[tuple[Path, bytes]]) -> None:
    folder = files[0][0].parent
    mark = f"{secrets.token_hex(4)}{SUFFIX}"
    steps = [(folder / f".{target.name}.{mark}", target, data) for target, data in files]
    try:
        for beside, target, data in steps:
            _write(beside, data, target)
        for beside, target, _ in steps:
            beside.replace(target)
            _sync(folder)
    except BaseException:
        for beside, _, _ in steps:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        raise


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)


def _write(path: Path, data: bytes, target: Path) -> None:
    """Write a new file and flush it; it gets the permissions of the one that it is to replace."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        if target.exists() and hasattr(os, "fchmod"):
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
def _locked(folder: Path) -> Iterator[bool]:
    """Keep other writers out of a folder; the kernel frees it when this process dies. Tell whether it could."""
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
