"""
Values that other programs stored, compared without handing them to libhdf5.

It would load plug-ins for their filters, inflate whatever a stream gives, and make as many copies of one text of
variable length as a file asks for. Here chunks are decoded as ours are, text is looked up in the heaps where it lies,
and where in the file something lies, which differs in every copy, is left out.
"""

import hashlib
import math
import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5s, h5t

from tvbo.errors import CorruptionError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.chunks import StoredChunks, chunk_index, filters_of
from tvbo.storage.files import size_on_disk
from tvbo.storage.heaps import check_text_heaps
from tvbo.storage.sparse import Array
from tvbo.storage.structure import FILTERS

# How a value of variable length is stored: its length, and the heap and the number in it where it lies.
_PLACE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])
_ROWS = 1 << 20


class RawValues:
    """
    The values in one file.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What its values of variable length may come to, and how many there may be.

    Raises
    ------
    CompanionError
        If a heap is damaged.

    Notes
    -----
    HDF5 File Format Specification 3.0, sections III.E, "Global Heap", and VIII.B, "Variable-length Data".
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.largest = check_text_heaps(path)
        self.most = limits.inflated(size_on_disk(path.stat()))
        with path.open("rb") as file:
            self.data: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        self._known: dict[tuple[str, int, int, int], tuple[bytes, int, int]] = {}
        self._bytes = self._pieces = 0

    def of_dataset(self, item: Any, where: str) -> str:
        """
        Give text that stands for a dataset: the same in every copy of it.

        Parameters
        ----------
        item : h5py.h5d.DatasetID
            The dataset.
        where : str
            The file and its place in it, for messages.

        Returns
        -------
        str
            Its type, shape and digest.

        Raises
        ------
        CorruptionError
            If it is damaged.
        UnsafeFileError
            If only libhdf5 could decode it, or it comes to more than the limits allow.
        """
        kind = item.get_type()
        head = f"{self._told(kind)}{item.shape}"
        plan = item.get_create_plist()
        layout = plan.get_layout()
        if item.shape is None:
            return head
        if layout == h5d.COMPACT and is_variable(kind):
            # At most 64 kB, and no filters.
            return head + self._decoded(kind, item.shape, h5py.Dataset(item).__getitem__, where)
        total = hashlib.sha256()
        if layout == h5d.CHUNKED and not is_variable(kind) and not FILTERS.issuperset(filters_of(plan)):
            for corner in sorted(chunk_index(item, where, self.limits)):
                total.update(repr((corner, item.read_direct_chunk(corner))).encode())
            return head + total.hexdigest()
        for place, raw in self._stored(item, kind, where):
            total.update(repr(place).encode())
            self._add(total, raw, kind, where)
        return head + total.hexdigest()

    def of_attribute(self, attribute: Any, where: str) -> str:
        """
        Give text that stands for an attribute: the same in every copy of it.

        Parameters
        ----------
        attribute : h5py.h5a.AttrID
            The attribute.
        where : str
            The file and its place in it, for messages.

        Returns
        -------
        str
            Its type, shape and value.

        Raises
        ------
        LimitError
            If it comes to more than the limits allow.
        """
        kind = attribute.get_type()
        head = f"{self._told(kind)}{attribute.shape}"
        if attribute.shape is None:
            return head
        if not is_variable(kind):
            raw = np.empty(attribute.shape, f"V{kind.get_size()}")
            attribute.read(raw, mtype=kind)
            return head + hashlib.sha256(raw.tobytes()).hexdigest()

        def read(_: tuple[()]) -> Array:  # numpydoc ignore=GL08
            values = np.empty(attribute.shape, attribute.dtype)
            attribute.read(values)
            return values

        return head + self._decoded(kind, attribute.shape, read, where)

    def _decoded(self, kind: Any, shape: tuple[int, ...], read: Any, where: str) -> str:
        """Have libhdf5 decode what has no filters, if that cannot be much."""
        self.limits.check("inflated_bytes", math.prod(shape) * self._most_of(kind), where, self.most)
        return "" if _points(kind) else hashlib.sha256(repr(_plain(read(()))).encode("utf-8", "replace")).hexdigest()

    def _most_of(self, kind: Any) -> int:
        """Tell what a value can come to in memory: each of variable length might be the largest of the file."""
        family = kind.get_class()
        if family == h5t.COMPOUND:
            return sum(self._most_of(member) for _, member in _members(kind))
        if family == h5t.ARRAY:
            return int(math.prod(kind.get_array_dims())) * self._most_of(kind.get_super())
        if family == h5t.VLEN:
            base = kind.get_super()
            return self.largest + self.largest // max(1, _width(base)) * self._most_of(base)
        return self.largest if is_variable(kind) else int(kind.get_size())

    def _stored(self, item: Any, kind: Any, where: str) -> Iterator[tuple[Any, bytes]]:
        """Give the bytes of a dataset as they are stored, in parts, and where each belongs."""
        width, layout = _width(kind), item.get_create_plist().get_layout()
        if layout == h5d.CHUNKED:
            stored = StoredChunks(item, where, width, self.limits)
            for corner in sorted(stored.index):
                inside = zip(corner, stored.shape, item.shape, strict=True)
                # Others would be more than was declared.
                if all(low % step == 0 and low < length for low, step, length in inside):
                    yield corner, stored.decoded(corner) or b""
        elif layout == h5d.COMPACT:
            raw = np.empty(item.shape, f"V{width}")
            item.read(h5s.ALL, h5s.ALL, raw, mtype=kind)
            yield 0, raw.tobytes()
        elif item.get_storage_size():
            start, size = item.get_offset(), math.prod(item.shape) * width
            if item.get_storage_size() != size or start + size > len(self.data):
                raise CorruptionError(f"{where} holds {item.get_storage_size():,} of {size:,} bytes")
            step = max(1, _ROWS // width) * width
            for place in range(0, size, step):
                yield place, self.data[start + place : start + min(size, place + step)]

    def _add(self, total: Any, raw: bytes, kind: Any, where: str) -> None:
        """Add values to a digest, without the places where things lie."""
        if not is_variable(kind):
            total.update(raw)
            return
        rows = np.frombuffer(bytearray(raw), np.uint8).reshape(-1, _width(kind))
        parts = []
        self._count(_leaves_of(kind), where)
        for offset, leaf in _leaves(kind, 0):
            cells = rows[:, offset : offset + _width(leaf)]
            if leaf.get_class() == h5t.REFERENCE:
                cells[:] = 0
                continue
            places = cells.copy().view(_PLACE).reshape(-1)
            cells[:, 4:] = 0
            parts.append((leaf, places[places["length"] > 0]))
        total.update(rows.tobytes())
        for leaf, places in parts:
            self._count(len(places), where)
            for length, heap, index in places.tolist():
                total.update(self._content(leaf, length, heap, index, where))

    def _count(self, more: int, where: str) -> None:
        self._pieces += more
        self.limits.check("sidecar_values", self._pieces, f"{where}: texts and lists of variable length")

    def _content(self, kind: Any, length: int, heap: int, index: int, where: str) -> bytes:
        """Give the digest of one value of variable length; it may stand in many places."""
        base = None if kind.get_class() == h5t.STRING else kind.get_super()
        key = ("" if base is None else self._told(base), length, heap, index)
        if key in self._known:
            digest, size, pieces = self._known[key]
            self._bytes += size
            self._count(pieces, where)
        else:
            before = self._bytes, self._pieces
            start, there = self._heap(heap, where).get(index, (0, -1))
            size = length * (1 if base is None else _width(base))
            if there < size:
                raise CorruptionError(f"{where} is damaged: what it says of {size:,} bytes is not where it should be")
            self._bytes += size
            self.limits.check("inflated_bytes", self._bytes, where, self.most)
            total = hashlib.sha256()
            raw = self.data[start : start + size]
            if base is None:
                total.update(raw)
            else:
                self._add(total, raw, base, where)
            digest = total.digest()
            self._known[key] = digest, self._bytes - before[0], self._pieces - before[1]
        self.limits.check("inflated_bytes", self._bytes, where, self.most)
        return digest

    def _heap(self, start: int, where: str) -> dict[int, tuple[int, int]]:
        """List where the objects of a heap begin, and their sizes; the steps were looked at before."""
        if start not in self._heaps:
            if self.data[start : start + 4] != b"GCOL":
                raise CorruptionError(f"{where} is damaged: there is no heap of text at byte {start}")
            found = self._heaps[start] = {}
            place, end = start + 16, start + int.from_bytes(self.data[start + 8 : start + 16], "little")
            while place + 16 <= end:
                index = int.from_bytes(self.data[place : place + 2], "little")
                if not index:
                    break
                size = int.from_bytes(self.data[place + 8 : place + 16], "little")
                found[index] = place + 16, size
                place += 16 + (size + 7) // 8 * 8
        return self._heaps[start]

    def _told(self, kind: Any, depth: int = 1) -> str:
        """Describe a type."""
        self.limits.check("depth", depth, f"{self.path}: the parts of a type")
        family = kind.get_class()
        if family == h5t.COMPOUND:
            names = (kind.get_member_name(index) for index in range(kind.get_nmembers()))
            parts = zip(names, _members(kind), strict=True)
            return str([(name, offset, self._told(member, depth + 1)) for name, (offset, member) in parts])
        if family in (h5t.VLEN, h5t.ARRAY):
            dims = kind.get_array_dims() if family == h5t.ARRAY else "variable"
            return f"{dims} of {self._told(kind.get_super(), depth + 1)}"
        if family == h5t.ENUM:
            numbers = range(kind.get_nmembers())
            values = [(kind.get_member_name(index), kind.get_member_value(index)) for index in numbers]
            return f"{values} of {self._told(kind.get_super(), depth + 1)}"
        if family == h5t.STRING:
            return f"text of {'variable' if kind.is_variable_str() else kind.get_size()} bytes in {kind.get_cset()}"
        detail = [kind.get_order(), kind.get_precision(), kind.get_offset()] if hasattr(kind, "get_precision") else []
        return f"{family}.{kind.get_size()}{detail}"


def is_variable(kind: Any) -> bool:
    """
    Tell whether values of a type hold places in the file: text or lists of variable length, or references.

    Parameters
    ----------
    kind : h5py.h5t.TypeID
        The type.

    Returns
    -------
    bool
        False if their bytes are all there is to them.
    """
    return bool(kind.detect_class(h5t.VLEN) or kind.detect_class(h5t.REFERENCE) or _has_text(kind))


def _has_text(kind: Any) -> bool:
    family = kind.get_class()
    if family == h5t.STRING:
        return bool(kind.is_variable_str())
    if family == h5t.COMPOUND:
        return any(_has_text(member) for _, member in _members(kind))
    return family == h5t.ARRAY and _has_text(kind.get_super())


def _points(kind: Any) -> bool:
    return bool(kind.detect_class(h5t.REFERENCE))


def _members(kind: Any) -> Iterator[tuple[int, Any]]:
    """List the parts of a type and where each begins on disk; in memory, text of variable length is a pointer."""
    grown = 0
    for index in range(kind.get_nmembers()):
        member = kind.get_member_type(index)
        yield kind.get_member_offset(index) + grown, member
        grown += _width(member) - member.get_size()


def _width(kind: Any) -> int:
    """Tell how many bytes a value of a type takes on disk."""
    family = kind.get_class()
    if family == h5t.VLEN or (family == h5t.STRING and kind.is_variable_str()):
        return _PLACE.itemsize
    if family == h5t.COMPOUND:
        members = (kind.get_member_type(index) for index in range(kind.get_nmembers()))
        return int(kind.get_size() + sum(_width(member) - member.get_size() for member in members))
    if family == h5t.ARRAY:
        return int(math.prod(kind.get_array_dims())) * _width(kind.get_super())
    if family == h5t.REFERENCE and kind not in (h5t.STD_REF_OBJ, h5t.STD_REF_DSETREG):
        raise UnsafeFileError("it holds references of a kind that is not read: store those of HDF5 1.10")
    return int(kind.get_size())


def _leaves_of(kind: Any) -> int:
    """Count the places that a value of a type holds."""
    family = kind.get_class()
    if family == h5t.COMPOUND:
        return sum(_leaves_of(member) for _, member in _members(kind))
    if family == h5t.ARRAY:
        return int(math.prod(kind.get_array_dims())) * _leaves_of(kind.get_super())
    return int(family in (h5t.VLEN, h5t.REFERENCE) or _has_text(kind))


def _leaves(kind: Any, start: int) -> Iterator[tuple[int, Any]]:
    """List the places that a value of a type holds: where in it, and of what type."""
    family = kind.get_class()
    if family == h5t.COMPOUND:
        for offset, member in _members(kind):
            yield from _leaves(member, start + offset)
    elif family == h5t.ARRAY:
        base = kind.get_super()
        if is_variable(base):
            for index in range(math.prod(kind.get_array_dims())):
                yield from _leaves(base, start + index * _width(base))
    elif family in (h5t.VLEN, h5t.REFERENCE) or _has_text(kind):
        yield start, kind


def _plain(value: Any) -> Any:
    """Make lists of arrays, and of arrays in arrays: how numpy shows them leaves numbers out."""
    if isinstance(value, (np.ndarray, np.void)):
        value = value.tolist()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
