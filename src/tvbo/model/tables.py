"""
A network as two tables, of nodes and of edges: what graphs and data frames hold.

Entry [i, j] of a matrix is the edge from node j to node i, since rows are targets. An edge is where any matrix of nodes
by nodes has an entry: one that a sparse matrix stores, and any number of a dense one whose bits are not those of zero.
Every edge has a value of every such matrix, 0 where that has none, so that sums over edges are sums over rows. All else
goes into a record of text (`tvbo.model.plain`); what a table cannot say to the bit lies there as well, and counts as
long as the table still says the same.
"""

import base64
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tvbo import _sparse as sp
from tvbo.errors import DuplicateNameError, UnsupportedObjectError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array, is_sparse, load
from tvbo.model.edge_entries import (
    entries,
    is_plain,
    is_plain_nan,
    is_same_sparse,
    is_symmetric,
    looked_up,
    rebuilt,
    say_the_same,
)
from tvbo.model.matrices import DENSE_BYTES, WEIGHTS, EdgeMatrix
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.model.plain import Leaf, Record, dumped, loaded, put_together, shaped, taken_apart
from tvbo.storage.bounded.decoding import decoding
from tvbo.storage.sparse import sparse_from_parts, sparse_kind, sparse_parts

PLACES = ("x", "y", "z")
# Longer rows of a column are no columns of a table.
_WIDEST = 9
_ERRORS = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError)


@dataclass(slots=True)
class Tables:
    """
    The two tables.

    Attributes
    ----------
    labels : list of str
        Names of the nodes, in order.
    nodes : dict of str to array, shape (n_nodes,)
        ``x``, ``y``, ``z`` and the columns; ``orientation_x``, ``_y`` and ``_z`` for one of three axes, ``name_0``,
        ``name_1``, ... for other numbers.
    sources, targets : array, shape (n_edges,), int
        Rows of the nodes that each edge joins.
    edges : dict of str to array, shape (n_edges,)
        The entries of each matrix.
    record : str or None
        All else, in JSON.
    notes : dict of str to str
        Units of matrices, such as ``length_unit``.
    """

    labels: list[str]
    nodes: dict[str, Array]
    sources: Array
    targets: Array
    edges: dict[str, Array]
    record: str | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def are_dense(self) -> bool:
        """Whether all matrices together are small enough to have a place for each pair of nodes."""
        return 16 * len(self.labels) ** 2 * max(1, len(self.edges)) <= DENSE_BYTES


def tables_of(
    network: Network,
    *,
    carries: Callable[[Array], bool],
    with_nodes: bool = True,
    undirected: bool = False,
    takes: Callable[[str], bool] = lambda _: True,
) -> Tables:
    """
    Lay a network out as tables.

    Parameters
    ----------
    network : Network
        The network.
    carries : callable
        Tells whether the container can hold a column of such values. If it holds them but for their last bits, as texts
        do with NaN, the record has them too.
    with_nodes : bool
        Whether the container has a table of nodes.
    undirected : bool
        Whether only one of the two entries of each pair becomes an edge.
    takes : callable
        Tells whether a column may have that name there.

    Returns
    -------
    Tables
        The tables.

    Raises
    ------
    DuplicateNameError
        If two nodes have one label.
    ValueError
        If it is to be undirected, and is not symmetric.
    """
    labels = network.nodes.labels.tolist()
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise DuplicateNameError(
            f"{labels.count(twice)} nodes are called {twice!r}, and tables tell nodes by their names: give "
            "net.nodes.labels names that differ"
        )
    record, arrays = taken_apart(network)
    root = record["networks"][-1]
    nodes = _lay_nodes(root["nodes"], arrays, carries, takes) if with_nodes else {}
    sources, targets, edges = _lay_edges(root["matrices"], network, carries, undirected, takes)
    notes = {f"{name}_unit": unit for name in edges if (unit := network.matrices[name].unit) is not None}
    _hold(record, arrays)
    return Tables(labels, nodes, sources, targets, edges, dumped(record), notes)


def network_of_tables(tables: Tables, where: object, limits: Limits = Limits()) -> Network:  # noqa: B008 - it cannot change
    """
    Make a network of tables.

    Parameters
    ----------
    tables : Tables
        The tables; without a record, those of others.
    where : object
        What they are of, for messages.
    limits : Limits
        What the record may ask for.

    Returns
    -------
    Network
        The network.
    """
    if tables.record is None:
        return _noted(_foreign(tables), tables)
    record = loaded(tables.record, limits, where)
    with decoding(where, "a record that fits its tables", _ERRORS):
        root = record["networks"][-1]
        _fit(root, tables, where)

        _strip(root, tables)
        network = put_together(record, functools.partial(_given, tables), limits, where)
        _add(network, tables, root)
        return _noted(network, tables)


def _given(tables: Tables, leaf: Leaf) -> Any:
    """Give what a leaf stands for."""
    give = functools.partial(_given, tables)
    if leaf["$"] == "rows":
        return _rows(tables, leaf, give)
    if leaf["$"] == "edges":
        return _matrix(tables, leaf, give, len(tables.labels))
    data = np.frombuffer(base64.b64decode(leaf["data"], validate=True), np.dtype(leaf["dtype"]))
    return shaped(data.copy(), leaf)


# ------------------------------------------------------------------ laying out


def _lay_nodes(
    said: Record, arrays: Mapping[str, Any], carries: Callable[[Array], bool], takes: Callable[[str], bool]
) -> dict[str, Array]:
    """Move columns into a table; their leaves say from where they come back."""
    found: dict[str, Array] = {}
    places = [("positions", said["positions"])] if "positions" in said else []
    for name, leaf in [*places, *((name, leaf) for name, leaf in said["columns"] if isinstance(name, str))]:
        if leaf.get("$") != "array" or len(leaf["shape"]) > 2:
            continue
        values = np.asarray(arrays[leaf["name"]])
        width = leaf["shape"][1] if len(leaf["shape"]) == 2 else 0
        names = PLACES if name == "positions" and leaf is said.get("positions") else _axes(name, width)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        parts = [values[:, axis] for axis in range(width)] if values.ndim == 2 else [values]
        if not 0 < len(parts) <= _WIDEST or any(each in found or each == "label" or not takes(each) for each in names):
            continue
        if not all(is_plain(part) and carries(part) for part in parts):
            continue
        found |= dict(zip(names, parts, strict=True))
        held = None if all(is_plain_nan(part) for part in parts) else dict(leaf)
        leaf |= {"$": "rows", "in": list(names), "held": held}
    return found


def _axes(name: str, width: int) -> tuple[str, ...]:
    if not width:
        return (name,)
    return tuple(f"{name}_{axis}" for axis in (PLACES if width == len(PLACES) else range(width)))


def _lay_edges(
    matrices: list[Any],
    network: Network,
    carries: Callable[[Array], bool],
    undirected: bool,
    takes: Callable[[str], bool],
) -> tuple[Array, Array, dict[str, Array]]:
    n = network.number_of_nodes
    found: dict[str, tuple[Array, Array]] = {}
    for name, _ in matrices:
        matrix = network.matrices[name] if isinstance(name, str) else None
        if matrix is None or not _joins_nodes(network, name, n) or not takes(name):
            continue
        values = load(matrix.values)
        if undirected and not is_symmetric(values):
            raise ValueError(
                f"the matrix {name!r} is not symmetric, so that no undirected graph holds it: leave out directed=False"
            )
        keys, data = entries(values)
        if is_plain(data) and carries(data):
            found[name] = keys, data
    union = np.unique(np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in found.values())]))
    if undirected and n:
        union = union[union // n <= union % n]
    edges = {name: looked_up(union, *each) for name, each in found.items()}
    sources, targets = (union // n, union % n) if n else (union, union)
    for name, said in matrices:
        if name in edges:
            said["values"] = _edge_leaf(
                load(network.matrices[name].values), name, edges[name], sources, targets, said, n
            )
            said["values"]["mirrored"] = undirected
    return sources, targets, edges


def _edge_leaf(values: Any, name: str, data: Array, sources: Array, targets: Array, said: Record, n: int) -> Record:
    leaf: Record = {"$": "edges", "in": name, "dtype": values.dtype.str, "shape": [n, n], "held": said["values"]}
    if is_sparse(values):
        index = next((each.dtype.str for each in sparse_parts(values).values() if each.dtype.kind == "i"), "<i4")
        leaf |= {"layout": values.format, "kind": sparse_kind(values), "index": index}
        # The text of a graph cannot tell an entry of zero from none, nor in which order entries were stored.
        if is_plain_nan(data) and is_same_sparse(values, rebuilt(leaf, data, sources, targets, n)):
            leaf["held"] = None
    else:
        leaf["order"] = said["values"]["order"]
        if is_plain_nan(data):
            leaf["held"] = None
    return leaf


def _joins_nodes(network: Network, name: str, n: int) -> bool:
    matrix = network.matrices[name]
    elsewhere = matrix.column_labels is not None or matrix.target_network is not None or name in network.links
    return matrix.shape == (n, n) and not elsewhere and name not in ("source", "target")


def _hold(tree: Any, arrays: Mapping[str, Any]) -> None:
    """Put the bytes of arrays that are in no table into their leaves."""
    if isinstance(tree, list):
        for item in tree:
            _hold(item, arrays)
    elif isinstance(tree, dict) and tree.get("$") == "array":
        raw = np.ascontiguousarray(arrays[tree["name"]]).tobytes()
        tree |= {"data": base64.b64encode(raw).decode()}
        # Only the bytes are in order of rows; the leaf tells the memory order.
    elif isinstance(tree, dict):
        for item in tree.values():
            _hold(item, arrays)


# ------------------------------------------------------------------ reading back


def _fit(root: Record, tables: Tables, where: object) -> None:
    """Leave out what has a row for each node and is in no table, if the nodes are not those that it was made of."""
    said = root["nodes"]
    held = said.get("labels")
    if held is None:
        names = [f"{said['default_label']}_{index}" for index in range(min(said["size"], len(tables.labels) + 1))]
    else:
        names = np.frombuffer(base64.b64decode(held["data"], validate=True), held["dtype"]).tolist()
    if names == tables.labels:
        return
    lost = [name for name in ("ids", "positions") if said.get(name, {}).get("$") == "array"]
    lost += [str(name) for name, leaf in said["columns"] if leaf["$"] == "array"]
    lost += [str(name) for name, each in root["matrices"] if each["values"].get("$") != "edges"]
    lost += [name for name in ("mesh", "node_mapping_data") if name in root]
    for name in ("ids", "positions"):
        if name in lost:
            del said[name]
    said["labels"], said["size"], said["extra"] = None, len(tables.labels), {}
    said["columns"] = [[name, leaf] for name, leaf in said["columns"] if leaf["$"] != "array"]
    kept = [[name, each] for name, each in root["matrices"] if each["values"].get("$") == "edges"]
    root["links"] = [[name, each] for name, each in root["links"] if name not in lost]
    root["matrices"] = kept
    for name in ("mesh", "node_mapping_data"):
        root.pop(name, None)
    if lost:
        warn(f"the nodes of {where} are others than those that it was made of: {', '.join(lost)} are left out")


def need_numbers(left: Iterable[str], where: object) -> None:
    """
    Refuse edges whose weights are no numbers: the count of edges must not stand for them.

    Parameters
    ----------
    left : iterable of str
        The attributes of edges that are no numbers.
    where : object
        What has them, for messages.

    Raises
    ------
    UnsupportedObjectError
        If there are weights among them.
    """
    bad = sorted(set(left) & set(WEIGHTS))
    if bad:
        raise UnsupportedObjectError(
            f"{where}: {bad[0]!r} of the edges is no number everywhere: expected numbers that fit into 64 bits; "
            "make them such, or remove it, and each edge counts 1"
        )


def _strip(root: Record, tables: Tables) -> None:
    """Leave out what somebody removed from the tables."""
    said = root["nodes"]
    if "labels" in said and said["labels"] is None:
        del said["labels"]
        said["default_label"] = "node"
    # A table without rows has no values, and may have no names for them either.
    rows, edges = tables.nodes, tables.edges

    def is_there(leaf: Leaf) -> bool:
        return leaf["$"] != "rows" or not tables.labels or all(name in rows for name in leaf["in"])

    if "positions" in said and not is_there(said["positions"]):
        del said["positions"]
    said["columns"] = [[name, leaf] for name, leaf in said["columns"] if is_there(leaf)]
    root["matrices"] = [
        [name, each]
        for name, each in root["matrices"]
        if each["values"]["$"] != "edges" or not len(tables.sources) or each["values"]["in"] in edges
    ]


def _rows(tables: Tables, leaf: Leaf, give: Callable[[Leaf], Any]) -> Any:
    parts = [tables.nodes[name] if tables.labels else np.empty(0, leaf["dtype"]) for name in leaf["in"]]
    n = len(tables.labels)
    shape = [n, *leaf["shape"][1:]]
    made = shaped(parts[0] if len(shape) == 1 else np.stack(parts, axis=1), {**leaf, "shape": shape})
    return _held_or(made, leaf, give)


def _matrix(tables: Tables, leaf: Leaf, give: Callable[[Leaf], Any], n: int) -> Any:
    sources, targets = tables.sources, tables.targets
    data = tables.edges[leaf["in"]] if len(sources) else np.empty(0, leaf["dtype"])
    if leaf["mirrored"]:
        off = sources != targets
        data = np.concatenate([data, data[off]])
        sources, targets = np.concatenate([sources, targets[off]]), np.concatenate([targets, sources[off]])
    if "layout" not in leaf and not tables.are_dense:
        return sp.csr_array((data, (targets, sources)), shape=(n, n))
    return _held_or(rebuilt(leaf, data, sources, targets, n), leaf, give)


def _held_or(made: Any, leaf: Leaf, give: Callable[[Leaf], Any]) -> Any:
    """Give what the record holds to the bit, if the tables say the same."""
    held = leaf["held"]
    if held is None:
        return made
    if held["$"] == "sparse":
        parts = {name: give(each) for name, each in held["parts"].items()}
        whole: Any = sparse_from_parts(held["layout"], held["kind"], tuple(held["shape"]), parts)
        return whole if whole.shape == made.shape and say_the_same(whole, made) else made
    values = give(held)
    same = values.shape == made.shape and np.array_equal(values, made, equal_nan=values.dtype.kind in "fc")
    return values if same else made


def _add(network: Network, tables: Tables, root: Record) -> None:
    """Take what somebody added to the tables."""
    known = [name for _, leaf in root["nodes"]["columns"] for name in leaf.get("in", ())]
    known += root["nodes"].get("positions", {}).get("in", [])
    if root["nodes"].get("labels") is None and network.nodes.labels.tolist() != tables.labels:
        network.nodes.labels = tables.labels
    for name, values in tables.nodes.items():
        if name not in known and name not in network.nodes.columns:
            network.nodes.columns[name] = values
    for name in tables.edges:
        if name not in network.matrices:
            network.matrices[name] = EdgeMatrix(_laid(tables, tables.edges[name]))


def _laid(tables: Tables, data: Array) -> Any:
    n = len(tables.labels)
    if not tables.are_dense:
        return sp.csr_array((data, (tables.targets, tables.sources)), shape=(n, n))
    values = np.zeros((n, n), data.dtype)
    values[tables.targets, tables.sources] = data
    return values


def _foreign(tables: Tables) -> Network:
    placed = all(name in tables.nodes and tables.nodes[name].dtype.kind in "iuf" for name in PLACES)
    positions = np.stack([tables.nodes[name] for name in PLACES], axis=1).astype(np.float64) if placed else None
    columns = {name: each for name, each in tables.nodes.items() if not placed or name not in PLACES}
    network = Network(NodeTable(np.array(tables.labels, dtype=str), positions, columns, size=len(tables.labels)))
    for name in tables.edges:
        network.matrices[name] = EdgeMatrix(_laid(tables, tables.edges[name]), "mm" if name == "length" else None)
    if not tables.edges:
        network.matrices["weight"] = EdgeMatrix(_laid(tables, np.ones(len(tables.sources))))
    return network


def _noted(network: Network, tables: Tables) -> Network:
    """Take units from where people read them, and may have changed them."""
    for name, matrix in network.matrices.items():
        if f"{name}_unit" in tables.notes:
            matrix.unit = tables.notes[f"{name}_unit"]
    return network
