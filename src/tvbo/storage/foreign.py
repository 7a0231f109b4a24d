"""What lies in a companion and is not ours: carried from file to file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tvbo.errors import StaleFileError
from tvbo.storage.companion import open_file, stamp_of, walk


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    Objects of a companion that are not ours, carried from file to file.

    Attributes
    ----------
    path : Path
        The file that holds them.
    names : tuple of str
        Paths of the topmost groups, datasets and links.
    attrs : tuple of (str, str)
        Attributes on objects of ours: path and name.
    stamp : tuple of int
        The version of the file.
    """

    path: Path
    names: tuple[str, ...]
    attrs: tuple[tuple[str, str], ...]
    stamp: tuple[int, int, int]

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
        with self._file() as file:
            for name, owner in self.attrs:
                yield f"{name}@{owner}", repr(file[name or "/"].attrs[owner])
            for top in self.names:
                link = file.get(top, getlink=True)
                if not isinstance(link, h5py.HardLink):
                    yield top, repr(getattr(link, "path", link))
                    continue
                for name, item in walk(file[top], top, []):
                    for owner, value in item.attrs.items():
                        yield f"{name}@{owner}", repr(value)
                    if isinstance(item, h5py.Dataset):
                        values = None if item.shape is None else np.asarray(item[()]).tolist()
                        yield name, f"{item.dtype}{item.shape}{values!r}"

    def copy_into(self, target: h5py.File) -> None:
        """
        Copy the objects into a file that is being written.

        Parameters
        ----------
        target : h5py.File
            The file.
        """
        with self._file() as file:
            for name in self.names:
                if name in target:
                    continue
                link = file.get(name, getlink=True)
                if isinstance(link, h5py.HardLink):
                    parent = target.require_group(name.rpartition("/")[0] or "/")
                    file.copy(file[name], parent, name=name.rpartition("/")[2])
                else:
                    target[name] = link
            for name, owner in self.attrs:
                where = name or "/"
                if where in target and owner not in target[where].attrs:
                    target[where].attrs[owner] = file[where].attrs[owner]

    def _file(self) -> h5py.File:
        if stamp_of(self.path) != self.stamp:
            raise StaleFileError(
                f"{self.path} has changed since it was opened, and holds content that this network carries "
                f"along ({', '.join(self.names[:3])}): open the network again with Network.from_file"
            )
        return open_file(self.path)
