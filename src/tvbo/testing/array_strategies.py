"""Hypothesis strategies over the text, arrays and sparse matrices that The Virtual Brain takes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

__all__ = [
    "SPARSE_FORMATS",
    "TRICKY_TEXTS",
    "Draw",
    "Shape",
    "bool_arrays",
    "float_arrays",
    "int_arrays",
    "label_arrays",
    "sparse_matrices",
    "texts",
]

SPARSE_FORMATS = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")

# Each is misread by some parser, lost by some encoding or cut by some container.
TRICKY_TEXTS = (
    "rA1", "lV1", "", "no", "y", "Yes", "on", "null", "~", "true", "None", "1", "007", "1e3", "1_000", ".5",
    "-.inf", ".nan", "0x1F", "0o17", "12:30", "190:20:30", "2020-01-01", "2001-12-14t21:59:43.10-05:00", "=",
    "<<", "- a", "? a", "a: b", "a:", ": a", "#a", "a #b", "&a", "*a", "!a", "!!str a", "%a", "@a", "`a", "|",
    ">", "{", "}", "[]", "{a: 1}", ",", "'", '"', "''", "T'5", "'a'", '"a"', "\\", "\\n", "a\\", " a", "a ",
    "\ta", "a\t", "\n", "a\nb", "a\r\nb", "a\n", "\n\na", "---", "...", "\x00a", "a\x00b", "\x01", "\x07",
    "\x1b", "\x7f", "\x85", "a\x85b", "\xa0", "\xad", "\u2028", "\u2029", "\ufeff", "a\ufeff", "\ufffe",
    "\uffff", "\ud800", "\udfff", "a\ud83d", "\ud83d\ude00", "\U0001f600", "\U0010ffff", "é", "e\u0301",
    "G´1", "左海馬", "ß", "İ", "\u202eabc", "a/b", "../a", ".", "a.b", "a[0]", "x" * 128, "é" * 128,
    "\U0001f600" * 128, " " * 128,
)  # fmt: skip


def _palette() -> Any:
    """256 bit patterns of float64: the first 16 tame, then the traps, then noise."""
    tame = [0.0, 1.0, 2.0, 3.0, 0.5, 0.1, -1.0, 10.0, 1 / 3, 42.0, 7.25, -2.5, 100.0, 1e-3, 65.43, 12.0]
    traps = [-0.0, math.inf, -math.inf, 1e39, 1e-320, -1e-320, 5e-324, 1.7976931348623157e308, 2.0**53 + 2]
    patterns = [int(bits) for bits in np.array(tame + traps).view(np.uint64)]
    patterns += [
        0x7FF8000000000000,  # the usual NaN
        0xFFF8000000000000,  # its negative
        0x7FF8000000000001,  # with a payload
        0xFFFFFFFFFFFFFFFF,
        0x7FF0000000000001,  # signalling
        0xFFF4000000000000,  # signalling and negative
    ]
    noise = np.random.Generator(np.random.PCG64(20260101)).integers(0, 2**64, 256, dtype=np.uint64)
    noise[: len(patterns)] = patterns
    return noise


_PALETTE = _palette()
_N_TAME = 16
_INTEGERS = np.array([0, 1, 2, 3, -1, 5, 7, 75, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)], np.int64)

Draw = Callable[[Any], Any]
Shape = tuple[int, ...]


def texts() -> Any:
    """
    Draw text that parsers, encodings and containers stumble over.

    Control characters, lone surrogates and the empty text are among it; it is at most 128 characters long, as
    TVB's labels are.

    Returns
    -------
    SearchStrategy of str
        The strategy.
    """
    return st.one_of(st.sampled_from(TRICKY_TEXTS), st.text(st.characters(), max_size=6))


def float_arrays(shape: Shape, *, tame: bool = False) -> Any:
    """
    Draw float64 arrays of any bit patterns and any memory order.

    NaN of either sign, quiet and signalling and with payloads, denormals, infinities and -0.0 are frequent.

    Parameters
    ----------
    shape : tuple of int
        The shape.
    tame : bool
        Draw ordinary finite numbers only.

    Returns
    -------
    SearchStrategy of array
        The strategy.
    """
    return st.composite(_float_array)(shape, tame)


def _float_array(draw: Draw, shape: Shape, tame: bool) -> Any:
    codes = _codes(draw, shape)
    if tame:
        bits = np.array(_PALETTE[codes % _N_TAME])
    else:
        bits = np.array(_PALETTE[codes])
        # One pattern is free, so that every bit pattern can be drawn.
        if (codes == 255).any():
            bits[codes == 255] = np.uint64(draw(st.integers(0, 2**64 - 1)))
    return _in_some_order(draw, bits.view(np.float64))


def int_arrays(shape: Shape, *, below: int | None = None) -> Any:
    """
    Draw int64 arrays of any memory order, the extremes and what float64 cannot hold among them.

    Parameters
    ----------
    shape : tuple of int
        The shape.
    below : int, optional
        Draw indices from 0 up to but not including this; none or 0 for any integers.

    Returns
    -------
    SearchStrategy of array
        The strategy.
    """
    return st.composite(_int_array)(shape, below)


def _int_array(draw: Draw, shape: Shape, below: int | None = None) -> Any:
    codes = _codes(draw, shape)
    values = _INTEGERS[codes % len(_INTEGERS)] if not below else codes.astype(np.int64) % below
    return _in_some_order(draw, values)


def bool_arrays(shape: Shape) -> Any:
    """
    Draw arrays of booleans of any memory order.

    Parameters
    ----------
    shape : tuple of int
        The shape.

    Returns
    -------
    SearchStrategy of array
        The strategy.
    """
    return st.composite(_bool_array)(shape)


def _bool_array(draw: Draw, shape: Shape) -> Any:
    return _in_some_order(draw, _codes(draw, shape) % 2 == 1)


def label_arrays(shape: Shape) -> Any:
    """
    Draw arrays of text of at most 128 characters (dtype ``U128``).

    Parameters
    ----------
    shape : tuple of int
        The shape.

    Returns
    -------
    SearchStrategy of array
        The strategy.
    """
    return st.composite(_label_array)(shape)


def _label_array(draw: Draw, shape: Shape) -> Any:
    labels = np.empty(shape, "U128")
    labels[...] = np.array([draw(texts()) for _ in range(labels.size)], "U128").reshape(shape)
    return labels


def _codes(draw: Draw, shape: Shape) -> Any:
    # One draw for the whole array: a strategy per element would be a hundred times slower.
    size = math.prod(shape)
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8).reshape(shape)


def _in_some_order(draw: Draw, array: Any) -> Any:
    array = np.asarray(array)  # numpy turns arrays without dimensions into scalars
    if array.ndim < 2 or not draw(st.booleans()):
        return array
    if array.ndim == 2:
        return np.asfortranarray(array)
    axes = draw(st.permutations(range(array.ndim)))
    return np.ascontiguousarray(array.transpose(axes)).transpose(np.argsort(axes))


def sparse_matrices(shape: tuple[int, int], formats: Sequence[str] = SPARSE_FORMATS) -> Any:
    """
    Draw sparse matrices (scipy's ``*_matrix`` classes, which TVB takes) in every state that scipy allows.

    They have unsorted indices, duplicates, explicit zeros, NaN, int64 indices and other element types.

    Parameters
    ----------
    shape : tuple of int
        The shape.
    formats : sequence of str
        The layouts to choose from.

    Returns
    -------
    SearchStrategy of spmatrix
        The strategy.
    """
    return st.composite(_sparse_matrix)(shape, tuple(formats))


# scipy sums duplicates, signalling NaN among them.
@np.errstate(all="ignore")
def _sparse_matrix(draw: Draw, shape: tuple[int, int], formats: Sequence[str]) -> Any:
    layout = draw(st.sampled_from(list(formats)))
    dtype = draw(st.sampled_from(["f8", "f8", "f8", "f4", "c16", "i8", "i4", "u1", "?"]))
    rows, columns = shape
    count = draw(st.integers(0, 8)) if rows and columns else 0
    if layout == "dia":
        offsets = draw(st.lists(st.integers(-rows, max(columns, 1)), max_size=3, unique=True))
        data = _stored_values(draw, (len(offsets), draw(st.integers(0, columns + 1))), dtype)
        return sp.dia_matrix((data, np.array(offsets, np.int32)), shape=shape)
    if layout == "bsr":
        return _bsr_matrix(draw, shape, dtype)
    row = _int_array(draw, (count,), rows).astype(np.int32)
    column = _int_array(draw, (count,), columns).astype(np.int32)
    data = _stored_values(draw, (count,), dtype)
    if layout == "dok":
        return _dok_matrix(row, column, data, shape)
    if layout == "lil":
        return _lil_matrix(row, column, data, shape)
    wide = draw(st.booleans())
    if layout == "coo":
        coo = sp.coo_matrix((data, (row, column)), shape=shape)
        if draw(st.booleans()):
            coo.sum_duplicates()
        if wide:
            coo.row, coo.col = coo.row.astype(np.int64), coo.col.astype(np.int64)
        return coo
    # Laid out by hand, since scipy's conversions would sort and sum.
    outer, inner, n_outer = (row, column, rows) if layout == "csr" else (column, row, columns)
    by_outer = np.argsort(outer, kind="stable")
    pointers = np.zeros(n_outer + 1, np.int32)
    np.cumsum(np.bincount(outer, minlength=n_outer), out=pointers[1:])
    container = sp.csr_matrix if layout == "csr" else sp.csc_matrix
    matrix = container((data[by_outer], inner[by_outer], pointers), shape=shape)
    if draw(st.booleans()):
        matrix.sum_duplicates()
    if wide:
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int64), matrix.indptr.astype(np.int64)
    return matrix


def _stored_values(draw: Draw, shape: Shape, dtype: str) -> Any:
    if dtype == "c16":
        return _float_array(draw, (2 * math.prod(shape),), False).view(np.complex128).reshape(shape)
    if dtype == "f8":
        return _float_array(draw, shape, False)
    with np.errstate(all="ignore"):
        return _int_array(draw, shape).astype(dtype)


def _bsr_matrix(draw: Draw, shape: tuple[int, int], dtype: str) -> Any:
    if not all(shape):
        return sp.coo_matrix(np.zeros(shape, dtype)).tobsr()
    tall, wide = (draw(st.sampled_from([k for k in (1, 2, 3) if n % k == 0])) for n in shape)
    rows = shape[0] // tall
    per_row = [draw(st.integers(0, 2)) for _ in range(rows)]
    count = sum(per_row)
    indices = _int_array(draw, (count,), shape[1] // wide).astype(np.int32)
    indptr = np.cumsum([0, *per_row]).astype(np.int32)
    return sp.bsr_matrix((_stored_values(draw, (count, tall, wide), dtype), indices, indptr), shape=shape)


def _dok_matrix(row: Any, column: Any, data: Any, shape: tuple[int, int]) -> Any:
    # The first half arrives sorted and may hold zeros, the second half is put in one by one.
    half = len(data) // 2
    matrix = sp.coo_matrix((data[:half], (row[:half], column[:half])), shape=shape).todok()
    for i, j, value in zip(row[half:], column[half:], data[half:], strict=True):
        matrix[int(i), int(j)] = value
    return matrix


def _lil_matrix(row: Any, column: Any, data: Any, shape: tuple[int, int]) -> Any:
    matrix = sp.lil_matrix(shape, dtype=data.dtype)
    for i in range(shape[0]):
        entries = dict(zip(column[row == i].tolist(), data[row == i].tolist(), strict=True))
        matrix.rows[i] = sorted(entries)
        matrix.data[i] = [entries[j] for j in matrix.rows[i]]
    return matrix
