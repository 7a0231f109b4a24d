"""Arrays and a description in one gzip member: what a page of the viewer carries as base64."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# The level beyond which the size hardly falls, and the time doubles.
_LEVEL = 7
# float32 holds magnitudes between these without becoming 0 or infinite.
_SMALLEST, _GREATEST = 1e-30, 1e38


class Quantised(NamedTuple):
    """
    Positions as 16-bit steps along each axis.

    Attributes
    ----------
    steps : array, shape (n, 3), uint16
        Position = offset + steps * step.
    offset, step : list of float, length 3 [unit of the positions]
        The corner of the box, and the length of a step.
    """

    steps: Array
    offset: list[float]
    step: list[float]


def quantised(points: npt.ArrayLike) -> Quantised:
    """
    Put positions on a grid of 65,536 steps along each axis, which is finer than a screen.

    Parameters
    ----------
    points : array, shape (n, 3)
        Finite positions.

    Returns
    -------
    Quantised
        The steps. A position is off by half a step at most.
    """
    values = np.asarray(points, dtype=np.float64)
    if not len(values):
        return Quantised(np.zeros((0, 3), dtype=np.uint16), [0.0] * 3, [0.0] * 3)
    low = values.min(axis=0)
    # Divided before it is subtracted: the difference may be beyond float64.
    step = values.max(axis=0) / 65535 - low / 65535
    divisor = np.where(step > 0, step, 1.0)
    shares = np.where(step > 0, values / divisor - low / divisor, 0.0)
    steps = np.clip(np.rint(shares), 0, 65535).astype(np.uint16)
    return Quantised(steps, low.tolist(), step.tolist())


def as_floats(values: npt.ArrayLike) -> Array:
    """
    Give numbers as float32 where that changes them by no more than rounding, and as float64 elsewhere.

    Parameters
    ----------
    values : array_like
        Real numbers.

    Returns
    -------
    array, same shape, float32 or float64
        The numbers.
    """
    given = np.asarray(values, dtype=np.float64)
    size = np.abs(given[np.isfinite(given) & (given != 0)])
    held = size.min(initial=1.0) > _SMALLEST and size.max(initial=1.0) < _GREATEST
    return given.astype(np.float32) if held else given


def pack(description: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """
    Put a description and arrays into one text.

    Parameters
    ----------
    description : mapping
        Plain values, as JSON holds them.
    arrays : mapping of str to array
        Arrays of 1, 2, 4 or 8 bytes an element.

    Returns
    -------
    str
        Base64 of gzip of: the length of the JSON (uint32), the JSON, padding to 8 bytes, the arrays. The JSON is the
        description and, as ``arrays``, where each array lies. Integers are differences to the row before, since the
        neighbours in a mesh are alike; all are stored byte plane by byte plane. Little-endian.
    """
    places: dict[str, Any] = {}
    parts: list[bytes] = []
    start = 0
    for name, values in arrays.items():
        array = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        stride = 0
        if array.dtype.kind in "iu" and array.dtype.itemsize > 1:
            stride = array.shape[1] if array.ndim == 2 else 1
            array = _differences(array.reshape(-1), stride)
        places[name] = {
            "type": f"{array.dtype.kind}{array.dtype.itemsize}",
            "shape": list(values.shape),
            "start": start,
            "stride": stride,
        }
        planes = np.frombuffer(array.tobytes(), np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes()
        parts.append(planes)
        start += len(planes)
    text = json.dumps({**description, "arrays": places}, allow_nan=False).encode()
    head = len(text).to_bytes(4, "little") + text
    blob = b"".join([head, bytes(-len(head) % 8), *parts])
    # No time of day in it: the same network gives the same page.
    return base64.b64encode(gzip.compress(blob, _LEVEL, mtime=0)).decode()


def _differences(flat: Array, stride: int) -> Array:
    """Subtract from each element the one a row before; what falls below zero wraps, and wraps back in the page."""
    changed = flat.copy()
    np.subtract(flat[stride:], flat[:-stride], out=changed[stride:])
    return changed
