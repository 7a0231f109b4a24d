"""Variables of MATLAB at level 4 (``-v4``), and what they have in common with those of level 5."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import DamagedFileError
from tvbo.limits import Limits

Array = np.ndarray[Any, np.dtype[Any]]
# What Python takes for one object of its own, about.
OBJECT = 64
_STORED = ("f8", "f4", "i4", "i2", "u2", "u1")
_CHAR, _SPARSE = 1, 2
_LONGEST_NAME = 256


class Counter:
    """
    Counts what a file comes to in memory, before it does.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        How much it may hold.
    allowed : int
        How many bytes its arrays may come to.
    """

    def __init__(self, path: Path, limits: Limits, allowed: int) -> None:
        self.path, self.limits, self.allowed = path, limits, allowed
        self.taken = self.count = 0

    def take(self, size: int, where: object) -> None:
        """
        Count memory.

        Parameters
        ----------
        size : int
            Number of bytes.
        where : object
            What they are for.

        Raises
        ------
        LimitError
            If it is too much.
        """
        self.taken += size
        self.limits.check("inflated_bytes", self.taken, where, self.allowed)

    def add(self, number: int, where: object) -> None:
        """
        Count objects.

        Parameters
        ----------
        number : int
            How many.
        where : object
            What they belong to.

        Raises
        ------
        LimitError
            If there are too many.
        """
        self.count += number
        self.limits.check("objects", self.count, where)


def level4(file: BinaryIO, end: int, counter: Counter) -> Iterator[tuple[str, Any]]:
    """
    Decode the variables of a file, all of which are double, text or sparse.

    Parameters
    ----------
    file : BinaryIO
        The file, at its beginning.
    end : int
        Its length.
    counter : Counter
        Counts what they take.

    Yields
    ------
    name : str
        Name of the variable.
    value : object
        The variable.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded.
    LimitError
        If it asks for more than a limit allows.
    """
    first = struct.unpack("<i", file.read(4))[0]
    file.seek(0)
    order: Literal["<", ">"] = "<" if 0 <= first <= 5000 else ">"
    while file.tell() < end:
        kind, rows, columns, imaginary, length = struct.unpack(f"{order}5i", file.read(20))
        machine, unused, stored, matrix = kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10
        known = machine == (order == ">") and unused == 0 and stored < len(_STORED) and matrix <= _SPARSE
        if not known or min(rows, columns) < 0 or imaginary not in (0, 1) or not 0 < length <= _LONGEST_NAME:
            raise DamagedFileError(f"{counter.path} is no file of MATLAB, or a damaged one of level 4")
        counter.add(1, counter.path)
        name = file.read(length).partition(b"\0")[0].decode("latin-1")
        where = f"{counter.path}: {name}"
        dtype = np.dtype(_STORED[stored]).newbyteorder(order)
        size = rows * columns * dtype.itemsize * (1 + imaginary)
        if size > end - file.tell():
            raise DamagedFileError(f"{where} is cut off: expected {size:,} bytes")
        counter.take(rows * columns * 8 * (1 + imaginary) + rows * OBJECT * (matrix == _CHAR), where)
        parts = np.frombuffer(file.read(size), dtype).reshape((1 + imaginary, columns, rows)).astype(np.float64)
        values = parts[0].T
        if matrix == _CHAR:
            if not ((values >= 0) & (values < 256)).all():
                raise DamagedFileError(f"{where} holds other numbers than those of characters")
            yield name, lines(values.astype(np.uint8), "latin-1")
        elif matrix == _SPARSE:
            yield name, _sparse(values, counter, where)
        else:
            yield name, with_imaginary(values, parts[1].T) if imaginary else values


def _sparse(values: Array, counter: Counter, where: str) -> Any:
    """Decode rows of row, column and value, with places counted from one; the last row holds the shape."""
    if values.shape[1] not in (3, 4) or not len(values):
        raise DamagedFileError(f"{where} is sparse, in {values.shape[1]} columns: expected 3 or 4")
    numbers = values[:, :2]
    if not ((numbers >= 0) & (numbers < 2**31)).all() or (numbers % 1).any():
        raise DamagedFileError(f"{where} holds other numbers than those of rows and columns")
    shape = int(numbers[-1, 0]), int(numbers[-1, 1])
    places = numbers[:-1].astype(np.int32) - 1
    if (places < 0).any() or (places >= shape).any():
        raise DamagedFileError(f"{where}: an index of a row or column lies outside of its shape {shape}")
    # One for each row and column, which whatever is made of it may need.
    counter.take(sum(shape) * 8, where)
    found = values[:-1, 2] if values.shape[1] == 3 else with_imaginary(values[:-1, 2], values[:-1, 3])
    return sp.csc_array(sp.coo_array((found, (places[:, 0], places[:, 1])), shape))


def with_imaginary(real: Array, imaginary: Array) -> Array:
    """
    Join the parts of complex numbers; a sum would make NaN of infinity.

    Parameters
    ----------
    real : numpy.ndarray
        The real parts.
    imaginary : numpy.ndarray
        The imaginary parts.

    Returns
    -------
    numpy.ndarray
        The numbers, in single precision if both are.
    """
    joined = np.empty(real.shape, np.complex64 if real.dtype == imaginary.dtype == np.float32 else np.complex128)
    joined.real, joined.imag = real, imaginary
    return joined


def lines(units: Array, codec: str) -> Array:
    """
    Join characters along the last axis.

    Parameters
    ----------
    units : numpy.ndarray
        The characters, or parts of them, as numbers.
    codec : str
        Their encoding.

    Returns
    -------
    numpy.ndarray
        Array of str with one axis less.
    """
    shape = units.shape[:-1]
    if not units.size:
        return np.zeros(shape, "U1")
    rows = np.ascontiguousarray(units).reshape(-1, units.shape[-1])
    try:
        found = [row.tobytes().decode(codec, "strict" if codec == "utf-8" else "surrogatepass") for row in rows]
    except UnicodeDecodeError:
        if codec != "utf-8":
            raise
        # Bytes of unknown encoding; every byte is a character in this one.
        found = [row.tobytes().decode("latin-1") for row in rows]
    return np.array(found).reshape(shape)
