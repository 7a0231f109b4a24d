"""Copies of trait values, and those that TVB derives from others."""

from typing import Any

import numpy as np

from tvbo.model.arrays import is_sparse, load
from tvbo.storage.sparse import copy_sparse


def has_shape(value: Any, shape: tuple[int | None, ...]) -> bool:
    """
    Tell whether a value has a shape.

    Parameters
    ----------
    value : object
        Anything.
    shape : tuple of int or None
        The shape; None stands for any length.

    Returns
    -------
    bool
        False also for what has no shape at all.
    """
    found = getattr(value, "shape", None)
    return (
        found is not None
        and len(found) == len(shape)
        and all(want is None or have == want for have, want in zip(found, shape, strict=True))
    )


def copied(values: Any) -> Any:
    """
    Copy an array, in its memory order.

    Parameters
    ----------
    values : array
        The array.

    Returns
    -------
    array
        The copy.
    """
    return values.copy(order="K")


def plain(value: Any) -> Any:
    """
    Copy a value, so that the network does not change with the object, nor the object with the network.

    Parameters
    ----------
    value : object
        A value; dicts, lists and tuples are copied through and through, and arrays in them.

    Returns
    -------
    object
        The copy, in memory.
    """
    if type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    if isinstance(value, np.generic):
        return value
    if is_sparse(value):
        return copy_sparse(load(value))
    return np.array(load(value), order="K") if hasattr(value, "__array__") else value


def derived_delays(traits: dict[str, Any]) -> Any:
    """
    Compute delays as ``Connectivity.configure`` does.

    Parameters
    ----------
    traits : dict
        What the object holds.

    Returns
    -------
    array or None
        The delays [ms]; None if it could not have computed them.
    """
    lengths, speed = traits.get("tract_lengths"), traits.get("speed")
    if lengths is None or speed is None:
        return None
    try:
        with np.errstate(all="ignore"):
            return lengths / speed
    except ValueError:
        return None


def derived_connections(traits: dict[str, Any]) -> int | None:
    """
    Count connections as ``Connectivity.configure`` does.

    Parameters
    ----------
    traits : dict
        What the object holds.

    Returns
    -------
    int or None
        How many weights are not zero; None if there are no weights.
    """
    weights = traits.get("weights")
    return None if weights is None or not weights.ndim else int(np.count_nonzero(weights))


# What Connectivity.configure computes, and what of: not stored if it is as computed, so that it follows an edit.
DERIVED = {
    "delays": ("tract_lengths / speed", derived_delays),
    "number_of_connections": ("nonzero weights", derived_connections),
}


def is_derived(traits: dict[str, Any], name: str) -> bool:
    """
    Tell whether a trait is exactly what ``Connectivity.configure`` computes.

    Parameters
    ----------
    traits : dict
        What the object holds.
    name : str
        Which trait.

    Returns
    -------
    bool
        False also for a trait that it does not compute.
    """
    if name not in DERIVED:
        return False
    value, derived = traits[name], DERIVED[name][1](traits)
    return same_array(value, derived) or (type(value) is int and value == derived)


def derived_idelays(traits: dict[str, Any], name: str) -> Any:
    """
    Compute what ``Connectivity.set_idelays`` leaves beside its trait.

    Parameters
    ----------
    traits : dict
        What the object holds.
    name : str
        Which attribute.

    Returns
    -------
    object
        Its value; None if it could not have been computed.
    """
    idelays, n = traits.get("idelays"), traits.get("number_of_regions")
    if idelays is None or type(n) is not int or idelays.shape != (n, n) or not n:
        return None
    inodes = np.tile(np.r_[:n], (n, 1))
    if name == "inodes":
        return inodes
    if name == "delay_indices":
        return idelays * n + inodes
    return idelays.any() if name == "has_delays" else idelays.max() + 1


def same_array(a: Any, b: Any) -> bool:
    """
    Tell whether two arrays are the same in bits, shape, dtype and layout.

    Parameters
    ----------
    a, b : object
        The two.

    Returns
    -------
    bool
        False also if one is no array.
    """
    return (
        isinstance(a, np.ndarray)
        and isinstance(b, np.ndarray)
        and (a.shape, a.dtype, a.strides) == (b.shape, b.dtype, b.strides)
        and a.tobytes() == b.tobytes()
    )
