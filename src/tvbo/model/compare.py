"""
What differs between two networks, and a digest of one.

Both read a network as a list of (path, value): `content` gives it. Values are compared by their bits, so that
-0.0 and 0.0 differ, and two NaN are the same only with the same payload. File names, compression and what is
loaded already do not count.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tvbo import _sparse as sp
from tvbo.model.arrays import Array, Sparse, is_loaded, is_sparse, load
from tvbo.model.bits import deviation, digest_of_array, is_large
from tvbo.model.parameters import Parameter
from tvbo.model.progress import Progress, Steps, bytes_of
from tvbo.model.shown import diff_html
from tvbo.storage.order import order_of
from tvbo.storage.sparse import sparse_parts

if TYPE_CHECKING:
    from tvbo.model.network import Network

_MISSING = object()
# Looked at first: a protocol takes long to ask, and there may be a million leaves.
_PLAIN = frozenset((type(None), bool, int, float, str))


class Difference(NamedTuple):
    """
    One thing that differs.

    Attributes
    ----------
    path : str
        Where, such as ``matrices.weight`` or ``nodes.labels``.
    kind : str
        ``only in the first``, ``only in the second``, ``type``, ``dtype``, ``shape``, ``order``, ``layout``,
        or ``values``.
    detail : str
        How much: the two values, or the number of entries and the largest deviation.
    """

    path: str
    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}: {self.detail}"


@dataclass(frozen=True)
class NetworkDiff:
    """
    All that differs between two networks; empty, and so false, when they are identical.

    Attributes
    ----------
    differences : tuple of Difference
        What differs, in the order of the first network.
    compared : tuple of str
        Every path that was compared.
    """

    differences: tuple[Difference, ...]
    compared: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.differences)

    def __len__(self) -> int:
        return len(self.differences)

    def __iter__(self) -> Iterator[Difference]:
        return iter(self.differences)

    def __str__(self) -> str:
        if not self.differences:
            return f"identical: {len(self.compared)} items compared, every bit the same"
        lines = [f"{len(self.differences)} of {len(self.compared)} items differ:"]
        return "\n".join(lines + [f"  {difference}" for difference in self.differences])

    def _repr_html_(self) -> str:
        return diff_html(self)


def content(network: "Network") -> Iterator[tuple[str, Any]]:
    """
    List everything that a network holds.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    iterator of (str, value)
        Where a value is, and the value: a scalar, text, an array, a sparse matrix, or a lazy stand-in. Nothing is
        read to list it.

    Notes
    -----
    A network that is linked in several places is listed once; the other places say where.
    """
    return _content(network, "", {id(network): ""})


def _content(network: "Network", base: str, met: dict[int, str]) -> Iterator[tuple[str, Any]]:
    for path, value in _own_content(network):
        yield f"{base}{path}", value
    linked = [("parent_network", network.parent())] if network.has_parent_network else []
    linked += [(f"links.{name}", network.links[name]) for name in sorted(network.links)]
    for name, other in linked:
        path = f"{base}{name}"
        if met.setdefault(id(other), path) == path:
            yield from _content(other, f"{path}.", met)
        else:
            yield f"{path}.same_as", met[id(other)]


def _own_content(network: "Network") -> Iterator[tuple[str, Any]]:
    for name in ("label", "description", "descriptor", "distance_unit", "time_unit", "number_of_nodes"):
        yield name, getattr(network, name)
    nodes = network.nodes
    yield "nodes.labels", nodes.held().get("labels", nodes.labels)
    yield "nodes.ids", np.asarray(nodes.ids, dtype=np.int64)
    if nodes.has_positions:
        yield "nodes.positions", nodes.held()["positions"]
    for name in sorted(nodes.columns):
        yield f"nodes.columns.{name}", nodes.columns.peek(name)
        yield f"nodes.columns.{name}.unit", nodes.units.get(name)
    yield from _tree("nodes.extra", nodes.extra)
    for name, matrix in sorted(network.matrices.items()):
        base = f"matrices.{name}"
        yield base, matrix.values
        yield f"{base}.unit", matrix.unit
        yield f"{base}.directed", matrix.directed
        yield f"{base}.target_network", matrix.target_network
        if matrix.column_labels is not None:
            yield f"{base}.column_labels", matrix.column_labels
        yield from _tree(f"{base}.extra", matrix.extra)
    for name, parameter in sorted(network.parameters.items()):
        yield from _tree(f"parameters.{name}", parameter)
    if network.mesh is not None:
        yield "mesh.element_type", network.mesh.element_type
        for name in sorted(network.mesh.arrays):
            yield f"mesh.{name}", network.mesh.arrays.peek(name)
    if network.has_node_mapping:
        yield "node_mapping_data", network.held_node_mapping()
    yield from _tree("extra", network.extra)


def _tree(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """List a tree of plain containers down to its leaves; an empty container is a leaf."""
    if isinstance(value, Parameter):
        value = {"value": value.value, "unit": value.unit, "label": value.label, "extra": value.extra}
    if _is_array(value):
        # Before mappings: scipy's dok_matrix is both.
        yield path, value
    elif isinstance(value, Mapping) and value:
        for key in sorted(value, key=lambda key: (type(key).__name__, key)):
            yield from _tree(f"{path}.{key}", value[key])
    elif isinstance(value, (list, tuple)) and value:
        yield f"{path}.type", type(value).__name__
        for index, item in enumerate(value):
            yield from _tree(f"{path}[{index}]", item)
    elif hasattr(value, "content"):
        # Foreign HDF5 objects that a companion carries along.
        for name, item in value.content():
            yield f"{path}.{name}", item
    elif not (isinstance(value, Mapping) and path == "extra"):
        yield path, value


def diff(first: "Network", second: "Network", progress: Progress | None = None) -> NetworkDiff:
    """
    List every difference between two networks.

    Parameters
    ----------
    first, second : Network
        The two.
    progress : callable, optional
        Is told how many bytes of how many are compared.

    Returns
    -------
    NetworkDiff
        Empty when they are identical.

    Raises
    ------
    TypeError
        If one is no network.
    """
    for network in (first, second):
        if not hasattr(network, "matrices"):
            raise TypeError(f"cannot compare with a {type(network).__name__}: expected a Network")
    left, right = dict(content(first)), dict(content(second))
    paths = [*left, *(path for path in right if path not in left)]
    sizes = {path: bytes_of(value) for path, value in left.items() if _is_array(value)}
    steps = Steps(progress, sum(sizes.values()))
    found = []
    for path in paths:
        difference = _compare(path, left.get(path, _MISSING), right.get(path, _MISSING), steps.more)
        if difference is not None:
            found.append(difference)
        if path in sizes:
            steps.end(sizes[path])
    return NetworkDiff(tuple(found), tuple(paths))


def digest(network: "Network") -> str:
    """
    Give a digest of a network's content.

    Parameters
    ----------
    network : Network
        The network.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits; equal for identical networks, whatever their files are called
        and however they are compressed.
    """
    total = hashlib.sha256()
    for path, value in content(network):
        total.update(f"{path}\0".encode(errors="surrogatepass"))
        total.update(_digest(_held(value) if _is_array(value) else value))
    return f"sha256:{total.hexdigest()}"


def _is_array(value: Any) -> bool:
    if type(value) in _PLAIN or type(value) in (dict, list, tuple):
        return False
    return not isinstance(value, np.generic) and (is_loaded(value) or is_sparse(value) or hasattr(value, "__array__"))


def _held(values: Any) -> Any:
    """Read an array, unless it is so large that it is looked at in parts."""
    return values if is_large(values) else load(values)


def _compare(path: str, a: Any, b: Any, seen: Callable[[int], None]) -> Difference | None:
    if a is b:
        # One that lies in a file is not read for it.
        return None
    if a is _MISSING:
        return Difference(path, "only in the second", _describe(b))
    if b is _MISSING:
        return Difference(path, "only in the first", _describe(a))
    if _is_array(a) and _is_array(b):
        return _compare_arrays(path, _held(a), _held(b), seen)
    if type(a) is not type(b):
        return Difference(path, "type", f"{_describe(a)} and {_describe(b)}")
    if _digest(a) != _digest(b):
        return Difference(path, "values", f"{_describe(a)} and {_describe(b)}")
    return None


def _describe(value: Any) -> str:
    if _is_array(value):
        return f"{value.dtype} {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _compare_arrays(path: str, a: Any, b: Any, seen: Callable[[int], None]) -> Difference | None:
    if bool(sp.issparse(a)) != bool(sp.issparse(b)):
        layouts = [str(x.format) if is_sparse(x) else "dense" for x in (a, b)]
        return Difference(path, "layout", " and ".join(layouts))
    if a.dtype != b.dtype:
        return Difference(path, "dtype", f"{a.dtype} and {b.dtype}")
    if a.shape != b.shape:
        return Difference(path, "shape", f"{a.shape} and {b.shape}")
    if sp.issparse(a):
        if type(a) is not type(b):
            return Difference(path, "layout", f"{type(a).__name__} and {type(b).__name__}")
        if _digest(a) != _digest(b):
            return Difference(path, "values", _entries(_stored(a), _stored(b)) or "stored entries")
        return None
    orders = [order_of(each) if is_loaded(each) else getattr(each, "order", "C") for each in (a, b)]
    if orders[0] != orders[1]:
        return Difference(path, "order", " and ".join(orders))
    found = deviation(a, b, seen)
    return Difference(path, "values", found) if found else None


def _stored(matrix: Sparse) -> Array:
    """Give the stored entries of a sparse matrix in a form that can be subtracted, without densifying it."""
    data = np.asarray(matrix.tocoo().data)
    return data


def _entries(a: Array, b: Array) -> str:
    return deviation(a, b) if a.shape == b.shape else f"{a.size} and {b.size} stored entries"


def _digest(value: Any) -> bytes:
    """Hash one leaf with its type, so that 1, 1.0, True and "1" are four things."""
    state = hashlib.sha256()
    if type(value) not in _PLAIN and is_sparse(value):
        state.update(f"{type(value).__name__}{value.shape}{value.dtype.str}".encode())
        for part in sparse_parts(value).values():
            state.update(_digest(part))
    elif isinstance(value, np.ndarray) or is_large(value):
        return digest_of_array(value)
    elif isinstance(value, float):
        state.update(b"float" + struct.pack("<d", value))
    elif isinstance(value, str):
        state.update(b"str" + value.encode(errors="surrogatepass"))
    else:
        state.update(f"{type(value).__name__}{value!r}".encode(errors="surrogatepass"))
    return state.digest()
