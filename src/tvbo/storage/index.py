"""
A list of what a companion holds, behind the HDF5 data: to open and read it without asking libhdf5.

HDF5 readers stop where their data end, and programs that change the file cut off what follows. So the list is there for
files as we wrote them, and for no others; without it a file is looked through object by object.
"""

import hashlib
import json
import math
import operator
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from tvbo.errors import CompanionError, TvboError
from tvbo.limits import Limits
from tvbo.storage.chunks import CHECKED_ROWS, CHECKSUMS
from tvbo.storage.datasets import Encoded, Placed
from tvbo.storage.located import Located
from tvbo.storage.node_list import NodeColumns

# Behind the list: its length, where HDF5 data end, its SHA-256, and what tells that it is there.
_MARK = b"tvbo-ix1"
_TAIL = struct.Struct("<QQ32s8s")
_OWN = (CHECKSUMS, CHECKED_ROWS)


@dataclass(frozen=True, slots=True)
class Index:
    """
    What a companion holds.

    Attributes
    ----------
    groups : dict of str to dict
        Attributes of every group, by path.
    arrays : dict of str to Located
        Every dataset, by path.
    attrs : dict of str to dict
        Attributes of datasets that are needed to read them.
    header : dict
        What the sidecar says that the companion carries, as `header_of` gave it.
    """

    groups: dict[str, dict[str, Any]]
    arrays: dict[str, Located]
    attrs: dict[str, dict[str, Any]]
    header: dict[str, Any]


def header_of(record: Mapping[str, Any], nodes: NodeColumns | None) -> dict[str, Any]:
    """
    Give what a sidecar says in a form that is read faster than YAML.

    Parameters
    ----------
    record : mapping
        What it says, but for its nodes.
    nodes : NodeColumns or None
        The nodes that it lists.

    Returns
    -------
    dict
        Empty if JSON cannot say the same.
    """
    try:
        same = json.loads(json.dumps(record)) == record
    except (TypeError, ValueError, RecursionError):
        return {}
    if not same:
        return {}
    made: dict[str, Any] = {"record": dict(record)}
    return made if nodes is None else made | {"nodes": [len(nodes), nodes.ids != list(range(len(nodes)))]}


def written(
    items: Mapping[str, tuple[Placed, Encoded]],
    aliases: Mapping[str, str],
    groups: Mapping[str, Any],
    header: Mapping[str, Any],
) -> bytes:
    """
    List a file that was just written.

    Parameters
    ----------
    items : mapping of str to (Placed, Encoded)
        Its datasets, by path.
    aliases : mapping of str to str
        Second names of datasets.
    groups : mapping of str to mapping
        Attributes of its groups, by path.
    header : mapping
        What its sidecar says.

    Returns
    -------
    bytes
        What goes behind the file; the end of the HDF5 data is put in by `sealed`.
    """
    arrays = {path: _entry(*item) for path, item in items.items()}
    arrays |= {alias: arrays[path] for alias, path in aliases.items()}
    said = {
        "groups": {path: {name: _plain(value) for name, value in attrs.items()} for path, attrs in groups.items()},
        "arrays": arrays,
        "header": header,
    }
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def sealed(listed: bytes, end: int) -> bytes:
    """
    Close a list, so that it is found from the end of the file.

    Parameters
    ----------
    listed : bytes
        What `written` gave.
    end : int
        Where the HDF5 data end.

    Returns
    -------
    bytes
        What to write there.
    """
    return listed + _TAIL.pack(len(listed), end, hashlib.sha256(listed).digest(), _MARK)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _entry(placed: Placed, item: Encoded) -> dict[str, Any]:
    attrs = {name: str(value, "ascii") if isinstance(value, bytes) else value for name, value in item.attrs.items()}
    entry: dict[str, Any] = {"shape": item.shape, "dtype": item.dtype.str}
    entry |= {name: value for name, value in attrs.items() if name not in _OWN}
    if placed.chunk is not None:
        found: list[Any] = []
        placed.dataset.chunk_iter(lambda chunk: found.append((chunk.chunk_offset, chunk.byte_offset, chunk.size)))
        found.sort()
        entry["chunk"] = [placed.chunk, placed.shuffled, [each[1] for each in found], [each[2] for each in found]]
    elif item.nbytes:
        entry["at"] = placed.dataset.get_offset()
    if CHECKSUMS in attrs:
        entry["sums"] = [int(item.attrs[CHECKED_ROWS]), item.attrs[CHECKSUMS].tolist()]
    return entry


def read_index(file: BinaryIO, where: object, limits: Limits, *, arrays: bool = True) -> Index | None:
    """
    Read the list behind a companion.

    Parameters
    ----------
    file : BinaryIO
        The file.
    where : object
        What to call it in messages.
    limits : Limits
        How much there may be.
    arrays : bool
        Whether to take the arrays, too, and not the groups alone.

    Returns
    -------
    Index or None
        None if there is none, or it is damaged: HDF5 says the same.

    Raises
    ------
    LimitError
        If it lists more than the limits allow.
    CompanionError
        If it is whole, and no such list.
    """
    size = os.fstat(file.fileno()).st_size
    if size < _TAIL.size:
        return None
    file.seek(size - _TAIL.size)
    length, end, digest, mark = _TAIL.unpack(file.read(_TAIL.size))
    if mark != _MARK or end + length + _TAIL.size != size:
        return None
    limits.check("sidecar_bytes", length, f"{where}: the list of its arrays")
    file.seek(end)
    listed = file.read(length)
    if hashlib.sha256(listed).digest() != digest:
        return None
    try:
        said = json.loads(listed.decode("utf-8", "surrogatepass"))
        limits.check("objects", len(said["groups"]) + len(said["arrays"]), where)
        located, attrs = {}, {}
        chunks = 0
        for path, entry in said["arrays"].items() if arrays else ():
            located[path] = _located(entry, end)
            chunks += len(located[path].places)
            limits.check("chunks", chunks, where)
            attrs[path] = {name: str(entry[name]) for name in ("order", "numpy_dtype", "sha256") if name in entry}
        groups = {path: dict(own) for path, own in said["groups"].items()}
        return Index(groups, located, attrs, _header(said["header"]))
    except TvboError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise CompanionError(f"{where}: the list of its arrays cannot be understood: {error}") from error


def _header(said: dict[str, Any]) -> dict[str, Any]:
    if not said:
        return {}
    count, numbered = said.get("nodes", (0, False))
    if not isinstance(said["record"], dict) or type(count) is not int or count < 0 or "nodes" in said["record"]:
        raise ValueError("a header of another form")
    return {"record": said["record"], "nodes": (count, bool(numbered))}


def _located(entry: dict[str, Any], end: int) -> Located:
    """Take an entry, if what it says lies within the file and fits together."""
    shape, dtype = _numbers(entry["shape"]), np.dtype(str(entry["dtype"]))
    if dtype.kind not in "biufcS" or len(shape) > 32:
        raise ValueError(f"a dtype {dtype} in shape {shape}")
    chunk: tuple[int, ...] | None = None
    places: tuple[int, ...] = (0,)
    sizes: tuple[int, ...] = (0,)
    shuffled = False
    if "chunk" in entry:
        chunk, places, sizes = (_numbers(entry["chunk"][part]) for part in (0, 2, 3))
        shuffled = bool(entry["chunk"][1])
        wanted = 1
        for length, step in zip(shape, chunk, strict=True):
            wanted *= -(-length // step)
        if not len(places) == len(sizes) == wanted:
            raise ValueError(f"{len(places)} chunks: expected {wanted}")
    elif "at" in entry:
        places = _numbers([entry["at"]])
        sizes = (math.prod(shape) * dtype.itemsize,)
    if max(map(operator.add, places, sizes), default=0) > end or sum(sizes) > end:
        raise ValueError("chunks beyond the end of the file")
    rows, sums = entry.get("sums", (0, ()))
    rows, sums = int(rows), _numbers(sums)
    if rows and (not shape or len(sums) != -(-shape[0] // rows) or (chunk is not None and rows % chunk[0])):
        raise ValueError("checksums that do not fit the rows")
    return Located(shape, dtype, chunk, shuffled, places, sizes, rows, sums)


def _numbers(values: Any) -> tuple[int, ...]:
    for value in values:
        if type(value) is not int or value < 0:
            raise ValueError("something else than whole numbers")
    return tuple(values)
