"""What lies in a companion and is not ours: carried from file to file."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g

from tvbo.errors import StaleFileError
from tvbo.limits import Limits
from tvbo.storage.chunks import StoredBands
from tvbo.storage.heaps import check_text_heaps
from tvbo.storage.stored import Stamp, open_file
from tvbo.storage.structure import attribute_names, lies_in, read_attribute, readable, visit


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    Objects of a companion that are not ours, carried from file to file.

    Attributes
    ----------
    path : Path
        The file that holds them.
    names : tuple of str
        Paths of the topmost groups, datasets and soft links.
    attrs : tuple of (str, str)
        Attributes on objects of ours: path and name.
    stamp : tuple of int
        The version of the file.
    limits : Limits
        What the file may ask for.
    """

    path: Path
    names: tuple[str, ...]
    attrs: tuple[tuple[str, str], ...]
    stamp: Stamp
    limits: Limits

    def content(self) -> Iterator[tuple[str, Any]]:
        """
        List what is carried, for comparison.

        Yields
        ------
        path : str
            Where.
        value : object
            Text that stands for the object.
        """
        with self._opened() as file:
            for name, attribute in self.attrs:
                yield f"{name}@{attribute}", _attribute(h5a.open(file[name or "/"].id, attribute.encode()))
            links: list[str] = []
            tops = frozenset(self.names)
            for name, item in visit(file, self.path, self.limits, links):
                if name not in tops and not lies_in(name, tops):
                    continue
                for owner in attribute_names(item):
                    yield f"{name}@{owner.decode('utf-8', 'replace')}", _attribute(h5a.open(item, owner))
                if not isinstance(item, h5g.GroupID):
                    yield name, _values(item, f"{self.path}: {name}")
            for name in links:
                if name not in tops and not lies_in(name, tops):
                    continue
                link = file.get(name, getlink=True)
                yield name, repr(getattr(link, "path", "a named type"))

    def copy_into(self, target: h5py.File) -> None:
        """
        Copy the objects into a file that is being written.

        Parameters
        ----------
        target : h5py.File
            The file.
        """
        with self._opened() as file:
            for name in self.names:
                if name in target:
                    continue
                parent = target.require_group(name.rpartition("/")[0] or "/")
                link = file.get(name, getlink=True)
                if isinstance(link, h5py.SoftLink):
                    target[name] = link
                else:
                    file.copy(file[name], parent, name=name.rpartition("/")[2])
            for name, owner in self.attrs:
                where = name or "/"
                if where in target and owner not in target[where].attrs:
                    target[where].attrs[owner] = file[where].attrs[owner]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[h5py.File]:
        with open_file(self.path) as (file, stamp):
            if stamp != self.stamp:
                raise StaleFileError(
                    f"{self.path} has changed since it was opened, and holds content that this network carries "
                    f"along ({', '.join(self.names[:3])}): open the network again with Network.from_file"
                )
            check_text_heaps(self.path)
            yield file


def _attribute(attribute: Any) -> str:
    if attribute.shape is not None and readable(attribute.get_type()):
        return repr(read_attribute(attribute))
    if _points(attribute.dtype):
        return f"{attribute.shape} references"
    values = np.empty(attribute.shape or (), dtype=attribute.dtype)
    if attribute.shape is not None:
        attribute.read(values)
    return f"{attribute.dtype}{attribute.shape}{values.tolist()!r}"


def _values(item: Any, where: str) -> str:
    if item.shape is None:
        return f"{item.dtype}"
    if _points(item.dtype):
        return f"{item.shape} references"
    if not readable(item.get_type()):
        values: Any = h5py.Dataset(item)[()]
    elif item.get_create_plist().get_layout() == h5d.CHUNKED and not StoredBands.can_read(item):
        # Not ours to decode, and not needed for comparison.
        values = [
            item.read_direct_chunk(item.get_chunk_info(index).chunk_offset) for index in range(item.get_num_chunks())
        ]
        return f"{item.dtype}{item.shape}{hashlib.sha256(repr(values).encode()).hexdigest()}"
    else:
        values = StoredBands(item, where).whole(None)
        return f"{item.dtype}{item.shape}{hashlib.sha256(values.tobytes()).hexdigest()}"
    return f"{item.dtype}{item.shape}{np.asarray(values).tolist()!r}"


def _points(dtype: np.dtype[Any]) -> bool:
    """Tell whether values are references; they say where in a file something lies, and differ in every copy."""
    fields = (dtype.fields or {"": (dtype,)}).values()
    return any(h5py.check_ref_dtype(field[0]) is not None for field in fields)
