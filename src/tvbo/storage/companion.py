"""
The HDF5 half, opened lazily.

`Companion` lists a file's attributes and arrays in one visit and closes it again; a `StoredArray` is a note of
where an array lies. It holds no open file, can be pickled, and refuses to read a file that was replaced.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tvbo.errors import CompanionError, StaleFileError
from tvbo.storage.order import in_order
from tvbo.storage.sparse import Array, sparse_from_parts

# What HDF5 cannot hold as it is, beside the data: the numpy dtype of text, and Fortran order.
DTYPE, ORDER, DIGEST = "numpy_dtype", "order", "sha256"


def stamp_of(path: Path) -> tuple[int, int, int]:
    """
    Tell one version of a file from the next.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    tuple of int
        Inode, size and time of change.

    Raises
    ------
    CompanionError
        If there is no such file.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise CompanionError(
            f"the companion {path} cannot be read ({error.strerror}): put the .h5 file beside its sidecar"
        ) from error
    return state.st_ino, state.st_size, state.st_mtime_ns


def open_file(path: Path) -> h5py.File:
    """
    Open an HDF5 file for reading.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    h5py.File
        The file, to be closed by the caller.

    Raises
    ------
    CompanionError
        If it is missing, or is no HDF5 file.
    """
    stamp_of(path)
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        raise CompanionError(f"{path} is not an HDF5 file that can be read: {error}") from error


@dataclass(frozen=True, slots=True)
class StoredArray:
    """
    An array in a companion, read when it is touched.

    Attributes
    ----------
    path : Path
        The file.
    dataset : str
        Path of the dataset in it.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type that it is read as.
    order : str
        Memory order that it is read in, as `order_of` tells it.
    stamp : tuple of int
        The version of the file that this was read from.
    """

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: str
    stamp: tuple[int, int, int]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> Any:
        if not _is_slice(key):
            # What numpy can pick and HDF5 cannot: lists, masks, steps backwards.
            return np.asarray(self)[key]
        if stamp_of(self.path) != self.stamp:
            raise StaleFileError(
                f"{self.path} has changed since it was opened, {self.dataset} was not read yet: "
                "open the network again with Network.from_file"
            )
        with open_file(self.path) as file:
            try:
                values = file[self.dataset][key]
            except (OSError, KeyError) as error:
                raise CompanionError(f"{self.path}: {self.dataset} cannot be read: {error}") from error
        return _decode(values, self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        values = in_order(np.asarray(self[()]), self.order)
        return values if dtype is None else values.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class AbsentArray:
    """
    An array whose file is missing: its shape is known, touching it says which file to look for.

    Attributes
    ----------
    path : Path
        The missing file.
    dataset : str
        What was to be read from it.
    shape : tuple of int
        Shape that the sidecar promises.
    dtype : numpy.dtype
        Element type that is expected.
    """

    path: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float64))

    def __getitem__(self, key: Any) -> Any:
        raise CompanionError(
            f"{self.dataset} lies in {self.path}, which is missing: put the .h5 file beside its sidecar"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        values: Array = self[()]
        return values


@dataclass(frozen=True, slots=True)
class StoredSparse:
    """
    A sparse matrix in a companion, read when it is touched.

    Attributes
    ----------
    format : str
        The scipy name of its layout.
    kind : str
        ``matrix`` or ``array``, scipy's two families.
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type.
    parts : dict of str to StoredArray
        The arrays that make it up.
    source : str
        The layout in which the parts are stored; ``coo`` may hold a ``csc`` column by column.
    """

    format: str
    kind: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: dict[str, StoredArray]
    source: str

    def load(self) -> Any:
        """
        Read the matrix.

        Returns
        -------
        sparse matrix
            Exactly as it was saved: nothing sorted, summed or dropped.

        Raises
        ------
        CompanionError
            If its arrays do not make up a matrix.
        """
        parts = {name: np.asarray(part) for name, part in self.parts.items()}
        if self.format == "csc" and self.source == "coo":
            counts = np.bincount(parts["col"], minlength=self.shape[1])
            indptr = np.concatenate([[0], np.cumsum(counts)]).astype(parts["row"].dtype)
            parts = {"indptr": indptr, "indices": parts["row"], "data": parts["data"]}
        try:
            return sparse_from_parts(self.format, self.kind, self.shape, parts)
        except ValueError as error:
            first = next(iter(self.parts.values()))
            raise CompanionError(f"{first.path}: {first.dataset} is no {self.format} matrix: {error}") from error


@dataclass(frozen=True, slots=True)
class Companion:
    """
    What a companion holds: attributes at once, arrays when they are touched.

    Attributes
    ----------
    path : Path
        The file.
    attrs : dict of str to dict
        Attributes of every group and dataset, by path; the root is ``""``.
    arrays : dict of str to StoredArray
        Every dataset, by path.
    links : tuple of str
        Soft and external links; they are never followed.
    stamp : tuple of int
        The version of the file.
    """

    path: Path
    attrs: dict[str, dict[str, Any]]
    arrays: dict[str, StoredArray]
    links: tuple[str, ...]
    stamp: tuple[int, int, int]

    @classmethod
    def open(cls, path: Path) -> "Companion":
        """
        List a file.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Companion
            What it holds.

        Raises
        ------
        CompanionError
            If it is missing, or is no HDF5 file.
        """
        stamp = stamp_of(path)
        attrs: dict[str, dict[str, Any]] = {}
        arrays: dict[str, StoredArray] = {}
        links: list[str] = []
        with open_file(path) as file:
            for name, item in walk(file, "", links):
                attrs[name] = dict(item.attrs)
                if isinstance(item, h5py.Dataset):
                    own = attrs[name]
                    dtype = np.dtype(own[DTYPE]) if DTYPE in own else item.dtype
                    arrays[name] = StoredArray(path, name, item.shape or (), dtype, own.get(ORDER, "C"), stamp)
        return cls(path, attrs, arrays, tuple(links), stamp)

    @staticmethod
    def attributes(path: Path, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """
        Read the attributes of some groups, without listing the file.

        Parameters
        ----------
        path : Path
            The file.
        names : tuple of str
            Paths of groups; the root is ``""``.

        Returns
        -------
        dict of str to dict
            Attributes of those that are there.

        Raises
        ------
        CompanionError
            If it is no HDF5 file.
        """
        with open_file(path) as file:
            return {name: dict(file[name or "/"].attrs) for name in names if not name or name in file}

    def text(self, dataset: str) -> str:
        """
        Read a dataset that holds text.

        Parameters
        ----------
        dataset : str
            Its path.

        Returns
        -------
        str
            The text; empty if there is no such dataset.
        """
        if dataset not in self.arrays:
            return ""
        return np.asarray(self.arrays[dataset]).tobytes().decode("utf-8", "surrogatepass")

    def record(self, dataset: str) -> dict[str, Any]:
        """
        Read a dataset that holds JSON text.

        Parameters
        ----------
        dataset : str
            Its path.

        Returns
        -------
        dict
            What the text says; empty if there is no such dataset.

        Raises
        ------
        CompanionError
            If it is not JSON.
        """
        if dataset not in self.arrays:
            return {}
        try:
            found: dict[str, Any] = json.loads(self.text(dataset))
        except ValueError as error:
            raise CompanionError(f"{self.path}: {dataset} is damaged: {error}") from error
        return found

    def under(self, group: str) -> dict[str, Any]:
        """
        Give the attributes of a group.

        Parameters
        ----------
        group : str
            Its path.

        Returns
        -------
        dict
            The attributes; empty if there is no such group.
        """
        return self.attrs.get(group, {})

    def sparse(self, group: str, layout: str, kind: str, source: str, shape: tuple[int, ...]) -> StoredSparse:
        """
        Give the sparse matrix whose parts are the datasets of a group.

        Parameters
        ----------
        group : str
            Path of the group.
        layout, kind : str
            What it is to be read as.
        source : str
            Layout in which it is stored.
        shape : tuple of int
            Its shape.

        Returns
        -------
        StoredSparse
            Read when it is touched.

        Raises
        ------
        CompanionError
            If parts are missing.
        """
        names = {"csr": ("indptr", "indices", "data"), "coo": ("row", "col", "data")}.get(source)
        found = {
            name.removeprefix(f"{group}/"): array
            for name, array in self.arrays.items()
            if name.startswith(f"{group}/") and "/" not in name.removeprefix(f"{group}/")
        }
        wanted = {name: found[name] for name in names or found if name in found}
        if "data" not in wanted or (names and len(wanted) < len(names)):
            raise CompanionError(f"{self.path}: {group} has no complete {source} matrix: it holds {sorted(found)}")
        return StoredSparse(layout, kind, shape, wanted["data"].dtype, wanted, source)


def _is_slice(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        part is Ellipsis
        or (isinstance(part, (int, np.integer)) and not isinstance(part, bool))
        or (isinstance(part, slice) and (part.step is None or part.step > 0))
        for part in parts
    )


def walk(group: Any, base: str, links: list[str]) -> Iterator[tuple[str, Any]]:
    """
    Visit every object by hard links only.

    Parameters
    ----------
    group : h5py.Group or h5py.Dataset
        Where to begin.
    base : str
        Its path.
    links : list of str
        Soft and external links are noted here, and not followed.

    Yields
    ------
    path : str
        Where an object is.
    item : h5py.Group or h5py.Dataset
        The object.
    """
    yield base, group
    if isinstance(group, h5py.Dataset):
        return
    for name in group:
        path = f"{base}/{name}" if base else name
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.HardLink):
            item = group[name]
            if isinstance(item, (h5py.Group, h5py.Dataset)):
                yield from walk(item, path, links)
                continue
        links.append(path)


def _decode(values: Any, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "U":
        raw = np.asarray(values)
        text = [item.decode("utf-8", "surrogatepass") for item in raw.reshape(-1).tolist()]
        return np.array(text, dtype=dtype).reshape(raw.shape)
    if dtype.kind in "mM":
        return np.asarray(values).view(dtype)
    return values
