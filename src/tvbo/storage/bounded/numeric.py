"""
Tables of numbers as numpy's `savetxt` writes them: blanks between, ``#`` before comments, every float rounded right.

`numpy.loadtxt` is what The Virtual Brain reads them with, so that it decides here too; texts in ``savetxt``'s own
format, ``%.18e``, are decoded many numbers at once.
"""

import functools
import io
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import DamagedFileError
from tvbo.limits import Limits
from tvbo.storage.bounded.decoding import decoding

Array = npt.NDArray[Any]

# What a byte of text may come to: the text itself, its lines, and numbers of eight bytes for every two of it.
_COST = 8
# "d." + 18 digits + "e+dd", and a blank or the end of the line.
_WIDTH = 25
_ZERO = b"0.000000000000000000e+00"
_ZEROS, _SIXES, _HIGH = 0x3030303030303030, 0x0606060606060606, 0xF0F0F0F0F0F0F0F0
# Powers of ten that exponents of two digits lead to, once 18 digits are moved before the point.
_LOWEST, _HIGHEST = -117, 81
_SPLIT = 134217729.0
_UNSURE = 2.0**-96


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
    if np.dtype(dtype) == np.float64 and len(data) >= _WIDTH and len(data) % _WIDTH == 0:
        found = _as_savetxt(data)
        if found is not None:
            return found
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


def _as_savetxt(data: bytes) -> Array | None:
    """Decode ``%.18e %.18e``; None if it is anything else."""
    if data[1:2] != b"." or data[20:21] != b"e":
        return None
    grid = np.frombuffer(data, np.uint8).reshape(-1, _WIDTH)
    columns = data.find(b"\n", _WIDTH - 1) // _WIDTH + 1
    blanks = grid[:, _WIDTH - 1]
    if not columns or len(grid) % columns:
        return None
    rows = blanks.reshape(-1, columns)
    if (rows[:, -1] != ord("\n")).any() or (rows[:, :-1] != ord(" ")).any():
        return None
    # Three words of eight characters: "d.dddddd", "dddddddd" and "dddde+dd". Most networks are full of zeros.
    words = [np.ndarray(len(grid), "<u8", data, at, (_WIDTH,)).copy() for at in (0, 8, 16)]
    first, middle, last = (each != zero for each, zero in zip(words, np.frombuffer(_ZERO, "<u8"), strict=True))
    some = np.flatnonzero(first | middle | last)
    values = np.zeros(len(grid))
    if len(some):
        found = _numbers_of(*(each[some] for each in words))
        if found is None:
            return None
        values[some], unsure = found
        for place in some[unsure].tolist():
            # Too near to the middle between two floats to be told in this way.
            values[place] = float(grid[place, : _WIDTH - 1].tobytes())
    # As loadtxt does.
    return values.reshape((-1, columns)).squeeze()


def _numbers_of(first: Array, middle: Array, last: Array) -> tuple[Array, Array] | None:
    """Decode words of characters, and tell where the rounding is not sure; None if they are no numbers."""
    # Each part in its place among eight digits, with zeros before it.
    head = (first & 0xFFFFFFFFFFFF0000) | ((first & 0xFF) << 8) | 0x30
    tail = (last << 32) | 0x30303030
    power = ((last >> 48) << 48) | 0x303030303030
    sign = (last >> 40) & 0xFF
    minus = sign == ord("-")
    regular = (
        (((first >> 8) & 0xFF) == ord(".")).all()
        and (((last >> 32) & 0xFF) == ord("e")).all()
        and (minus | (sign == ord("+"))).all()
        and all(_are_digits(part) for part in (head, middle, tail, power))
    )
    if not regular:
        return None
    digits = (_number_of(head) * 10**8 + _number_of(middle)) * 10**4 + _number_of(tail)
    exponent = _number_of(power).astype(np.int64)
    return _scaled(digits, np.where(minus, -exponent, exponent) - 18)


def _are_digits(eight: Array) -> bool:
    return bool((((eight & _HIGH) == _ZEROS) & (((eight + _SIXES) & _HIGH) == _ZEROS)).all())


def _number_of(eight: Array) -> Array:
    """Read eight digits in each word at once: pairs, then fours, then all."""
    eight = eight - _ZEROS
    eight = eight * 10 + (eight >> 8)
    mask = 0x000000FF000000FF
    return (((eight & mask) * 0x000F424000000064) + (((eight >> 16) & mask) * 0x0000271000000001)) >> 32


@functools.cache
def _powers() -> tuple[Array, Array, Array, Array]:
    """Give powers of ten as sums of two floats, and the halves of the first for exact products."""
    exact = [Fraction(10) ** power for power in range(_LOWEST, _HIGHEST + 1)]
    high = np.array([float(power) for power in exact])
    low = np.array([float(power - Fraction(head)) for power, head in zip(exact, high.tolist(), strict=True)])
    upper, lower = _halves(high)
    return high, low, upper, lower


def _halves(values: Array) -> tuple[Array, Array]:
    big = values * _SPLIT
    upper = big - (big - values)
    return upper, values - upper


def _scaled(digits: Array, power: Array) -> tuple[Array, Array]:
    """
    Multiply whole numbers by powers of ten; tell where the rounding is not sure.

    Products are sums of two floats, exact to 2**-100 (T. J. Dekker, Numerische Mathematik 18, 1971, 224-242).
    """
    head = digits.astype(np.float64)
    rest = (digits - head.astype(np.uint64)).view(np.int64).astype(np.float64)
    high, low, upper, lower = (part[power - _LOWEST] for part in _powers())
    left, right = _halves(head)
    product = head * high
    error = ((left * upper - product) + left * lower + right * upper) + right * lower
    error = error + (head * low + rest * high)
    value = product + error
    over = error - (value - product)
    margin = value * _UNSURE
    return value, (value + (over + margin) != value) | (value + (over - margin) != value)
