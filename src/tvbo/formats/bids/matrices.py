"""A relationship matrix as a file: text or HDF5, dense or as a list of its entries."""

from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, ShapeError, UnknownFormatError, warn
from tvbo.formats.bids import tables
from tvbo.formats.bids.tables import SPARSE, Array
from tvbo.limits import Limits
from tvbo.model.arrays import is_sparse
from tvbo.storage.bounded import read_bytes, table
from tvbo.storage.order import in_order, order_of
from tvbo.storage.plain_hdf5 import PlainFile, build
from tvbo.storage.sparse import sparse_from_parts, sparse_kind, sparse_parts

# The dataset of a dense matrix.
DENSE = "relmat"
# Layouts that a list of entries in their order gives back.
_LISTED = ("csr", "csc", "coo", "lil", "dok")


def encoded(values: Any, storage: str) -> tuple[str, bytes, dict[str, Any]] | None:
    """
    Write a matrix.

    Parameters
    ----------
    values : array or sparse matrix
        The matrix.
    storage : {"tsv", "h5"}
        Text or HDF5.

    Returns
    -------
    (str, bytes, dict) or None
        What the name ends with, such as ``.dense.tsv``; the file; and what it does not say. None if such numbers
        cannot be written.
    """
    if storage == "tsv" and not tables.is_exact(values.dtype):
        return None
    if not is_sparse(values):
        note: dict[str, Any] = {"shape": list(values.shape)}
        if storage == "tsv":
            return ".dense.tsv", tables.lines(tables.fields(values)), note | tables.note_of(values)
        order = order_of(values)
        note |= {"order": order} if order != "C" else {}
        return ".dense.h5", build({DENSE: values}, {}), note
    if values.format not in _LISTED:
        values = values.tocsr()
    row, column, data, note = _entries(values)
    if storage == "h5":
        return ".sparse.h5", build(dict(zip(SPARSE, (row, column, data), strict=True)), {}), note
    text = zip(*map(tables.fields, (row, column, data)), strict=True)
    head = "\t".join(SPARSE) + "\n"
    return ".sparse.tsv", head.encode() + tables.lines(list(map(list, text))), note | tables.note_of(data)


def _entries(values: Any) -> tuple[Array, Array, Array, dict[str, Any]]:
    """List the entries of a sparse matrix in the order in which they are stored."""
    parts = sparse_parts(values)
    layout, data = str(values.format), parts["data"]
    note: dict[str, Any] = {"layout": layout, "kind": sparse_kind(values), "shape": list(values.shape)}
    if layout == "coo":
        row, column = parts["row"], parts["col"]
        note["index"] = [row.dtype.str, column.dtype.str]
    elif layout == "dok":
        row, column = parts["keys"][:, 0], parts["keys"][:, 1]
    elif layout == "lil":
        row, column = np.repeat(np.arange(len(parts["counts"])), parts["counts"]), parts["columns"]
    else:
        pointer, index = parts["indptr"], parts["indices"]
        note["index"] = [pointer.dtype.str, index.dtype.str]
        stored = int(pointer[-1])
        lines = np.repeat(np.arange(len(pointer) - 1), np.diff(pointer))
        row, column = (lines, index[:stored]) if layout == "csr" else (index[:stored], lines)
        data = data[:stored]
    return row, column, data, note


def _of_entries(row: Array, column: Array, data: Array, note: dict[str, Any], where: object) -> Any:
    """Make the matrix that a list of entries comes from."""
    try:
        rows, columns = map(int, note["shape"])
        layout = str(note["layout"])
        row, column = row.astype(np.int64), column.astype(np.int64)
        for name, places, size in (("row", row, rows), ("column", column, columns)):
            if places.size and not 0 <= places.min() <= places.max() < size:
                raise ValueError(f"a {name} of {places.min()} or {places.max()}: expected 0 to {size - 1}")
        if layout in ("lil", "dok"):
            keys = np.stack([row, column], axis=1)
            parts = {"keys": keys, "columns": column, "data": data}
            if layout == "lil":
                parts["counts"] = _counts(row, rows)
        elif layout == "coo":
            first, second = map(np.dtype, note["index"])
            parts = {"row": row.astype(first), "col": column.astype(second), "data": data}
        else:
            first, second = map(np.dtype, note["index"])
            lines, index, size = (row, column, rows) if layout == "csr" else (column, row, columns)
            pointer = np.concatenate([[0], np.cumsum(_counts(lines, size))]).astype(first)
            parts = {"indptr": pointer, "indices": index.astype(second), "data": data}
        return sparse_from_parts(layout, str(note["kind"]), (rows, columns), parts)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise DamagedFileError(f"{where}: its list of entries does not make up a matrix: {error}") from error


def _counts(lines: Array, size: int) -> Array:
    """Count the entries of each line; they must stand in order."""
    if (np.diff(lines) < 0).any():
        raise ValueError("entries are not in the order of their lines")
    return np.bincount(lines, minlength=size).astype(np.int64)


def decoded(
    path: Path, extension: str, note: dict[str, Any] | None, size: int | None, limits: Limits
) -> tuple[Any, list[str] | None]:
    """
    Read a matrix.

    Parameters
    ----------
    path : Path
        The file.
    extension : str
        What its name ends with.
    note : dict or None
        What `encoded` said of it; None for a file of somebody else.
    size : int or None
        How many nodes there are, if that is known.
    limits : Limits
        What it may ask for.

    Returns
    -------
    values : array or sparse matrix
        The matrix.
    names : list of str or None
        What the table calls its rows and columns.

    Raises
    ------
    ShapeError, DamagedFileError, UnsafeFileError
        If it cannot be understood, or asks for too much.
    """
    if note is not None:
        _check_claim(note, path, limits)
    if extension.endswith(".h5"):
        return _of_hdf5(path, extension, note, size, limits), None
    if extension.startswith(".sparse"):
        return _of_list(path, note, size, limits), None
    data = read_bytes(path, limits.inflated_bytes, "inflated_bytes").removeprefix(b"\xef\xbb\xbf")
    if note is not None:
        found = tables.plain(data, tables.kind_to_read(note, path), limits, path)
        return tables.as_noted(_shaped(found, note, path), note, path), None
    head = data.partition(b"\n")[0].decode("latin-1").rstrip("\r").split("\t")
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    blanks = b"\t\t" in data or b"\n\t" in data or b"\t\n" in data or b"\t\r" in data or data.startswith(b"\t")
    if (
        len(head) > 1
        and len(head) == lines
        and size in (None, lines)
        and not blanks
        and all(map(tables.is_number, head))
    ):
        # The plain form, which numpy reads.
        return tables.plain(data, np.float64, limits, path), None
    return tables.named(table(path, limits, "\t"), size, path)


def _check_claim(note: dict[str, Any], path: Path, limits: Limits) -> None:
    shape = note.get("shape")
    if not isinstance(shape, list) or len(shape) != 2 or not all(type(each) is int and each >= 0 for each in shape):
        raise DamagedFileError(f"{path}: shape is {str(shape)[:60]}: expected two numbers")
    limits.check("nodes", max(shape), f"{path}: rows or columns")


def _shaped(values: Array, note: dict[str, Any], path: Path) -> Array:
    rows, columns = note["shape"]
    if values.size != rows * columns or (values.size and values.shape != (rows, columns)):
        raise ShapeError(f"{path} has shape {values.shape}: expected ({rows}, {columns}), as its sidecar says")
    return values.reshape(rows, columns)


def _of_list(path: Path, note: dict[str, Any] | None, size: int | None, limits: Limits) -> Any:
    data = read_bytes(path, limits.inflated_bytes, "inflated_bytes").removeprefix(b"\xef\xbb\xbf")
    head, _, rest = data.partition(b"\n")
    if not all(map(tables.is_number, head.decode("latin-1").split("\t"))):
        data = rest
    kind = tables.kind_to_read(note or {}, path)
    found = tables.plain(data, kind, limits, path) if data.strip() else np.empty((0, 3), kind)
    if found.shape[1] != 3:
        raise ShapeError(f"{path} has {found.shape[1]} columns: expected row, column and value")
    row, column, values = found.T
    if note is not None:
        return _of_entries(row, column, tables.as_noted(values, note, path), note, path)
    return _somebodys(row, column, values, size, path, limits)


def _somebodys(row: Array, column: Array, values: Array, size: int | None, path: Path, limits: Limits) -> Any:
    """Make a matrix of a list of entries that says nothing of its shape."""
    places = np.concatenate([row, column])
    if places.size and not ((places >= 0) & (places < 2**31) & (places == np.floor(places))).all():
        raise DamagedFileError(f"{path} has rows or columns that are no counting numbers")
    row, column = row.astype(np.int64), column.astype(np.int64)
    largest = int(places.max()) if places.size else -1
    if size is not None and largest == size and places.min() >= 1:
        warn(f"{path} counts rows and columns from 1")
        row, column, largest = row - 1, column - 1, largest - 1
    n = largest + 1 if size is None else size
    limits.check("nodes", max(n, largest + 1), f"{path}: rows or columns")
    note = {"layout": "coo", "kind": "array", "shape": [n, n], "index": ["<i4", "<i4"]}
    return _of_entries(row, column, np.ascontiguousarray(values), note, path)


def _of_hdf5(path: Path, extension: str, note: dict[str, Any] | None, size: int | None, limits: Limits) -> Any:
    arrays = PlainFile.open(path, limits).held.arrays
    if all(name in arrays for name in SPARSE):
        row, column, values = (np.asarray(arrays[name]) for name in SPARSE)
        if not row.ndim == column.ndim == values.ndim == 1 or not len(row) == len(column) == len(values):
            raise ShapeError(f"{path}: row, column and value differ in length: expected one of each for every entry")
        if row.dtype.kind not in "iu" or column.dtype.kind not in "iu" or values.dtype.kind not in "biufc":
            raise DamagedFileError(f"{path}: row and column must be integers, and value numbers")
        if note is not None:
            return _of_entries(row, column, values, note, path)
        return _somebodys(row, column, values, size, path, limits)
    square = [name for name, array in arrays.items() if len(array.shape) == 2 and array.dtype.kind in "biufc"]
    name = DENSE if DENSE in square else square[0] if len(square) == 1 else ""
    if not name or extension.startswith(".sparse"):
        raise UnknownFormatError(
            f"{path} holds {', '.join(arrays)[:200] or 'nothing'}: expected one matrix, called {DENSE}, "
            f"or the lists {', '.join(SPARSE)}"
        )
    matrix: Any = arrays[name]
    if note is not None:
        if list(matrix.shape) != note["shape"]:
            raise ShapeError(f"{path} has shape {matrix.shape}: expected {note['shape']}, as its sidecar says")
        if note.get("order") == "F":
            matrix = in_order(np.asarray(matrix), "F")
    return matrix
