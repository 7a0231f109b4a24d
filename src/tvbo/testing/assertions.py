"""
Judges that decide whether two objects are identical, bit for bit.

They look into the objects themselves and use no code of the round trip that they judge. In order of use:

- `assert_tvb_identical` and `tvb_differences` compare two objects of The Virtual Brain;
- `clone` takes an exact copy beforehand, for tests that an object was left alone;
- `same_bits` compares two arrays;
- `assert_networks_identical` shows what `Network.diff` found.

What the judge of TVB objects compares is everything in the ``__dict__`` of each object: every trait, with
absent, ``None``, empty and full kept apart; gid, title and tags; what `Connectivity.set_idelays` leaves
behind; any other attribute that somebody added. An entry that it does not know how to compare is a
difference. It leaves out exactly this, because TVB makes it again from what is compared:

==================================  =========================================================================
``log``                             the logger of the class's module, the same for all objects of a class
``Surface._edges`` and the like     caches of what vertices and triangles determine, filled on first use
``Cortex._regmap``                  the same for the region mapping with the unmapped regions appended
``LocalConnectivity.matrix_gdist``  a scratch matrix ("Temporary obj"), overwritten before TVB reads it
==================================  =========================================================================

and, of arrays and sparse matrices, the ``writeable`` flag (TVB's defaults are read-only and shared, a copy
cannot be) and scipy's own notes on whether indices are sorted or canonical, which it finds anew from
the indices.
"""

import copy
import logging
import struct
import sys
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tvbo import Network

__all__ = ["assert_networks_identical", "assert_tvb_identical", "clone", "same_bits", "tvb_differences"]

# See the table above.
_DERIVED: Mapping[str, frozenset[str]] = {
    "HasTraits": frozenset({"log"}),
    "Surface": frozenset(
        {
            "_edge_lengths",
            "_edge_triangles",
            "_edges",
            "_number_of_edges",
            "_triangle_angles",
            "_triangle_areas",
            "_triangle_centres",
            "_vertex_neighbours",
            "_vertex_triangles",
        }
    ),
    "Cortex": frozenset({"_regmap"}),
    "LocalConnectivity": frozenset({"matrix_gdist"}),
}

# The arrays that make up a sparse matrix of each format; lil and dok are made of Python objects instead.
_SPARSE_PARTS: Mapping[str, tuple[str, ...]] = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}


def same_bits(first: Any, second: Any) -> bool:
    """
    Tell whether two arrays hold the same bits.

    NaN payloads, signs of zero, dtypes (byte order included) and shapes count; memory order does not.

    Parameters
    ----------
    first, second : array
        The arrays. Anything that numpy takes for an array will do, but not arrays of objects.

    Returns
    -------
    bool
        Whether they are the same.

    Raises
    ------
    TypeError
        If one is an array of Python objects, whose bits are only addresses.
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.dtype.hasobject or b.dtype.hasobject:
        raise TypeError("arrays of Python objects have no bits to compare")
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def tvb_differences(first: Any, second: Any) -> list[str]:
    """
    List every difference between two objects of The Virtual Brain.

    Neither object is changed: no trait is read through TVB, which would store its default.

    Parameters
    ----------
    first, second : HasTraits, or a tuple, list or dict of them
        For example a Connectivity, Surface, RegionMapping or Cortex.

    Returns
    -------
    list of str
        One line for each difference, ``path: what differs``; empty if the two are identical.
    """
    judge = _Judge()
    judge.compare(type(first).__name__, first, second)
    return judge.differences


def assert_tvb_identical(first: Any, second: Any) -> None:
    """
    Fail, with the list of differences, unless two objects of The Virtual Brain are identical.

    Parameters
    ----------
    first, second : HasTraits, or a tuple, list or dict of them
        For example what went into a network and what came out.

    Raises
    ------
    AssertionError
        If they differ.
    """
    __tracebackhide__ = True
    differences = tvb_differences(first, second)
    if differences:
        raise AssertionError(_listing(f"{len(differences)} difference(s)", differences))


def assert_networks_identical(first: "Network", second: "Network") -> None:
    """
    Fail, with the report of `Network.diff`, unless two networks are identical.

    Parameters
    ----------
    first, second : Network
        The networks.

    Raises
    ------
    AssertionError
        If they differ.
    """
    __tracebackhide__ = True
    report = first.diff(second)
    if report:
        raise AssertionError(f"the networks differ:\n{report}")


def clone(obj: Any) -> Any:
    """
    Take an exact, independent copy of an object of The Virtual Brain.

    Unlike `copy.deepcopy`, which TVB overrides, it keeps title, tags, unset traits, shared objects and
    whatever else is there, and reads no trait.

    Parameters
    ----------
    obj : HasTraits, or a tuple, list or dict of them
        What to copy.

    Returns
    -------
    object
        A copy that `tvb_differences` cannot tell from `obj`.
    """
    return _clone(obj, {})


def _clone(value: Any, known: dict[int, Any]) -> Any:
    if id(value) in known:
        return known[id(value)]
    if _is_traits(value):
        twin = object.__new__(type(value))
        known[id(value)] = twin
        for name, part in vars(value).items():
            twin.__dict__[name] = _clone(part, known)
        return twin
    if type(value) in (list, tuple):
        return type(value)(_clone(part, known) for part in value)
    if type(value) is dict:
        return {key: _clone(part, known) for key, part in value.items()}
    if isinstance(value, tuple):  # a named one
        return type(value)(*(_clone(part, known) for part in value))
    if isinstance(value, logging.Logger):
        return value
    return copy.deepcopy(value)


class _Judge:
    """One comparison: collects differences and remembers which objects it has met, and where."""

    def __init__(self) -> None:
        self.differences: list[str] = []
        self._met_in_first: dict[int, str] = {}
        self._met_in_second: dict[int, str] = {}

    def report(self, path: str, what: str) -> None:
        self.differences.append(f"{path}: {what}")

    def compare(self, path: str, a: Any, b: Any) -> None:
        if type(a) is not type(b):
            self.report(path, f"{_show(a)} in the first, {_show(b)} in the second")
        elif _is_traits(a):
            self._compare_traits(path, a, b)
        elif isinstance(a, np.ndarray):
            self._compare_arrays(path, a, b)
        elif _is_sparse(a):
            self._compare_sparse(path, a, b)
        elif isinstance(a, dict):
            self._compare_mappings(path, a, b)
        elif isinstance(a, (list, tuple)):
            self._compare_sequences(path, a, b)
        else:
            self._compare_scalars(path, a, b)

    def _compare_traits(self, path: str, a: Any, b: Any) -> None:
        place_in_first = self._met_in_first.setdefault(id(a), path)
        place_in_second = self._met_in_second.setdefault(id(b), path)
        if place_in_first != place_in_second:
            of_first, of_second = (
                "an object of its own" if place == path else f"the same object as {place}"
                for place in (place_in_first, place_in_second)
            )
            self.report(path, f"{of_first} in the first, {of_second} in the second")
        if path not in (place_in_first, place_in_second):
            return  # Both were met before, and compared where they were met.
        left_out: set[str] = set()
        for cls in type(a).__mro__:
            left_out |= _DERIVED.get(cls.__name__, frozenset())
        for name in _in_order(vars(a), vars(b)):
            if name not in left_out:
                self._compare_entries(f"{path}.{name}", name, vars(a), vars(b))

    def _compare_entries(self, path: str, key: Any, a: Mapping[Any, Any], b: Mapping[Any, Any]) -> None:
        if key not in a:
            self.report(path, f"absent in the first, {_show(b[key])} in the second")
        elif key not in b:
            self.report(path, f"{_show(a[key])} in the first, absent in the second")
        else:
            self.compare(path, a[key], b[key])

    def _compare_mappings(self, path: str, a: dict[Any, Any], b: dict[Any, Any]) -> None:
        for key in _in_order(a, b):
            self._compare_entries(f"{path}[{key!r}]", key, a, b)
        if list(a) != list(b) and set(a) == set(b):
            self.report(path, f"in the order {list(a)!r} in the first, {list(b)!r} in the second")
        for ours, theirs in zip(a, b, strict=False):
            if ours == theirs and type(ours) is not type(theirs):
                self.report(path, f"the key {_show(ours)} in the first, {_show(theirs)} in the second")

    def _compare_sequences(self, path: str, a: Any, b: Any) -> None:
        if len(a) != len(b):
            self.report(path, f"{len(a)} elements in the first, {len(b)} in the second")
            return
        fields = getattr(type(a), "_fields", None)
        for i, (ours, theirs) in enumerate(zip(a, b, strict=True)):
            self.compare(f"{path}.{fields[i]}" if fields else f"{path}[{i}]", ours, theirs)

    def _compare_scalars(self, path: str, a: Any, b: Any) -> None:
        if isinstance(a, float) and not isinstance(a, np.generic):
            same = struct.pack("<d", a) == struct.pack("<d", b)
        elif isinstance(a, np.generic):
            same = a.dtype == b.dtype and a.tobytes() == b.tobytes()
        elif isinstance(a, (bool, int, str, bytes, uuid.UUID, range)):
            same = a == b
        elif a is b:  # None, classes, functions
            same = True
        else:
            self.report(path, f"a {type(a).__name__}, which cannot be compared")
            return
        if not same:
            self.report(path, f"{_show(a)} in the first, {_show(b)} in the second")

    def _compare_arrays(self, path: str, a: Any, b: Any) -> None:
        if a.dtype != b.dtype:
            self.report(path, f"dtype {a.dtype} in the first, {b.dtype} in the second")
        if a.shape != b.shape:
            self.report(path, f"shape {a.shape} in the first, {b.shape} in the second")
        if a.dtype != b.dtype or a.shape != b.shape:
            return
        if _memory_order(a) != _memory_order(b):
            self.report(path, f"memory order {_memory_order(a)} in the first, {_memory_order(b)} in the second")
        if a.dtype.hasobject:
            self._compare_sequences(path, a.ravel().tolist(), b.ravel().tolist())
        elif a.tobytes() != b.tobytes():
            self.report(path, _bits_that_differ(a, b))

    def _compare_sparse(self, path: str, a: Any, b: Any) -> None:
        if a.shape != b.shape:
            self.report(path, f"shape {a.shape} in the first, {b.shape} in the second")
            return
        if a.dtype != b.dtype:
            self.report(path, f"dtype {a.dtype} in the first, {b.dtype} in the second")
            return
        if a.format == "lil":
            self._compare_lil(path, a, b)
        elif a.format == "dok":
            self._compare_dok(path, a, b)
        else:
            for part in _SPARSE_PARTS[a.format]:
                self.compare(f"{path}.{part}", getattr(a, part), getattr(b, part))

    def _compare_lil(self, path: str, a: Any, b: Any) -> None:
        # Whether an element is a Python or a numpy number depends on how it was put there; its bits do not.
        for i in range(a.shape[0]):
            ours, theirs = ([int(column) for column in m.rows[i]] for m in (a, b))
            if ours != theirs:
                self.report(f"{path}.rows[{i}]", f"{ours} in the first, {theirs} in the second")
            else:
                self._compare_arrays(f"{path}.data[{i}]", *(np.array(m.data[i], m.dtype) for m in (a, b)))

    def _compare_dok(self, path: str, a: Any, b: Any) -> None:
        # Here too: (1, 2) and (int32(1), int32(2)) are one key. Their order counts: sums are made in it.
        ours, theirs = ([(int(row), int(column)) for row, column in m.keys()] for m in (a, b))  # noqa: SIM118
        if ours != theirs:
            self.report(path, f"the keys {ours} in the first, {theirs} in the second")
            return
        self._compare_arrays(f"{path}.values", *(np.array(list(m.values()), m.dtype) for m in (a, b)))


def _is_traits(value: Any) -> bool:
    # Known by its metaclass rather than by importing TVB, so that the judge takes any version of it.
    return hasattr(type(value), "declarative_attrs")


def _is_sparse(value: Any) -> bool:
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "format")


def _in_order(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """All keys, those of the first before those that only the second has."""
    return list(dict.fromkeys([*a, *b]))


def _memory_order(array: Any) -> str:
    """C, F or, for three and more dimensions, the order of the axes from slow to fast; "any" if all agree."""
    axes = [axis for axis in range(array.ndim) if array.shape[axis] > 1]
    if array.size == 0 or len(axes) < 2:
        return "any"
    slow_to_fast = sorted(axes, key=lambda axis: (-abs(array.strides[axis]), axis))
    if slow_to_fast == axes:
        return "C"
    return "F" if slow_to_fast == axes[::-1] else str(tuple(slow_to_fast))


def _bits_that_differ(a: Any, b: Any) -> str:
    ours, theirs = (
        np.frombuffer(array.tobytes(), np.uint8).reshape(array.size, array.dtype.itemsize) for array in (a, b)
    )
    places = np.flatnonzero((ours != theirs).any(axis=1))
    where = tuple(int(i) for i in np.unravel_index(places[0], a.shape))
    shown = [_show(array[where]) for array in (a, b)]
    return f"{places.size} of {a.size} elements differ, first {list(where)}: {shown[0]} and {shown[1]}"


def _show(value: Any) -> str:
    """One value or kind of value in a few words, with its bits where the eye would be deceived."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if isinstance(value, np.generic):
        kind = f"numpy.{kind}"  # numpy has a bool too
    if isinstance(value, np.ndarray):
        return f"{kind} {value.dtype}{list(value.shape)}"
    if isinstance(value, (float, np.floating)):
        pattern = int.from_bytes(np.asarray(value).tobytes(), sys.byteorder)
        return f"{kind} {value!s} (0x{pattern:016x})"
    if _is_traits(value) or _is_sparse(value):
        return f"a {kind}"
    if isinstance(value, (dict, list, tuple)) and not value:
        return f"an empty {kind}"
    text = ascii(value)
    return f"{kind} {text if len(text) <= 80 else text[:77] + '...'}"


def _listing(title: str, lines: list[str], most: int = 40) -> str:
    shown = [f"  {line}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(f"  ... and {len(lines) - most} more")
    return "\n".join([f"{title}:", *shown])
