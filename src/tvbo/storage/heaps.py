"""
The heaps and trees inside an HDF5 file that libhdf5 trusts more than it should.

Damage to them is caught by their checksums; these checks are for files that somebody made on purpose, with checksums
that fit: libhdf5 divides by a width of zero, or follows text of variable length for ever.
"""

import math
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tvbo.errors import CompanionError

# Kinds of messages in the header of an object, and how many blocks of them a header may have.
_LINKS, _ATTRIBUTES, _CONTINUED = 0x02, 0x15, 0x10
_BLOCKS = 10_000
# Sizes of the records of trees that index links and attributes, by type, and the types of those that index chunks.
_RECORDS, _OF_CHUNKS = {5: 11, 6: 15, 8: 17, 9: 13}, (10, 11)
_MASK = 0xFFFFFFFF


def check_text_heaps(path: Path) -> int:
    """
    Look at the heaps in which text of variable length lies; libhdf5 follows damaged ones for ever.

    Parameters
    ----------
    path : Path
        The file; it is read from end to end.

    Returns
    -------
    int
        How many bytes the largest text has.

    Raises
    ------
    CompanionError
        If one is damaged.

    Notes
    -----
    HDF5 File Format Specification 3.0, section III.E, "Global Heap".
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        largest, start = 0, data.find(b"GCOL")
        while start >= 0:
            found = _largest(data, start)
            if found < 0:
                raise CompanionError(f"{path}: the heap of text at byte {start} is damaged")
            largest, start = max(largest, found), data.find(b"GCOL", start + 4)
    return largest


class Headers:
    """
    The headers of the objects of a file, looked at before libhdf5 follows them.

    Parameters
    ----------
    path : Path
        The file.

    Notes
    -----
    HDF5 File Format Specification 3.0, sections II, "Superblock", III.A.2, "Version 2 B-trees", III.G, "Fractal
    Heap", and IV.A, "Data Object Headers".
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            # Only the pages that are looked at are read.
            self.data: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        modern = self.data[8:9] in (b"\2", b"\3")
        self.base = self._number(12 if modern else 24, 8)
        places = {0: 64, 1: 68}
        self.root = self._number(36 if modern else places.get(self.data[8], 64), 8)

    def _number(self, place: int, size: int) -> int:
        return int.from_bytes(self.data[place : place + size], "little")

    def check(self, address: int) -> None:
        """
        Look at the heaps and trees in which an object keeps many links or attributes.

        Parameters
        ----------
        address : int
            Where its header is.

        Raises
        ------
        CompanionError
            If one cannot be what it says.
        """
        for kind, place, size in self._messages(self.base + address):
            if kind not in (_LINKS, _ATTRIBUTES):
                continue
            flags = self._number(place + 1, 1)
            start = place + 2 + (flags & 1) * (8 if kind == _LINKS else 2)
            for offset in range(start, min(start + 24, place + size), 8):
                self._check_index(self.base + self._number(offset, 8))

    def _check_index(self, start: int) -> None:
        for signature, size, sound in ((b"BTHD", 34, _is_tree), (b"FRHP", 142, _is_heap)):
            head = self.data[start : start + size]
            # A seal that does not fit is what libhdf5 itself finds.
            whole = len(self.data) >= start + size + 4 and head.startswith(signature)
            if whole and self._number(start + size, 4) == lookup3(head) and not sound(head, len(self.data)):
                raise CompanionError(f"{self.path}: the index of links or attributes at byte {start} is damaged")

    def _messages(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Step through the messages of a header: their kind, where they begin, and their size."""
        modern = self.data[start : start + 4] == b"OHDR"
        if modern:
            flags = self._number(start + 5, 1)
            width, ordered = 1 << (flags & 3), bool(flags & 4)
            begin = start + 6 + 16 * bool(flags & 32) + 4 * bool(flags & 16)
            blocks = [(begin + width, self._number(begin, width))]
        else:
            ordered = False
            blocks = [(start + 16, self._number(start + 8, 4))]
        head = 4 + 2 * ordered if modern else 8
        for count, (place, left) in enumerate(blocks):
            end = min(place + left, len(self.data))
            while place + head <= end and count < _BLOCKS:
                kind = self._number(place, 1 if modern else 2)
                size = self._number(place + (1 if modern else 2), 2)
                place += head
                yield kind, place, size
                if kind == _CONTINUED:
                    other, length = self.base + self._number(place, 8), self._number(place + 8, 8)
                    # Modern ones have a signature before and a checksum behind.
                    blocks.append((other + 4, length - 8) if modern else (other, length))
                place += size


def _largest(data: Any, start: int) -> int:
    """Step from object to object of a heap, as libhdf5 does, and give the largest size; -1 if that leads astray."""
    end = start + int.from_bytes(data[start + 8 : start + 16], "little")
    if data[start + 4] != 1 or end > len(data):
        return -1
    place, largest = start + 16, 0
    while place + 16 <= end:
        length = int.from_bytes(data[place + 8 : place + 16], "little")
        if data[place : place + 2] != b"\0\0":
            place, largest = place + 16 + (length + 7) // 8 * 8, max(largest, length)
        elif length >= 16:
            place += length
        else:
            # Free space of no length: libhdf5 steps over it for ever.
            return -1
    return largest if place <= end else -1


def _is_tree(head: bytes, size: int) -> bool:
    version, kind, node, record, depth, split, merge, _, in_root, in_all = struct.unpack_from("<BBIHHBBQHQ", head, 4)
    return bool(
        version == 0
        and record >= 1
        and (_RECORDS.get(kind) == record or kind in _OF_CHUNKS)
        and 64 <= node <= 1 << 24
        and record * 2 + 32 <= node
        and depth <= 16
        and 0 < merge < split <= 100
        and in_root * record <= node
        and in_root <= in_all <= size
        and (depth > 0 or in_root == in_all)
    )


def _is_heap(head: bytes, size: int) -> bool:
    version, width_of_id, filters = struct.unpack_from("<BHH", head, 4)
    largest_object = struct.unpack_from("<I", head, 10)[0]
    managed, allocated, next_place, objects = struct.unpack_from("<QQQQ", head, 46)
    width, first, largest, bits, first_rows, _, rows = struct.unpack_from("<HQQHHQH", head, 110)
    powers = all(value > 0 and value & (value - 1) == 0 for value in (width, first, largest))
    return bool(
        version == 0
        and 3 <= width_of_id <= 4096
        and filters == 0
        and powers
        and width <= 1024
        and first <= largest <= 1 << 31
        and largest_object <= largest
        and math.log2(largest) < bits <= 64
        and math.log2(first) + math.log2(width) <= bits
        and first_rows <= bits
        and rows <= bits
        and managed <= 1 << bits
        and allocated <= managed
        and next_place <= managed
        and objects <= size
    )


def lookup3(data: bytes) -> int:
    """
    Give the checksum of HDF5 metadata.

    Parameters
    ----------
    data : bytes
        What it is for.

    Returns
    -------
    int
        Bob Jenkins' lookup3 hash, 32 bits.
    """
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    blocks = max(1, -(-len(data) // 12))
    words = struct.unpack(f"<{3 * blocks}I", data.ljust(12 * blocks, b"\0"))
    for place in range(0, 3 * (blocks - 1), 3):
        a, b, c = (a + words[place]) & _MASK, (b + words[place + 1]) & _MASK, (c + words[place + 2]) & _MASK
        for turn in (4, 6, 8, 16, 19, 4):
            # Each step mixes two of the three; then the names move on by one.
            a = ((a - c) & _MASK) ^ _turned(c, turn)
            c = (c + b) & _MASK
            a, b, c = b, c, a
    a, b, c = (a + words[-3]) & _MASK, (b + words[-2]) & _MASK, (c + words[-1]) & _MASK
    for turn in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turned(b, turn)) & _MASK
        a, b, c = b, c, a
    return int(b)


def _turned(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK
