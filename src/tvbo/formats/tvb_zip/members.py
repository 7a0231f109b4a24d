"""The members of an archive: which is which, and what is in them."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import DamagedFileError, warn
from tvbo.limits import Limits
from tvbo.model.network import Network
from tvbo.storage.bounded import bunzip2, npy, numbers, words, zip_members

Array = npt.NDArray[Any]

ENDINGS = (".txt", ".bz2", ".npy")
INFO = "info.txt"
# Where a network keeps what an archive says for people.
EXTRA = "tvb_zip"


def is_table(name: str) -> bool:
    """
    Tell whether a member can be a table of numbers.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    bool
        False for what macOS and editors leave behind, and for other kinds of files.
    """
    bare = base(name)
    return bare.endswith(ENDINGS) and bare[0] not in "._" and "__MACOSX" not in name.split("/")


def base(name: str) -> str:
    """
    Give the name of a member without its folders.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    str
        What follows the last slash.
    """
    return name.rpartition("/")[2]


def is_info(name: str) -> bool:
    """
    Tell whether a member is the text for people.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    bool
        True for ``info.txt`` in any folder.
    """
    return is_table(name) and base(name).lower() == INFO


def listed(path: Path, limits: Limits) -> list[str]:
    """
    List the tables in an archive; none is inflated.

    Parameters
    ----------
    path : Path
        The archive.
    limits : Limits
        How many members it may have.

    Returns
    -------
    list of str
        Their names, in the order of the archive.
    """
    names: list[str] = []
    # Noting gives None, so that none is wanted.
    zip_members(path, limits, lambda name: bool(names.append(name)))  # type: ignore[func-returns-value]
    return [name for name in names if is_table(name) and not is_info(name)]


class Members:
    """
    The tables of an archive.

    Parameters
    ----------
    source : Path or bytes
        The archive.
    limits : Limits
        What it may ask for.
    where : object
        What to call it in messages.
    """

    def __init__(self, source: Path | bytes, limits: Limits, where: object) -> None:
        self.limits, self.where = limits, where
        self.files = zip_members(source, limits, is_table, where)
        self.names = [name for name in self.files if not is_info(name)]

    @property
    def info(self) -> str | None:
        """The text for people; None if there is none."""
        name = next((name for name in self.files if is_info(name)), None)
        return None if name is None else self._text(name).decode("utf-8-sig", "replace")

    def place(self, name: str) -> str:
        """
        Say where a member is.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        str
            Archive and name, for messages.
        """
        return f"{self.where}: {name}"

    def _text(self, name: str) -> bytes:
        data = self.files[name]
        if name.endswith(".bz2"):
            return bunzip2(data, self.limits.inflated(len(data)), self.place(name))
        return data

    def forget(self, name: str) -> None:
        """
        Let go of a table that is not needed again, so that what is decoded next takes its memory.

        Parameters
        ----------
        name : str
            The member.
        """
        self.files[name] = b""

    def numbers(self, name: str, dtype: npt.DTypeLike = np.float64) -> Array:
        """
        Decode a table of numbers.

        Parameters
        ----------
        name : str
            The member.
        dtype : dtype_like
            What the numbers are read as.

        Returns
        -------
        numpy.ndarray
            As `numpy.loadtxt` gives it; an array of numpy as it is, if it can be of that type without loss.
        """
        if not name.endswith(".npy"):
            return numbers(self._text(name), self.limits, self.place(name), dtype)
        found = npy(self.files[name], self.place(name))
        if not np.can_cast(found.dtype, dtype, "safe"):
            raise DamagedFileError(f"{self.place(name)} holds {found.dtype}: expected what fits into {np.dtype(dtype)}")
        return found.astype(dtype)

    def truths(self, name: str) -> Array:
        """
        Decode truths.

        Parameters
        ----------
        name : str
            The member.

        Returns
        -------
        numpy.ndarray, bool
            The truths. Those that are written otherwise than TVB reads them come with a warning.
        """
        place = self.place(name)
        if name.endswith(".npy"):
            found = npy(self.files[name], place)
            if found.dtype.kind not in "biuf" or not np.isin(found, (0, 1)).all():
                raise DamagedFileError(f"{place} holds {found.dtype}: expected True and False")
            return np.asarray(found != 0)
        try:
            return np.asarray(self.numbers(name, np.int64) != 0)
        except DamagedFileError:
            known = {"true": True, "1.0": True, "false": False, "0.0": False, "1": True, "0": False}
            rows = words(self._text(name), self.limits, place)
            try:
                values = [[_truth(word, known) for word in row] for row in rows]
            except ValueError as error:
                raise DamagedFileError(f"{place} holds {error}: expected 1 and 0") from error
        warn(
            f"{place} is not written as 1 and 0: TVB's own reader drops it without a word; "
            "save the network as .zip to write it anew"
        )
        return np.array(values).squeeze()

    def labelled(self, name: str) -> tuple[list[list[str]], bool]:
        """
        Decode rows of a label and coordinates.

        Parameters
        ----------
        name : str
            The member.

        Returns
        -------
        rows : list of list of str
            The words of each row.
        as_tvb : bool
            Whether TVB's own reader sees the same text.
        """
        place = self.place(name)
        if name.endswith(".npy"):
            raise DamagedFileError(f"{place} cannot hold labels: expected a text with label, x, y and z in each row")
        data = self._text(name)
        rows = words(data, self.limits, place)
        marked = data.startswith(b"\xef\xbb\xbf")
        if name.endswith(".bz2") or (data.isascii() and not marked):
            return rows, not marked
        return rows, not marked and rows == words(data, self.limits, place, "latin-1")


def _truth(word: str, known: Mapping[str, bool]) -> bool:
    if word.lower() in known:
        return known[word.lower()]
    value = float(word)
    if value not in (0, 1):
        raise ValueError(f"{word[:40]!r}")
    return value == 1


def first(names: list[str], library: tuple[str, ...], others: tuple[str, ...], where: object) -> str | None:
    """
    Choose the member that holds a quantity.

    Parameters
    ----------
    names : list of str
        The members, in the order of the archive.
    library : tuple of str
        What tvb-library looks for in names, whatever folder they are in.
    others : tuple of str
        What tvb-framework looks for, in lower case, where the library finds nothing.
    where : object
        The archive, for messages.

    Returns
    -------
    str or None
        Its name: the first in the archive, as TVB chooses. None if there is none.
    """
    tests: list[Callable[[str], bool]] = [
        *(lambda name, token=token: token in base(name) for token in library),
        *(lambda name, token=token: token in base(name).lower() for token in others),
    ]
    for test in tests:
        found = [name for name in names if test(name)]
        if len(found) > 1:
            warn(f"{where}: {', '.join(found[:5])} could each be the {library[0]}: {found[0]} is taken, as TVB does")
        if found:
            return found[0]
    return None


def text_of(values: Array) -> bytes:
    """
    Write a table of numbers, so that reading it gives the same numbers.

    Parameters
    ----------
    values : numpy.ndarray
        One or two axes.

    Returns
    -------
    bytes
        A row in each line; floats in the shortest digits that are exact, at most 17.
    """
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
    rows = values.tolist() if values.ndim == 2 else [[value] for value in values.ravel().tolist()]
    return "".join(f"{' '.join(map(repr, row))}\n" for row in rows).encode()


def held_info(network: Network) -> str | None:
    """
    Give the text for people that a network keeps from its archive.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str or None
        The text; None if there is none.
    """
    held = network.extra.get(EXTRA)
    info = held.get("info") if isinstance(held, dict) else None
    return info if isinstance(info, str) else None


def archive(files: Mapping[str, bytes]) -> bytes:
    """
    Make a zip archive.

    Parameters
    ----------
    files : mapping of str to bytes
        What each member holds.

    Returns
    -------
    bytes
        The archive: the same for the same members, whenever it is made.
    """
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            made.writestr(entry, data)
    return held.getvalue()
