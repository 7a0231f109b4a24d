"""Arrays in the narrower types that some files have: exactly, or, if that is accepted, as near as they come."""

from typing import Any

import numpy as np

from tvbo.errors import LossyConversionError
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
