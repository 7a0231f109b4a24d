"""The arrays that make up a sparse matrix, and the matrix that they make up."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp

Array: TypeAlias = npt.NDArray[Any]

_PARTS = {
    "csr": ("indptr", "indices", "data"),
    "csc": ("indptr", "indices", "data"),
    "bsr": ("indptr", "indices", "data"),
    "coo": ("row", "col", "data"),
    "dia": ("offsets", "data"),
    "lil": ("counts", "columns", "data"),
    "dok": ("keys", "data"),
}


def sparse_parts(matrix: Any) -> dict[str, Array]:
    """
    Give the arrays that make up a sparse matrix.

    Parameters
    ----------
    matrix : sparse matrix
        In any of scipy's layouts.

    Returns
    -------
    dict of str to array
        Named as scipy names them; rows of ``lil`` and keys of ``dok`` are laid flat, in their order.
    """
    if matrix.format == "lil":
        return {
            "counts": np.array([len(row) for row in matrix.rows], dtype=np.int64),
            "columns": np.array([column for row in matrix.rows for column in row], dtype=np.int64),
            "data": np.array([value for row in matrix.data for value in row], dtype=matrix.dtype),
        }
    if matrix.format == "dok":
        keys = np.array(list(matrix.keys()), dtype=np.int64).reshape(-1, 2)
        return {"keys": keys, "data": np.array(list(matrix.values()), dtype=matrix.dtype)}
    # Those of a memory map stay what they are.
    return {name: np.asanyarray(getattr(matrix, name)) for name in _PARTS[matrix.format]}


def copy_sparse(matrix: Any) -> Any:
    """
    Copy a sparse matrix exactly; scipy's own copy narrows index arrays.

    Parameters
    ----------
    matrix : sparse matrix
        In any of scipy's layouts.

    Returns
    -------
    sparse matrix
        With arrays of its own.
    """
    parts = {name: part.copy(order="K") for name, part in sparse_parts(matrix).items()}
    return sparse_from_parts(matrix.format, sparse_kind(matrix), matrix.shape, parts)


def sparse_kind(matrix: Any) -> str:
    """
    Tell which of scipy's two families a sparse container belongs to.

    Parameters
    ----------
    matrix : sparse matrix
        The container.

    Returns
    -------
    str
        ``matrix`` for ``csr_matrix`` and its kin, ``array`` for ``csr_array`` and its kin.
    """
    return "matrix" if isinstance(matrix, sp.spmatrix) else "array"


def sparse_from_parts(layout: str, kind: str, shape: tuple[int, ...], parts: Mapping[str, Array]) -> Any:
    """
    Make a sparse matrix of its arrays, exactly: nothing is sorted, summed or dropped.

    Parameters
    ----------
    layout : str
        The scipy name of its layout.
    kind : {"matrix", "array"}
        Which of scipy's families.
    shape : tuple of int
        Its shape.
    parts : mapping of str to array
        As `sparse_parts` gives them.

    Returns
    -------
    sparse matrix
        The matrix.

    Raises
    ------
    ValueError
        If the parts do not make up a matrix; scipy itself would read and write beyond its arrays.
    """
    if layout not in _PARTS or kind not in ("matrix", "array"):
        raise ValueError(f"there is no sparse {kind} in the layout {layout!r}")
    _check_parts(layout, shape, parts)
    make = getattr(sp, f"{layout}_{kind}")
    data = parts["data"]
    if layout == "lil":
        matrix = make(shape, dtype=data.dtype)
        ends = np.cumsum(parts["counts"])
        for row, (start, end) in enumerate(zip(ends - parts["counts"], ends, strict=True)):
            matrix.rows[row] = parts["columns"][start:end].tolist()
            matrix.data[row] = list(data[start:end])
        return matrix
    if layout == "dok":
        matrix = make(shape, dtype=data.dtype)
        for (row, column), value in zip(parts["keys"].tolist(), data, strict=True):
            # Its own setter drops explicit zeros.
            matrix._dict[row, column] = value
        if len(matrix._dict) < len(data):
            raise ValueError("keys stand twice")
        return matrix
    if layout == "coo":
        matrix = make((data, (parts["row"], parts["col"])), shape=shape)
        names: tuple[str, ...] = ("row", "col")
    elif layout == "dia":
        matrix = make((data, parts["offsets"]), shape=shape)
        names = ("offsets",)
    else:
        matrix = make((data, parts["indices"], parts["indptr"]), shape=shape)
        names = ("indices", "indptr")
    for name in names:
        # scipy narrows index arrays to what the shape needs; the dtype given is part of the content.
        if getattr(matrix, name).dtype != parts[name].dtype:
            setattr(matrix, name, parts[name])
    return matrix


def _check_parts(layout: str, shape: tuple[int, ...], parts: Mapping[str, Array]) -> None:
    missing = [name for name in _PARTS[layout] if name not in parts]
    if missing:
        raise ValueError(f"it has no {' and no '.join(missing)}")
    rows, columns = shape
    data = parts["data"]
    for name in _PARTS[layout]:
        axes = {"bsr": 3, "dia": 2}.get(layout, 1) if name == "data" else 2 if name == "keys" else 1
        if parts[name].ndim != axes:
            raise ValueError(f"{name} has {parts[name].ndim} axes: expected {axes}")
        if name != "data" and parts[name].dtype not in (np.int32, np.int64):
            # scipy adds other kinds up as what they are, and writes beyond its arrays.
            raise ValueError(f"{name} holds {parts[name].dtype}: expected int32 or int64")
    if layout in ("csr", "csc", "bsr"):
        high, wide = data.shape[1:] if layout == "bsr" else (1, 1)
        if not high or not wide or rows % high or columns % wide:
            raise ValueError(f"blocks of {high} x {wide} do not fill {rows} x {columns}")
        lines, places = (columns, rows) if layout == "csc" else (rows // high, columns // wide)
        indptr, indices = parts["indptr"], parts["indices"]
        if len(indptr) != lines + 1 or indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any():
            raise ValueError(f"indptr must have {lines + 1} entries that begin with 0 and do not decrease")
        if not indptr[-1] <= min(len(indices), len(data)):
            raise ValueError(f"indptr ends with {indptr[-1]}, but there are {len(indices)} indices, {len(data)} values")
        _check_range("indices", indices, places)
    elif layout == "coo":
        if not len(parts["row"]) == len(parts["col"]) == len(data):
            raise ValueError(f"{len(parts['row'])} rows, {len(parts['col'])} columns and {len(data)} values")
        _check_range("row", parts["row"], rows)
        _check_range("col", parts["col"], columns)
    elif layout == "lil":
        counts = parts["counts"]
        if len(counts) != rows or (counts < 0).any() or not int(counts.sum()) == len(parts["columns"]) == len(data):
            raise ValueError(f"counts must have {rows} entries that add up to the {len(data)} values")
        _check_range("columns", parts["columns"], columns)
    elif layout == "dok":
        if parts["keys"].shape != (len(data), 2):
            raise ValueError(f"keys have shape {parts['keys'].shape}: expected ({len(data)}, 2)")
        _check_range("keys", parts["keys"][:, 0], rows)
        _check_range("keys", parts["keys"][:, 1], columns)
    else:
        if len(parts["offsets"]) != len(data):
            raise ValueError(f"{len(parts['offsets'])} offsets for {len(data)} diagonals")
        if (parts["offsets"] > 2**30).any() or (parts["offsets"] < -(2**30)).any():
            raise ValueError("offsets reach beyond any matrix")


def _check_range(name: str, places: Array, size: int) -> None:
    if places.size and (places.min() < 0 or places.max() >= size):
        raise ValueError(f"{name} run from {places.min()} to {places.max()}: expected 0 to {size - 1}")
