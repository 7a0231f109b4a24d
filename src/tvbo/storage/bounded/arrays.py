"""Arrays in the formats of numpy: no pickles, and no memory before the bytes are there."""

import io
import math
import sys
import tokenize
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.bounded.archive import members
from tvbo.storage.bounded.decoding import decoding

Array = np.ndarray[Any, np.dtype[Any]]
# A header is an expression of Python, which numpy evaluates as a literal.
_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    SyntaxError,
    RecursionError,
    OverflowError,
    tokenize.TokenError,
    # What the compiler makes of brackets in brackets in brackets; the header is too short for a lack of memory.
    MemoryError,
    # Of Python 2 in the header, where a test makes errors of warnings.
    Warning,
)
_LONGEST_HEADER = 10_000


def npy(data: bytes, where: object = "the .npy data") -> Array:
    """
    Decode an array in the format of numpy.

    Parameters
    ----------
    data : bytes
        What a file of it holds.
    where : object, optional
        What to call it in messages.

    Returns
    -------
    numpy.ndarray
        The array; it has memory of its own.

    Raises
    ------
    UnsafeFileError
        If it holds Python objects.
    DamagedFileError
        If it cannot be decoded.
    """
    with decoding(where, "an array of numpy", _ERRORS):
        stream = io.BytesIO(data)
        shape, fortran, dtype = _header(stream, where)
        if dtype.hasobject:
            raise UnsafeFileError(f"{where} holds Python objects, which would run code: expected numbers or text")
        if dtype.subdtype is not None or not dtype.itemsize or min(shape, default=0) < 0:
            raise DamagedFileError(f"{where} has elements {dtype} in shape {shape}: expected one number or text each")
        size, there = math.prod(shape) * dtype.itemsize, len(data) - stream.tell()
        if size != there:
            raise DamagedFileError(f"{where} holds {there:,} bytes: expected {size:,} for {dtype} in shape {shape}")
        flat = np.frombuffer(data, dtype, offset=stream.tell()) if size else np.empty(0, dtype)
        _check_values(flat, where)
        return flat.reshape(shape, order="F" if fortran else "C").copy(order="K")


def _header(stream: io.BytesIO, where: object) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream, _LONGEST_HEADER)
    if version == (3, 0):
        # As version 2 but for its encoding; a header is a literal, so escapes stand for the same names.
        size = int.from_bytes(stream.read(4), "little")
        if size > _LONGEST_HEADER:
            raise DamagedFileError(f"{where} has a header of {size:,} bytes: expected {_LONGEST_HEADER:,} at most")
        text = stream.read(size).decode("utf-8").encode("ascii", "backslashreplace")
        second = io.BytesIO(len(text).to_bytes(4, "little") + text)
        return np.lib.format.read_array_header_2_0(second, len(text))
    if version != (2, 0):
        raise DamagedFileError(f"{where} is of version {version}: expected (1, 0), (2, 0) or (3, 0)")
    return np.lib.format.read_array_header_2_0(stream, _LONGEST_HEADER)


def _check_values(values: Array, where: object) -> None:
    """Refuse what is no value of its type: numpy takes it as it is, and fails later in its own code."""
    kind = values.dtype.kind
    for name in values.dtype.names or ():
        _check_values(values[name], where)
    if kind == "M" and np.datetime_data(values.dtype)[0] == "generic":
        raise DamagedFileError(f"{where} holds dates without a unit: expected one, as in datetime64[s]")
    if kind not in "bU" or not values.size:
        return
    raw = np.dtype(np.uint8 if kind == "b" else np.uint32).newbyteorder(values.dtype.byteorder)
    if np.ascontiguousarray(values).view(raw).max() > (1 if kind == "b" else sys.maxunicode):
        raise DamagedFileError(
            f"{where} holds other numbers than those of {'True and False' if kind == 'b' else 'text'}"
        )


def npz(path: Path, limits: Limits, data: bytes | None = None) -> dict[str, Array]:
    """
    Read the arrays of a file that ``numpy.savez`` wrote.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        ``objects`` arrays, which inflate to ``inflated_bytes`` together.
    data : bytes, optional
        What the file holds, if that is known already; then it need not be there.

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays by their names.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it holds Python objects, or a member leads out of it.
    LimitError
        If it asks for more than a limit allows.
    DuplicateNameError
        If two arrays have one name.
    DamagedFileError
        If it cannot be decoded.
    """
    arrays = {}
    for name, member in members(path if data is None else data, limits, where=path):
        if not name.endswith(".npy"):
            raise DamagedFileError(f"{path}: {name} is no array: expected members whose names end in .npy")
        arrays[name.removesuffix(".npy")] = npy(member, f"{path}: {name}")
    return arrays
