"""
The binary files of FreeSurfer: surfaces, annotations and values of vertices.

nibabel reads and writes them by their paths alone, takes memory as a file says, and prints what stands behind a surface
in ten digits; here they are bytes, and nothing is taken before it is there.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError
from tvbo.limits import Limits

Array = np.ndarray[Any, np.dtype[Any]]
_TRIANGLES, _QUADS, _VALUES = b"\xff\xff\xfe", (b"\xff\xff\xff", b"\xff\xff\xfd"), b"\xff\xff\xff"
_COLORS, _VERSION = 1, -2
_LONGEST_LINE = 1 << 12


@dataclass(slots=True)
class Geometry:
    """
    A surface.

    Attributes
    ----------
    vertices : array, shape (v, 3), float32 [mm]
        Its vertices.
    triangles : array, shape (e, 3), int32
        Its triangles.
    comment : str
        Who made it.
    rest : bytes
        What stands behind: the geometry of the volume that it came from.
    """

    vertices: Array
    triangles: Array
    comment: str = ""
    rest: bytes = b""


@dataclass(slots=True)
class Annotation:
    """
    The region of each vertex.

    Attributes
    ----------
    values : array, shape (v,), int32
        For each vertex the colour of its region, packed: red + green * 256 + blue * 65536.
    regions : list of tuple
        Number, name and colour (red, green, blue, transparency; 0 to 255) of each region.
    table : str
        The name of the file that the colours came from.
    """

    values: Array
    regions: list[tuple[int, str, tuple[int, int, int, int]]] = field(default_factory=list)
    table: str = "NOFILE"


class _Bytes:
    """Reads what is there, and says where it ends."""

    def __init__(self, data: bytes, where: object) -> None:
        self.data, self.where, self.at = data, where, 0

    def take(self, size: int, what: str) -> bytes:
        if size < 0 or size > len(self.data) - self.at:
            raise DamagedFileError(
                f"{self.where} is cut off at byte {len(self.data):,}: {what} at byte {self.at:,} takes {size:,} bytes"
            )
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, dtype: str, count: int, what: str) -> Array:
        # Negative where a counter is damaged, or of more than the file.
        raw = self.take(count * np.dtype(dtype).itemsize, what)
        return np.frombuffer(raw, dtype).astype(np.dtype(dtype).newbyteorder("="))

    def number(self, what: str) -> int:
        return int(self.numbers(">i4", 1, what)[0])

    def text(self, what: str) -> str:
        raw = self.take(self.number(what), what).partition(b"\0")[0]
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def line(self, what: str) -> bytes:
        end = self.data.find(b"\n", self.at, self.at + _LONGEST_LINE)
        return self.take((len(self.data) if end < 0 else end + 1) - self.at, what) if end >= 0 else self.take(-1, what)


def is_geometry(data: bytes) -> bool:
    """
    Tell whether a file is a surface.

    Parameters
    ----------
    data : bytes
        What it holds.

    Returns
    -------
    bool
        True if it begins as one.
    """
    return data.startswith(_TRIANGLES)


def is_values(data: bytes) -> bool:
    """
    Tell whether a file holds values of vertices.

    Parameters
    ----------
    data : bytes
        What it holds.

    Returns
    -------
    bool
        True if it begins so.
    """
    return data.startswith(_VALUES)


def geometry(data: bytes, where: object) -> Geometry:
    """
    Decode a surface of triangles.

    Parameters
    ----------
    data : bytes
        What the file holds.
    where : object
        What to call it in messages.

    Returns
    -------
    Geometry
        The surface.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded.
    """
    found = _Bytes(data, where)
    magic = found.take(3, "the kind")
    if magic != _TRIANGLES:
        old = " of quadrangles, as FreeSurfer wrote long ago: convert it with mris_convert" if magic in _QUADS else ""
        raise DamagedFileError(f"{where} is no surface of triangles{old}")
    raw = found.line("the comment")
    try:
        comment = raw[:-1].decode()
    except UnicodeDecodeError:
        comment = raw[:-1].decode("latin-1")
    found.line("the second line")
    counts = [found.number("a counter") for _ in range(2)]
    vertices = found.numbers(">f4", 3 * counts[0], f"{counts[0]:,} vertices").reshape(-1, 3)
    triangles = found.numbers(">i4", 3 * counts[1], f"{counts[1]:,} triangles").reshape(-1, 3)
    if triangles.size and (triangles.min() < 0 or triangles.max() >= len(vertices)):
        raise DamagedFileError(f"{where}: triangles refer to vertices that are not there; it has {len(vertices):,}")
    return Geometry(vertices, triangles, comment, data[found.at :])


def pack_geometry(surface: Geometry) -> bytes:
    """
    Encode a surface.

    Parameters
    ----------
    surface : Geometry
        The surface.

    Returns
    -------
    bytes
        What the file is to hold.

    Raises
    ------
    ValueError
        If its comment is no line.
    """
    if "\n" in surface.comment or len(surface.comment.encode()) >= _LONGEST_LINE:
        raise ValueError(f"the comment {surface.comment[:40]!r} cannot be written: expected one line")
    counts = np.array([len(surface.vertices), len(surface.triangles)], ">i4").tobytes()
    arrays = surface.vertices.astype(">f4").tobytes() + surface.triangles.astype(">i4").tobytes()
    return _TRIANGLES + surface.comment.encode() + b"\n\n" + counts + arrays + surface.rest


def annotation(data: bytes, where: object, limits: Limits) -> Annotation:
    """
    Decode an annotation, of the old layout or the new.

    Parameters
    ----------
    data : bytes
        What the file holds.
    where : object
        What to call it in messages.
    limits : Limits
        ``objects`` regions.

    Returns
    -------
    Annotation
        The region of each vertex.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded, or has no table of colours.
    """
    found = _Bytes(data, where)
    count = found.number("the number of vertices")
    pairs = found.numbers(">i4", 2 * count, f"{count:,} vertices").reshape(-1, 2)
    order = pairs[:, 0]
    if not np.array_equal(np.sort(order), np.arange(len(order))):
        raise DamagedFileError(f"{where} does not number its {count:,} vertices from 0: expected each once")
    made = Annotation(np.empty(len(order), np.int32))
    made.values[order] = pairs[:, 1]
    if found.at == len(data) or found.number("the mark of a table") != _COLORS:
        raise DamagedFileError(f"{where} has no table of colours: its regions have no names")
    entries = found.number("the version of the table")
    if entries < 0:
        if entries != _VERSION:
            raise DamagedFileError(f"{where} has a table of version {-entries}: expected {-_VERSION}")
        found.number("the number of colours")
    made.table = found.text("the name of the table")
    count = found.number("the number of regions") if entries < 0 else entries
    limits.check("objects", count, where)
    for row in range(count):
        number = found.number("the number of a region") if entries < 0 else row
        name = found.text("the name of a region")
        red, green, blue, transparency = found.numbers(">i4", 4, "a colour").tolist()
        made.regions.append((number, name, (red, green, blue, transparency)))
    return made


def pack_annotation(made: Annotation) -> bytes:
    """
    Encode an annotation.

    Parameters
    ----------
    made : Annotation
        The region of each vertex.

    Returns
    -------
    bytes
        What the file is to hold.

    Raises
    ------
    ValueError
        If a name holds a NUL.
    """

    def text(name: str) -> bytes:  # numpydoc ignore=GL08
        if "\0" in name:
            raise ValueError(f"the region {name!r} cannot be written: a name ends at NUL; change it")
        return number(len(name.encode()) + 1) + name.encode() + b"\0"

    def number(*values: int) -> bytes:  # numpydoc ignore=GL08
        return np.array(values, ">i4").tobytes()

    pairs = np.stack([np.arange(len(made.values)), made.values], axis=1).astype(">i4").tobytes()
    size = max((each[0] for each in made.regions), default=-1) + 1
    table = number(_COLORS, _VERSION, size) + text(made.table) + number(len(made.regions))
    rows = [number(index) + text(name) + number(*color) for index, name, color in made.regions]
    return number(len(made.values)) + pairs + table + b"".join(rows)


def values(data: bytes, where: object) -> Array:
    """
    Decode a value for each vertex.

    Parameters
    ----------
    data : bytes
        What the file holds.
    where : object
        What to call it in messages.

    Returns
    -------
    array, shape (v,), float32
        The values.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded.
    """
    found = _Bytes(data, where)
    if found.take(3, "the kind") != _VALUES:
        raise DamagedFileError(
            f"{where} holds no values of vertices, or of the oldest kind: convert it by mris_convert"
        )
    count, _, each = (found.number("a counter") for _ in range(3))
    if each != 1:
        raise DamagedFileError(f"{where} has {each} values for each vertex: expected 1")
    made = found.numbers(">f4", count, f"{count:,} values")
    if found.at != len(data):
        raise DamagedFileError(f"{where} has {len(data) - found.at:,} bytes more than its {count:,} values take")
    return made


def pack_values(numbers: Array, triangles: int) -> bytes:
    """
    Encode a value for each vertex.

    Parameters
    ----------
    numbers : array, shape (v,), float32
        The values.
    triangles : int
        How many triangles the surface has.

    Returns
    -------
    bytes
        What the file is to hold.
    """
    return _VALUES + np.array([len(numbers), triangles, 1], ">i4").tobytes() + numbers.astype(">f4").tobytes()
