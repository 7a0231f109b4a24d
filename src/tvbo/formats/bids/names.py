"""Names of files in a BIDS dataset: entities, a suffix, an extension; and what measures are called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# In the order that names of files have, each with its spelling there.
ENTITIES = {
    "subject": "sub",
    "template": "tpl",
    "session": "ses",
    "cohort": "cohort",
    "sample": "sample",
    "task": "task",
    "acquisition": "acq",
    "reconstruction": "rec",
    "direction": "dir",
    "run": "run",
    "processing": "proc",
    "hemisphere": "hemi",
    "space": "space",
    "atlas": "atlas",
    "segmentation": "seg",
    "scale": "scale",
    "resolution": "res",
    "density": "den",
    "label": "label",
    "description": "desc",
}
MEASURE = "meas"
# xcp_d says it so.
_MEASURES = (MEASURE, "stat")
DATATYPES = ("anat", "dwi", "func", "eeg", "ieeg", "meg", "pet")
RELMAT, NODES = "relmat", "nodeindices"
LAYOUTS = ("dense", "sparse")

_NAME = re.compile(r"(?:(?P<entities>[^_].*?)_)?(?P<suffix>[a-zA-Z0-9]+)(?P<extension>\.[a-zA-Z0-9.]+)")
_ENTITY = re.compile(r"([a-zA-Z0-9]+)-([a-zA-Z0-9+.]+)")
_LABEL = re.compile(r"[a-zA-Z0-9+]+")
_LONG = {short: long for long, short in ENTITIES.items()}
_WEIGHTS = frozenset(("weight", "weights", "sc", "streamlinecount", "streamlinedensity"))
_LENGTHS = frozenset(("length", "lengths", "tractlength", "tractlengths"))


@dataclass(frozen=True, slots=True)
class Name:
    """
    What the name of a file says.

    Attributes
    ----------
    entities : dict of str to str
        By their spelling in names, such as ``sub``; without the measure.
    measure : str
        The value of ``meas``, or of ``stat`` where that is missing; empty without.
    suffix : str
        Such as ``relmat``.
    extension : str
        Such as ``.dense.tsv``.
    """

    entities: dict[str, str]
    measure: str
    suffix: str
    extension: str

    @property
    def key(self) -> str:
        """What is the same in the names of all files of a network."""
        return spelled(self.entities)

    @property
    def all_entities(self) -> frozenset[tuple[str, str]]:
        """The entities, and the measure as ``meas``."""
        return frozenset(self.entities.items()) | ({(MEASURE, self.measure)} if self.measure else set())


def parsed(name: str) -> Name | None:
    """
    Read the name of a file.

    Parameters
    ----------
    name : str
        The name, without its folder.

    Returns
    -------
    Name or None
        None if it is no name as BIDS has them.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    entities: dict[str, str] = {}
    for part in (found["entities"] or "").split("_") if found["entities"] else []:
        pair = _ENTITY.fullmatch(part)
        if pair is None or pair[1] in entities:
            return None
        entities[pair[1]] = pair[2]
    stated = next((each for each in _MEASURES if each in entities), None)
    measure = "" if stated is None else entities.pop(stated)
    return Name(entities, measure, found["suffix"], found["extension"].lower())


def spelled(entities: Mapping[str, str]) -> str:
    """
    Write entities as they stand in names of files.

    Parameters
    ----------
    entities : mapping of str to str
        By their spelling in names.

    Returns
    -------
    str
        Such as ``sub-01_atlas-DK``, in the order that BIDS wants.
    """
    order = [*ENTITIES.values()]
    known = sorted(entities, key=lambda short: (order.index(short) if short in order else len(order), short))
    return "_".join(f"{short}-{entities[short]}" for short in known)


def long_names(entities: Mapping[str, str]) -> dict[str, str]:
    """
    Give entities under the names that a network has them by.

    Parameters
    ----------
    entities : mapping of str to str
        By their spelling in names.

    Returns
    -------
    dict of str to str
        Such as ``{"subject": "01"}``; what has no other name keeps its own.
    """
    return {_LONG.get(short, short): value for short, value in entities.items()}


def short_names(entities: Mapping[str, object]) -> dict[str, str]:
    """
    Give entities under their spelling in names of files, and check them.

    Parameters
    ----------
    entities : mapping of str to str
        By either of their names; what is None or empty is left out.

    Returns
    -------
    dict of str to str
        Such as ``{"sub": "01"}``.

    Raises
    ------
    ValueError
        If a value cannot stand in the name of a file.
    """
    found = {}
    for name, value in entities.items():
        if value is None or value == "":
            continue
        short = ENTITIES.get(name, name)
        text = str(value).removeprefix(f"{short}-")
        if not _LABEL.fullmatch(text) or not _LABEL.fullmatch(short) or short in _MEASURES:
            raise ValueError(
                f"{name}={str(value)[:60]!r} cannot stand in the name of a file: "
                "expected letters and digits, such as subject='01'"
            )
        found[short] = text
    return found


def measure_of(name: str, taken: frozenset[str] = frozenset(), given: str | None = None) -> str:
    """
    Give the measure that stands for a matrix in the name of its file.

    Parameters
    ----------
    name : str
        The name of the matrix.
    taken : frozenset of str
        What others have, in small letters: some systems do not tell capital letters from them.
    given : str, optional
        What it was called where it comes from.

    Returns
    -------
    str
        Letters and digits: ``tract_lengths`` becomes ``tractLengths``.
    """
    first, *rest = re.findall(r"[a-zA-Z0-9]+", name) or ["matrix"]
    measure: str = first + "".join(word[:1].upper() + word[1:] for word in rest)
    if name == "length":
        measure = "tractLength"
    if given is not None and _LABEL.fullmatch(given):
        measure = given
    base, count = measure, 2
    while measure.lower() in taken:
        measure, count = f"{base}+{count}", count + 1
    return measure


def matrix_names(measures: list[str]) -> list[str]:
    """
    Give the names of matrices whose files say nothing but a measure.

    Parameters
    ----------
    measures : list of str
        The measures, each once.

    Returns
    -------
    list of str
        ``weight`` and ``length`` where only one measure is one of these, else the measure.
    """
    names = list(measures)
    for name, spellings in (("weight", _WEIGHTS), ("length", _LENGTHS)):
        found = [index for index, measure in enumerate(measures) if measure.lower() in spellings]
        if len(found) == 1:
            names[found[0]] = name
    if len(measures) == 1 and not measures[0]:
        names[0] = "weight"
    return [name or "matrix" for name in names]
