"""A sidecar that was lost or torn, written anew from the copy that its companion carries."""

import itertools
import warnings
from pathlib import Path

from tvbo.errors import CompanionError, NetworkNotFoundError, SidecarError, TvboWarning
from tvbo.limits import Limits
from tvbo.storage import schema
from tvbo.storage.commit import replace_sidecar
from tvbo.storage.companion import Companion
from tvbo.storage.pair import SIDECARS, TEXT, Opened, open_pair


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
    companion = path if path.suffix.lower() not in SIDECARS else path.with_suffix(".h5")
    there = [companion.with_suffix(ending) for ending in SIDECARS if companion.with_suffix(ending).exists()]
    target = path if path.suffix.lower() in SIDECARS else there[0] if there else companion.with_suffix(".yaml")
    if not companion.exists():
        if target.exists():
            raise CompanionError(f"{companion} is missing: without it there is nothing to repair {target.name} from")
        raise NetworkNotFoundError(f"there is neither {target} nor {companion}")
    reason = _what_is_wrong(target, limits, undo)
    if reason is None:
        return []
    held = Companion.open(companion, limits)
    if TEXT not in held.arrays:
        raise CompanionError(f"{companion} carries no copy of its sidecar, as files of other programs do not")
    keep = _free_name(target) if target.exists() else None
    # The copy is YAML, whatever the lost one was.
    wanted = target if target.suffix.lower() != ".json" else target.with_suffix(".yaml")
    left = replace_sidecar(wanted, held.text(TEXT), keep if wanted == target else None)
    if keep is not None and wanted != target:
        target.replace(keep)
    done = [f"{target.name} {reason}: {wanted.name} was written as it was saved"]
    if keep is not None:
        done.append(f"what was there is kept as {keep.name}")
    return done + [f"{each.name}, left by an interrupted save, was removed" for each in left]


def _what_is_wrong(target: Path, limits: Limits, undo: bool) -> str | None:
    if not target.exists():
        return "is missing"
    try:
        found = _opened(target, limits)
        schema.check(found.record, target)
    except SidecarError as error:
        return f"is damaged ({' '.join(str(error).split())})"
    if found.state == "recovered":
        return "is older than its companion"
    if found.state == "edited" and undo:
        return "was edited by hand"
    return None


def _opened(target: Path, limits: Limits) -> Opened:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        return open_pair(target, limits)


def _free_name(target: Path) -> Path:
    names = (target.with_name(f"{target.name}.bak{number or ''}") for number in itertools.count())
    return next(name for name in names if not name.exists())
