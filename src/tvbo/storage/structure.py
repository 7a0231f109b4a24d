"""
What an HDF5 file is made of, looked at before anything in it is read.

HDF5 files can point out of themselves (external links, raw data in other files, virtual datasets), can name
plug-ins, and can declare more than they hold. The objects are visited by hard links only, and whatever leads out
or asks for too much is refused. Text of variable length lies in heaps that libhdf5 trusts; it is read only where
nothing else says the same, and after these have been looked at.
"""

import math
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5, h5a, h5d, h5g, h5l, h5o, h5t, h5z

from tvbo.errors import CompanionError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.heaps import Headers, check_text_heaps

FILTERS = frozenset((h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32))
_NUMBERS = frozenset((h5t.INTEGER, h5t.FLOAT, h5t.ENUM, getattr(h5t, "COMPLEX", h5t.INTEGER)))
_ATTRIBUTE_BYTES = 4096


def visit(file: h5py.File, path: Path, limits: Limits, others: list[str]) -> Iterator[tuple[str, Any]]:
    """
    Visit every group and dataset by hard links only.

    Parameters
    ----------
    file : h5py.File
        The open file.
    path : Path
        Where it lies.
    limits : Limits
        How many objects there may be, and how deep.
    others : list of str
        Soft links and named types are noted here, and not followed.

    Yields
    ------
    name : str
        Where an object is; the root is ``""``.
    item : h5py.h5g.GroupID or h5py.h5d.DatasetID
        The object.

    Raises
    ------
    UnsafeFileError
        If a link leads out of the file, or groups form a circle.
    LimitError
        If there are too many objects, or they lie too deep.
    """
    headers = Headers(path)
    headers.check(headers.root)
    root = h5g.open(file.id, b"/")
    yield "", root
    seen = set()
    left = [("", root, 1)]
    count = 0
    while left:
        base, group, depth = left.pop()
        # In any other order libhdf5 sorts as many names as a damaged file claims.
        names: list[bytes] = []
        group.links.iterate(names.append, order=h5.ITER_NATIVE)
        for raw in sorted(names):
            name = f"{base}/{_text(raw)}" if base else _text(raw)
            count += 1
            if count > limits.objects:
                limits.check("objects", count, path)
            link = group.links.get_info(raw)
            if link.type == h5l.TYPE_SOFT:
                others.append(name)
                continue
            if link.type != h5l.TYPE_HARD:
                raise UnsafeFileError(f"{path}: {name} is a link into another file: such links are not followed")
            headers.check(link.u)
            item = h5o.open(group, raw)
            if isinstance(item, h5g.GroupID):
                limits.check("depth", depth, f"{path}: {name}")
                if link.u in seen:
                    raise UnsafeFileError(f"{path}: the group {name} stands in two places, perhaps inside itself")
                seen.add(link.u)
                left.append((name, item, depth + 1))
            elif not isinstance(item, h5d.DatasetID):
                others.append(name)
                continue
            yield name, item


def by_hard_links(file: h5py.File, path: Path, name: str) -> Any:
    """
    Open an object, looking at each on the way before libhdf5 follows it.

    Parameters
    ----------
    file : h5py.File
        The open file.
    path : Path
        Where it lies.
    name : str
        Where the object is.

    Returns
    -------
    h5py.h5g.GroupID or h5py.h5d.DatasetID
        The object.

    Raises
    ------
    KeyError
        If there is none that hard links lead to.
    CompanionError
        If something on the way is damaged.
    """
    headers = Headers(path)
    headers.check(headers.root)
    item = h5g.open(file.id, b"/")
    for part in name.split("/") if name else ():
        raw = part.encode("utf-8", "surrogateescape")
        link = item.links.get_info(raw) if isinstance(item, h5g.GroupID) and item.links.exists(raw) else None
        if link is None or link.type != h5l.TYPE_HARD:
            raise KeyError(f"no hard link leads to {name}")
        headers.check(link.u)
        try:
            item = h5o.open(item, raw)
        except KeyError as error:
            raise CompanionError(f"{path}: {name} cannot be read: {error}") from error
    return item


def lies_in(name: str, groups: Container[str]) -> bool:
    """
    Tell whether an object lies in one of some groups.

    Parameters
    ----------
    name : str
        Where the object is.
    groups : container of str
        Paths of groups.

    Returns
    -------
    bool
        True if one of them is above it.
    """
    parts = name.split("/")
    return any("/".join(parts[:depth]) in groups for depth in range(1, len(parts)))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class Declared(NamedTuple):
    """
    What a dataset says of itself.

    Attributes
    ----------
    in_memory : int
        Bytes that reading it takes, chunks that reach beyond the edge included.
    on_disk : int
        Bytes that it takes in the file.
    chunks : int
        How many chunks it has, whether they were written or not.
    """

    in_memory: int
    on_disk: int
    chunks: int


def declared(dataset: Any, where: str, limits: Limits) -> Declared:
    """
    Check where the data of a dataset lie, and tell how much they take.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        The dataset.
    where : str
        The file and its place in it.
    limits : Limits
        How large a chunk may be.

    Returns
    -------
    Declared
        What it says.

    Raises
    ------
    UnsafeFileError
        If they lie in other files.
    LimitError
        If a chunk is too large.
    """
    plan = dataset.get_create_plist()
    layout = plan.get_layout()
    if layout == h5d.VIRTUAL or (layout == h5d.CONTIGUOUS and plan.get_external_count()):
        raise UnsafeFileError(f"{where} lies in other files: expected numbers in the companion itself")
    width = dataset.get_type().get_size()
    shape = dataset.shape or ()
    if layout != h5d.CHUNKED:
        return Declared(math.prod(shape) * width, dataset.get_storage_size(), 0)
    chunk = plan.get_chunk()
    limits.check("chunk_bytes", math.prod(chunk) * width, where)
    count = math.prod(-(-length // step) for length, step in zip(shape, chunk, strict=True))
    return Declared(count * math.prod(chunk) * width, dataset.get_storage_size(), count)


def readable(kind: Any) -> bool:
    """
    Tell whether values of a type are numbers, truths or text of fixed length.

    Parameters
    ----------
    kind : h5py.h5t.TypeID
        The type.

    Returns
    -------
    bool
        False for references, variable length, and whatever needs code to be understood.
    """
    family = kind.get_class()
    if family == h5t.STRING:
        return not kind.is_variable_str()
    if family == h5t.COMPOUND:
        # How h5py writes complex numbers.
        names = [kind.get_member_name(index) for index in range(kind.get_nmembers())]
        return names == [b"r", b"i"] and all(kind.get_member_class(index) == h5t.FLOAT for index in (0, 1))
    return family in _NUMBERS


def attribute_names(item: Any) -> list[bytes]:
    """
    List the attributes of an object; by number each would be looked for anew.

    Parameters
    ----------
    item : h5py.h5g.GroupID or h5py.h5d.DatasetID
        The object.

    Returns
    -------
    list of bytes
        Their names.
    """
    names: list[bytes] = []
    h5a.iterate(item, lambda name, *_: names.append(name), order=h5.ITER_NATIVE)
    return sorted(names)


def attributes(item: Any) -> dict[str, Any]:
    """
    Read the attributes of an object that can be read without trust.

    Parameters
    ----------
    item : h5py.h5g.GroupID or h5py.h5d.DatasetID
        The object.

    Returns
    -------
    dict of str to object
        numpy scalars and arrays, and text as str; None where it is of variable length, large, or of another kind.
    """
    found: dict[str, Any] = {}
    for raw in attribute_names(item):
        attribute = h5a.open(item, raw)
        kind = attribute.get_type()
        name = _text(raw)
        if (
            attribute.shape is None
            or not readable(kind)
            or (0 not in attribute.shape and attribute.get_storage_size() > _ATTRIBUTE_BYTES)
        ):
            found[name] = None
        else:
            found[name] = read_attribute(attribute)
    return found


def read_attribute(attribute: Any) -> Any:
    """
    Read an attribute of fixed length.

    Parameters
    ----------
    attribute : h5py.h5a.AttrID
        The attribute.

    Returns
    -------
    object
        A numpy scalar or array, or text.
    """
    values = np.empty(attribute.shape, dtype=attribute.dtype)
    attribute.read(values)
    if values.ndim:
        return values
    value: Any = values[()]
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def variable_text(file: h5py.File, path: Path, name: str, attribute: str) -> str | None:
    """
    Read an attribute of text that may be of variable length, as other programs write it.

    Parameters
    ----------
    file : h5py.File
        The open file.
    path : Path
        Where it lies.
    name : str
        The object.
    attribute : str
        The attribute.

    Returns
    -------
    str or None
        The text; None if there is no such attribute, or it is no text.

    Raises
    ------
    CompanionError
        If the heaps of the file are damaged.
    """
    if name and name not in file:
        return None
    holder = file[name or "/"].attrs
    if attribute not in holder:
        return None
    check_text_heaps(path)
    value = holder[attribute]
    return value if isinstance(value, str) else None
