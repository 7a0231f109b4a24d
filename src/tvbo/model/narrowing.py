"""Arrays in the narrower types that some files have: exactly, or, if that is accepted, as near as they come."""

from typing import Any

import numpy as np

from tvbo.errors import LossyConversionError, ShapeError
from tvbo.model.arrays import Array, load
from tvbo.model.bits import deviation


def narrowed(values: Any, dtype: Any, what: str, target: str, *, unit: str = "", allow_lossy: bool = False) -> Array:
    """
    Give an array in the type that a file has for it.

    Parameters
    ----------
    values : array or lazy array
        The values.
    dtype : dtype-like
        The type.
    what : str
        What they are, for messages.
    target : str
        The name of the file.
    unit : str
        The unit of the values.
    allow_lossy : bool
        Whether they may be rounded.

    Returns
    -------
    array
        In that type, in row order.

    Raises
    ------
    LossyConversionError
        If that changes values and is not allowed.
    """
    given, wanted = np.asarray(load(values)), np.dtype(dtype)
    with np.errstate(all="ignore"):
        made = np.ascontiguousarray(given.astype(wanted))
        found = "" if given.dtype == wanted else deviation(np.ascontiguousarray(given), made.astype(given.dtype))
    if found and not allow_lossy:
        measured = f"{found} {unit}".rstrip() if "deviation" in found else found
        raise LossyConversionError(
            f"{target} holds {what} as {wanted.name}, which changes {given.dtype.name} ({measured}): "
            "save as .yaml to keep every bit, or give allow_lossy=True to round"
        )
    return made


def are_truths(values: Array) -> bool:
    """
    Tell whether each value is true or false.

    Parameters
    ----------
    values : array
        The values.

    Returns
    -------
    bool
        True for booleans, and for the numbers 0 and 1.
    """
    return values.dtype.kind == "b" or (values.dtype.kind in "iuf" and bool(np.isin(values, (0, 1)).all()))


def truths(values: Any, column: str) -> Array:
    """
    Give a column of nodes as booleans; what is neither true nor false means something else, and is refused.

    Parameters
    ----------
    values : array or lazy array, shape (n,)
        The values.
    column : str
        The name of the column, for messages.

    Returns
    -------
    array, shape (n,), bool
        The values. In the column ``hemisphere`` True is the right.

    Raises
    ------
    ShapeError
        If a value is something else than true, false, 0 or 1: any text, which numpy takes for true.
    """
    given = np.asarray(load(values))
    if not are_truths(given):
        odd = given[~np.isin(given, (0, 1))] if given.dtype.kind in "iuf" else given.reshape(-1)
        meant = "True (right) or False (left)" if column == "hemisphere" else "True or False"
        raise ShapeError(
            f"the column {column!r} has dtype {given.dtype} and values such as {odd[0]!s}: expected what fits into "
            f"bool, {meant}; set net.nodes.columns[{column!r}] to booleans, or remove it"
        )
    return given.astype(bool)
