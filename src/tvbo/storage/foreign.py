"""What lies in a companion and is not ours: carried from file to file."""

import contextlib
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5l, h5o

from tvbo.errors import StaleFileError
from tvbo.limits import Limits
from tvbo.storage.chunks import StoredBands
from tvbo.storage.raw import RawValues, is_variable
from tvbo.storage.stored import Stamp, open_file
from tvbo.storage.structure import attribute_names, lies_in, read_attribute, readable, visit


@dataclass(frozen=True)
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
    plain : bool
        Whether it is known that nothing is of variable length, and that there are no references.
    """

    path: Path
    names: tuple[str, ...]
    attrs: tuple[tuple[str, str], ...]
    stamp: Stamp
    limits: Limits
    plain: bool = False

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
            raw = RawValues(self.path, self.limits)
            links: list[str] = []
            for name, item in self._objects(file, links):
                for owner, attribute in self._attributes(name, item):
                    where = f"{name}@{owner.decode('utf-8', 'replace')}"
                    yield where, self._attribute(attribute, raw, where)
                if isinstance(item, h5d.DatasetID) and self.holds(name):
                    yield name, self._values(item, raw, f"{self.path}: {name}")
            for name in links:
                if self.holds(name):
                    link = file.get(name, getlink=True)
                    yield name, repr(getattr(link, "path", "a named type"))

    def holds(self, name: str) -> bool:
        """
        Tell whether an object is carried.

        Parameters
        ----------
        name : str
            Where it is.

        Returns
        -------
        bool
            True if it is one of the topmost, or lies in one.
        """
        return name in self._tops or lies_in(name, self._tops)

    @functools.cached_property
    def _tops(self) -> frozenset[str]:
        # Thousands of names are asked for among thousands.
        return frozenset(self.names)

    @functools.cached_property
    def _on_ours(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.attrs)

    def _objects(self, file: h5py.File, links: list[str]) -> Iterator[tuple[str, Any]]:
        """Visit the objects that are carried, and those of ours that carry attributes."""
        ours = {name for name, _ in self.attrs}
        for name, item in visit(file, self.path, self.limits, links):
            if name in ours or self.holds(name):
                yield name, item

    def _attributes(self, name: str, item: Any) -> Iterator[tuple[bytes, Any]]:
        """Open the attributes of an object that are carried."""
        every = self.holds(name)
        for owner in attribute_names(item):
            if every or (name, owner.decode("utf-8", "surrogateescape")) in self._on_ours:
                yield owner, h5a.open(item, owner)

    @staticmethod
    def _attribute(attribute: Any, raw: RawValues, where: str) -> str:
        if attribute.shape is not None and readable(attribute.get_type()):
            return repr(read_attribute(attribute))
        return raw.of_attribute(attribute, f"{raw.path}: {where}")

    def _values(self, item: Any, raw: RawValues, where: str) -> str:
        if item.shape is not None and readable(item.get_type()) and StoredBands.can_read(item):
            values = StoredBands(item, where, self.limits).whole(None)
            return f"{item.dtype}{item.shape}{hashlib.sha256(values.tobytes()).hexdigest()}"
        return raw.of_dataset(item, where)

    def copy_into(self, target: h5py.File) -> None:
        """
        Copy the objects into a file that is being written.

        Parameters
        ----------
        target : h5py.File
            The file.

        Raises
        ------
        UnsafeFileError
            If only a plug-in could decode it, or it comes to more than the limits allow.
        """
        with self._opened() as file:
            self._look_through(file)
            parents: dict[str, Any] = {}
            for name in self.names:
                above, _, last = name.rpartition("/")
                if above not in parents:
                    parents[above] = target.require_group(above or "/").id
                source, made = (each.encode("utf-8", "surrogateescape") for each in (name, last))
                if parents[above].links.exists(made):
                    continue
                if file.id.links.get_info(source).type == h5l.TYPE_SOFT:
                    parents[above].links.create_soft(made, file.id.links.get_val(source))
                else:
                    h5o.copy(file.id, source, parents[above], made)
            for name, owner in self.attrs:
                where = name or "/"
                if where in target and owner not in target[where].attrs:
                    name_of = owner.encode("utf-8", "surrogateescape")
                    _copy_attribute(h5a.open(file[where].id, name_of), target[where].id)

    def _look_through(self, file: h5py.File) -> None:
        """Look at all that libhdf5 decodes when it copies: that of variable length, and references."""
        if self.plain:
            return
        raw = RawValues(self.path, self.limits)
        for name, item in self._objects(file, []):
            for owner, attribute in self._attributes(name, item):
                if is_variable(attribute.get_type()):
                    raw.of_attribute(attribute, f"{self.path}: {name}@{owner.decode('utf-8', 'replace')}")
            if isinstance(item, h5d.DatasetID) and self.holds(name) and is_variable(item.get_type()):
                raw.of_dataset(item, f"{self.path}: {name}")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[h5py.File]:
        with open_file(self.path) as (file, stamp):
            if stamp != self.stamp:
                raise StaleFileError(
                    f"{self.path} has changed since it was opened, and holds content that this network carries "
                    f"along ({', '.join(self.names[:3])}): open the network again with Network.from_file"
                )
            yield file


def _copy_attribute(source: Any, target: Any) -> None:
    """Copy an attribute as it is; h5py would make UTF-8 of ASCII, and numbers of what has no type in numpy."""
    kind = source.get_type().copy()
    made = h5a.create(target, source.name, kind, source.get_space())
    if source.shape is None:
        return
    plain = None if is_variable(kind) else kind
    values = np.empty(source.shape, source.dtype if plain is None else f"V{kind.get_size()}")
    source.read(values, mtype=plain)
    made.write(values, mtype=plain)
