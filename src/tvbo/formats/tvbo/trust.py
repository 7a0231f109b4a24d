"""How far a file is trusted, and what is made of one that says something else than it should."""

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import CompanionError, SidecarError, TvboError
from tvbo.limits import Limits


@dataclass(frozen=True, slots=True)
class Trust:
    """
    How far a file is trusted.

    Attributes
    ----------
    limits : Limits
        What it may ask for.
    verify : bool
        Whether its arrays are compared with their digests.
    opened : dict of Path to object
        Networks that it is linked to, by where they lie: what is linked in two places is opened once.
    """

    limits: Limits
    verify: bool
    opened: dict[Path, Any] = field(default_factory=dict, compare=False, repr=False)

    def share(self, place: Path, make: Callable[[], Any]) -> Any:
        """
        Give the network of a place.

        Parameters
        ----------
        place : Path
            Where it lies: a file, or a group in one.
        make : callable
            Opens it, if that was not done yet.

        Returns
        -------
        Network
            The network.
        """
        if place not in self.opened:
            self.opened[place] = make()
        return self.opened[place]

    def dtype(self, noted: Any, size: int, where: str) -> np.dtype[Any]:
        """
        Give a dtype that a record notes.

        Parameters
        ----------
        noted : object
            What the record says.
        size : int
            How many values there are of it.
        where : str
            The file and the place in it.

        Returns
        -------
        numpy.dtype
            One of numbers, truths, times or text.

        Raises
        ------
        CompanionError
            If it is none.
        LimitError
            If that many values would take too much.
        """
        try:
            dtype: np.dtype[Any] = np.dtype(noted if isinstance(noted, str) else "O")
        except (TypeError, ValueError) as error:
            raise CompanionError(f"{where} has the dtype {str(noted)[:40]!r}: {error}") from error
        if dtype.kind not in "biufcmMSU":
            raise CompanionError(f"{where} has the dtype {str(noted)[:40]!r}: expected numbers, truths, times or text")
        self.limits.check("inflated_bytes", dtype.itemsize * size, where)
        return dtype

    def texts(self, words: list[str], where: str) -> np.ndarray[Any, np.dtype[Any]]:
        """
        Make an array of text; every item takes as much as the longest.

        Parameters
        ----------
        words : list of str
            The text.
        where : str
            The file and the place in it.

        Returns
        -------
        array, shape (n,), str
            The same.

        Raises
        ------
        LimitError
            If it would take too much.
        """
        longest = max(map(len, words), default=1)
        self.limits.check("inflated_bytes", 4 * longest * len(words), where)
        return np.array(words, dtype=str) if words else np.array([], dtype="<U1")


def as_recorded(values: Any, recorded: np.dtype[Any]) -> Any:
    """
    Give values the recorded dtype, unless an edit by hand does not fit it any more.

    Parameters
    ----------
    values : array
        The values.
    recorded : numpy.dtype
        The dtype.

    Returns
    -------
    array
        The same values.
    """
    found: np.dtype[Any] = values.dtype
    if "U" in (recorded.kind, found.kind):
        fits = recorded.kind == found.kind and recorded.itemsize >= found.itemsize
    else:
        fits = not (recorded.kind == "i" and found.kind == "f")
    return values.astype(recorded) if fits else values


@contextlib.contextmanager
def understood(path: Path) -> Iterator[None]:
    """
    Turn what a record of the wrong shape brings about into an error that names the file.

    Parameters
    ----------
    path : Path
        The file.

    Yields
    ------
    None
        The record is read meanwhile.

    Raises
    ------
    SidecarError
        If it cannot be understood.
    """
    try:
        yield
    except (TvboError, OSError):
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, struct.error) as error:
        raise SidecarError(f"{path} cannot be understood: {type(error).__name__}: {str(error)[:200]}") from error
