"""
A network taken apart into a record of plain values and named arrays, for containers that hold these and nothing else.

The record goes into a text of JSON, and nothing in it needs Python. Where an array stands, it has
``{"$": "array", "name": ..., "dtype": ..., "shape": ..., "order": ...}``; other keys with ``$`` stand for what JSON
does not have. Linked networks come first in the list ``networks``, and the network itself is the last.
"""

import datetime
import json
import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError
from tvbo.limits import Limits
from tvbo.model.arrays import Array, is_loaded, is_sparse, load
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.parameters import Parameter
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.order import in_order, order_of
from tvbo.storage.sparse import sparse_from_parts, sparse_kind, sparse_parts

# What a damaged record makes the constructors of its parts raise.
_ERRORS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError, MemoryError)
_TEXTS = ("label", "description", "descriptor", "distance_unit", "time_unit")
_LONGEST_NAME = 48
# What the record itself is called, and what `numpy.savez` calls other things.
_RESERVED = ("tvbo", "file", "allow_pickle", "args", "kwds")
_SURROGATES = re.compile("[\ud800-\udfff]")

Record = dict[str, Any]
Leaf = Mapping[str, Any]
Give = Callable[[Leaf], Array]


class _Unsaid:
    """Stands for a value that has no plain form."""


_UNSAID = _Unsaid()


def taken_apart(
    network: Network, names: Mapping[str, str] | None = None, carries: Callable[[Any], bool] | None = None
) -> tuple[Record, dict[str, Any]]:
    """
    Take a network apart, and all that it is linked to.

    Parameters
    ----------
    network : Network
        The network.
    names : mapping of str to str, optional
        What its own arrays must be called that would be called otherwise.
    carries : callable, optional
        Tells whether the container takes a sparse matrix as it is; others are given as the arrays that make them up.

    Returns
    -------
    record : dict
        What goes into a text of JSON.
    arrays : dict of str to array
        The arrays as they are held, by names that any program takes: a matrix by its own. Nothing is read.
        What has no plain form is in neither.
    """
    apart = _Apart(network, names or {}, carries or (lambda _: False))
    apart.network(network)
    return {"format": "tvbo", "version": 1, "networks": apart.records}, apart.arrays


def dumped(record: Record) -> str:
    """
    Give a record as text.

    Parameters
    ----------
    record : dict
        As `taken_apart` gives it.

    Returns
    -------
    str
        JSON, all of it ASCII.
    """
    return json.dumps(record, allow_nan=False)


def loaded(text: str, limits: Limits, where: object) -> Record:
    """
    Read a record.

    Parameters
    ----------
    text : str
        As `dumped` gives it.
    limits : Limits
        ``sidecar_bytes`` of it.
    where : object
        What it is of, for messages.

    Returns
    -------
    dict
        The record; whether it makes sense is not looked at yet.

    Raises
    ------
    LimitError
        If it is longer than allowed.
    DamagedFileError
        If it is none.
    """
    limits.check("sidecar_bytes", len(text), where)
    limits.check("sidecar_values", sum(map(text.count, ",[{")), where, 4 * limits.sidecar_values)
    with decoding(where, "a record of tvbo in JSON", _ERRORS):
        record = json.loads(text)
        if not isinstance(record, dict) or record.get("format") != "tvbo" or not record["networks"]:
            raise DamagedFileError(f"{where} is no record of tvbo: expected what tvbo wrote")
        if record["version"] != 1:
            raise DamagedFileError(f"{where} has version {record['version']!r}: expected 1; a newer tvbo may read it")
    return record


def put_together(record: Record, give: Give, limits: Limits, where: object) -> Network:
    """
    Make the network of a record.

    Parameters
    ----------
    record : dict
        As `taken_apart` gives it.
    give : callable
        Gives the array of a leaf.
    limits : Limits
        ``nodes`` where no array has a row for each.
    where : object
        What it is of, for messages.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    LimitError
        If it claims more nodes than allowed.
    DamagedFileError
        If it makes no sense.
    """
    together = _Together(give, limits, where)
    with decoding(where, "the parts of a network", _ERRORS):
        for each in record["networks"]:
            together.networks.append(together.network(each))
        return together.networks[-1]


def leaves(tree: Any) -> Iterator[Record]:
    """
    List where a record has arrays.

    Parameters
    ----------
    tree : object
        The record, or a part of it.

    Yields
    ------
    dict
        The leaves, which may be changed.
    """
    if isinstance(tree, dict):
        if tree.get("$") in ("array", "whole"):
            yield tree
        else:
            for item in tree.values():
                yield from leaves(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from leaves(item)


def shaped(values: Array, leaf: Leaf) -> Array:
    """
    Give an array the form that its leaf tells, as far as it still fits.

    Parameters
    ----------
    values : array
        The numbers, perhaps in another shape, type, or order.
    leaf : mapping
        The leaf.

    Returns
    -------
    array
        The same numbers; those that were changed meanwhile, so that they do not fit, keep their own form.
    """
    shape = tuple(leaf["shape"])
    if values.shape != shape and values.size == math.prod(shape):
        values = values.reshape(shape, order="F" if values.flags.f_contiguous and values.ndim > 1 else "C")
    wanted = np.dtype(leaf["dtype"])
    if values.dtype != wanted and _may_be_cast(values.dtype.kind, wanted.kind):
        with np.errstate(all="ignore"):
            cast = values.astype(wanted)
        if np.array_equal(cast, values, equal_nan=wanted.kind in "fc" and values.dtype.kind in "fc"):
            values = cast
    return in_order(values, leaf["order"]) if values.shape == shape else values


def whole_sparse(matrix: Any, leaf: Leaf) -> Any:
    """
    Give a sparse matrix the layout that its leaf tells.

    Parameters
    ----------
    matrix : sparse matrix
        As the container gives it.
    leaf : mapping
        The leaf.

    Returns
    -------
    sparse matrix
        The same entries.
    """
    made = matrix.astype(np.dtype(leaf["dtype"]), copy=False).asformat(leaf["layout"])
    index = np.dtype(leaf["index"])
    parts = {
        name: part.astype(index) if part.dtype.kind == "i" and name != "data" else part
        for name, part in sparse_parts(made).items()
    }
    return sparse_from_parts(leaf["layout"], leaf["kind"], made.shape, parts)


def _may_be_cast(kind: str, wanted: str) -> bool:
    return kind == wanted or (kind in "biuf" and wanted in "biufc")


class _Apart:
    """Takes networks apart; those that are linked first."""

    def __init__(self, root: Network, names: Mapping[str, str], carries: Callable[[Any], bool]) -> None:
        self.root, self.wanted, self.carries = root, names, carries
        self.prefix = ""
        self.records: list[Record] = []
        self.arrays: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._known: dict[int, int] = {}

    def network(self, network: Network) -> int:
        if id(network) in self._known:
            return self._known[id(network)]
        links = {name: self.network(network.links[name]) for name in network.links}
        parent = self.network(network.parent()) if network.has_parent_network else None
        self.prefix = "" if network is self.root else f"network_{len(self.records)}_"
        record: Record = {name: self.tree(getattr(network, name), name) for name in _TEXTS}
        record["nodes"] = self.nodes(network.nodes)
        record["matrices"] = [[self.text(name), self.matrix(name, each)] for name, each in network.matrices.items()]
        record["parameters"] = [
            [self.text(name), said]
            for name, each in network.parameters.items()
            if not isinstance(said := self.parameter(name, each), _Unsaid)
        ]
        if network.mesh is not None:
            arrays = {name: self.array(network.mesh.arrays.peek(name), f"mesh_{name}") for name in network.mesh.arrays}
            record["mesh"] = {"element_type": network.mesh.element_type, "arrays": arrays}
        if network.has_node_mapping:
            record["node_mapping_data"] = self.array(network.held_node_mapping(), "node_mapping")
        if parent is not None:
            record["parent_network"] = parent
        record["links"] = [[self.text(name), index] for name, index in links.items()]
        record["extra"] = self.tree(network.extra, "extra")
        self._known[id(network)] = len(self.records)
        self.records.append(record)
        return self._known[id(network)]

    def nodes(self, nodes: NodeTable) -> Record:
        held = nodes.held()
        own = {name: self.array(held[name], name) for name in ("labels", "positions", "ids") if name in held}
        columns = [[self.text(name), self.array(nodes.columns.peek(name), name)] for name in nodes.columns]
        units = [[self.text(name), self.tree(unit, name)] for name, unit in nodes.units.items()]
        extra = self.tree(nodes.extra, "nodes_extra")
        plain = {"size": len(nodes), "default_label": self.text(nodes.default_label)}
        return plain | own | {"columns": columns, "units": units, "extra": extra}

    def matrix(self, name: str, matrix: EdgeMatrix) -> Record:
        said: Record = {"values": self.tree(matrix.values, name), "extra": self.tree(matrix.extra, f"{name}_extra")}
        for each in ("unit", "directed", "target_network"):
            said[each] = self.tree(getattr(matrix, each), name)
        if matrix.column_labels is not None:
            said["column_labels"] = self.array(matrix.column_labels, f"{name}_columns")
        return said

    def parameter(self, name: str, parameter: Parameter) -> Any:
        said = {each: self.tree(getattr(parameter, each), name) for each in ("value", "unit", "label", "extra")}
        return _UNSAID if isinstance(said["value"], _Unsaid) else said

    def text(self, text: str) -> Any:
        """Say a text; JSON would join halves of characters that stand beside one another."""
        if _SURROGATES.search(text):
            return {"$": "text", "codes": [ord(each) for each in text]}
        return text

    def tree(self, value: Any, name: str) -> Any:
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, str):
            return self.text(str(value)) if type(value) is str else _UNSAID
        if type(value) is float:
            return value if math.isfinite(value) else {"$": "float", "bits": struct.pack(">d", value).hex()}
        # A sparse matrix in scipy's layout dok is a dict as well.
        if isinstance(value, dict) and not is_sparse(value):
            return self.mapping(value, name)
        if isinstance(value, (list, tuple)):
            items = [self.tree(item, name) for item in value]
            items = [None if isinstance(item, _Unsaid) else item for item in items]
            return items if type(value) is list else {"$": "tuple", "items": items}
        return self.other(value, name)

    def mapping(self, value: dict[Any, Any], name: str) -> Any:
        said = {key: self.tree(item, str(key)) for key, item in value.items()}
        said = {key: item for key, item in said.items() if not isinstance(item, _Unsaid)}
        if all(type(key) is str and not key.startswith("$") and not _SURROGATES.search(key) for key in said):
            return said
        return {"$": "dict", "items": [[self.tree(key, name), item] for key, item in said.items()]}

    def other(self, value: Any, name: str) -> Any:
        if isinstance(value, np.generic):
            leaf = self.array(np.asarray(value), name)
            return leaf if isinstance(leaf, _Unsaid) else {"$": "scalar", "of": leaf}
        if is_sparse(value):
            matrix = load(value)
            parts = {part: self.array(held, f"{name}_{part}") for part, held in sparse_parts(matrix).items()}
            shape = [int(each) for each in matrix.shape]
            if self.carries(matrix):
                found = self.unused(name)
                self.arrays[found] = matrix
                index = next(each.dtype.str for each in sparse_parts(matrix).values() if each.dtype.kind == "i")
                plain = {"name": found, "dtype": matrix.dtype.str, "shape": shape, "index": index}
                return {"$": "whole", "layout": matrix.format, "kind": sparse_kind(matrix)} | plain
            return {"$": "sparse", "layout": matrix.format, "kind": sparse_kind(matrix), "shape": shape, "parts": parts}
        if hasattr(value, "__array__") and hasattr(value, "dtype"):
            return self.array(value, name)
        if type(value) is complex:
            return {"$": "complex", "parts": [self.tree(value.real, name), self.tree(value.imag, name)]}
        if type(value) is bytes:
            return {"$": "bytes", "hex": value.hex()}
        if type(value) in (datetime.date, datetime.datetime):
            return {"$": type(value).__name__, "text": value.isoformat()}
        return _UNSAID

    def array(self, values: Any, name: str) -> Any:
        if values.dtype.kind not in "biufcUSmM":
            return _UNSAID
        if id(values) not in self._names:
            self._names[id(values)] = self.unused(name)
            self.arrays[self._names[id(values)]] = values
        order = order_of(values) if is_loaded(values) else getattr(values, "order", "C")
        shape = [int(each) for each in values.shape]
        return {
            "$": "array",
            "name": self._names[id(values)],
            "dtype": values.dtype.str,
            "shape": shape,
            "order": order,
        }

    def unused(self, name: str) -> str:
        name = f"{self.prefix}{name}" if self.prefix else self.wanted.get(name, name)
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)[:_LONGEST_NAME]
        plain = plain if plain[:1].isalpha() else f"x{plain}"
        found, number = plain, 1
        while found in self.arrays or found in _RESERVED:
            number += 1
            found = f"{plain}_{number}"
        return found


class _Together:
    """Makes networks of records; those that are linked are there already."""

    def __init__(self, give: Give, limits: Limits, where: object) -> None:
        self.give, self.limits, self.where = give, limits, where
        self.networks: list[Network] = []

    def network(self, record: Record) -> Network:
        mesh = None
        if "mesh" in record:
            arrays = {name: self.tree(leaf) for name, leaf in record["mesh"]["arrays"].items()}
            element_type = record["mesh"]["element_type"]
            mesh = Mesh(arrays["vertices"], arrays["elements"], arrays.get("normals"), element_type=element_type)
        network = Network(self.nodes(record["nodes"]))
        network.mesh = mesh
        if mesh is not None and mesh.number_of_vertices != network.number_of_nodes:
            raise DamagedFileError(
                f"{self.where} has {network.number_of_nodes:,} nodes and {mesh.number_of_vertices:,} vertices"
            )
        for name in _TEXTS:
            setattr(network, name, self.tree(record[name]))
        for name, index in record["links"]:
            network.links[self.name(name)] = self.networks[self.index(index)]
        for name, said in record["matrices"]:
            network.matrices.adopt(self.name(name), self.matrix(said))
        for name, said in record["parameters"]:
            network.parameters[self.name(name)] = Parameter(**{key: self.tree(value) for key, value in said.items()})
        if "node_mapping_data" in record:
            network.node_mapping_data = self.tree(record["node_mapping_data"])
        if "parent_network" in record:
            network.parent_network = self.networks[self.index(record["parent_network"])]
        network.extra = self.tree(record["extra"])
        return network

    def index(self, index: int) -> int:
        if not 0 <= index < len(self.networks):
            raise DamagedFileError(f"{self.where} links network {index}: expected one that stands before it")
        return index

    def nodes(self, said: Record) -> NodeTable:
        own = {name: self.tree(said[name]) for name in ("labels", "positions", "ids") if name in said}
        columns = {self.name(name): self.tree(leaf) for name, leaf in said["columns"]}
        size = said["size"]
        if type(size) is not int or size < 0:
            raise DamagedFileError(f"{self.where} has {size!r} nodes: expected a number")
        if not own and not columns:
            self.limits.check("nodes", size, self.where)
        return NodeTable(
            own.get("labels"),
            own.get("positions"),
            columns,
            size=size,
            ids=own.get("ids"),
            units={self.name(name): self.tree(unit) for name, unit in said["units"]},
            default_label=self.tree(said["default_label"]),
            extra=self.tree(said["extra"]),
        )

    def name(self, said: Any) -> str:
        name = self.tree(said)
        if not isinstance(name, str):
            raise DamagedFileError(f"{self.where} has a {type(name).__name__} for a name: expected text")
        return name

    def matrix(self, said: Record) -> EdgeMatrix:
        plain = {name: self.tree(said[name]) for name in ("unit", "directed", "target_network", "extra")}
        labels = self.tree(said["column_labels"]) if "column_labels" in said else None
        return EdgeMatrix(self.tree(said["values"]), column_labels=labels, **plain)

    def tree(self, said: Any) -> Any:
        if isinstance(said, list):
            return [self.tree(item) for item in said]
        if not isinstance(said, dict):
            return said
        if "$" not in said:
            return {key: self.tree(item) for key, item in said.items()}
        return self.special(said["$"], said)

    def special(self, kind: str, said: Record) -> Any:
        if kind in ("array", "rows", "edges"):
            return self.give(said)
        if kind == "scalar":
            return self.give(said["of"])[()]
        if kind == "sparse":
            self.limits.check("nodes", max(said["shape"]), self.where)
            parts = {name: self.give(leaf) for name, leaf in said["parts"].items()}
            return sparse_from_parts(said["layout"], said["kind"], tuple(said["shape"]), parts)
        if kind == "whole":
            return whole_sparse(self.give(said), said)
        if kind == "tuple":
            return tuple(self.tree(item) for item in said["items"])
        if kind == "dict":
            return {self.tree(key): self.tree(item) for key, item in said["items"]}
        if kind == "text":
            return "".join(map(chr, said["codes"]))
        if kind == "float":
            return struct.unpack(">d", bytes.fromhex(said["bits"]))[0]
        if kind == "complex":
            return complex(*(self.tree(part) for part in said["parts"]))
        if kind == "bytes":
            return bytes.fromhex(said["hex"])
        if kind in ("date", "datetime"):
            return getattr(datetime, kind).fromisoformat(said["text"])
        raise DamagedFileError(f"{self.where} has a value of kind {kind!r}: a newer tvbo may read it")
