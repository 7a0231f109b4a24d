"""
The HDF5 half, opened lazily.

`Companion` lists a file's attributes and arrays in one visit, checks where they lie, and closes it again.
"""

import contextlib
import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from h5py import h5g

from tvbo.errors import CompanionError, LimitError
from tvbo.limits import Limits
from tvbo.storage.chunks import DIGEST, StoredBands
from tvbo.storage.datasets import DTYPE, ORDER
from tvbo.storage.files import size_on_disk
from tvbo.storage.index import read_index
from tvbo.storage.located import Located
from tvbo.storage.sidecar import read_json
from tvbo.storage.sparse import Array
from tvbo.storage.stored import (
    CONTENT,
    GROUP,
    RECORD,
    Stamp,
    StoredArray,
    fits,
    open_file,
    opened_companion,
    stamp_of,
)
from tvbo.storage.stored_sparse import StoredSparse
from tvbo.storage.structure import attributes, by_hard_links, declared, readable, variable_text, visit

_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True)
class Companion:
    """
    What a companion holds: attributes at once, arrays when they are touched.

    Attributes
    ----------
    path : Path
        The file.
    attrs : dict of str to dict
        Attributes of every group and dataset, by path; the root is ``""``. Those that are not read when a file is
        opened (text of variable length, large ones) are None.
    arrays : dict of str to StoredArray
        Every dataset of numbers or text, by path.
    links : tuple of str
        Soft links and named types; they are never followed.
    stamp : tuple of int
        The version of the file.
    limits : Limits
        What it may ask for.
    texts : dict of str to array, uint8
        Datasets of text that were read at once.
    groups : dict of str to dict
        The arrays that lie in each group, by their names in it.
    as_written : bool
        Whether it is as we wrote it, with nothing in it that is not ours.
    header : dict
        What its sidecar says, as `tvbo.storage.index.header_of` gave it; empty if only reading it tells.
    unread : frozenset of str
        Datasets of other kinds.
    """

    path: Path
    attrs: dict[str, dict[str, Any]]
    arrays: dict[str, StoredArray]
    links: tuple[str, ...]
    stamp: Stamp
    limits: Limits
    texts: dict[str, Array]
    groups: dict[str, dict[str, StoredArray]]
    as_written: bool
    header: dict[str, Any]
    unread: frozenset[str]

    @classmethod
    def open(
        cls,
        path: Path,
        limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
        *,
        verify: bool = True,
        texts: tuple[str, ...] = (),
    ) -> "Companion":
        """
        List a file.

        Parameters
        ----------
        path : Path
            The file.
        limits : Limits
            What it may ask for.
        verify : bool
            Whether arrays are checked when they are read.
        texts : tuple of str
            Datasets of text to read at once.

        Returns
        -------
        Companion
            What it holds.

        Raises
        ------
        CompanionError
            If it is missing, or is no HDF5 file.
        UnsafeFileError
            If it leads into other files, or asks for more than the limits allow.
        """
        listed = cls.as_listed(path, limits, verify=verify)
        if listed is not None:
            return listed
        attrs: dict[str, dict[str, Any]] = {}
        found: list[tuple[str, tuple[int, ...], Any, int]] = []
        links: list[str] = []
        at_once: dict[str, Array] = {}
        unread: set[str] = set()
        total = stored = chunks = 0
        with open_file(path) as (file, stamp):
            there = size_on_disk(path.stat())
            for name, item in visit(file, path, limits, links):
                attrs[name] = attributes(item)
                if not isinstance(item, h5g.GroupID):
                    said = declared(item, f"{path}: {name}", limits)
                    total, stored, chunks = total + said.in_memory, stored + said.on_disk, chunks + said.chunks
                    limits.check("chunks", chunks, path)
                    limits.check("inflated_bytes", total, path, limits.inflated(min(stored, there)))
                    if item.shape is None or not readable(item.get_type()):
                        unread.add(name)
                    else:
                        found.append((name, item.shape, item.dtype, min(said.on_disk, there)))
                        if name in texts and said.in_memory <= _AT_ONCE:
                            bands = StoredBands(item, f"{path}: {name}", limits)
                            at_once[name] = bands.whole(_digest(attrs[name], verify))
        content = text_in(attrs.get(GROUP, {}), CONTENT)
        if content and RECORD not in [name for name, *_ in found]:
            raise CompanionError(f"{path}: {RECORD}, which every companion of ours has, is missing or cannot be read")
        arrays = {}
        for name, shape, dtype, on_disk in found:
            own = attrs[name]
            # Every array of a file of ours has a digest: one that has none has lost it.
            digest = _digest(own, verify) if DIGEST in own or not content or not verify else ""
            arrays[name] = _array(path, name, shape, dtype, own, stamp, content, digest, on_disk, limits)
            total += _as_text(arrays[name])
        limits.check("inflated_bytes", total, path, limits.inflated(min(stored, there)))
        return cls(
            path, attrs, arrays, tuple(links), stamp, limits, at_once, _by_group(arrays), False, {}, frozenset(unread)
        )

    @classmethod
    def as_listed(cls, path: Path, limits: Limits, *, verify: bool) -> "Companion | None":
        """
        List a file by what stands behind its data.

        Parameters
        ----------
        path : Path
            The file.
        limits : Limits
            What it may ask for.
        verify : bool
            Whether arrays are checked when they are read.

        Returns
        -------
        Companion or None
            What it holds; None if nothing stands there, so that it has to be looked through.

        Raises
        ------
        CompanionError
            If it is missing, or is no HDF5 file.
        UnsafeFileError
            If it asks for more than the limits allow.
        """
        with opened_companion(path) as file:
            state = os.fstat(file.fileno())
            index = read_index(file, path, limits)
        if index is None:
            return None
        attrs, stamp = index.groups | index.attrs, stamp_of(state)
        content = text_in(attrs.get(GROUP, {}), CONTENT)
        if not content or RECORD not in index.arrays:
            # Not as we write it.
            return None
        limits.check("depth", max(name.count("/") + 1 for name in index.groups), path)
        arrays, total, stored = {}, 0, 0
        for name, located in index.arrays.items():
            own, on_disk = index.attrs[name], sum(located.sizes)
            digest = text_in(own, DIGEST) if verify else None
            arrays[name] = array = _array(
                path, name, located.shape, located.dtype, own, stamp, content, digest, on_disk, limits, located
            )
            if located.chunk is not None:
                limits.check("chunk_bytes", math.prod(located.chunk) * located.dtype.itemsize, f"{path}: {name}")
            total, stored = total + located.padded + _as_text(array), stored + on_disk
        limits.check("inflated_bytes", total, path, limits.inflated(min(stored, size_on_disk(state))))
        return cls(path, attrs, arrays, (), stamp, limits, {}, _by_group(arrays), True, index.header, frozenset())

    @staticmethod
    def attributes(path: Path, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """
        Read the attributes of some groups, without listing the file.

        Parameters
        ----------
        path : Path
            The file.
        names : tuple of str
            Names of groups in the root.

        Returns
        -------
        dict of str to dict
            Attributes of those that are there, and of the root, which is ``""``.

        Raises
        ------
        CompanionError
            If it is no HDF5 file.
        """
        with opened_companion(path) as plain:
            index = read_index(plain, path, Limits(), arrays=False)
        if index is not None:
            return {name: index.groups[name] for name in ("", *names) if name in index.groups}
        found = {}
        with open_file(path) as (file, _):
            for name in ("", *names):
                with contextlib.suppress(KeyError):
                    found[name] = attributes(by_hard_links(file, path, name))
        return found

    def variable_text(self, name: str, attribute: str) -> str | None:
        """
        Read an attribute of text that another program wrote with variable length.

        Parameters
        ----------
        name : str
            The object.
        attribute : str
            The attribute.

        Returns
        -------
        str or None
            The text; None if there is none.

        Raises
        ------
        CompanionError
            If the file is damaged.
        """
        own = self.attrs.get(name, {})
        if attribute not in own:
            return None
        if own[attribute] is not None:
            return str(own[attribute])
        with open_file(self.path) as (file, _):
            return variable_text(file, self.path, name, attribute)

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

        Raises
        ------
        CompanionError
            If it is no text.
        """
        if dataset not in self.arrays:
            return ""
        stored = self.arrays[dataset]
        if stored.dtype != np.uint8:
            raise CompanionError(f"{self.path}: {dataset} is damaged: it holds {stored.dtype}, expected bytes of text")
        values = self.texts[dataset] if dataset in self.texts else np.asarray(stored)
        try:
            return values.tobytes().decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise CompanionError(f"{self.path}: {dataset} is damaged: {error}") from error

    def carries(self, dataset: str, text: str) -> bool:
        """
        Tell whether a dataset holds some text, without reading it.

        Parameters
        ----------
        dataset : str
            Its path.
        text : str
            The text.

        Returns
        -------
        bool
            False also if it has no digest.
        """
        stored = self.arrays.get(dataset)
        own = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return stored is not None and stored.digest == own

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
        where = f"{self.path}: {dataset}"
        try:
            found = read_json(self.text(dataset), where, self.limits)
        except LimitError:
            raise
        except ValueError as error:
            raise CompanionError(f"{where} is damaged: {error}") from error
        if not isinstance(found, dict):
            raise CompanionError(f"{where} is damaged: it holds a {type(found).__name__}, expected a mapping")
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

    def parts_of(self, group: str) -> dict[str, StoredArray]:
        """
        Give the arrays that lie in a group, not deeper.

        Parameters
        ----------
        group : str
            Its path.

        Returns
        -------
        dict of str to StoredArray
            By their names in the group.
        """
        return self.groups.get(group, {})

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
        LimitError
            If the shape is far larger than what is stored of it.
        """
        names = {"csr": ("indptr", "indices", "data"), "coo": ("row", "col", "data")}.get(source)
        found = self.parts_of(group)
        wanted = {name: found[name] for name in names or found if name in found}
        if "data" not in wanted or (names and len(wanted) < len(names)):
            raise CompanionError(f"{self.path}: {group} has no complete {source} matrix: it holds {sorted(found)}")
        # Most of what is done with a sparse matrix takes memory for every row or column.
        if max(shape, default=0) > max(part.size if part.on_disk else 0 for part in wanted.values()):
            self.limits.check("nodes", max(shape), f"{self.path}: the rows or columns of {group}")
        return StoredSparse(layout, kind, shape, wanted["data"].dtype, wanted, source)


def _array(
    path: Path,
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    own: dict[str, Any],
    stamp: Stamp,
    content: str,
    digest: str | None,
    on_disk: int,
    limits: Limits,
    located: Located | None = None,
) -> StoredArray:
    dtype = _as_noted(own[DTYPE], dtype, f"{path}: {name}") if DTYPE in own else dtype
    order = _order(own, shape, f"{path}: {name}") if ORDER in own else "C"
    return StoredArray(path, name, shape, dtype, order, stamp, content, digest, on_disk, limits, located)


def _as_text(array: StoredArray) -> int:
    """Tell how many bytes text takes in memory, beside those that are stored."""
    return array.size * array.dtype.itemsize if array.dtype.kind in "UmM" else 0


def _by_group(arrays: dict[str, StoredArray]) -> dict[str, dict[str, StoredArray]]:
    groups: dict[str, dict[str, StoredArray]] = {}
    for name, array in arrays.items():
        group, _, last = name.rpartition("/")
        groups.setdefault(group, {})[last] = array
    return groups


def text_in(attrs: dict[str, Any], name: str) -> str:
    """
    Give an attribute that should be text.

    Parameters
    ----------
    attrs : dict of str to object
        The attributes of an object.
    name : str
        Which.

    Returns
    -------
    str
        The text; empty if there is none, or it is something else.
    """
    value = attrs.get(name)
    return value if isinstance(value, str) else ""


def _order(attrs: dict[str, Any], shape: tuple[int, ...], where: str) -> str:
    order = text_in(attrs, ORDER)
    if order not in ("C", "F") and sorted(order.split(",")) != sorted(map(str, range(len(shape)))):
        raise CompanionError(
            f"{where}: {ORDER} is {str(attrs[ORDER])[:40]!r}: expected C, F or the axes in their order"
        )
    return order


def _digest(attrs: dict[str, Any], verify: bool) -> str | None:
    # One that is no text does not match.
    return text_in(attrs, DIGEST) if verify and DIGEST in attrs else None


def _as_noted(noted: Any, stored: np.dtype[Any], where: str) -> np.dtype[Any]:
    """Give the dtype that an attribute notes, if the stored one can be read as that."""
    try:
        dtype: np.dtype[Any] = np.dtype(noted)
    except (TypeError, ValueError) as error:
        raise CompanionError(f"{where}: {DTYPE} is {noted!r}, which is no dtype") from error
    if dtype.kind not in "UmM" or not fits(dtype, stored):
        raise CompanionError(f"{where} is stored as {stored}, which cannot be read as {dtype}")
    return dtype
