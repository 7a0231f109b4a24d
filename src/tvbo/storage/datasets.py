"""Arrays written as HDF5 datasets, band by band: compressed in threads, digested on the way, never held twice."""

import functools
import hashlib
import itertools
import math
import mmap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5p, h5s, h5t, h5z

from tvbo.storage.bands import band_rows, chunk_of, recut, together
from tvbo.storage.chunks import CHECKED_ROWS, CHECKSUMS, DIGEST
from tvbo.storage.deflate import Recipe, buffer_of, crc32, recipe_for
from tvbo.storage.order import order_of
from tvbo.storage.pool import batches, ordered, workers
from tvbo.storage.sparse import Array

# What HDF5 cannot hold as it is, beside the data: the numpy dtype of text, and Fortran order.
DTYPE, ORDER = "numpy_dtype", "order"
# Below this, the list of chunks that HDF5 keeps takes more than compressing saves.
_COMPRESS_FROM = 1 << 12
# Below this, starting threads takes longer than they save.
_THREADS_FROM = 1 << 21
# Bands of a memory map after which what was read of it is let go.
_FORGET_AFTER = 32
# What the gzip filter is told; readers do not look at it.
_LEVEL = 4

Watch = Callable[[int, Array], None]


class Encoded:
    """
    An array in the form that HDF5 holds, with the attributes that lead back.

    Parameters
    ----------
    values : array or lazy array
        What is to be written; a lazy one is asked for some rows at a time, or for its ``blocks()`` of rows.
    watch : callable, optional
        Is shown each band once, with the number of its first row.

    Attributes
    ----------
    shape : tuple of int
        Shape.
    dtype : numpy.dtype
        Element type on disk.
    nbytes : int
        Bytes in memory.
    attrs : dict
        Attributes of the dataset; the digest joins them when all bands have been seen.
    """

    def __init__(self, values: Any, watch: Watch | None = None) -> None:
        self.attrs: dict[str, Any] = {}
        self._values = self._plain(values) if isinstance(values, np.ndarray) else values
        self._watch = watch
        self.shape: tuple[int, ...] = tuple(self._values.shape)
        self.dtype: np.dtype[Any] = self._values.dtype
        self.nbytes = math.prod(self.shape) * self.dtype.itemsize

    def _plain(self, values: Array) -> Array:
        order = order_of(values)
        if order != "C":
            self.attrs[ORDER] = order
        if values.dtype.kind == "U":
            self.attrs[DTYPE] = values.dtype.str
            encoded = [text.encode("utf-8", "surrogatepass") for text in values.reshape(-1).tolist()]
            width = max([1, *map(len, encoded)])
            raw = np.array(encoded, dtype=f"S{width}").reshape(values.shape)
            return raw.astype(h5py.string_dtype("utf-8", width))
        if values.dtype.kind in "mM":
            self.attrs[DTYPE] = values.dtype.str
            return values.view(np.int64)
        return values

    @property
    def rows(self) -> int:
        """How many rows a band has; 0 for what is written in one piece."""
        return band_rows(self.shape, self.dtype.itemsize) if self.shape and self.nbytes else 0

    def bands(self) -> Iterator[Array]:
        """
        Give the bands in their order.

        Yields
        ------
        array
            C-contiguous; the whole array if it has no axes, or no elements.
        """
        if not self.rows:
            yield np.ascontiguousarray(self._values) if self.shape else np.asarray(self._values)
            return
        start = 0
        for band in self._cut():
            band = np.ascontiguousarray(band, dtype=self.dtype)
            if self._watch is not None:
                self._watch(start, band)
            start += len(band)
            yield band
        if start != self.shape[0]:
            raise ValueError(f"{start:,} rows were given of an array of shape {self.shape}")

    def _cut(self) -> Iterator[Array]:
        if hasattr(self._values, "blocks_of_rows"):
            return recut(self._values.blocks_of_rows(), self.rows)
        return self._slices()

    def _slices(self) -> Iterator[Array]:
        # Pages of a memory map that were written are not needed again; those of a private one are its content.
        shared = isinstance(self._values, np.memmap) and self._values.mode in ("r", "r+")
        mapped = getattr(self._values, "_mmap", None) if shared and hasattr(mmap, "MADV_DONTNEED") else None
        for start in range(0, self.shape[0], self.rows):
            yield np.asarray(self._values[start : start + self.rows])
            if mapped is not None and start // self.rows % _FORGET_AFTER == 0:
                mapped.madvise(mmap.MADV_DONTNEED)

    def sample(self, first: Array) -> Array:
        """
        Give elements on which it can be decided how to compress.

        Parameters
        ----------
        first : array
            The first band.

        Returns
        -------
        array, shape (n,)
            All of an array in memory, else those of the first band.
        """
        whole = isinstance(self._values, np.ndarray) and self._values.flags.c_contiguous
        found: Array = (self._values if whole else first).reshape(-1)
        return found

    def digest(self) -> bytes:
        """
        Give the SHA-256 of the bytes, in C order; all bands are read unless they have been.

        Returns
        -------
        bytes
            Hexadecimal digits.
        """
        if DIGEST not in self.attrs:
            total = hashlib.sha256()
            for band in self.bands():
                total.update(buffer_of(band))
            self.attrs[DIGEST] = np.bytes_(total.hexdigest())
        found: bytes = self.attrs[DIGEST]
        return found


@dataclass(slots=True)
class Packed:
    """
    An array on its way into a file.

    Attributes
    ----------
    item : Encoded
        The array.
    chunk : tuple of int or None
        Shape of its chunks; None if it goes in one piece.
    recipe : Recipe or None
        How they are compressed.
    bands : iterable of (array, int, list)
        Each band, its checksum, and its chunks with their corners.
    digest : str
        SHA-256 of it, if all bands were seen already.
    """

    item: Encoded
    chunk: tuple[int, ...] | None
    recipe: Recipe | None
    bands: Iterable[tuple[Array, int, list[tuple[tuple[int, ...], bytes]]]]
    digest: str = ""


def packed(item: Encoded, level: int | None, compress: bool) -> Packed:
    """
    Compress an array: a small one at once, a large one band by band, in threads, while it is written.

    Parameters
    ----------
    item : Encoded
        The array.
    level : int or None
        Level of deflate; None for the fast one.
    compress : bool
        Whether to compress it at all.

    Returns
    -------
    Packed
        What `write_dataset` takes.
    """
    bands = item.bands()
    first = next(bands)
    packs = compress and item.rows > 0 and item.nbytes > _COMPRESS_FROM
    chunk = chunk_of(item.shape, item.dtype.itemsize) if packs else None
    recipe = recipe_for(item.sample(first), level) if packs else None
    checked = item.rows < (item.shape or (0,))[0]
    done = ordered(
        lambda batch: [_packed(band, chunk, recipe, checked) for band in batch],
        batches(itertools.chain([first], bands), together(first.nbytes)),
        1 if is_small(item) else workers(),
    )
    made = itertools.chain.from_iterable(done)
    if not is_small(item):
        return Packed(item, chunk, recipe, made)
    held, total = list(made), hashlib.sha256()
    for band, _, _ in held:
        total.update(buffer_of(band))
    return Packed(item, chunk, recipe, held, total.hexdigest())


def is_small(item: Encoded) -> bool:
    """
    Tell whether an array is better compressed beside others than in parts.

    Parameters
    ----------
    item : Encoded
        The array.

    Returns
    -------
    bool
        True if threads would take longer than they save.
    """
    return item.nbytes < _THREADS_FROM


class Placed(NamedTuple):
    """
    A dataset that was written.

    Attributes
    ----------
    dataset : h5py.h5d.DatasetID
        The dataset.
    chunk : tuple of int or None
        Shape of its chunks; None if it lies in one piece.
    shuffled : bool
        Whether chunks went through the shuffle filter.
    """

    dataset: Any
    chunk: tuple[int, ...] | None
    shuffled: bool


def write_dataset(file: h5f.FileID, path: str, ready: Packed, go_on: Callable[[int], None]) -> Placed:
    """
    Write an array; its digest is found meanwhile.

    Parameters
    ----------
    file : h5py.h5f.FileID
        The file, open for writing.
    path : str
        Where.
    ready : Packed
        The array.
    go_on : callable
        Called with the bytes of each band that was written; raises to end early.

    Returns
    -------
    Placed
        The dataset, and how it is laid out.
    """
    item = ready.item
    dataset = _create(file, path, item, ready.chunk, ready.recipe)
    total, sums = hashlib.sha256(), []
    place = 0
    for band, check, chunks in ready.bands:
        if not ready.digest:
            total.update(buffer_of(band))
        if ready.chunk is None:
            _write_rows(dataset, band, place)
        for corner, raw in chunks:
            dataset.write_direct_chunk((place + corner[0], *corner[1:]), raw)
        place += len(band) if item.shape else 0
        sums.append(check)
        go_on(band.nbytes)
    item.attrs[DIGEST] = np.bytes_(ready.digest or total.hexdigest())
    if len(sums) > 1:
        # So that a slice can be checked too, which the digest of the whole cannot do.
        item.attrs |= {CHECKSUMS: np.array(sums, np.uint32), CHECKED_ROWS: item.rows}
    write_attributes(dataset, item.attrs)
    return Placed(dataset, ready.chunk, ready.recipe is not None and ready.recipe.shuffle)


def _packed(
    band: Array, chunk: tuple[int, ...] | None, recipe: Recipe | None, checked: bool
) -> tuple[Array, int, list[tuple[tuple[int, ...], bytes]]]:
    """Compress the chunks of a band; this runs in threads."""
    check = crc32(band) if checked else 0
    if chunk is None or recipe is None:
        return band, check, []
    if band.shape == chunk:
        return band, check, [((0,) * band.ndim, recipe.pack(band))]
    found = []
    for corner in itertools.product(*(range(0, size, step) for size, step in zip(band.shape, chunk, strict=True))):
        part = band[tuple(slice(low, low + step) for low, step in zip(corner, chunk, strict=True))]
        whole = np.zeros(chunk, band.dtype)
        whole[tuple(slice(0, size) for size in part.shape)] = part
        found.append((corner, recipe.pack(whole)))
    return band, check, found


def _create(file: h5f.FileID, path: str, item: Encoded, chunk: tuple[int, ...] | None, recipe: Recipe | None) -> Any:
    plan = _plan_of(chunk, item.dtype.itemsize if recipe is not None and recipe.shuffle else 0)
    # Text that is UTF-8 says so in what numpy does not compare.
    kind = h5t.py_create(item.dtype, logical=True) if item.dtype.kind == "S" else _type_of(item.dtype)
    return h5d.create(file, name_of(path), kind, _space_of(item.shape), plan, links())


@functools.lru_cache(maxsize=256)
def _plan_of(chunk: tuple[int, ...] | None, shuffled: int) -> Any:
    """Give the way in which a dataset is laid out; bytes of an element that is shuffled, or 0."""
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_obj_track_times(False)
    if chunk is not None:
        plan.set_chunk(chunk)
        # Every element is written: nothing has to be filled in first.
        plan.set_fill_time(h5d.FILL_TIME_NEVER)
        if shuffled:
            plan.set_filter(h5z.FILTER_SHUFFLE, h5z.FLAG_OPTIONAL, (shuffled,))
        plan.set_deflate(_LEVEL)
    return plan


@functools.cache
def links() -> Any:
    """
    Give the way in which names are put into a file.

    Returns
    -------
    h5py.h5p.PropLCID
        Groups above are made, and names are UTF-8.
    """
    plan = h5p.create(h5p.LINK_CREATE)
    plan.set_create_intermediate_group(True)
    plan.set_char_encoding(h5t.CSET_UTF8)
    return plan


def name_of(path: str) -> bytes:
    """
    Give a path as it stands in a file.

    Parameters
    ----------
    path : str
        The path.

    Returns
    -------
    bytes
        The same.
    """
    return path.encode("utf-8", "surrogateescape")


def _write_rows(dataset: Any, band: Array, first: int) -> None:
    if not band.ndim or not band.size:
        if band.size:
            dataset.write(h5s.ALL, h5s.ALL, band)
        return
    space = dataset.get_space()
    space.select_hyperslab((first, *(0 for _ in band.shape[1:])), band.shape)
    dataset.write(h5s.create_simple(band.shape), space, band)


# tvbo 0.5.3 takes these two as text of variable length only. That is never read here: the datasets say the same.
_FOR_OTHERS = ("format", "element_type")
_VARIABLE = h5py.string_dtype()


def write_attributes(item: Any, attrs: Mapping[str, Any]) -> None:
    """
    Write the attributes of an object; text gets a fixed length: a variable one lies in a heap without checksums.

    Parameters
    ----------
    item : h5py.h5d.DatasetID or h5py.h5g.GroupID
        The object.
    attrs : mapping of str to object
        Text, bytes, numbers and arrays of numbers.
    """
    for name, value in attrs.items():
        if isinstance(value, str) and name in _FOR_OTHERS:
            data, kind = np.array(value, dtype=_VARIABLE), _type_of(_VARIABLE)
        else:
            data = np.asarray(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)
            if data.dtype.kind == "S" and not data.dtype.itemsize:
                # HDF5 has no text of no length.
                data = data.astype("S1")
            kind = _type_of(data.dtype)
        # What lies in memory is of the same type, but for text of variable length.
        given = None if data.dtype.kind == "O" else kind
        h5a.create(item, name.encode(), kind, _space_of(data.shape)).write(data, given)


# libhdf5 takes as long to make these as to write what they describe.
@functools.lru_cache(maxsize=256)
def _type_of(dtype: np.dtype[Any]) -> Any:
    return h5t.py_create(dtype, logical=True)


@functools.lru_cache(maxsize=256)
def _space_of(shape: tuple[int, ...]) -> Any:
    return h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)
