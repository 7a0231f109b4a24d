"""Arrays that a sidecar names and no file holds: they stay named, whoever saves the network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import CompanionError, warn
from tvbo.storage.companion import Companion
from tvbo.storage.stored import AbsentArray

# What in the record of a companion lists those that were missing when it was saved.
ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Absences:
    """
    Gives what stands in the place of arrays that are not there.

    Attributes
    ----------
    path : Path
        The sidecar.
    place : Path
        Where the companion is, or should be.
    held : Companion or None
        The companion.
    private : dict
        The record in it; empty for files of others.
    by_others : bool
        Whether the sidecar says all that is known: ours lacks what its companion holds.
    """

    path: Path
    place: Path
    held: Companion | None
    private: dict[str, Any]
    by_others: bool

    def array(self, dataset: str, shape: tuple[int, ...], dtype: Any = np.float64, shown: Any = None) -> AbsentArray:
        """
        Give what stands for an array.

        Parameters
        ----------
        dataset : str
            Its path in the companion, as it is to be shown.
        shape : tuple of int
            Its shape, as far as it is known.
        dtype : dtype
            Its element type, as far as it is known.
        shown : object
            What the sidecar shows in its place.

        Returns
        -------
        AbsentArray
            Touching it says what is missing, and what to do.
        """
        name = self.noted(dataset)
        if name is not None:
            why = "was missing when this network was saved: open its own sidecar once that file is back"
            return AbsentArray(self.path.with_name(name), dataset, shape, np.dtype(dtype), why, True, shown)
        if self.place.suffix.lower() == ".csv" and self.place.exists():
            why = "holds the first matrix of its sidecar alone: save the network as .h5 with the tvbo that made it"
        elif self.held is None and self.place.exists():
            why = "is no HDF5 file: save the network as .h5 with the tvbo that made it"
        elif self.held is None:
            why = "is missing: put the .h5 file beside its sidecar"
        else:
            why = "does not hold it: put the .h5 file there that the sidecar was saved with"
            if not self.private:
                warn(f"{self.path} names {dataset}, which {self.place.name} does not hold: it is read without")
        return AbsentArray(self.place, dataset, shape, np.dtype(dtype), why, self.by_others, shown)

    def noted(self, dataset: str) -> str | None:
        """
        Tell whether an array was missing when the network was saved.

        Parameters
        ----------
        dataset : str
            Its path.

        Returns
        -------
        str or None
            The name of the file that should have held it.
        """
        notes = self.private.get(ABSENT, {})
        name = notes.get(dataset.lstrip("/"))
        if name is not None and (not isinstance(name, str) or name != Path(name).name):
            raise CompanionError(f"{self.path}: the record does not say which file {dataset} should lie in")
        return name


def stays_absent(values: Any, dataset: str, private: dict[str, Any], target: Path, strict: bool) -> bool:
    """
    Tell whether something is saved as an array that is missing, and note it.

    Parameters
    ----------
    values : object
        What is to be saved.
    dataset : str
        Where.
    private : dict
        The record in the companion; gets the note.
    target : Path
        The sidecar.
    strict : bool
        Whether nothing may be missing.

    Returns
    -------
    bool
        False for arrays, and for what must not be missing: reading it says why.

    Raises
    ------
    CompanionError
        If the new companion would take the place of the file that is missing.
    """
    if not isinstance(values, AbsentArray) or not values.named or strict:
        return False
    if values.path == target.with_suffix(".h5") and not values.path.exists():
        raise CompanionError(
            f"{values.dataset} lies in {values.path}, which {values.why}; "
            "or save the network under another name, so that nothing takes the place of that file"
        )
    private.setdefault(ABSENT, {})[dataset.lstrip("/")] = values.path.name
    return True
