"""The HDF5 half, put together in memory and written whole."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from h5py import h5f, h5g, h5o

from tvbo.limits import Limits
from tvbo.storage.chunks import DIGEST
from tvbo.storage.datasets import (
    DTYPE,
    ORDER,
    Encoded,
    Placed,
    Watch,
    is_small,
    links,
    name_of,
    packed,
    write_attributes,
    write_dataset,
)
from tvbo.storage.foreign import Foreign
from tvbo.storage.index import sealed, written
from tvbo.storage.pool import ordered, workers
from tvbo.storage.sidecar import measure
from tvbo.storage.sink import hdf5_in_memory
from tvbo.storage.sparse import sparse_kind, sparse_parts

# Below this, handing an array to another thread and back takes what it saves.
_BESIDE_FROM = 1 << 20
# What of an array's attributes is part of its content.
_CONTENT = (DTYPE, ORDER, DIGEST)


@dataclass(slots=True)
class Image:
    """
    A companion that is being put together.

    Attributes
    ----------
    arrays : dict of str to array
        Datasets to write, by path.
    attrs : dict of str to dict
        Attributes of groups, by path.
    aliases : dict of str to str
        Second names of datasets.
    foreign : list of Foreign
        What to carry along.
    watches : dict of str to callable
        Who is shown the bands of an array while it is written.
    limits : Limits
        Within which it must be readable.
    header : dict
        What the sidecar says, but for its nodes; empty if only reading it tells.
    """

    arrays: dict[str, Any] = field(default_factory=dict)
    attrs: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    foreign: list[Foreign] = field(default_factory=list)
    watches: dict[str, Watch] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    header: dict[str, Any] = field(default_factory=dict)
    _items: dict[str, Encoded] = field(default_factory=dict)
    _written: dict[str, Placed] = field(default_factory=dict)

    def add_record(self, dataset: str, record: Mapping[str, Any]) -> None:
        """
        Add JSON text.

        Parameters
        ----------
        dataset : str
            Where.
        record : mapping
            What it says.
        """
        # What would not be read again without raised limits is not written.
        measure(record, f"{dataset} of the network to be saved", self.limits)
        # Escapes would merge two lone surrogates that happen to stand side by side into one character.
        self.add_text(dataset, json.dumps(record, separators=(",", ":"), ensure_ascii=False))

    def add_text(self, dataset: str, text: str) -> None:
        """
        Add text as bytes.

        Parameters
        ----------
        dataset : str
            Where.
        text : str
            The text.
        """
        self.arrays[dataset] = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)

    def fingerprint(self) -> Iterator[str]:
        """
        List what is in the file, with a digest of every array; compression and foreign content do not count.

        Yields
        ------
        str
            A line for each dataset and each group.
        """
        for path in sorted(self.arrays):
            item = self.item(path)
            item.digest()
            attrs = [(name, str(item.attrs[name])) for name in _CONTENT if name in item.attrs]
            yield f"{path} {item.dtype.str} {item.shape} {attrs}\n"
        for path in sorted(self.attrs):
            plain = {name: np.asarray(value).tolist() for name, value in sorted(self.attrs[path].items())}
            yield f"{path} {plain}\n"
        yield f"{sorted(self.aliases.items())}\n"

    def size(self) -> int:
        """
        Tell what the arrays come to in memory.

        Returns
        -------
        int
            Number of bytes.
        """
        return sum(self.item(path).nbytes for path in self.arrays)

    def item(self, path: str) -> Encoded:
        """
        Give an array as it is to be written.

        Parameters
        ----------
        path : str
            Where it goes.

        Returns
        -------
        Encoded
            Always the same, so that its digest is found once.
        """
        if path not in self._items:
            self._items[path] = Encoded(self.arrays[path], self.watches.get(path))
        return self._items[path]

    def add_sparse(self, group: str, matrix: Any) -> dict[str, Any]:
        """
        Add a sparse matrix in a layout that other readers know, exactly restorable.

        Parameters
        ----------
        group : str
            Where.
        matrix : sparse matrix
            In any layout.

        Returns
        -------
        dict
            Attributes of the group that tell how to read it.
        """
        layout = str(matrix.format)
        attrs = {"kind": sparse_kind(matrix), "layout": layout, "format": layout}
        parts = sparse_parts(matrix)
        if layout == "csc":
            columns = np.repeat(np.arange(matrix.shape[1], dtype=parts["indices"].dtype), np.diff(parts["indptr"]))
            parts = {"row": parts["indices"], "col": columns, "data": parts["data"]}
        elif layout not in ("csr", "coo"):
            self.arrays.update({f"{group}/original/{name}": part for name, part in parts.items()})
            readable = matrix.tocoo()
            parts = {"row": readable.row, "col": readable.col, "data": readable.data}
        if layout != "csr":
            attrs["format"] = "coo"
        self.arrays.update({f"{group}/{name}": part for name, part in parts.items()})
        return attrs

    def write(self, file: h5f.FileID, compression: str | int, go_on: Callable[[int], None] = lambda _: None) -> None:
        """
        Write the arrays that the file does not have yet.

        Parameters
        ----------
        file : h5py.h5f.FileID
            The file, open for writing.
        compression : {"gzip", "none"} or int
            ``gzip``, a gzip level from 0 to 9, or ``none``.
        go_on : callable
            Called with the bytes of each band that was written; raises to end early.

        Raises
        ------
        ValueError
            If there is no such compression.
        """
        level, compress = level_of(compression), compression != "none"
        left = [path for path in self.arrays if path not in self._written]
        # Large arrays are compressed in parts, those between side by side.
        between = [path for path in left if self.item(path).nbytes >= _BESIDE_FROM and is_small(self.item(path))]
        others = [path for path in left if path not in between]
        for paths, threads in ((others, 1), (between, workers())):
            ready = ordered(lambda path: packed(self.item(path), level, compress), paths, threads)
            for path, each in zip(paths, ready, strict=True):
                self._written[path] = write_dataset(file, path, each, go_on)

    def finish(self, file: h5f.FileID) -> None:
        """
        Write what is not arrays: attributes of groups, second names, and what is carried along.

        Parameters
        ----------
        file : h5py.h5f.FileID
            The file, open for writing.
        """
        for alias, path in self.aliases.items():
            h5o.link(self._written[path].dataset, file, name_of(alias), links())
        there = _groups_of([*self.arrays, *self.aliases])
        for path, attrs in self.attrs.items():
            if path in there:
                group = h5g.open(file, name_of(path) or b"/")
            else:
                group = h5g.create(file, name_of(path), links())
                there |= _groups_of([f"{path}/"])
            write_attributes(group, attrs)
        for foreign in self.foreign:
            foreign.copy_into(h5py.File(file))
        h5f.flush(file)

    def listed(self, file: h5f.FileID) -> bytes:
        """
        List the file that was written, for whoever opens it.

        Parameters
        ----------
        file : h5py.h5f.FileID
            The file, finished.

        Returns
        -------
        bytes
            What goes behind it; nothing if it carries what is not ours.
        """
        if self.foreign:
            return b""
        items = {path: (self._written[path], self.item(path)) for path in self.arrays}
        groups: dict[str, Any] = {path: {} for path in _groups_of([*self.arrays, *self.aliases])} | self.attrs
        return written(items, self.aliases, groups, self.header)

    def image(self, file: h5f.FileID) -> tuple[bytes, ...]:
        """
        Finish a file in memory.

        Parameters
        ----------
        file : h5py.h5f.FileID
            The file, with all arrays.

        Returns
        -------
        tuple of bytes
            All of it, in parts that follow one another.
        """
        self.finish(file)
        listed = self.listed(file)
        found: bytes = file.get_file_image()
        return (found, sealed(listed, len(found))) if listed else (found,)

    def build(self, compression: str | int) -> bytes:
        """
        Write the whole file in memory.

        Parameters
        ----------
        compression : {"gzip", "none"} or int
            As `write` takes it.

        Returns
        -------
        bytes
            The file.
        """
        with hdf5_in_memory() as file:
            self._written.clear()
            self.write(file, compression)
            return b"".join(self.image(file))


def _groups_of(paths: list[str]) -> set[str]:
    """List the groups in which datasets lie, the root among them."""
    found = {""}
    for path in paths:
        group = path.rpartition("/")[0]
        while group not in found:
            found.add(group)
            group = group.rpartition("/")[0]
    return found


def level_of(compression: str | int) -> int | None:
    """
    Understand a compression.

    Parameters
    ----------
    compression : {"gzip", "none"} or int
        ``gzip``, a gzip level from 0 to 9, or ``none``.

    Returns
    -------
    int or None
        The level; None if it is left to us.

    Raises
    ------
    ValueError
        If there is no such compression.
    """
    if compression in ("gzip", "none"):
        return None
    if isinstance(compression, int) and 0 <= compression <= 9:
        return compression
    raise ValueError(f"compression {compression!r} is not known: expected 'gzip', 'none', or a level from 0 to 9")
