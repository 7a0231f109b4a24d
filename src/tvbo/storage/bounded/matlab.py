"""
Variables of MATLAB, levels 4 and 5 (``-v4``, ``-v6``, ``-v7``), without objects and functions.

Not with `scipy.io.loadmat`: it looks up the number of a type in a table in C as it stands in the file, so that one
wrong number ends the process, and takes memory for any size that a text or a struct claims.
"""

import contextlib
import io
import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import DamagedFileError, DuplicateNameError, LimitError
from tvbo.limits import Limits
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.bounded.matlab4 import OBJECT, Array, Counter, level4, lines, with_imaginary
from tvbo.storage.files import opened

_ERRORS = (struct.error, zlib.error, ValueError, IndexError, OverflowError, TypeError, RecursionError)
_HDF5 = b"\x89HDF\r\n\x1a\n"
# Types of stored data.
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED, _UTF8, _UTF16, _UTF32 = 1, 5, 6, 14, 15, 16, 17, 18
# Classes of variables.
_CELL, _STRUCT, _CHAR, _SPARSE = 1, 2, 4, 5
_NUMERIC = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_LOGICAL, _COMPLEX = 1 << 9, 1 << 11
_MOST_AXES = 32


class _Left:
    """Stands for what is not read: objects, functions, and structs if they are not wanted."""


_LEFT = _Left()


def mat(path: Path, limits: Limits, structs: bool = False, data: bytes | None = None) -> dict[str, Any]:
    """
    Read the variables of a file of MATLAB.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        ``objects`` variables, cells and fields, which come to ``inflated_bytes`` and nest ``depth`` deep.
    structs : bool, default: False
        Whether structs and cells are read as well.
    data : bytes, optional
        What the file holds, if that is known already; then it need not be there.

    Returns
    -------
    dict of str to object
        Arrays of numbers of the type that MATLAB would give them; arrays of bool; text as arrays of str, one for
        each row; sparse matrices as `scipy.sparse.csc_array`; a struct as a dict, several as an array of dicts; cells
        as an array of objects. What is none of these is left out; where it is a cell, there is None.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    UnsafeFileError
        If it is no plain file.
    LimitError
        If it asks for more than a limit allows.
    DuplicateNameError
        If two variables have one name.
    DamagedFileError
        If it cannot be decoded, or is of MATLAB 7.3.
    """
    variables: dict[str, Any] = {}
    with (
        opened(path) if data is None else contextlib.nullcontext((io.BytesIO(data), len(data))) as (file, size),
        decoding(path, "a file of MATLAB, version 4 to 7.2", _ERRORS),
        # Some NaNs are no valid numbers to the processor.
        np.errstate(all="ignore"),
    ):
        head = file.read(128)
        end = file.seek(0, io.SEEK_END)
        if _HDF5 in head or head[124:128] in (b"\0\2IM", b"\2\0MI"):
            raise DamagedFileError(
                f"{path} is a file of MATLAB 7.3, which is HDF5 within: in MATLAB, save it again with -v7"
            )
        counter = Counter(path, limits, limits.inflated(size))
        found: Iterator[tuple[str, Any]]
        if head[124:128] in (b"\0\1IM", b"\1\0MI"):
            file.seek(128)
            found = _Reader(counter, structs, "<" if head[126:128] == b"IM" else ">").variables(file, end)
        elif 0 in head[:4]:
            file.seek(0)
            found = level4(file, end, counter)
        else:
            raise DamagedFileError(f"{path} is no file of MATLAB: it begins with {head[:16]!r}")
        for name, value in found:
            if not name or isinstance(value, _Left):
                continue
            if name in variables:
                raise DuplicateNameError(f"{path}: {name[:100]} is there twice: expected one variable of each name")
            variables[name] = value
    return variables


class _Header(NamedTuple):
    """What is said of a variable before its data."""

    flags: int
    shape: tuple[int, ...]
    name: str
    where: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class _Reader:
    """Decodes variables of level 5, which may nest."""

    def __init__(self, counter: Counter, structs: bool, order: Literal["<", ">"]) -> None:
        self.counter, self.structs, self.order = counter, structs, order
        self.path, self.limits = counter.path, counter.limits
        self.inflated = 0

    def variables(self, file: BinaryIO, end: int) -> Iterator[tuple[str, Any]]:
        while file.tell() < end:
            kind, size = struct.unpack(f"{self.order}2I", file.read(8))
            if size > end - file.tell():
                raise DamagedFileError(f"{self.path} is cut off: a variable of {size:,} bytes lacks some of them")
            # Its own bytes count as well: a hole in a file has a length without them.
            self.limits.check("inflated_bytes", size, self.path, self.counter.allowed)
            data = file.read(size)
            if kind == _COMPRESSED:
                parts = self.elements(memoryview(self.inflate(data)))
                kind, body = self.next(parts, str(self.path))
                if next(parts, None) is not None:
                    raise DamagedFileError(f"{self.path}: other data follow a variable: expected one")
            else:
                body = memoryview(data)
            if kind != _MATRIX:
                raise DamagedFileError(f"{self.path} has an element of type {kind}: expected variables")
            self.counter.add(1, self.path)
            yield self.variable(body, str(self.path), 1)

    def inflate(self, data: bytes) -> bytes:
        room = self.counter.allowed - self.inflated
        decoder = zlib.decompressobj()
        inflated = decoder.decompress(data, room + 1)
        if len(inflated) > room:
            raise LimitError(
                f"{self.path}: inflated bytes would be more than the limit, {self.counter.allowed:,}: "
                f"if you trust the file, open it with limits=Limits(inflated_bytes={2 * self.counter.allowed})"
            )
        if not decoder.eof or decoder.unused_data:
            raise DamagedFileError(f"{self.path}: a compressed variable is cut off, or something follows it")
        self.inflated += len(inflated)
        return inflated

    def elements(self, data: memoryview) -> Iterator[tuple[int, memoryview]]:
        """List type and bytes of each element in turn."""
        position = 0
        while position < len(data):
            kind, size = struct.unpack_from(f"{self.order}2I", data, position)
            start, position = position + 8, position + 8 + size + -size % 8
            if kind >> 16:
                # Up to four bytes stand in the place of the size.
                kind, size, start, position = kind & 0xFFFF, kind >> 16, start - 4, start
                if size > 4:
                    raise DamagedFileError(f"{self.path}: a short element of {size} bytes: expected 4 at most")
            if start + size > len(data):
                raise DamagedFileError(f"{self.path} is cut off: an element of {size:,} bytes lacks some of them")
            yield kind, data[start : start + size]

    def variable(self, data: memoryview, where: str, depth: int) -> tuple[str, Any]:
        self.limits.check("depth", depth, where)
        if not data and depth > 1:
            return "", np.zeros((0, 0))
        parts = self.elements(data)
        kind, body = self.next(parts, where)
        if kind != _UINT32 or len(body) != 8:
            raise DamagedFileError(f"{where}: a variable begins with type {kind}: expected its flags")
        flags: int = struct.unpack(f"{self.order}2I", body)[0]
        mxclass = flags & 0xFF
        known = mxclass in _NUMERIC or mxclass in (_CHAR, _SPARSE)
        if not known and not (self.structs and mxclass in (_CELL, _STRUCT)):
            return "", _LEFT
        kind, body = self.next(parts, where)
        if kind not in (_INT32, _UINT32) or not 2 <= len(body) // 4 <= _MOST_AXES:
            raise DamagedFileError(f"{where} has a variable of {len(body) // 4:,} axes: expected 2 to {_MOST_AXES}")
        shape = tuple(struct.unpack(f"{self.order}{len(body) // 4}i", body))
        if min(shape) < 0:
            raise DamagedFileError(f"{where} has a variable of shape {shape}: expected no negative lengths")
        name = self.name(self.next(parts, where), where)
        header = _Header(flags, shape, name, f"{where}: {name[:100]}" if name else where)
        if mxclass == _CHAR:
            return name, self.text(header, *self.next(parts, header.where))
        if mxclass == _SPARSE:
            return name, self.sparse(header, parts)
        if mxclass == _CELL:
            return name, self.cells(header, parts, depth)
        if mxclass == _STRUCT:
            return name, self.struct(header, parts, depth)
        return name, self.numbers(header, parts, np.dtype(_NUMERIC[mxclass]))

    def next(self, parts: Iterator[tuple[int, memoryview]], where: str) -> tuple[int, memoryview]:
        found = next(parts, None)
        if found is None:
            raise DamagedFileError(f"{where}: the data of a variable are missing")
        return found

    def name(self, part: tuple[int, memoryview], where: str) -> str:
        kind, body = part
        if kind not in (_INT8, _UTF8):
            raise DamagedFileError(f"{where} has a name of type {kind}: expected text")
        return bytes(body).rstrip(b"\0").decode("latin-1")

    def stored(self, part: tuple[int, memoryview], where: str) -> Array:
        kind, body = part
        if kind not in _STORED:
            raise DamagedFileError(f"{where} has data of type {kind}: expected numbers")
        return np.frombuffer(body, np.dtype(_STORED[kind]).newbyteorder(self.order))

    def plain(self, header: _Header, parts: Iterator[tuple[int, memoryview]], dtype: np.dtype[Any]) -> Array:
        """Decode numbers, which are stored in the shortest type that holds them."""
        found = self.stored(self.next(parts, header.where), header.where)
        if len(found) != header.size:
            raise DamagedFileError(f"{header.where} holds {len(found):,} numbers: expected {header.size:,}")
        if not np.can_cast(found.dtype, dtype, "safe"):
            raise DamagedFileError(f"{header.where} holds {found.dtype}: expected what fits into {dtype}")
        return found.astype(dtype)

    def numbers(self, header: _Header, parts: Iterator[tuple[int, memoryview]], dtype: np.dtype[Any]) -> Array:
        complex_ = bool(header.flags & _COMPLEX)
        self.counter.take(header.size * dtype.itemsize * (4 if complex_ else 1), header.where)
        found = self.plain(header, parts, dtype)
        if complex_:
            found = with_imaginary(found, self.plain(header, parts, dtype))
        elif header.flags & _LOGICAL:
            found = found != 0
        return found.reshape(header.shape, order="F")

    def sparse(self, header: _Header, parts: Iterator[tuple[int, memoryview]]) -> Any:
        where = header.where
        if len(header.shape) != 2:
            raise DamagedFileError(f"{where} is sparse, with shape {header.shape}: expected two axes")
        rows, columns = header.shape
        indices = self.stored(self.next(parts, where), where)
        starts = self.stored(self.next(parts, where), where)
        count = int(starts[-1]) if len(starts) == columns + 1 else -1
        if not 0 <= count <= len(indices):
            raise DamagedFileError(f"{where}: the starts of its {columns:,} columns do not fit the indices of its rows")
        # One for each row as well, since whatever is made of it may need that.
        self.counter.take((rows + columns) * 8 + count * 24, where)
        kind, body = self.next(parts, where)
        # MATLAB calls the bytes of a logical matrix double.
        as_bytes = header.flags & _LOGICAL and len(body) == count
        values = self.stored((2 if as_bytes else kind, body), where)[:count]
        if header.flags & _COMPLEX:
            imaginary = self.stored(self.next(parts, where), where)[:count]
            if len(imaginary) != len(values):
                raise DamagedFileError(f"{where} holds {len(imaginary):,} imaginary parts: expected {len(values):,}")
            values = with_imaginary(values, imaginary)
        values = values.astype(bool if header.flags & _LOGICAL else np.result_type(values.dtype, np.float64))
        return _csc(values, indices[:count], starts, (rows, columns), where)

    def text(self, header: _Header, kind: int, body: memoryview) -> Array:
        width = header.shape[-1]
        count = header.size // width if width else math.prod(header.shape[:-1])
        self.counter.take(header.size * 8 + count * OBJECT, header.where)
        if len(body) > 4 * header.size:
            raise DamagedFileError(f"{header.where} holds {len(body):,} bytes of text for {header.size:,} characters")
        data = bytes(body)
        codec, units = "utf-8", np.frombuffer(data, np.uint8)
        if not data:
            # Some writers leave blanks out.
            units = np.full(header.size, ord(" "), np.uint8)
        elif kind in (4, _UTF16):
            codec, units = "utf-16-le", np.frombuffer(data, f"{self.order}u2").astype("<u2")
        elif kind == _UTF32:
            codec, units = "utf-32-le", np.frombuffer(data, f"{self.order}u4").astype("<u4")
        elif kind == _UTF8 and len(data) != header.size:
            whole = data.decode("utf-8", "surrogateescape").encode("utf-32-le", "surrogatepass")
            codec, units = "utf-32-le", np.frombuffer(whole, "<u4")
        elif kind not in (1, 2, _UTF8):
            raise DamagedFileError(f"{header.where} has text of type {kind}: expected characters")
        if len(units) != header.size:
            raise DamagedFileError(f"{header.where} holds {len(units):,} characters: expected {header.size:,}")
        return lines(units.reshape(header.shape, order="F"), codec)

    def inside(self, parts: Iterator[tuple[int, memoryview]], where: str, depth: int) -> Any:
        kind, body = self.next(parts, where)
        if kind != _MATRIX:
            raise DamagedFileError(f"{where} has an element of type {kind}: expected variables")
        return self.variable(body, where, depth + 1)[1]

    def cells(self, header: _Header, parts: Iterator[tuple[int, memoryview]], depth: int) -> Array:
        self.counter.add(header.size, header.where)
        found = np.empty(header.size, object)
        for index in range(header.size):
            value = self.inside(parts, header.where, depth)
            found[index] = None if isinstance(value, _Left) else value
        return found.reshape(header.shape, order="F")

    def struct(self, header: _Header, parts: Iterator[tuple[int, memoryview]], depth: int) -> Any:
        where = header.where
        widths = self.stored(self.next(parts, where), where)
        kind, names = self.next(parts, where)
        width = int(widths[0]) if len(widths) == 1 else 0
        if kind != _INT8 or (len(names) and (width < 1 or len(names) % width)):
            raise DamagedFileError(f"{where}: the names of its fields cannot be told apart")
        starts = range(0, len(names), width or 1)
        # Each takes memory even if it has no fields.
        self.counter.add(max(1, header.size) * max(1, len(starts)), where)
        fields = [bytes(names[at : at + width]).partition(b"\0")[0].decode("latin-1") for at in starts]
        if len(set(fields)) != len(fields):
            raise DuplicateNameError(f"{where} has fields of one name: expected one of each")
        found = np.empty(header.size, object)
        for index in range(header.size):
            values = {field: self.inside(parts, f"{where}.{field[:100]}", depth) for field in fields}
            found[index] = {field: value for field, value in values.items() if not isinstance(value, _Left)}
        return found[0] if header.size == 1 else found.reshape(header.shape, order="F")


def _csc(values: Array, indices: Array, starts: Array, shape: tuple[int, int], where: str) -> Any:
    """Build a sparse matrix of indices that have been looked at; scipy writes where they say."""
    whole = indices.dtype.kind in "iu" and starts.dtype.kind in "iu"
    indices, starts = indices.astype(np.int64), starts.astype(np.int64)
    if not whole or len(values) != len(indices) or starts[0] != 0 or (np.diff(starts) < 0).any():
        raise DamagedFileError(f"{where} holds {len(values):,} values in columns that do not fit them")
    if len(indices) and (indices.min() < 0 or indices.max() >= shape[0]):
        raise DamagedFileError(f"{where}: an index of a row lies outside of its {shape[0]:,} rows")
    index: Any = np.int32 if max(*shape, len(values)) < 2**31 else np.int64
    return sp.csc_array((values, indices.astype(index), starts.astype(index)), shape=shape)
