"""
HDF5 files of other programs: flat, with text of variable length in attributes and datasets.

They are looked through as companions are before anything is read. Text of variable length lies in heaps without
checksums: it is read a few elements at a time, after the heaps have been looked at, and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5s, h5t

from tvbo.errors import CompanionError, DamagedFileError
from tvbo.limits import Limits
from tvbo.storage.companion import Companion
from tvbo.storage.heaps import check_text_heaps
from tvbo.storage.sparse import Array
from tvbo.storage.stored import open_file
from tvbo.storage.structure import FILTERS, attribute_names, read_attribute, readable

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class PlainFile:
    """
    What a file of another program holds.

    Attributes
    ----------
    held : Companion
        Its arrays of numbers, and where everything is.
    """

    held: Companion

    @classmethod
    def open(cls, path: Path, limits: Limits) -> "PlainFile":
        """
        List a file.

        Parameters
        ----------
        path : Path
            The file.
        limits : Limits
            What it may ask for.

        Returns
        -------
        PlainFile
            What it holds.

        Raises
        ------
        CompanionError
            If it is missing, or is no HDF5 file.
        UnsafeFileError
            If it leads into other files, or asks for more than the limits allow.
        """
        return cls(Companion.open(path, limits, verify=False))

    def attributes(self, name: str = "") -> dict[str, Any]:
        """
        Read the attributes of an object, those of variable length too.

        Parameters
        ----------
        name : str
            The object; without it the root.

        Returns
        -------
        dict of str to object
            Numbers and text; what is neither is left out.

        Raises
        ------
        CompanionError
            If the file is damaged.
        LimitError
            If they hold more text than the limits allow.
        """
        path, total = self.held.path, 0
        found: dict[str, Any] = {}
        check_text_heaps(path)
        with open_file(path) as (file, _):
            item = file[name or "/"]
            for raw in attribute_names(item.id):
                attribute = h5a.open(item.id, raw)
                kind, key = attribute.get_type(), raw.decode("utf-8", "replace")
                if readable(kind) and attribute.shape == ():
                    found[key] = read_attribute(attribute)
                elif _is_text(kind) and attribute.shape == ():
                    value = item.attrs[raw]
                    if isinstance(value, str):
                        found[key] = value
                        total += len(value)
                        self.held.limits.check("sidecar_bytes", total, path)
        return found

    def texts(self, name: str) -> Array:
        """
        Read a dataset of text.

        Parameters
        ----------
        name : str
            Its path.

        Returns
        -------
        array, str
            The text.

        Raises
        ------
        CompanionError
            If there is none, or the file is damaged.
        LimitError
            If it holds more than the limits allow.
        """
        path, limits = self.held.path, self.held.limits
        where = f"{path}: {name}"
        if name in self.held.arrays:
            values = np.asarray(self.held.arrays[name])
            if values.dtype.kind not in "SU":
                raise CompanionError(f"{where} holds {values.dtype}: expected text")
            return np.array([_decoded(text, where) for text in values.ravel().tolist()], dtype=str)
        check_text_heaps(path)
        with open_file(path) as (file, _):
            dataset = file[name].id if name in self.held.attrs else None
            plan = None if dataset is None else dataset.get_create_plist()
            filters = [] if plan is None else [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
            if dataset is None or not _is_text(dataset.get_type()) or dataset.rank != 1 or set(filters) - FILTERS:
                raise CompanionError(f"{where} is missing, or is no list of text")
            found: list[str] = []
            total = 0
            for start in range(0, dataset.shape[0], _AT_ONCE):
                count = min(_AT_ONCE, dataset.shape[0] - start)
                space = dataset.get_space()
                space.select_hyperslab((start,), (count,))
                piece = np.empty(count, dtype=object)
                dataset.read(h5s.create_simple((count,)), space, piece, mtype=h5t.py_create(dataset.dtype))
                found += [_decoded(text, where) for text in piece.tolist()]
                # As an array they all take what the longest does.
                total = max(total, max(map(len, found[start:])))
                limits.check(
                    "inflated_bytes", 4 * total * dataset.shape[0], where, limits.inflated(path.stat().st_size)
                )
        return np.array(found, dtype=str)


def _is_text(kind: Any) -> bool:
    return bool(kind.get_class() == h5t.STRING and kind.is_variable_str())


def _decoded(text: Any, where: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return bytes(text).decode("utf-8")
    except (UnicodeDecodeError, TypeError) as error:
        raise DamagedFileError(f"{where} is damaged: expected text in UTF-8: {error}") from error


def build(arrays: Mapping[str, Any], attrs: Mapping[str, Mapping[str, Any]]) -> bytes:
    """
    Write a file in memory, plainly: not compressed, and text of variable length, as other programs expect.

    Parameters
    ----------
    arrays : mapping of str to array
        Datasets by name.
    attrs : mapping of str to mapping
        Attributes of datasets by their names; those of the root under ``""``.

    Returns
    -------
    bytes
        The file.
    """
    memory = {"driver": "core", "backing_store": False, "block_size": 1 << 20}
    with h5py.File(f"{id(arrays)}.h5", "w", libver=("v108", "v108"), **memory) as file:
        for name, values in arrays.items():
            array = np.asarray(values)
            kind = h5py.string_dtype("utf-8") if array.dtype.kind == "U" else array.dtype
            file.create_dataset(name, data=array.astype(object) if array.dtype.kind == "U" else array, dtype=kind)
        for name, own in attrs.items():
            file[name or "/"].attrs.update(own)
        file.flush()
        image: bytes = file.id.get_file_image()
    return image
