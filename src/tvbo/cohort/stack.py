"""One matrix of all networks as a labelled, lazy array: subjects x regions x regions."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tvbo._optional import require
from tvbo.cohort.alignment import align, check_unique
from tvbo.cohort.items import Item, Source, find_items
from tvbo.cohort.planes import Listed, Plane, later, matrix_of
from tvbo.errors import CohortError, MatrixNotFoundError, ShapeError, TvboError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.network import Network
from tvbo.model.validity import Problem
from tvbo.storage.stored import StoredArray
from tvbo.storage.virtual import is_virtual, read_planes, write_planes

# What a chunk of a Dask array comes to, about.
_CHUNK_BYTES = 1 << 24
_HOW = ("refuse", "fill", "leave out")


class Axes(NamedTuple):
    """
    What the three axes of a cohort are called.

    Attributes
    ----------
    subjects, targets, sources : tuple of str
        Names of the networks, of the rows and of the columns of their matrices.
    """

    subjects: tuple[str, ...]
    targets: tuple[str, ...]
    sources: tuple[str, ...]


class Cohort:
    """
    One matrix of many networks as an array of three axes; a slice reads only what it needs.

    Parameters
    ----------
    name : str
        The matrix.
    axes : Axes
        What the axes are called.
    planes : sequence of Plane
        The matrix of each network.
    dtype : numpy.dtype
        Element type of the whole.
    unit : str or None
        Unit of the values.
    notes : sequence of Problem
        What had to be done so that they fit, and which networks were left out.

    Attributes
    ----------
    subjects : tuple of str
        Names of the networks.
    regions : tuple of str
        Names of the rows (targets).
    sources : tuple of str
        Names of the columns (sources).
    shape : tuple of int
        Networks, rows and columns.
    """

    ndim = 3

    def __init__(
        self,
        name: str,
        axes: Axes,
        planes: Sequence[Plane],
        dtype: "np.dtype[Any]",
        unit: str | None = None,
        notes: Sequence[Problem] = (),
    ) -> None:
        self.name = name
        self.unit = unit
        self.dtype = dtype
        self.notes = tuple(notes)
        self.subjects, self.regions, self.sources = axes
        self.shape = (len(self.subjects), len(self.regions), len(self.sources))
        self._planes = tuple(planes)

    def __len__(self) -> int:
        return len(self.subjects)

    @property
    def aligned(self) -> bool:
        """Whether every network has the regions of the first, in its order."""
        return all(plane.rows is None and plane.columns is None for plane in self._planes)

    def __getitem__(self, key: Any) -> Array:
        wanted = _expanded(key, self.shape)
        subjects, rows, columns = (range(size)[part] for part, size in zip(wanted, self.shape, strict=True))
        parts = [each if isinstance(each, range) else range(each, each + 1) for each in (subjects, rows, columns)]
        found = np.empty(tuple(map(len, parts)), self.dtype)
        for place, subject in enumerate(parts[0]):
            found[place] = self._planes[subject].read(parts[1], parts[2], self.dtype)
        axes = tuple(slice(None) if isinstance(each, range) else 0 for each in (subjects, rows, columns))
        picked: Array = found[axes]
        return picked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        values = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)

    def part(self, start: int, stop: int) -> "Cohort":
        """
        Give some of the networks, as a cohort.

        Parameters
        ----------
        start, stop : int
            The first, and the one after the last.

        Returns
        -------
        Cohort
            Nothing is read.
        """
        axes = Axes(self.subjects[start:stop], self.regions, self.sources)
        return Cohort(self.name, axes, self._planes[start:stop], self.dtype, self.unit)

    def dask(self) -> Any:
        """
        Give the whole as a Dask array, some networks to a chunk.

        Returns
        -------
        dask.array.Array, shape (n_subjects, n_targets, n_sources)
            Nothing is read yet.

        Raises
        ------
        MissingDependencyError
            If Dask is not installed.
        """
        array = require("dask.array", extra="dask", purpose="give a cohort as a Dask array")
        plane = max(1, self.shape[1] * self.shape[2] * self.dtype.itemsize)
        many = max(1, _CHUNK_BYTES // plane)
        rows = max(1, min(self.shape[1], _CHUNK_BYTES * self.shape[1] // plane))
        # Each chunk carries the notes of its own networks only, wherever it is read.
        parts = [
            array.from_array(
                self.part(start, start + many), chunks=(-1, rows, -1), lock=False, asarray=True, inline_array=True
            )
            for start in range(0, max(1, len(self)), many)
        ]
        return array.concatenate(parts) if len(parts) > 1 else parts[0]

    def to_xarray(self) -> Any:
        """
        Give the whole as an xarray DataArray.

        Returns
        -------
        xarray.DataArray
            Dimensions ``subject``, ``target`` and ``source``, each with its labels; the unit is the attribute
            ``units``. Nothing is read yet: it is backed by Dask.

        Raises
        ------
        MissingDependencyError
            If xarray or Dask is not installed.
        """
        xarray = require("xarray", extra="xarray", purpose="give a cohort as a DataArray")
        labels = (self.subjects, self.regions, self.sources)
        coords = {
            dim: (dim, np.asarray(names, dtype=str))
            for dim, names in zip(("subject", "target", "source"), labels, strict=True)
        }
        attrs = {} if self.unit is None else {"units": self.unit}
        return xarray.DataArray(self.dask(), coords, ("subject", "target", "source"), self.name, attrs)

    def write(self, path: "str | os.PathLike[str]") -> None:
        """
        Write an HDF5 file in which other programs see the whole as one array, without a copy of the numbers.

        Parameters
        ----------
        path : path-like
            ``NAME.h5`` in a folder above all networks. `open_cohort` opens it at once, however many there are.

        Raises
        ------
        CohortError
            If HDF5 cannot say it: regions in another order, several types, matrices that are sparse or lie in files
            of other formats.
        """
        stored = []
        for subject, plane in zip(self.subjects, self._planes, strict=True):
            values = plane.values
            if isinstance(values, Listed):
                values = values.planes.plane(values.number)
            if not isinstance(values, StoredArray):
                raise CohortError(
                    f"{subject}: {self.name} is sparse, or in a file of another format, which no virtual dataset can "
                    "lead to: convert the cohort first (tvbo cohort convert); the open cohort can be used as it is"
                )
            if plane.rows is not None or plane.columns is not None:
                raise CohortError(
                    f"{subject} has its regions in another order, which a virtual dataset of HDF5 cannot say: "
                    "the open cohort can be used as it is; it reindexes whenever it reads"
                )
            stored.append(values)
        target = Path(path).absolute()
        try:
            write_planes(target, self.name, stored, self.subjects, self.regions, self.sources, self.unit)
        except ValueError as error:
            raise CohortError(f"{target}: {error}") from error

    def __repr__(self) -> str:
        size = " x ".join(f"{size:,}" for size in self.shape)
        said = f", {len(self.notes):,} notes" if self.notes else ""
        return f"<Cohort {self.name!r}: {size} {self.dtype} {self.unit or ''}".rstrip() + f"{said}>"


def open_cohort(
    source: "Source | Iterable[Source]",
    name: str = "weight",
    *,
    labels: Sequence[str] | None = None,
    unfit: str = "refuse",
    format: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> Cohort:
    """
    Open one matrix of many networks as one labelled, lazy array.

    Parameters
    ----------
    source : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them; or a file that `Cohort.write` has written.
    name : str
        The matrix.
    labels : sequence of str, optional
        The regions and their order; those of the first network without. A network with another order is reindexed by
        label, and said.
    unfit : {"refuse", "fill", "leave out"}
        What becomes of networks that lack regions of the reference, or have others: an error, NaN for regions that are
        missing while others are left out, or they are left out as a whole. What cannot be opened, has another unit or
        a label twice is left out by both of the latter, and named in `Cohort.notes`.
    format : str, optional
        The format of all files, where their extension does not tell.
    limits : Limits
        What a file that `Cohort.write` has written may ask for.

    Returns
    -------
    Cohort
        The array; no numbers are read.

    Raises
    ------
    ShapeError
        If regions are missing.
    DuplicateNameError
        If a label stands for two regions.
    CohortError
        If units differ, or nothing is left.
    MatrixNotFoundError
        If a network has no such matrix.
    """
    if unfit not in _HOW:
        raise ValueError(f"unfit is {unfit!r}: expected one of {', '.join(map(repr, _HOW))}")
    if isinstance(source, (str, os.PathLike)) and Path(source).is_file() and is_virtual(Path(source)):
        return _of_file(Path(source).absolute(), name, limits)
    stacking = _Stacking(name, unfit, labels)
    for item in find_items(source, format=format):
        stacking.add(item)
    return stacking.cohort()


def _of_file(path: Path, name: str, limits: Limits) -> Cohort:
    found = read_planes(path, limits)
    if found.name != name:
        raise MatrixNotFoundError(f"{path} is a cohort of {found.name!r}, and has no matrix {name!r}")
    planes = [Plane(Listed(found, index)) for index in range(len(found.subjects))]
    return Cohort(name, Axes(found.subjects, found.rows, found.columns), planes, found.dtype, found.unit)


class _Stacking:
    """Puts one network after the other on a stack."""

    def __init__(self, name: str, unfit: str, labels: Sequence[str] | None) -> None:
        self.name = name
        self.unfit = unfit
        self.labels = None if labels is None else tuple(map(str, labels))
        self.columns: tuple[str, ...] | None = None
        self.units: list[str | None] = []
        self.subjects: list[str] = []
        self.planes: list[Plane] = []
        self.notes: list[Problem] = []
        self.reordered = 0
        # Most networks that have another order have the same one.
        self.orders: dict[bytes, Array] = {}
        if self.labels is not None:
            check_unique(self.labels, "labels")

    def add(self, item: Item) -> None:
        try:
            plane, unit, note = self._plane(item)
        except (TvboError, OSError) as error:
            if self.unfit == "refuse":
                error.add_note(f"in the cohort it is {item.name}; unfit='leave out' goes on without it")
                raise
            self.notes.append(Problem(item.name, f"left out: {error}"))
            return
        self.units.append(unit)
        self.planes.append(plane)
        self.subjects.append(item.name)
        if note:
            self.notes.append(Problem(item.name, note))

    def _plane(self, item: Item) -> tuple[Plane, str | None, str]:
        network = item.open()
        matrix = matrix_of(network, self.name)
        if matrix.values.dtype.kind not in "biufc":
            raise CohortError(f"{item.path}: {self.name} is {matrix.values.dtype}: expected numbers")
        labels = tuple(map(str, network.nodes.labels))
        columns = _columns(network, self.name, labels)
        if self.units and matrix.unit != self.units[0]:
            raise CohortError(
                f"{item.path}: {self.name} is in {matrix.unit or 'no unit'}, and in {self.units[0] or 'no unit'} "
                "before: convert it first"
            )
        reference = labels if self.labels is None else self.labels
        check_unique(labels, f"{item.path}")
        found = align(reference, labels, f"{item.path}")
        if (found.missing or found.extra) and self.unfit != "fill":
            raise ShapeError(f"{item.path} has other regions than the reference: {found}")
        if columns is not None and self.columns is not None and columns != self.columns:
            raise ShapeError(f"{item.path}: {self.name} has other columns than that of the networks before")
        if self.planes and (columns is None) != (self.columns is None):
            raise ShapeError(f"{item.path}: {self.name} is {'not ' * (columns is not None)}square, unlike those before")
        # Only now is it known that the network fits.
        self.labels, self.columns = reference, columns
        if found.same:
            return Plane(later(item, network, self.name)), matrix.unit, ""
        self.reordered += not (found.missing or found.extra)
        order = self.orders.setdefault(found.index.tobytes(), found.index)
        note = f"reindexed: {found}"
        return Plane(later(item, network, self.name), order, None if columns else order), matrix.unit, note

    def cohort(self) -> Cohort:
        if not self.planes or self.labels is None:
            first = f": {self.notes[0]}" if self.notes else ""
            raise CohortError(f"no network is left of the cohort{first}")
        dtype = np.result_type(*{plane.values.dtype for plane in self.planes})
        holes = any((index < 0).any() for index in self.orders.values())
        if holes and dtype.kind in "biu":
            dtype = np.dtype(np.float64)
        if self.reordered:
            first = next(note.path for note in self.notes if note.message.startswith("reindexed"))
            warn(
                f"{self.reordered:,} of {len(self.planes):,} networks, {first} the first, have their regions in "
                "another order: they are reindexed by label"
            )
        axes = Axes(tuple(self.subjects), self.labels, self.columns or self.labels)
        return Cohort(self.name, axes, self.planes, dtype, self.units[0], self.notes)


def _columns(network: Network, name: str, labels: tuple[str, ...]) -> tuple[str, ...] | None:
    """Name the columns of a matrix, where they are not the network's own nodes."""
    matrix = matrix_of(network, name)
    if matrix.column_labels is not None:
        found = tuple(map(str, matrix.column_labels))
        return None if found == labels else found
    linked = [spelling for spelling in network.links if spelling in network.matrices]
    if any(network.matrices[spelling] is matrix for spelling in linked):
        return tuple(map(str, network.target(name).nodes.labels))
    if matrix.shape[0] != matrix.shape[1]:
        return tuple(f"column_{index}" for index in range(matrix.shape[1]))
    return None


def _expanded(key: Any, shape: Sequence[int]) -> list[Any]:
    parts = list(key) if isinstance(key, tuple) else [key]
    dots = [place for place, part in enumerate(parts) if part is Ellipsis]
    if len(dots) == 1:
        parts[dots[0] : dots[0] + 1] = [slice(None)] * (len(shape) - len(parts) + 1)
    parts += [slice(None)] * (len(shape) - len(parts))
    if len(parts) != len(shape) or not all(isinstance(part, (int, np.integer, slice)) for part in parts):
        raise IndexError(
            f"a cohort has {len(shape)} axes, and takes integers and slices: to_xarray() takes labels and lists"
        )
    for part, size in zip(parts, shape, strict=True):
        if not isinstance(part, slice) and not -size <= part < size:
            raise IndexError(f"there is no {part} on an axis of {size}")
    return parts
