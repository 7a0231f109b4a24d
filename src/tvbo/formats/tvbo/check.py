"""Whether a pair of files is sound."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import TvboError, TvboWarning
from tvbo.formats.tvbo.reader import read
from tvbo.limits import Limits
from tvbo.model.validity import Problem, Report, validate_network
from tvbo.storage import pair

_STATES = {
    "alone": "there is no sidecar: the companion's own copy was read; tvbo repair writes it anew",
    "unchecked": "the pair carries no identifier, so that it cannot be told whether its halves belong together",
}


def validate(path: Path, *, deep: bool = False, limits: Limits = Limits()) -> Report:  # noqa: B008
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
            if found.companion is not None and deep:
                problems += _damaged(found.companion.arrays)
                unchecked = sum(stored.digest is None for stored in found.companion.arrays.values())
                if unchecked:
                    notes.append(f"{unchecked} arrays carry no checksum, as those of other programs do not")
            if found.state in _STATES:
                notes.append(_STATES[found.state])
            if found.missing is not None:
                problems.append(Problem(found.missing.name, "the companion is missing: put it beside its sidecar"))
            if not problems:
                problems += validate_network(read(path, limits=limits), deep).problems
        except TvboError as error:
            said_of_it = "; ".join([str(error), *getattr(error, "__notes__", ())])
            # Messages of YAML have lines of their own.
            problems.append(Problem(path.name, " ".join(said_of_it.split())))
    notes += [str(each.message) for each in said if issubclass(each.category, TvboWarning)]
    return Report(tuple(problems), tuple(dict.fromkeys(notes)), deep)


def _damaged(arrays: dict[str, Any]) -> list[Problem]:
    found = []
    for name, stored in arrays.items():
        try:
            np.asarray(stored)
        except TvboError as error:
            found.append(Problem(name, str(error)))
    return found
