"""
A Hypothesis strategy that changes one thing in an object of The Virtual Brain.

With it a test shows that whatever judges two objects, or sums one up in a digest, overlooks nothing.
"""

import math
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

from tvbo.testing.assertions import clone

__all__ = ["changes"]

Draw = Callable[[Any], Any]


def changes(obj: Any) -> Any:
    """
    Draw copies of an object that differ from it in exactly one thing.

    Parameters
    ----------
    obj : HasTraits
        The object, for example one that another strategy drew. It is left alone.

    Returns
    -------
    SearchStrategy of (str, HasTraits)
        The strategy: the path of what was changed, such as
        ``Cortex.region_mapping_data.surface.vertices``, and the changed copy, which TVB would accept too.
    """
    return st.composite(_change)(obj)


def _change(draw: Draw, obj: Any) -> tuple[str, Any]:
    twin = clone(obj)
    places = list(_places(type(obj).__name__, twin, set()))
    path, owner, name = draw(st.sampled_from(places))
    value = owner.get(name)
    if value is None or (draw(st.integers(0, 7)) == 0 and name not in ("gid", "title", "tags")):
        # Absent, None and a value are three states: move to another one.
        if name in owner:
            del owner[name]
        else:
            owner[name] = None
    else:
        owner[name] = _changed(draw, value)
    return path, twin


def _places(path: str, obj: Any, met: set[int]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Give every trait of an object and of those in it: its path, the dictionary that holds it, its name."""
    met.add(id(obj))
    owner = vars(obj)
    # Those that are set first, in the order in which they were set.
    for name in dict.fromkeys([*owner, *type(obj).declarative_attrs, "title", "tags"]):
        value = owner.get(name)
        if name == "log" or name.startswith("_") or name == "matrix_gdist":
            continue
        if not hasattr(type(value), "declarative_attrs"):
            yield f"{path}.{name}", owner, name
        elif id(value) not in met:
            yield from _places(f"{path}.{name}", value, met)


def _changed(draw: Draw, value: Any) -> Any:
    """Give a value of the same type that differs in one thing."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value > 0 else value + 1
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0.5
        return math.nextafter(value, math.inf) if value else math.copysign(0.0, -math.copysign(1.0, value))
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, uuid.UUID):
        return uuid.UUID(int=value.int ^ 1 << draw(st.integers(0, 127)))
    if isinstance(value, (list, tuple)):
        other = tuple if isinstance(value, list) else list
        return draw(st.sampled_from([other(value), type(value)([*value, 3])]))
    if isinstance(value, dict):
        return {**value, "one more": "x"}
    if isinstance(value, np.bool_):
        return np.bool_(not value)
    if isinstance(value, np.integer):
        return type(value)(int(value) ^ 1)
    if isinstance(value, np.ndarray):
        return _changed_array(draw, value)
    return _changed_matrix(draw, value)


def _changed_array(draw: Draw, array: Any) -> Any:
    kinds = ["bit"] if array.size else []
    if array.ndim == 2 and min(array.shape) > 1:
        kinds.append("order")
    kind = draw(st.sampled_from([*kinds, "shape"]))
    if kind == "bit":
        return _with_one_bit_flipped(draw, array)
    if kind == "order":
        return np.array(array, order="C" if array.flags.f_contiguous else "F")
    return array[np.newaxis].copy(order="K")


def _with_one_bit_flipped(draw: Draw, array: Any) -> Any:
    changed = array.copy(order="K")
    where = tuple(draw(st.integers(0, n - 1)) for n in array.shape)
    if array.dtype.kind == "b":
        changed[where] = not changed[where]
    elif array.dtype.kind == "U":
        text = str(array[where])
        changed[where] = chr(ord(text[0]) ^ 1) + text[1:] if text else "\x01"
    else:
        one = array[where].tobytes()
        bit = draw(st.integers(0, 8 * len(one) - 1))
        flipped = int.from_bytes(one, "little") ^ 1 << bit
        changed[where] = np.frombuffer(flipped.to_bytes(len(one), "little"), array.dtype)[0]
    return changed


def _changed_matrix(draw: Draw, matrix: Any) -> Any:
    matrix = matrix.copy()
    if matrix.format == "lil":
        return matrix.tocsc() if matrix.nnz else sp.lil_matrix(np.ones((1, 1)))
    if matrix.format == "dok":
        return matrix.tocoo()
    if matrix.data.size:
        matrix.data = _with_one_bit_flipped(draw, matrix.data)
        return matrix
    return type(matrix)(np.ones((2, 3)))
