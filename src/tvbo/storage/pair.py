"""
Two files that are replaced together, and known to belong together.

Everything that can fail is done in memory before the disk is touched. Then both halves are written beside
their targets and flushed; the companion is moved into place first, and that is the commit: it carries the
sidecar's text, an identifier of the content, and the identifiers of what it replaces. The sidecar follows. It
names the same identifier in a comment, so that a pair that was torn by a crash, or put together of two saves,
is told apart from one that is whole.
"""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvbo.errors import CompanionError, MismatchError, NetworkNotFoundError, SidecarError, warn
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import Companion
from tvbo.storage.image import Image

if sys.platform != "win32":
    import fcntl

SUFFIX = ".tvbo-tmp"
SIDECARS = (".yaml", ".yml", ".json")
GROUP, TEXT, CONTENT, REPLACES = "tvbo", "tvbo/sidecar", "content", "replaces"
_LINE = re.compile(r"^# content: (sha256:[0-9a-f]{64})\r?$", re.MULTILINE)
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A pair as it was found.

    Attributes
    ----------
    path : Path
        The sidecar, or the companion if there is no sidecar.
    record : dict
        What the sidecar says.
    companion : Companion or None
        The companion, if it is there.
    missing : Path or None
        Where the companion should be, if it is not there.
    state : {"whole", "edited", "recovered", "alone", "unchecked"}
        Whether the sidecar is the one that was saved; was edited since; was taken from the companion, because
        a save was interrupted or because there is no sidecar; or cannot be told, since a half has no
        identifier.
    """

    path: Path
    record: dict[str, Any]
    companion: Companion | None
    missing: Path | None
    state: str


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


def identifier(text: str) -> str | None:
    """
    Find the identifier in a sidecar.

    Parameters
    ----------
    text : str
        The sidecar.

    Returns
    -------
    str or None
        ``sha256:...``; None for files by others.
    """
    found = _LINE.search(text, 0, 4096)
    return found.group(1) if found else None


# ---------------------------------------------------------------------- writing


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
    while True:
        replaces = _replaced(target, companion)
        image.attrs[GROUP] = {CONTENT: identifier(text) or "", REPLACES: " ".join(replaces)}
        data = image.build(compression)
        with _locked(folder) as alone:
            # Compressing takes long: somebody else may have saved meanwhile.
            if _replaced(target, companion) == replaces:
                _replace([(companion, data), (target, text.encode())], alone)
                return


def _replaced(target: Path, companion: Path) -> list[str]:
    """Give the identifiers of what is there now; refuse to overwrite what is not ours."""
    found = set()
    named = False
    if target.exists():
        named = _names(target, companion)
        found.add(identifier(_head(target)))
    for ending in SIDECARS:
        other = target.with_suffix(ending)
        if other != target and _names(other, companion):
            raise FileExistsError(f"{other} uses {companion.name} too: choose another name, or remove it first")
    if companion.exists() and companion.stat().st_size:
        try:
            attrs = Companion.attributes(companion, ("", GROUP))
        except CompanionError:
            attrs = {}
        if schema.CLASS_KEY not in attrs.get("", {}) and not named:
            raise FileExistsError(
                f"{companion} is there already and is no companion of a network: "
                "choose another name, or remove it first"
            )
        found.add(str(attrs.get(GROUP, {}).get(CONTENT, "")))
    return sorted(each for each in found if each)


def _names(sidecar_path: Path, companion: Path) -> bool:
    """Tell whether there is a sidecar that names a companion; its keys begin with those of the file."""
    return sidecar_path.exists() and companion.name in _head(sidecar_path)


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(4096).decode("utf-8", "replace")


def _replace(files: list[tuple[Path, bytes]], alone: bool) -> None:
    folder = files[0][0].parent
    if alone:
        # Nobody else is writing here: whatever is left of this name was left by a crash.
        for target, _ in files:
            for leftover in folder.glob(f".{_literal(target.name)}.*{SUFFIX}"):
                leftover.unlink(missing_ok=True)
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


# ---------------------------------------------------------------------- reading


def open_pair(path: Path) -> Opened:
    """
    Open a pair, whichever half is named, and tell whether its halves belong together.

    Parameters
    ----------
    path : Path
        The sidecar, or the companion.

    Returns
    -------
    Opened
        The pair. No array is read.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    SidecarError, CompanionError
        If one cannot be understood.
    MismatchError
        If the two come from different saves.
    """
    if path.suffix.lower() not in SIDECARS:
        return _from_companion(path)
    for attempt in range(_TRIES):
        try:
            found = _from_sidecar(path)
        except MismatchError:
            if attempt == _TRIES - 1:
                raise
        else:
            if found.state != "recovered" or attempt == _TRIES - 1:
                break
        # Perhaps somebody is saving, and is between the two renames.
        time.sleep(0.002 * (attempt + 1))
    if found.state == "recovered":
        warn(f"{path} is older than its companion: a save was interrupted. What that save wrote is read")
    return found


def _from_sidecar(path: Path) -> Opened:
    text = sidecar.text_of(path)
    try:
        record = sidecar.parse(text, path)
    except SidecarError as error:
        if path.with_suffix(".h5").exists():
            error.add_note(f"{path.with_suffix('.h5')} carries a copy of the sidecar as it was saved: open that")
        raise
    held = _companion_of(record, path)
    if not isinstance(held, Companion):
        return Opened(path, record, None, held, "unchecked")
    own, its = identifier(text), held.under(GROUP)
    content, saved = str(its.get(CONTENT, "")), held.text(TEXT)
    if saved != text and saved.startswith(text):
        cut = SidecarError(f"{path} is cut off after {len(text.splitlines())} of {len(saved.splitlines())} lines")
        cut.add_note(
            f"{held.path} carries a copy of it as it was saved: move {path.name} away and open that. "
            "If you took away the end on purpose, add a comment there"
        )
        raise cut
    if own is None:
        return Opened(path, record, held, None, "edited" if saved else "unchecked")
    if own == content:
        return Opened(path, record, held, None, "whole" if saved == text else "edited")
    if content and own in str(its.get(REPLACES, "")).split():
        return Opened(path, sidecar.parse(saved, held.path), held, None, "recovered")
    raise MismatchError(
        f"{path} and {held.path} come from different saves: put the companion beside it that it was saved with"
        + (f", or open {held.path.name} alone, which is complete, from another folder" if content else "")
    )


def _from_companion(path: Path) -> Opened:
    beside = [path.with_suffix(ending) for ending in SIDECARS]
    named = next((each for each in beside if _names(each, path)), None)
    if named is not None:
        return open_pair(named)
    if not path.exists():
        raise NetworkNotFoundError(f"there is no file {path}: expected the companion of a network")
    held = Companion.open(path)
    if TEXT not in held.arrays:
        raise NetworkNotFoundError(
            f"{path}: it has no sidecar, and carries no copy of one; expected {beside[0].name} beside it"
        )
    return Opened(path, sidecar.parse(held.text(TEXT), path), held, None, "alone")


def _companion_of(record: dict[str, Any], path: Path) -> Companion | Path | None:
    """Open the companion; a missing one is given as its path, since metadata can be had without it."""
    name = record.get("data_file")
    if name is None:
        return None
    if not isinstance(name, str) or Path(name).name != name:
        raise SidecarError(f"{path}: data_file must be the name of an .h5 file in the same folder, not {name!r}")
    target = path.parent / name
    if target.exists():
        return Companion.open(target)
    renamed = path.with_suffix(".h5")
    if renamed.exists():
        warn(f"{path}: data_file names {name}, which is missing; opened {renamed.name} beside it")
        return Companion.open(renamed)
    return target
