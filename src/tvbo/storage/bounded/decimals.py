"""
Decimal numbers decoded many at once, every one rounded right: what is plain in a table of numbers, and nothing else.

A text is taken in parts of whole lines, so that what is worked on stays in the processor's cache and small.
"""

import functools
import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Bytes of text that are decoded at once, about, and how long a line may be; numbers that are.
_PART, _LONGEST, _BLOCK = 1 << 16, 1 << 19, 1 << 12
# "d." + 18 digits + "e+dd", and a blank or the end of the line.
_WIDTH = 25
_ZERO = b"0.000000000000000000e+00"
_ZEROS, _PAIRS = 0x3030303030303030, 0x000000FF000000FF
_FIRST, _LAST_WORD = (int.from_bytes(text, "little") for text in (b"0.000000", b"0000e+00"))
# Added to a byte above 9, these reach its highest bit.
_ABOVE, _TOP = 0x7676767676767676, 0x8080808080808080
# The last 0 to 8 of eight characters.
_LAST = np.array([(1 << 64) - (1 << 8 * (8 - size)) for size in range(9)], np.uint64)
_WHOLE = np.array([10**power for power in range(20)], np.uint64)
_TENS = np.array([float(10**power) for power in range(23)])
# More is not exact in a float; more does not fit into 64 bits with room to spare.
_EXACT, _MOST = 2**53, 9e18
# Powers of ten that exponents of two digits lead to, once 18 digits are moved before the point.
_LOWEST, _HIGHEST = -117, 81
_SPLIT = 134217729.0
_UNSURE = 2.0**-96
# What may be other than plain: one in so many numbers.
_ODD = 8


def table(data: bytes, dtype: Any) -> Array | None:
    """
    Decode a table of plain numbers, in rows of one length.

    Parameters
    ----------
    data : bytes
        The text.
    dtype : numpy.dtype
        ``float64`` or ``int64``.

    Returns
    -------
    numpy.ndarray or None
        As `numpy.loadtxt` gives it. None if anything is unusual, whether that is a fault or not.
    """
    # Others than these are the ends of lines, or are blanks or digits elsewhere.
    if not data or not data.isascii() or b"#" in data or dtype not in (np.float64, np.int64):
        return None
    if data[1:2] == b"." and data[20:21] == b"e" and dtype == np.float64 and len(data) % _WIDTH == 0:
        found = _as_savetxt(data)
        if found is not None:
            return found
    if b"e" in data and data.count(b"e") * _ODD > data.count(b".") + data.count(b"\n"):
        return None
    return _of_parts(data, _floats if dtype == np.float64 else _integers)


def _of_parts(data: bytes, decode: Callable[[bytes], Array | None]) -> Array | None:
    """Decode a text part by part; None as soon as a part is not plain."""
    found: list[Array] = []
    columns, start = 0, 0
    while start < len(data):
        end = data.find(b"\n", start + _PART) + 1 or len(data)
        if end - start > _LONGEST:
            return None
        part = decode(data[start:end])
        if part is None or (found and part.shape[1] != columns):
            return None
        found.append(part)
        columns, start = part.shape[1], end
    # As loadtxt does.
    return np.concatenate(found).squeeze() if len(found) > 1 else found[0].squeeze()


class _Words:
    """
    The numbers in a part of a text, each of which ends with one blank or the end of a line.

    Attributes
    ----------
    columns : int
        How many there are in a row; 0 if rows differ or there is anything else between numbers.
    """

    def __init__(self, data: bytes) -> None:
        # Characters before the first are looked at too.
        self.text = b" " * 24 + data + (b"" if data.endswith(b"\n") else b"\n")
        self.bytes = np.frombuffer(self.text, np.uint8)
        # A copy, since what is not aligned is slow to pick from.
        self.eights = np.ndarray(len(self.text) - 7, "<u8", self.text, 0, (1,)).copy()
        blanks = np.flatnonzero(self.bytes <= ord(" "))[23:]
        self.starts, self.ends = blanks[:-1] + 1, blanks[1:]
        after = self.bytes[self.ends]
        breaks = after == ord("\n")
        lines = int(np.count_nonzero(breaks))
        self.columns = 0
        if lines + np.count_nonzero(after == ord(" ")) != len(after):
            return
        some = self.starts != self.ends
        if not some.all():
            self.starts, self.ends, breaks = self.starts[some], self.ends[some], breaks[some]
        if len(breaks) % lines:
            return
        rows = breaks.reshape(lines, -1)
        if rows.shape[1] and rows[:, -1].all() and np.count_nonzero(breaks) == lines:
            self.columns = rows.shape[1]
        self.minus = self.bytes[self.starts] == ord("-")

    def digits(self, ends: Array, sizes: Array | int) -> tuple[Array, Array]:
        """Decode the last 0 to 8 digits before some places, and tell which are others than digits."""
        eight = self.eights[ends - 8]
        eight ^= _ZEROS
        eight &= _LAST[sizes]
        bad = eight + _ABOVE
        bad &= _TOP
        return _sum(eight), bad

    def text_of(self, places: Array) -> str:
        """Give some numbers as they are written, one in each line."""
        pairs = zip(self.starts[places].tolist(), self.ends[places].tolist(), strict=True)
        return "\n".join(self.text[start:end].decode() for start, end in pairs)


def _integers(data: bytes) -> Array | None:
    words = _Words(data)
    if not words.columns:
        return None
    sizes = words.ends - words.starts - words.minus
    if sizes.min() < 1 or sizes.max() > 16:
        return None
    values, bad = words.digits(words.ends, np.minimum(sizes, 8))
    if sizes.max() > 8:
        more, worse = words.digits(words.ends - 8, np.maximum(sizes - 8, 0))
        values, bad = values + more * 10**8, bad | worse
    if bad.any():
        return None
    found = values.view(np.int64)
    return np.where(words.minus, -found, found).reshape(-1, words.columns)


def _floats(data: bytes) -> Array | None:
    words = _Words(data)
    if not words.columns:
        return None
    values = _of_one_layout(words)
    values = _of_any_layout(words) if values is None else values
    return None if values is None else values.reshape(-1, words.columns)


def _of_one_layout(words: _Words) -> Array | None:
    """Decode numbers with as many digits behind every point, as ``%.6f`` writes them; None if they are others."""
    first = words.text[words.starts[0] : words.ends[0]]
    places = len(first) - first.find(b".") - 1
    points = words.ends - (places + 1)
    if not 0 < places < 9 or (words.bytes[points] != ord(".")).any():
        return None
    before = points - words.starts
    before -= words.minus
    if before.min() < 1 or before.max() > min(8, 15 - places):
        return None
    whole, bad = words.digits(points, before)
    part, worse = words.digits(words.ends, places)
    bad |= worse
    if bad.any():
        return None
    whole *= _WHOLE[places]
    whole += part
    # Both are exact in a float, so that the quotient is rounded once (W. D. Clinger, PLDI 1990, 92-101).
    values: Array = whole / _TENS[places]
    np.negative(values, out=values, where=words.minus)
    return values


def _of_any_layout(words: _Words) -> Array | None:
    """Decode numbers; a few may be written in another way. None if that is no number, or there are many of them."""
    points, place = words.ends.copy(), np.flatnonzero(words.bytes == ord("."))
    # Of two points in one number one is met among its digits.
    points[np.searchsorted(words.ends, place)] = place
    before, behind = points - words.starts - words.minus, np.maximum(words.ends - points - 1, 0)
    values, unsure, odd = _decimals(words, points, before, behind)
    odd |= (before < 1) | (behind < (points != words.ends))
    np.negative(values, out=values, where=words.minus)
    unsure &= ~odd
    if odd.any():
        places = np.flatnonzero(odd)
        if len(places) * _ODD > len(odd):
            return None
        try:
            values[places] = np.loadtxt(io.StringIO(words.text_of(places)), ndmin=1)
        except ValueError:
            return None
    for at in np.flatnonzero(unsure).tolist():
        # Too near to the middle between two floats to be told in this way.
        values[at] = float(words.text[words.starts[at] : words.ends[at]])
    return values


def _decimals(words: _Words, points: Array, before: Array, behind: Array) -> tuple[Array, Array, Array]:
    """Decode digits before and behind points; tell where the rounding is not sure, and what is no such number."""
    odd = (before > 16) | (behind > 24)
    whole, bad = words.digits(points, np.clip(before, 0, 8))
    if before.max() > 8:
        more, worse = words.digits(points - 8, np.clip(before - 8, 0, 8))
        whole, bad = whole + more * _WHOLE[8], bad | worse
    tens = np.minimum(behind, 22)
    digits = whole * _WHOLE[np.minimum(behind, 19)]
    # Of what wraps around.
    estimate = whole * _TENS[tens]
    for part in range(-(-min(int(behind.max()), 24) // 8)):
        more, worse = words.digits(words.ends - 8 * part, np.clip(behind - 8 * part, 0, 8))
        digits, bad = digits + more * _WHOLE[8 * part], bad | worse
        if part == 2:
            estimate += more * 1e16
    odd |= (bad != 0) | (estimate > _MOST)
    # As above.
    values = digits / _TENS[tens]
    some = np.flatnonzero(((digits > _EXACT) | (behind > 22)) & ~odd)
    unsure = np.zeros(len(values), bool)
    values[some], unsure[some] = _scaled(digits[some], -behind[some])
    return values, unsure, odd


def _as_savetxt(data: bytes) -> Array | None:
    """Decode ``%.18e %.18e``; None if it is anything else."""
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
    first |= middle
    first |= last
    values = np.zeros(len(grid))
    every = np.flatnonzero(first)
    for start in range(0, len(every), _BLOCK):
        some = every[start : start + _BLOCK]
        found = _numbers_of(*(each[some] for each in words))
        if found is None:
            return None
        values[some], unsure = found
        for place in some[unsure].tolist():
            # Too near to the middle between two floats to be told in this way.
            values[place] = float(grid[place, : _WIDTH - 1].tobytes())
    # As loadtxt does.
    return values.reshape(-1, columns).squeeze()


def _numbers_of(first: Array, middle: Array, last: Array) -> tuple[Array, Array] | None:
    """Decode words of characters, and tell where the rounding is not sure; None if they are no numbers."""
    # What should be digits becomes 0 to 9, the point and the "e" 0, the sign 0 or 6.
    first, middle, last = first ^ _FIRST, middle ^ _ZEROS, last ^ _LAST_WORD
    sign = (last >> 40) & 0xFF
    minus = sign == ord("+") ^ ord("-")
    bad = first + _ABOVE
    bad |= middle + _ABOVE
    bad |= last + _ABOVE
    bad &= _TOP
    bad |= first & 0xFF00
    bad |= last & 0xFF00000000
    if bad.any() or np.count_nonzero(sign) != np.count_nonzero(minus):
        return None
    exponent = (((last >> 48) & 0xFF) * 10 + (last >> 56)).view(np.int64)
    np.negative(exponent, out=exponent, where=minus)
    exponent -= 18
    # The digit before the point moves next to those behind it.
    digits = _sum((first & 0xFFFFFFFFFFFF0000) | ((first & 0xFF) << 8))
    digits *= 10**8
    digits += _sum(middle)
    digits *= 10**4
    digits += _sum(last << 32)
    return _scaled(digits, exponent)


def _sum(eight: Array) -> Array:
    """Put eight digits in each word together: pairs, then fours, then all."""
    pairs = eight >> 8
    pairs += eight * 10
    left, right = pairs & _PAIRS, pairs
    right >>= 16
    right &= _PAIRS
    left *= 0x000F424000000064
    right *= 0x0000271000000001
    left += right
    left >>= 32
    return left


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
    place = power - _LOWEST
    high, low, upper, lower = (part[place] for part in _powers())
    left, right = _halves(head)
    product = head * high
    error = left * upper
    error -= product
    error += left * lower
    error += right * upper
    error += right * lower
    error += head * low + rest * high
    value = product + error
    over = error - (value - product)
    margin = value * _UNSURE
    return value, (value + (over + margin) != value) | (value + (over - margin) != value)
