"""The memory order of arrays, which TVB keeps and HDF5 does not."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


def order_of(values: Array) -> str:
    """
    Tell the memory order of an array.

    Parameters
    ----------
    values : array
        A numpy array.

    Returns
    -------
    str
        ``"C"``, ``"F"``, or the axes from the slowest to the fastest, such as ``"0,2,1"``.
    """
    if values.flags.c_contiguous:
        return "C"
    if values.flags.f_contiguous:
        return "F"
    axes = sorted(range(values.ndim), key=lambda axis: -abs(values.strides[axis]))
    return "C" if axes == list(range(values.ndim)) else ",".join(map(str, axes))


def in_order(values: Array, order: str) -> Array:
    """
    Lay an array out in a memory order.

    Parameters
    ----------
    values : array
        A numpy array.
    order : str
        As `order_of` gives it.

    Returns
    -------
    array
        The same values; the same array if it has that order already.
    """
    if order in ("C", "F"):
        return np.asarray(values, order="C" if order == "C" else "F")
    axes = [int(axis) for axis in order.split(",")]
    return np.ascontiguousarray(values.transpose(axes)).transpose(np.argsort(axes))
