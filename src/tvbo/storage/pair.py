"""
Two files that are known to belong together.

Both halves name one identifier of the content, the sidecar in a comment. The companion also carries the text of
the sidecar, and the identifiers of what it replaced. So a pair that was torn by a crash, or put together of two
saves, is told apart from one that is whole; see `tvbo.storage.commit` for how it is written.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvbo.errors import MismatchError, NetworkNotFoundError, SidecarError, warn
from tvbo.limits import Limits
from tvbo.storage import sidecar
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.files import inside, read_head
from tvbo.storage.stored import CONTENT, GROUP, RECORD

SIDECARS = (".yaml", ".yml", ".json")
TEXT, REPLACES = f"{GROUP}/sidecar", "replaces"
# Read with the list of the file: every opening needs them.
_TEXTS = (TEXT, RECORD)
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


def names_companion(sidecar_path: Path, companion: Path) -> bool:
    """
    Tell whether there is a sidecar that names a companion; its keys begin with those of the file.

    Parameters
    ----------
    sidecar_path, companion : Path
        The two files.

    Returns
    -------
    bool
        False if there is no such sidecar.
    """
    return companion.name in read_head(sidecar_path)


def open_pair(path: Path, limits: Limits = Limits(), *, verify: bool = True) -> Opened:  # noqa: B008
    """
    Open a pair, whichever half is named, and tell whether its halves belong together.

    Parameters
    ----------
    path : Path
        The sidecar, or the companion.
    limits : Limits
        What the files may ask for.
    verify : bool
        Whether arrays are checked when they are read.

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
    UnsafeFileError
        If they lead elsewhere, or ask for too much.
    """
    if path.suffix.lower() not in SIDECARS:
        return _from_companion(path, limits, verify)
    for attempt in range(_TRIES):
        try:
            found = _from_sidecar(path, limits, verify)
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


def _from_sidecar(path: Path, limits: Limits, verify: bool) -> Opened:
    text = sidecar.text_of(path, limits)
    try:
        record = sidecar.parse(text, path, limits)
    except SidecarError as error:
        beside = path.with_suffix(".h5")
        if beside.exists():
            error.add_note(f"{beside.name} may carry a copy of it as it was saved: tvbo repair {path.name} restores it")
        raise
    own = identifier(text)
    held = _companion_of(record, path, own, limits, verify)
    if not isinstance(held, Companion):
        return Opened(path, record, None, held, "unchecked")
    its = held.under(GROUP)
    content, saved = text_in(its, CONTENT), held.text(TEXT)
    if saved != text and saved.startswith(text):
        cut = SidecarError(f"{path} is cut off after {len(text.splitlines())} of {len(saved.splitlines())} lines")
        cut.add_note(
            f"{held.path} carries a copy of it as it was saved: tvbo repair {path.name} restores it. "
            "If you took away the end on purpose, add a comment there"
        )
        raise cut
    if own == content or (own is None and saved):
        if saved != text:
            warn(_what_was_edited(path, saved, text))
        return Opened(path, record, held, None, "whole" if saved == text else "edited")
    if own is None:
        return Opened(path, record, held, None, "unchecked")
    if content and own in text_in(its, REPLACES).split():
        return Opened(path, sidecar.parse(saved, held.path, limits), held, None, "recovered")
    raise MismatchError(
        f"{path} and {held.path} come from different saves: put the companion beside it that it was saved with"
        + (f", or open {held.path.name} alone, which is complete, from another folder" if content else "")
    )


def _what_was_edited(path: Path, saved: str, text: str) -> str:
    before, after = saved.splitlines(), text.splitlines()
    pairs = enumerate(zip(before, after, strict=False), 1)
    line = next((number for number, (old, new) in pairs if old != new), min(len(before), len(after)) + 1)
    return (
        f"{path} was edited since it was saved, first in line {line}: what it says now counts. "
        "Save the network again to keep it; tvbo repair --undo takes the edit back"
    )


def _from_companion(path: Path, limits: Limits, verify: bool) -> Opened:
    beside = [path.with_suffix(ending) for ending in SIDECARS]
    named = next((each for each in beside if names_companion(each, path)), None)
    if named is not None:
        return open_pair(named, limits, verify=verify)
    if not path.exists():
        raise NetworkNotFoundError(f"there is no file {path}: expected the companion of a network")
    held = Companion.open(path, limits, verify=verify, texts=_TEXTS)
    if TEXT not in held.arrays:
        raise NetworkNotFoundError(
            f"{path}: it has no sidecar, and carries no copy of one; expected {beside[0].name} beside it"
        )
    return Opened(path, sidecar.parse(held.text(TEXT), path, limits), held, None, "alone")


def _companion_of(
    record: dict[str, Any], path: Path, own: str | None, limits: Limits, verify: bool
) -> Companion | Path | None:
    """Open the companion; a missing one is given as its path, since metadata can be had without it."""
    name = record.get("data_file")
    renamed = path.with_suffix(".h5")
    if name is None:
        if own is None:
            return None
        # We always name one: the line was lost.
        name = renamed.name
    target = inside(path.parent, name, f"{path}: data_file", limits)
    if target.exists():
        return Companion.open(target, limits, verify=verify, texts=_TEXTS)
    if renamed.exists():
        warn(f"{path}: data_file names {name}, which is missing; opened {renamed.name} beside it")
        return Companion.open(renamed, limits, verify=verify, texts=_TEXTS)
    return target
