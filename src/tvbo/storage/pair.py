"""
Two files that are known to belong together.

Both halves name one identifier of the content, the sidecar in a comment. The companion also carries the text of
the sidecar, and the identifiers of what it replaced. So a pair that was torn by a crash, or put together of two
saves, is told apart from one that is whole; see `tvbo.storage.commit` for how it is written.
"""

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tvbo.errors import CompanionError, MismatchError, NetworkNotFoundError, SidecarError, UnsafeFileError, warn
from tvbo.limits import Limits
from tvbo.storage import sidecar
from tvbo.storage.companion import Companion, text_in
from tvbo.storage.files import inside
from tvbo.storage.node_list import NodeText
from tvbo.storage.stored import CONTENT, GROUP, RECORD

SIDECARS = (".yaml", ".yml", ".json")
# tvbo 0.5.3 can put arrays into files of other kinds, too.
COMPANIONS = (".h5", ".hdf5")
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
    by_others : bool
        Whether the sidecar has no identifier.
    """

    path: Path
    record: dict[str, Any]
    companion: Companion | None
    missing: Path | None
    state: str
    by_others: bool = False


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


def identity(text: str) -> str:
    """
    Name what a sidecar holds, so that the companion that replaces it can say so.

    Parameters
    ----------
    text : str
        The sidecar.

    Returns
    -------
    str
        Its identifier; for files by others, which have none, a digest of the text.
    """
    return identifier(text) or f"text:{hashlib.sha256(text.encode()).hexdigest()}"


def uses(sidecar_path: Path, companion: Path, limits: Limits = Limits()) -> bool:  # noqa: B008
    """
    Tell whether a sidecar belongs to a companion, by the rule by which it is opened.

    Parameters
    ----------
    sidecar_path, companion : Path
        The two files.
    limits : Limits
        What the sidecar may ask for.

    Returns
    -------
    bool
        False also if there is no such sidecar, or it is no plain file.

    Raises
    ------
    SidecarError
        If it cannot be understood.
    UnsafeFileError
        If it leads elsewhere, or asks for too much.
    """
    if not sidecar_path.is_file():
        return False
    text = sidecar.text_of(sidecar_path, limits)
    return companion_of(sidecar_path, text, sidecar.parse(text, sidecar_path, limits), limits) == companion


def companion_of(path: Path, text: str, record: dict[str, Any], limits: Limits) -> Path | None:
    """
    Tell which companion a sidecar belongs to: what it names, unless it was copied or renamed.

    Parameters
    ----------
    path : Path
        The sidecar.
    text : str
        What it holds.
    record : dict
        What it says.
    limits : Limits
        Whether it may lead elsewhere.

    Returns
    -------
    Path or None
        The companion, which need not be there; None if there is none to be.

    Raises
    ------
    UnsafeFileError
        If it leads elsewhere.
    """
    beside, name = path.with_suffix(".h5"), record.get("data_file")
    # We always name one: without a name the line was lost.
    if name == beside.name or (name is None and identifier(text) is not None):
        return beside
    named = None if name is None else inside(path.parent, name, f"{path}: data_file", limits)
    if not beside.exists():
        return named
    # A copy names what it was copied from, which may have been saved anew since: the identifier tells more.
    if identity(text) in saves_in(beside) or (named is not None and not named.exists()):
        return beside
    return named


def saves_in(companion: Path) -> frozenset[str]:
    """
    Tell which sidecars a companion belongs to: that of its save, and those that this replaced.

    Parameters
    ----------
    companion : Path
        The file.

    Returns
    -------
    frozenset of str
        As `identity` names them; empty if it is damaged, or none of ours.
    """
    try:
        own = Companion.attributes(companion, (GROUP,)).get(GROUP, {})
    except (CompanionError, UnsafeFileError):
        return frozenset()
    return _saves(own)


def _saves(attrs: dict[str, Any]) -> frozenset[str]:
    content = text_in(attrs, CONTENT)
    return frozenset((content, *text_in(attrs, REPLACES).split())) if content else frozenset()


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


def _as_saved(path: Path, text: str, beside: Path, limits: Limits, verify: bool) -> Opened | None:
    """Open a pair whose sidecar is to the letter what its companion carries, which says what it says, too."""
    own = identifier(text)
    if own is None or path.suffix.lower() == ".json":
        return None
    try:
        held = Companion.as_listed(beside, limits, verify=verify)
    except (CompanionError, UnsafeFileError):
        # Perhaps it is not the one that is meant.
        return None
    if held is None or not held.header or not held.carries(TEXT, text) or text_in(held.under(GROUP), CONTENT) != own:
        return None
    record: dict[str, Any] = dict(held.header["record"])
    sidecar.measure(record, path, limits)
    count, numbered = held.header.get("nodes", (0, False))
    if count:
        # In the order of keys, nodes and edges come last.
        record["nodes"] = NodeText(text, int(count), bool(numbered))
    _say_which(path, beside, text, record)
    return Opened(path, record, held, None, "whole")


def _from_sidecar(path: Path, limits: Limits, verify: bool) -> Opened:
    text = sidecar.text_of(path, limits)
    beside = path.with_suffix(".h5")
    saved_so = _as_saved(path, text, beside, limits, verify)
    if saved_so is not None:
        return saved_so
    try:
        record = sidecar.parse(text, path, limits)
    except SidecarError as error:
        if beside.exists():
            error.add_note(f"{beside.name} may carry a copy of it as it was saved: tvbo repair {path.name} restores it")
        raise
    wanted = companion_of(path, text, record, limits)
    if wanted is None or not wanted.exists() or wanted.suffix.lower() not in COMPANIONS:
        # Metadata can be had without it.
        return Opened(path, record, None, wanted, "unchecked", identifier(text) is None)
    _say_which(path, wanted, text, record)
    held = Companion.open(wanted, limits, verify=verify, texts=_TEXTS)
    its = held.under(GROUP)
    saved = text if held.carries(TEXT, text) else held.text(TEXT)
    own, content = identifier(text), text_in(its, CONTENT)
    if saved != text and saved.startswith(text):
        cut = SidecarError(f"{path} is cut off after {len(text.splitlines())} of {len(saved.splitlines())} lines")
        cut.add_note(
            f"{held.path} carries a copy of it as it was saved: tvbo repair {path.name} restores it. "
            "If you took away the end on purpose, add a comment there"
        )
        raise cut
    older = identity(text) in _saves(its) - {content}
    # A save goes to the companion beside; the save of another pair does not count here.
    if older and wanted == beside:
        return Opened(path, sidecar.parse(saved, held.path, limits), held, None, "recovered")
    if own == content or (own is None and saved and not older):
        if saved != text:
            warn(_what_was_edited(path, saved, text))
        return Opened(path, record, held, None, "whole" if saved == text else "edited")
    if own is None and not older:
        return Opened(path, record, held, None, "unchecked", True)
    raise MismatchError(
        f"{path} and {held.path} come from different saves"
        + (f", of which that of {path.name} is the older" if older else "")
        + ": put the companion beside it that it was saved with"
        + (f", or open {held.path.name} alone, which is complete, from another folder" if content else "")
    )


def _say_which(path: Path, found: Path, text: str, record: dict[str, Any]) -> None:
    """Warn where the name in the sidecar does not settle which companion is meant."""
    name, beside = record.get("data_file"), path.with_suffix(".h5")
    if name is None or name == beside.name:
        return
    if found != beside:
        if identifier(text) is None and beside.exists():
            warn(f"{path}: data_file names {name}, and {beside.name} lies beside it too; opened {name}")
        return
    missing = not (path.parent / name).exists()
    why = "which is missing" if missing else f"but it was saved with {beside.name}"
    warn(f"{path}: data_file names {name}, {why}; opened {beside.name} beside it")


def _what_was_edited(path: Path, saved: str, text: str) -> str:
    before, after = saved.splitlines(), text.splitlines()
    pairs = enumerate(zip(before, after, strict=False), 1)
    line = next((number for number, (old, new) in pairs if old != new), min(len(before), len(after)) + 1)
    return (
        f"{path} was edited since it was saved, first in line {line}: what it says now counts. "
        "Save the network again to keep it; tvbo repair --undo takes the edit back"
    )


def _from_companion(path: Path, limits: Limits, verify: bool) -> Opened:
    for ending in SIDECARS:
        beside = path.with_suffix(ending)
        try:
            used = uses(beside, path, limits)
        except SidecarError:
            # It may hold edits by hand: not to be passed over. Opening it says what is wrong.
            used = True
        if used:
            return open_pair(beside, limits, verify=verify)
    if not path.exists():
        raise NetworkNotFoundError(f"there is no file {path}: expected the companion of a network")
    held = Companion.open(path, limits, verify=verify, texts=_TEXTS)
    if TEXT not in held.arrays:
        raise NetworkNotFoundError(
            f"{path} has no sidecar, and carries no copy of one: expected {path.with_suffix('.yaml').name} beside it"
        )
    return Opened(path, sidecar.parse(held.text(TEXT), path, limits), held, None, "alone")
