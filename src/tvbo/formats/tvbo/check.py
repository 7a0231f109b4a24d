"""Whether a pair of files is sound."""

import warnings
from pathlib import Path
from typing import Any

from tvbo.errors import TvboError, TvboWarning
from tvbo.formats.tvbo.reader import network_of
from tvbo.formats.tvbo.trust import Trust
from tvbo.limits import Limits
from tvbo.model.progress import Progress, Steps, bytes_of
from tvbo.model.validity import Problem, Report, validate_network
from tvbo.storage import pair
from tvbo.storage.foreign import Foreign

_STATES = {
    "alone": "there is no sidecar: the companion's own copy was read; tvbo repair writes it anew",
    "unchecked": "the pair carries no identifier, so that it cannot be told whether its halves belong together",
}


def validate(
    path: Path,
    *,
    deep: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    progress: Progress | None = None,
) -> Report:
    """
    Check a pair of files.

    Parameters
    ----------
    path : Path
        The sidecar, or the companion.
    deep : bool
        Whether to read every array and compare it with its checksum.
    limits : Limits
        What the files may ask for.
    progress : callable, optional
        Is told how many bytes of how many are looked at.

    Returns
    -------
    Report
        What is wrong; each problem names the file, and the array.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", TvboWarning)
        try:
            found = pair.open_pair(path.absolute(), limits)
            arrays = found.companion.arrays if found.companion is not None and deep else {}
            # Each is compared with its SHA-256, and then read as the network has it.
            half = sum(map(bytes_of, arrays.values()))
            steps = Steps(progress, 2 * half)
            problems += _damaged({name: stored for name, stored in arrays.items() if stored.digest != ""}, steps)
            if found.state in _STATES:
                notes.append(_STATES[found.state])
            if found.missing is not None:
                problems.append(Problem(found.missing.name, _what_is_missing(found.missing)))
            if not problems:
                network = network_of(found, (), Trust(limits, verify=True))
                carried = network.extra.get("hdf5")
                lost = {name: stored for name, stored in arrays.items() if stored.digest == ""}
                if isinstance(carried, Foreign):
                    lost = {name: stored for name, stored in lost.items() if not carried.holds(name)}
                problems += _damaged(lost, steps)
                if not problems:
                    rest = (
                        None
                        if progress is None
                        else lambda done, total: progress(half + done * half // total, 2 * half)
                    )
                    problems += validate_network(network, deep, rest).problems
            unchecked = sum(not stored.digest for stored in arrays.values()) - len(problems)
            if unchecked > 0:
                notes.append(f"{unchecked} arrays carry no checksum, as those of other programs do not")
        except TvboError as error:
            said_of_it = "; ".join([str(error), *getattr(error, "__notes__", ())])
            # Messages of YAML have lines of their own.
            problems.append(Problem(path.name, " ".join(said_of_it.split())))
    notes += [str(each.message) for each in said if issubclass(each.category, TvboWarning)]
    return Report(tuple(problems), tuple(dict.fromkeys(notes)), deep)


def _what_is_missing(place: Path) -> str:
    if place.exists():
        return "the companion is of a kind that can hold less than the sidecar names: save the network as .h5"
    return "the companion is missing: put it beside its sidecar"


def _damaged(arrays: dict[str, Any], steps: Steps) -> list[Problem]:
    found = []
    for name, stored in arrays.items():
        try:
            stored.prove(steps.more)
        except TvboError as error:
            found.append(Problem(name, str(error)))
        steps.end(bytes_of(stored))
    return found
