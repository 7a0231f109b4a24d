"""
Tables of numbers as numpy's `savetxt` writes them: blanks between, ``#`` before comments, every float rounded right.

`numpy.loadtxt` is what The Virtual Brain reads them with, so that it decides here too; what is plain is decoded many
numbers at once, with the same result.
"""

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import DamagedFileError
from tvbo.limits import Limits
from tvbo.storage.bounded.decimals import table
from tvbo.storage.bounded.decoding import decoding

Array = npt.NDArray[Any]

# What a byte of text may come to: the text itself, its lines, and numbers of eight bytes for every two of it.
_COST = 8


def numbers(data: bytes, limits: Limits, where: object, dtype: npt.DTypeLike = np.float64) -> Array:
    """
    Decode a table of numbers.

    Parameters
    ----------
    data : bytes
        The text; a byte order mark is left out.
    limits : Limits
        What it may come to in memory: ``inflated_bytes``.
    where : object
        What to call it in messages.
    dtype : dtype_like
        What the numbers are read as. Integers must be written as such.

    Returns
    -------
    numpy.ndarray
        As `numpy.loadtxt` gives it: one row or one column has one axis, one number none, and no numbers ``(0,)``.

    Raises
    ------
    LimitError
        If it asks for more than a limit allows.
    DamagedFileError
        If it holds something else, or rows of different lengths.
    """
    limits.check("inflated_bytes", _COST * len(data), where)
    plain = table(data, np.dtype(dtype))
    if plain is not None:
        return plain
    text = without_mark(data).decode("latin-1")
    if not text or text.isspace() or all(not line.partition("#")[0].strip() for line in io.StringIO(text)):
        return np.empty(0, dtype)
    with decoding(where, "numbers with blanks between them, in rows of one length", (ValueError, OverflowError)):
        found = np.loadtxt(io.StringIO(text, newline=None if "\r" in text else "\n"), dtype=dtype)
    return np.asarray(found)


def without_mark(data: bytes) -> bytes:
    """
    Leave out the byte order mark of UTF-8 that some editors write.

    Parameters
    ----------
    data : bytes
        The text.

    Returns
    -------
    bytes
        The same without it.
    """
    return data.removeprefix(b"\xef\xbb\xbf")


def words(data: bytes, limits: Limits, where: object, encoding: str | None = None) -> list[list[str]]:
    """
    Decode rows of words with blanks between them, such as a label and three coordinates.

    Parameters
    ----------
    data : bytes
        The text; a byte order mark is left out, and so are comments after ``#``.
    limits : Limits
        ``sidecar_bytes`` of it, and ``sidecar_values`` words.
    where : object
        What to call it in messages.
    encoding : str, optional
        Its encoding; without it UTF-8, or Latin-1 where that cannot be.

    Returns
    -------
    list of list of str
        The words of every row that has some.

    Raises
    ------
    LimitError
        If it asks for more than a limit allows.
    DamagedFileError
        If it is not in that encoding, or holds NUL characters.
    """
    limits.check("sidecar_bytes", len(data), where)
    data = without_mark(data)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise DamagedFileError(f"{where} is no text in {encoding}: {error}") from error
        text = data.decode("latin-1")
    if "\0" in text:
        raise DamagedFileError(f"{where} holds NUL characters: expected text")
    # An upper bound, so that nothing is made for what is refused; a word takes two characters at least.
    limits.check("sidecar_values", min(len(text) // 2, sum(map(text.count, " \t\n\r"))), where)
    # Not `splitlines`, to which a form feed or U+2028 inside a label is the end of a line too.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = (line.partition("#")[0].split() for line in lines)
    return [row for row in rows if row]


def column(rows: list[list[str]], places: slice, where: object) -> Array:
    """
    Read numbers out of rows of words.

    Parameters
    ----------
    rows : list of list of str
        As `words` gives them.
    places : slice
        Which words of each row.
    where : object
        What to call them in messages.

    Returns
    -------
    numpy.ndarray, shape (n_rows, n_words), float64
        The numbers.

    Raises
    ------
    DamagedFileError
        If one is no number, or a row is too short.
    """
    short = next((number for number, row in enumerate(rows) if len(row) < places.stop), None)
    if short is not None:
        raise DamagedFileError(f"{where}: row {short} has {len(rows[short])} words: expected {places.stop} at least")
    with decoding(where, f"numbers in the words {places.start + 1} to {places.stop} of each row", (ValueError,)):
        lines = [" ".join(row[places]) for row in rows]
        return np.loadtxt(lines, ndmin=2) if lines else np.empty((0, places.stop - places.start))
