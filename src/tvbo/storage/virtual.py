"""
One HDF5 file over many: a virtual dataset whose planes are arrays of companions in the same folder.

We write such a file so that any program with HDF5 sees a cohort as one array. When we open one, libhdf5 does not
follow it: what it says is read and checked, each companion is opened as every other (`tvbo.storage.companion`), and its
array is compared with the checksum that it had.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

from tvbo.errors import CompanionError, StaleFileError, TvboError, UnsafeFileError
from tvbo.limits import Limits
from tvbo.storage.companion import Companion
from tvbo.storage.replacing import write_file
from tvbo.storage.stored import GROUP, StoredArray, open_file
from tvbo.storage.structure import by_hard_links, declared

_MARK, _RECORD = "cohort", f"{GROUP}/cohort"
_KIND = b"tvbo-cohort/1"
_SCALES = ("subject", "target", "source")


@dataclass(frozen=True, slots=True)
class Planes:
    """
    What a file over many says.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        What the array is called.
    shape : tuple of int
        Planes, rows and columns.
    dtype : numpy.dtype
        Element type.
    unit : str or None
        Unit of the values.
    subjects, rows, columns : tuple of str
        Names of the planes, and of their rows and columns.
    files, datasets, digests : tuple of str
        For each plane the companion, as a path in the folder of the file; the array in it; and the array's SHA-256.
    """

    path: Path
    name: str
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    unit: str | None
    subjects: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    files: tuple[str, ...]
    datasets: tuple[str, ...]
    digests: tuple[str, ...]

    def plane(self, index: int, limits: Limits = Limits()) -> StoredArray:  # noqa: B008
        """
        Find the array of a plane; nothing of it is read.

        Parameters
        ----------
        index : int
            Which plane.
        limits : Limits
            What its companion may ask for.

        Returns
        -------
        StoredArray
            The array.

        Raises
        ------
        UnsafeFileError
            If it lies outside the folder.
        StaleFileError
            If it was saved anew since.
        CompanionError
            If it is missing, or none of ours.
        """
        folder, name = self.path.parent, self.files[index]
        companion = folder / name
        if not companion.resolve().is_relative_to(folder.resolve()):
            raise UnsafeFileError(f"{self.path}: {self.subjects[index]} lies in {name}, outside of {folder}")
        held = Companion.open(companion, limits)
        if "content" not in held.attrs.get(GROUP, {}):
            raise CompanionError(f"{companion} is no companion that tvbo wrote, so that {self.path.name} is not read")
        stored = held.arrays.get(self.datasets[index])
        if stored is None or (stored.digest, stored.shape, stored.dtype) != (
            self.digests[index],
            self.shape[1:],
            self.dtype,
        ):
            raise StaleFileError(
                f"{companion}: {self.datasets[index]} was saved anew since {self.path.name} was written: "
                "open the folder, and write the cohort again"
            )
        return stored


def is_virtual(path: Path) -> bool:
    """
    Tell whether a file is one over many.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        False also if it cannot be read.
    """
    try:
        with open_file(path) as (file, _):
            group = by_hard_links(file, path, GROUP)
            return bool(h5py.h5a.exists(group, _MARK.encode()))
    except (KeyError, TvboError):
        return False


def write_planes(
    path: Path,
    name: str,
    planes: Sequence[StoredArray],
    subjects: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    unit: str | None,
) -> None:
    """
    Write a file over many.

    Parameters
    ----------
    path : Path
        The file; it is replaced as a whole.
    name : str
        What the array is called.
    planes : sequence of StoredArray
        Arrays of one shape and dtype in companions below the folder of the file, with a checksum.
    subjects, rows, columns : sequence of str
        Names of the planes, and of their rows and columns.
    unit : str or None
        Unit of the values.

    Raises
    ------
    ValueError
        If an array lies elsewhere, has no checksum, or is of another shape or type.
    OSError
        If it cannot be written; then it is as it was.
    """
    if not planes:
        raise ValueError(f"{path}: there is nothing to write, the cohort has no networks")
    folder = path.parent.resolve()
    shape, dtype = planes[0].shape, planes[0].dtype
    whole = (len(planes), *shape)
    layout = h5p.create(h5p.DATASET_CREATE)
    if dtype.kind in "fc":
        # What other programs see of a companion that is gone: NaN, and not zeros.
        layout.set_fill_value(np.array(np.nan, dtype))
    target, plane = h5s.create_simple(whole), h5s.create_simple(shape)
    files = []
    for index, stored in enumerate(planes):
        where = stored.path.resolve()
        if not where.is_relative_to(folder):
            raise ValueError(f"{stored.path} does not lie below {folder}: write the cohort into a folder above all")
        if (stored.shape, stored.dtype) != (shape, dtype) or not stored.digest:
            raise ValueError(
                f"{stored.path}: {stored.dataset} is {stored.dtype} {stored.shape}"
                f"{'' if stored.digest else ' without a checksum'}: expected {dtype} {shape}, saved by tvbo"
            )
        files.append(where.relative_to(folder).as_posix())
        target.select_hyperslab((index, 0, 0), (1, *shape))
        # libhdf5 takes % for a place to put a number.
        layout.set_virtual(target, files[-1].replace("%", "%%").encode(), f"/{stored.dataset}".encode(), plane)
    record = {
        "name": name,
        "unit": unit,
        "subjects": list(subjects),
        "rows": list(rows),
        "columns": list(columns),
        "files": files,
        "datasets": [stored.dataset for stored in planes],
        "digests": [stored.digest for stored in planes],
    }
    with h5py.File.in_memory(libver=("v110", "v110")) as file:
        h5d.create(file.id, name.encode(), h5t.py_create(dtype), h5s.create_simple(whole), layout)
        for axis, (scale, labels) in enumerate(zip(_SCALES, (subjects, rows, columns), strict=True)):
            text = np.char.encode(np.asarray(labels, dtype=str), "utf-8")
            made = file.create_dataset(scale, data=text.astype(h5py.string_dtype("utf-8", max(1, text.dtype.itemsize))))
            made.make_scale(scale)
            file[name].dims[axis].attach_scale(made)
        if unit:
            file[name].attrs["units"] = np.bytes_(unit.encode())
        group = file.create_group(GROUP)
        group.attrs[_MARK] = np.bytes_(_KIND)
        said = np.frombuffer(json.dumps(record).encode("utf-8", "surrogatepass"), np.uint8)
        group.create_dataset(_MARK, data=said, compression="gzip")
        file.flush()
        image = file.id.get_file_image()
    write_file(path, image)


def read_planes(path: Path, limits: Limits = Limits()) -> Planes:  # noqa: B008
    """
    Read what a file over many says; it is not followed.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.

    Returns
    -------
    Planes
        What it says.

    Raises
    ------
    CompanionError
        If it is damaged, none of ours, or says one thing to us and another to HDF5.
    UnsafeFileError
        If it leads out of its folder.
    """
    with open_file(path) as (file, _):
        try:
            record = _record(file, path, limits)
            dataset = by_hard_links(file, path, record["name"])
        except KeyError as error:
            raise CompanionError(f"{path} is no cohort that tvbo wrote: {error}") from error
        return _checked(path, record, dataset, limits)


def _record(file: h5py.File, path: Path, limits: Limits) -> dict[str, Any]:
    item = by_hard_links(file, path, _RECORD)
    said = declared(item, f"{path}: {_RECORD}", limits)
    limits.check("inflated_bytes", said.in_memory, f"{path}: {_RECORD}")
    raw = np.empty(item.shape, np.uint8)
    if item.dtype != np.uint8 or len(item.shape) != 1:
        raise CompanionError(f"{path}: {_RECORD} is {item.dtype} {item.shape}: expected bytes")
    item.read(h5s.ALL, h5s.ALL, raw)
    try:
        record = json.loads(raw.tobytes())
    except (ValueError, RecursionError) as error:
        raise CompanionError(f"{path}: {_RECORD} is damaged: {error}") from error
    texts = ("subjects", "rows", "columns", "files", "datasets", "digests")
    fits = isinstance(record, dict) and isinstance(record.get("name"), str)
    fits = fits and isinstance(record.get("unit"), (str, type(None)))
    for key in texts if fits else ():
        fits = fits and isinstance(record.get(key), list) and all(isinstance(each, str) for each in record[key])
    if not fits:
        raise CompanionError(f"{path}: {_RECORD} does not say what a cohort has to: {', '.join(('name', *texts))}")
    return dict(record)


def _checked(path: Path, record: dict[str, Any], dataset: Any, limits: Limits) -> Planes:
    """Hold what the record says against the mappings that other programs follow."""
    many = len(record["subjects"])
    shape = (many, len(record["rows"]), len(record["columns"]))
    layout = dataset.get_create_plist() if isinstance(dataset, h5d.DatasetID) else None
    if layout is None or layout.get_layout() != h5d.VIRTUAL or dataset.shape != shape:
        raise CompanionError(f"{path}: {record['name']} is not the virtual dataset {shape} that the file says it is")
    if layout.get_virtual_count() != many or any(len(record[key]) != many for key in ("files", "datasets", "digests")):
        raise CompanionError(f"{path}: {record['name']} has another number of planes than the file says: {many}")
    for index, (name, inner) in enumerate(zip(record["files"], record["datasets"], strict=True)):
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or set(name) & {"\\", "\0", ":"}:
            raise UnsafeFileError(f"{path}: {record['subjects'][index]} lies in {name!r}: expected a file below it")
        space = layout.get_virtual_vspace(index)
        place = (space.get_select_bounds(), space.get_select_npoints())
        wanted = (((index, 0, 0), (index, shape[1] - 1, shape[2] - 1)), shape[1] * shape[2])
        said = (layout.get_virtual_filename(index), layout.get_virtual_dsetname(index))
        if said != (name.replace("%", "%%"), f"/{inner}") or place != wanted:
            raise CompanionError(
                f"{path}: plane {index} leads to {said[0]}: {said[1]}, and not to {name}: /{inner} as the file says"
            )
    return Planes(
        path,
        record["name"],
        shape,
        dataset.dtype,
        record["unit"],
        *(tuple(record[key]) for key in ("subjects", "rows", "columns", "files", "datasets", "digests")),
    )
