"""Tables of numbers as BIDS has them: floats that read back to the bit, ``n/a`` for NaN, dense or sparse."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import DamagedFileError, ShapeError
from tvbo.limits import Limits
from tvbo.storage.bounded import numbers
from tvbo.storage.order import in_order, order_of

Array = npt.NDArray[Any]

MISSING = "n/a"
# Text for these is exact: nothing is wider than float64.
_EXACT = "bBhHiIlLqQefd?"
_NAN = "7ff8000000000000"
# What others write for it.
_NO_NUMBERS = frozenset(("", MISSING, "nan", "na", "null"))
SPARSE = ("row", "column", "value")


def is_exact(dtype: np.dtype[Any]) -> bool:
    """
    Tell whether numbers of a kind can be written as text that gives them back.

    Parameters
    ----------
    dtype : dtype
        The kind.

    Returns
    -------
    bool
        False for complex numbers and long doubles.
    """
    return dtype.char in _EXACT


def fields(values: Array) -> list[Any]:
    """
    Write numbers as text.

    Parameters
    ----------
    values : array
        One or two axes.

    Returns
    -------
    list
        Text, or lists of text. Booleans are 1 and 0.
    """
    if values.dtype.kind == "b":
        values = values.astype(np.int8)
    listed = values.tolist()
    write = _float if values.dtype.kind == "f" else str
    return [list(map(write, row)) for row in listed] if values.ndim == 2 else list(map(write, listed))


def _float(value: float) -> str:
    return repr(value) if value == value else MISSING


def lines(rows: list[list[str]]) -> bytes:
    """
    Write rows of text that has no tabs in it.

    Parameters
    ----------
    rows : list of list of str
        The rows.

    Returns
    -------
    bytes
        Lines of fields.
    """
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def note_of(values: Array) -> dict[str, Any]:
    """
    Say of numbers what their text does not: kind, memory order, and the bits of every NaN.

    Parameters
    ----------
    values : array
        The numbers.

    Returns
    -------
    dict
        ``dtype``; ``order`` unless it is C; ``nan``, the commonest pattern, and ``other_nan``, places of others.
    """
    note: dict[str, Any] = {"dtype": values.dtype.str}
    order = order_of(values)
    if order != "C":
        note["order"] = order
    if values.dtype.kind == "f":
        wide = f"u{values.dtype.itemsize}"
        flat = np.ascontiguousarray(values).reshape(-1)
        places = np.flatnonzero(np.isnan(flat))
        # The bits as a number, whatever the order of bytes.
        bits = flat.view(np.dtype(wide).newbyteorder(values.dtype.byteorder))[places].astype(np.uint64)
        kinds, counts = np.unique(bits, return_counts=True)
        if len(kinds):
            common = kinds[counts.argmax()]
            note["nan"] = f"{int(common):x}"
            others = {f"{int(kind):x}": places[bits == kind].tolist() for kind in kinds if kind != common}
            note |= {"other_nan": others} if others else {}
            if note["nan"] == _NAN and values.dtype.itemsize == 8:
                del note["nan"]
    return note


def as_noted(values: Array, note: dict[str, Any], where: object) -> Array:
    """
    Make numbers what a note says that they were.

    Parameters
    ----------
    values : array
        As they were read: float64 or integers.
    note : dict
        As `note_of` gives it.
    where : object
        What to call them in messages.

    Returns
    -------
    array
        The numbers.

    Raises
    ------
    DamagedFileError
        If the note is none.
    """
    try:
        dtype = np.dtype(str(note.get("dtype", "<f8")))
        if not is_exact(dtype):
            raise ValueError(f"dtype {dtype}")
        with np.errstate(all="ignore"):
            found = np.ascontiguousarray(values.astype(dtype))
        if dtype.kind == "f":
            kind = np.dtype(f"u{dtype.itemsize}").newbyteorder(dtype.byteorder)
            flat = found.reshape(-1)
            bits = flat.view(kind)
            if "nan" in note:
                bits[np.isnan(flat)] = int(str(note["nan"]), 16)
            for pattern, places in note.get("other_nan", {}).items():
                index = np.asarray(places, dtype=np.int64)
                index = index[np.isnan(flat[index])]
                bits[index] = int(pattern, 16)
            found = flat.reshape(values.shape)
        return _ordered(found, str(note.get("order", "C")), where)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError, KeyError) as error:
        raise DamagedFileError(f"{where}: what is said of its numbers is damaged: {error}") from error


def _ordered(values: Array, order: str, where: object) -> Array:
    if order not in ("C", "F") and sorted(order.split(",")) != list(map(str, range(values.ndim))):
        raise DamagedFileError(f"{where}: there is no memory order {order[:40]!r}")
    return in_order(values, order)


def kind_to_read(note: dict[str, Any], where: object) -> npt.DTypeLike:
    """
    Give what text is read as: integers and booleans are exact as integers only.

    Parameters
    ----------
    note : dict
        As `note_of` gives it.
    where : object
        What to call it in messages.

    Returns
    -------
    dtype_like
        The kind.

    Raises
    ------
    DamagedFileError
        If it names none.
    """
    try:
        dtype = np.dtype(str(note.get("dtype", "<f8")))
    except (TypeError, ValueError) as error:
        raise DamagedFileError(f"{where}: there are no numbers of dtype {str(note.get('dtype'))[:40]!r}") from error
    if dtype.kind == "f" or not is_exact(dtype):
        return np.float64
    return np.uint64 if dtype.kind == "u" else np.int64


def number(text: str) -> float:
    """
    Read a number, or what stands for none.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    float
        The number; NaN for ``n/a`` and the like.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if text.strip().lower() in _NO_NUMBERS:
        return float("nan")
    if "_" in text:
        raise ValueError(f"{text[:40]!r} is no number")
    return float(text)


def is_number(text: str) -> bool:
    """
    Tell whether a field holds a number, or what stands for none.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        True if it does.
    """
    try:
        number(text)
    except ValueError:
        return False
    return True


def plain(data: bytes, dtype: npt.DTypeLike, limits: Limits, where: object) -> Array:
    """
    Read a table without names of rows and columns.

    Parameters
    ----------
    data : bytes
        The text.
    dtype : dtype_like
        What it is read as.
    limits : Limits
        What it may ask for.
    where : object
        What to call it in messages.

    Returns
    -------
    array, two axes
        The numbers.
    """
    columns = len(data.partition(b"\n")[0].split(b"\t")) if data.strip() else 0
    found = numbers(data.replace(MISSING.encode(), b"nan"), limits, where, dtype)
    return found.reshape(-1, columns) if columns else np.empty((0, 0), dtype)


def named(rows: list[list[str]], size: int | None, where: object) -> tuple[Array, list[str] | None]:
    """
    Read a table with or without a row and a column of names.

    Parameters
    ----------
    rows : list of list of str
        The fields.
    size : int or None
        How many nodes there are, if that is known.
    where : object
        What to call it in messages.

    Returns
    -------
    values : array, two axes
        The numbers.
    names : list of str or None
        What rows and columns are called.

    Raises
    ------
    ShapeError
        If rows differ in length, or the two lists of names differ.
    DamagedFileError
        If there is something else than numbers.
    """
    width = len(rows[-1]) if rows else 0
    if not width:
        raise ShapeError(f"{where} is empty: expected a row for each node")
    above, beside = _names_at(rows, width, size)
    head, body = rows[0], rows[1:] if above else rows
    ragged = next((index for index, row in enumerate(body) if len(row) != width), None)
    if ragged is not None:
        raise ShapeError(
            f"{where}: row {ragged} has {len(body[ragged])} fields, the last one {width}: expected as many"
        )
    labels = [row[0] for row in body] if beside else None
    columns = head[max(len(head) - (width - beside), 0) :] if above else None
    if labels is not None and columns is not None and labels != columns:
        raise ShapeError(f"{where}: rows and columns have other names: expected the same in one order")
    try:
        values = np.array([list(map(number, row[beside:])) for row in body], dtype=np.float64)
    except ValueError as error:
        raise DamagedFileError(f"{where} holds something else than numbers: {error}") from error
    return values.reshape(len(body), width - beside), labels if labels is not None else columns


def _names_at(rows: list[list[str]], width: int, size: int | None) -> tuple[bool, bool]:
    """Tell whether there is a row of names, and a column of them."""
    if size is not None and len(rows) in (size, size + 1) and width in (size, size + 1):
        return len(rows) > size, width > size
    head = rows[0]
    # pandas leaves the corner out, empties it, or puts a word there.
    corner = len(rows) == width and (not head[0].strip() or not is_number(head[0]))
    beside = (
        corner or len(head) == width - 1 or (len(rows) > 1 and not any(is_number(row[0]) for row in rows[1:] if row))
    )
    return corner or len(head) < width or len(rows) == width + 1 or not all(map(is_number, head[beside:])), beside
