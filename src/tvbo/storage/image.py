"""The HDF5 half, put together in memory and written whole."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from tvbo.limits import Limits
from tvbo.storage.chunks import CHECKED_ROWS, CHECKSUMS, DIGEST, band_rows, checksums
from tvbo.storage.companion import DTYPE, ORDER
from tvbo.storage.foreign import Foreign
from tvbo.storage.order import order_of
from tvbo.storage.sidecar import measure
from tvbo.storage.sparse import Array, sparse_kind, sparse_parts

_COMPRESS_FROM = 256
# tvbo 0.5.3 takes these two as text of variable length only. That is never read here: the datasets say the same.
_FOR_OTHERS = ("format", "element_type")


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
    limits : Limits
        Within which it must be readable.
    """

    arrays: dict[str, Any] = field(default_factory=dict)
    attrs: dict[str, dict[str, Any]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    foreign: list[Foreign] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    _ready: dict[str, tuple[Array, dict[str, Any]]] = field(default_factory=dict)

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
            data, attrs = self._encoded(path)
            yield f"{path} {data.dtype.str} {data.shape} {sorted(attrs.items())}\n"
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
        return sum(self._encoded(path)[0].nbytes for path in self.arrays)

    def _encoded(self, path: str) -> tuple[Array, dict[str, Any]]:
        if path not in self._ready:
            data, attrs = _encode(np.asarray(self.arrays[path]))
            content = data.reshape(-1).view(np.uint8).data if data.size else b""
            attrs[DIGEST] = np.bytes_(hashlib.sha256(content).hexdigest())
            self._ready[path] = data, attrs
        return self._ready[path]

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

    def build(self, compression: str | int) -> bytes:
        """
        Write the file in memory.

        Parameters
        ----------
        compression : {"gzip", "none"} or int
            ``gzip``, a gzip level from 0 to 9, or ``none``.

        Returns
        -------
        bytes
            The file.

        Raises
        ------
        ValueError
            If there is no such compression.
        """
        level = _level(compression)
        # In memory, without callbacks into Python: neither a full disk nor Ctrl-C can reach HDF5 while it writes.
        memory = {"driver": "core", "backing_store": False, "block_size": 1 << 20}
        with h5py.File(f"{id(self)}.h5", "w", libver=("v108", "v108"), **memory) as file:
            for path in self.arrays:
                _write(file, path, *self._encoded(path), level)
            for alias, path in self.aliases.items():
                file[alias] = file[path]
            for path, attrs in self.attrs.items():
                group = file.require_group(path or "/")
                group.attrs.update({name: _fixed(name, value) for name, value in attrs.items()})
            for foreign in self.foreign:
                foreign.copy_into(file)
            file.flush()
            image: bytes = file.id.get_file_image()
        return image


def _fixed(name: str, value: Any) -> Any:
    """Give text a fixed length: what has a variable one lies in a heap without checksums."""
    return (
        np.bytes_(value.encode("utf-8", "surrogatepass"))
        if isinstance(value, str) and name not in _FOR_OTHERS
        else value
    )


def _level(compression: str | int) -> int | None:
    if compression == "none":
        return None
    if compression == "gzip":
        return 4
    if isinstance(compression, int) and 0 <= compression <= 9:
        return compression
    raise ValueError(f"compression {compression!r} is not known: expected 'gzip', 'none', or a level from 0 to 9")


def _write(file: h5py.File, path: str, data: Array, attrs: dict[str, Any], level: int | None) -> None:
    options: dict[str, Any] = {}
    rows = band_rows(len(data), data.nbytes) if data.ndim else 1
    if level is not None and data.ndim and data.nbytes > _COMPRESS_FROM:
        options = {
            "chunks": (rows, *data.shape[1:]),
            "compression": "gzip",
            "compression_opts": level,
            "shuffle": _shuffle_helps(data),
        }
    dataset = file.create_dataset(path, data=data, track_times=False, **options)
    dataset.attrs.update({name: _fixed(name, value) for name, value in attrs.items()})
    if data.ndim and rows < len(data):
        # So that a slice can be checked too, which the digest of the whole cannot do.
        dataset.attrs[CHECKSUMS], dataset.attrs[CHECKED_ROWS] = checksums(data, rows), rows


def _shuffle_helps(data: Array) -> bool:
    """Decide on a sample: shuffling makes full-mantissa numbers smaller, and numbers with many zeros larger."""
    if data.dtype.itemsize < 2:
        return False
    sample = np.ascontiguousarray(data.reshape(-1)[: (1 << 16) // data.dtype.itemsize]).view(np.uint8)
    shuffled = np.ascontiguousarray(sample.reshape(-1, data.dtype.itemsize).T)
    return len(zlib.compress(shuffled.tobytes(), 1)) < len(zlib.compress(sample.tobytes(), 1))


def _encode(values: Array) -> tuple[Array, dict[str, Any]]:
    """Give the form that HDF5 holds, and the attributes that lead back."""
    attrs: dict[str, Any] = {}
    order = order_of(values)
    if order != "C":
        attrs[ORDER] = order
    if values.dtype.kind == "U":
        attrs[DTYPE] = values.dtype.str
        encoded = [text.encode("utf-8", "surrogatepass") for text in values.reshape(-1).tolist()]
        width = max([1, *(len(text) for text in encoded)])
        raw = np.array(encoded, dtype=f"S{width}").reshape(values.shape)
        return raw.astype(h5py.string_dtype("utf-8", width)), attrs
    if values.dtype.kind in "mM":
        attrs[DTYPE] = values.dtype.str
        return values.view(np.int64), attrs
    return np.ascontiguousarray(values) if values.ndim else values, attrs
