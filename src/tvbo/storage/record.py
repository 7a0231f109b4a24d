"""
Trees of plain values and arrays, as JSON text and named arrays.

Lists, tuples, mappings, text, numbers, None, numpy scalars and arrays come back as what they were; JSON alone
would turn tuples into lists, and lose the bits of a NaN.
"""

import datetime
import functools
import struct
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import LimitError, UnsupportedObjectError


def pack(tree: Any, base: str) -> tuple[Any, dict[str, Any]]:
    """
    Split a tree into a JSON value and its arrays.

    Parameters
    ----------
    tree : object
        Nested dicts, lists, tuples, scalars and arrays.
    base : str
        The path below which the arrays are named.

    Returns
    -------
    value : object
        Holds ``{"$array": path}`` where an array stood.
    arrays : dict of str to array
        The arrays by path.

    Raises
    ------
    UnsupportedObjectError
        If there is a value of another kind; the message says where.
    """
    arrays: dict[str, Any] = {}

    return _packed(tree, base, arrays), arrays


# Not inside: a function that names itself is a circle, which would hold all arrays until Python looks for circles.
def _packed(value: Any, path: str, arrays: dict[str, Any]) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        bits = struct.pack(">d", value).hex()
        return value if value - value == 0 else {"$float": bits}
    if type(value) is dict:
        plain = all(type(key) is str for key in value) and not any(key.startswith("$") for key in value)
        items = [(key, _packed(item, f"{path}/{_name(str(key))}", arrays)) for key, item in value.items()]
        return dict(items) if plain else {"$dict": [[_packed(key, path, arrays), item] for key, item in items]}
    if type(value) in (list, tuple):
        inside = [_packed(item, f"{path}/{index}", arrays) for index, item in enumerate(value)]
        return inside if type(value) is list else {"$tuple": inside}
    if isinstance(value, np.generic):
        return {"$scalar": [value.dtype.str, value.tobytes().hex()]}
    if isinstance(value, np.ndarray) or sp.issparse(value) or hasattr(value, "__array__"):
        arrays[path] = value
        return {"$array": path}
    if hasattr(value, "load") and hasattr(value, "format"):
        arrays[path] = value
        return {"$array": path}
    raise UnsupportedObjectError(
        f"{path} holds a {type(value).__name__}, which cannot be saved: "
        "use text, numbers, None, arrays, and lists, tuples or dicts of them"
    )


def unpack(value: Any, fetch: Callable[[str], Any]) -> Any:
    """
    Make the tree again.

    Parameters
    ----------
    value : object
        As `pack` gave it.
    fetch : callable
        Gives the array of a path.

    Returns
    -------
    object
        The tree.
    """
    if isinstance(value, list):
        return [unpack(item, fetch) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, inside), *_ = value.items()
        if tag == "$array":
            return fetch(inside)
        if tag == "$float":
            return struct.unpack(">d", bytes.fromhex(inside))[0]
        if tag == "$tuple":
            return tuple(unpack(item, fetch) for item in inside)
        if tag == "$dict":
            return {_key(unpack(key, fetch)): unpack(item, fetch) for key, item in inside}
        if tag == "$scalar":
            return _scalar(str(inside[0]), bytes.fromhex(inside[1]))
    return {key: unpack(item, fetch) for key, item in value.items()}


def _key(value: Any) -> Any:
    if not isinstance(value, (str, int, float, type(None), tuple, np.generic)):
        raise ValueError(f"a {type(value).__name__} is no key of a mapping")
    return value


def _scalar(name: str, raw: bytes) -> Any:
    dtype: np.dtype[Any] = np.dtype(name)
    if dtype.kind not in "biufcmMSUV" or dtype.hasobject:
        raise ValueError(f"there is no scalar of dtype {name[:40]!r}")
    if dtype.kind == "U" and (np.frombuffer(raw, np.dtype(f"{name[0]}u4")) > sys.maxunicode).any():
        raise ValueError("a scalar of text holds no characters")
    return np.frombuffer(raw, dtype)[0]


# Readers of sidecars take no longer numbers, which need quadratic time.
_LARGEST = 10**999


def readable(tree: Any) -> tuple[Any, list[list[Any]]]:
    """
    Replace what YAML cannot carry exactly, and say what stood there.

    Lone surrogates are no legal Unicode and YAML knows one NaN only; both occur in real labels and numbers.

    Parameters
    ----------
    tree : object
        Plain values.

    Returns
    -------
    tree : object
        The same with a replacement character, or a plain NaN.
    exact : list of [path, shown, exact]
        The keys that lead to each such value, and both of its forms.

    Raises
    ------
    UnsupportedObjectError
        If there is a value that YAML does not give back.
    LimitError
        If there is a number that is too long to be read again.
    """
    exact: list[list[Any]] = []

    return _readable(tree, [], exact), exact


def _readable(value: Any, path: list[Any], exact: list[list[Any]]) -> Any:
    if isinstance(value, dict):
        for key in value:
            if isinstance(key, tuple) or (isinstance(key, str) and not _is_unicode(key)):
                raise UnsupportedObjectError(
                    f"{'.'.join(map(str, path))} has the key {key!r}, which a sidecar cannot hold"
                )
        return {key: _readable(item, [*path, key], exact) for key, item in value.items()}
    if isinstance(value, list):
        return [_readable(item, [*path, index], exact) for index, item in enumerate(value)]
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise LimitError(f"{'.'.join(map(str, path))} is an integer of 1,000 digits or more: use text for it")
    if isinstance(value, str):
        shown = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        if shown != value:
            exact.append([path, shown, value])
        return shown
    if not isinstance(value, (int, float, bytes, datetime.date, type(None))):
        # YAML would write it, and give something else back.
        where = ".".join(map(str, path))
        raise UnsupportedObjectError(
            f"{where} is a {type(value).__name__}, which a sidecar cannot hold: use text, numbers, lists and dicts"
        )
    if isinstance(value, float) and value != value and struct.pack(">d", value).hex() != _NAN:
        exact.append([path, {"$float": _NAN}, {"$float": struct.pack(">d", value).hex()}])
        return float("nan")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _name(key: str) -> str:
    """Spell a key so that it can be one name in a path; never ``.`` or empty, which HDF5 reads otherwise."""
    return quote(key, safe=" ", errors="surrogatepass").replace(".", "%2E") or "%"


_NAN = struct.pack(">d", float("nan")).hex()


def restore(tree: Any, exact: list[list[Any]]) -> None:
    """
    Put back what `readable` replaced, wherever the shown value still stands.

    Parameters
    ----------
    tree : object
        The record as it was read; changed in place.
    exact : list of [path, shown, exact]
        As `readable` gave it.
    """
    for path, shown, value in exact:
        holder = tree
        for key in path[:-1]:
            holder = _step(holder, key)
        there = _step(holder, path[-1])
        same = there != there if isinstance(shown, dict) else there == shown
        if holder is not None and same:
            holder[path[-1]] = unpack(value, lambda name: name)


def _step(holder: Any, key: Any) -> Any:
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        return holder[key]
    return None
