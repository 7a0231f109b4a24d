"""A sidecar that was lost or torn, written anew from the copy that its companion carries."""

import itertools
import os
import warnings
from pathlib import Path

from tvbo.errors import CompanionError, MismatchError, NetworkNotFoundError, SidecarError, TvboWarning
from tvbo.limits import Limits
from tvbo.storage import schema, sidecar
from tvbo.storage.companion import Companion
from tvbo.storage.files import read_bytes
from tvbo.storage.pair import SIDECARS, TEXT, identifier, open_pair, saves_in, uses
from tvbo.storage.replacing import clear, locked, replace_files


def repair(path: Path, limits: Limits = Limits(), *, undo: bool = False) -> list[str]:  # noqa: B008
    """
    Write a sidecar anew where it is missing, torn or older than its companion.

    Parameters
    ----------
    path : Path
        The sidecar, or the companion.
    limits : Limits
        What the files may ask for.
    undo : bool
        Whether to take edits by hand back, too.

    Returns
    -------
    list of str
        What was done; empty if there was nothing to do. A sidecar that was there is kept beside it.

    Raises
    ------
    NetworkNotFoundError
        If neither file is there.
    CompanionError
        If the companion carries no sidecar, is damaged, or belongs to another save.
    """
    if not path.parent.is_dir():
        raise NetworkNotFoundError(f"there is no folder {path.parent}")
    # What is wrong may be that somebody is saving: it is looked at when nobody is.
    with locked(path.parent) as alone:
        target = _sidecar_for(path, limits)
        found = _what_is_wrong(path, target, limits, undo)
        if found is None:
            return []
        reason, companion = found
        text = _saved_text(companion, limits)
        # The copy is YAML, whatever the lost one was.
        wanted = target if target.suffix.lower() != ".json" else target.with_suffix(".yaml")
        left = clear(wanted, companion, thorough=True) if alone else []
        replaced = [each for each in dict.fromkeys((target, wanted)) if each.exists()]
        kept = [(_free_name(each), (read_bytes(each, limits.sidecar_bytes),)) for each in replaced]
        replace_files([*kept, (wanted, (text.encode(),))])
        if target != wanted:
            target.unlink(missing_ok=True)
    done = [f"{target.name} {reason}: {wanted.name} was written as it was saved"]
    done += [f"what was there is kept as {name.name}" for name, _ in kept]
    return done + [f"{each.name}, left by an interrupted save, was removed" for each in left]


def _sidecar_for(path: Path, limits: Limits) -> Path:
    """Give the sidecar that is meant, which need not be there."""
    named = path.suffix.lower() in SIDECARS
    if named and path.exists():
        return path
    companion = path.with_suffix(".h5") if named else path
    for each in map(path.with_suffix, SIDECARS):
        try:
            if uses(each, companion, limits):
                return each
        except SidecarError:
            return each
    return path if named else path.with_suffix(".yaml")


def _what_is_wrong(path: Path, target: Path, limits: Limits, undo: bool) -> tuple[str, Path] | None:
    """Say what is wrong with a sidecar, and which companion carries what it should be."""
    beside = target.with_suffix(".h5") if path.suffix.lower() in SIDECARS else path
    if not target.exists():
        if not beside.exists():
            raise NetworkNotFoundError(f"there is neither {target} nor {beside}")
        return ("leads nowhere" if target.is_symlink() else "is missing"), beside
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        try:
            found = open_pair(target, limits)
        except SidecarError as error:
            return _damage(error), _fitting(beside, target, limits)
        try:
            schema.check(found.record, target)
        except SidecarError as error:
            held = found.companion
            return _damage(error), _fitting(beside, target, limits) if held is None else held.path
    if found.companion is None:
        lost = found.missing or beside
        if not lost.exists():
            raise CompanionError(f"{lost} is missing: without it there is nothing to repair {target.name} from")
        return None
    if found.state == "recovered":
        return "is older than its companion", found.companion.path
    if found.state == "edited" and undo:
        return "was edited by hand", found.companion.path
    return None


def _damage(error: SidecarError) -> str:
    return f"is damaged ({' '.join(str(error).split())})"


def _fitting(companion: Path, target: Path, limits: Limits) -> Path:
    """Give the companion beside a damaged sidecar, unless that says that it comes from another save."""
    if not companion.exists():
        raise CompanionError(f"{companion} is missing: without it there is nothing to repair {target.name} from")
    # Whatever is left of the text: the identifier stands at its beginning.
    own = identifier(read_bytes(target, limits.sidecar_bytes).decode("utf-8-sig", "replace"))
    if own is not None and own not in saves_in(companion):
        raise MismatchError(
            f"{target} is damaged, and {companion} comes from another save: "
            f"put the companion beside it that it was saved with, or remove {target.name} first"
        )
    return companion


def _saved_text(companion: Path, limits: Limits) -> str:
    held = Companion.open(companion, limits)
    if TEXT not in held.arrays:
        raise CompanionError(f"{companion} carries no copy of its sidecar, as files of other programs do not")
    text = held.text(TEXT)
    try:
        schema.check(sidecar.parse(text, companion, limits), companion)
    except SidecarError as error:
        raise CompanionError(f"{companion} carries a copy of its sidecar that is damaged: {error}") from error
    return text


def _free_name(target: Path) -> Path:
    names = (target.with_name(f"{target.name}.bak{number or ''}") for number in itertools.count())
    return next(name for name in names if not os.path.lexists(name))
