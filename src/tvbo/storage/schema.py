"""
The sidecar's keys, in their order, and the rows of its node list.

The layout is that of ``tvb-datamodel/0.7.0`` as tvbo 0.5.3 writes it. Keys that are not known here are not an
error: they are kept and written back.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.errors import SidecarError, warn
from tvbo.storage.node_list import AXES, NodeColumns, NodeText

CLASS_KEY, CLASS = "tvbo_class", "tvbo:Network"
VERSION = "tvb-datamodel/0.7.0"

KEY_ORDER = (
    "tvbo_class", "schema_version", "label", "description", "number_of_nodes", "descriptor", "distance_unit",
    "time_unit", "data_file", "parent_network", "node_mapping", "provenance", "bids", "dynamics", "coupling",
    "parameters", "parcellation", "tractogram", "nodes", "edges",
)  # fmt: skip
# The keys that a Network has a place of its own for.
OWN_KEYS = frozenset(
    ("tvbo_class", "schema_version", "label", "description", "number_of_nodes", "descriptor", "distance_unit")
    + ("time_unit", "data_file", "parent_network", "node_mapping", "parameters", "nodes", "edges")
)
# A mapping without any of these is something else.
TELLING_KEYS = frozenset(("tvbo_class", "number_of_nodes", "number_of_regions", "data_file", "nodes", "edges"))
# The NaN that YAML gives back.
_NAN = 0x7FF8000000000000


def ordered(record: Mapping[str, Any]) -> dict[str, Any]:
    """
    Put the keys of a record in the documented order, unknown ones last.

    Parameters
    ----------
    record : mapping
        The record.

    Returns
    -------
    dict
        The same, ordered.
    """
    known = {key: record[key] for key in KEY_ORDER if key in record}
    return known | {key: value for key, value in record.items() if key not in known}


def check(record: Mapping[str, Any], path: Path) -> None:
    """
    Refuse what is no network, and what would be misread; warn of a layout that is not known.

    Parameters
    ----------
    record : mapping
        The record.
    path : Path
        Where it comes from, for the message.

    Raises
    ------
    SidecarError
        If it is of another class, or its lists are no lists of mappings, or its counts differ.
    """
    kind = record.get(CLASS_KEY, CLASS)
    if kind != CLASS:
        raise SidecarError(f"{path} holds a {kind!r}: expected {CLASS_KEY}: {CLASS}")
    version = record.get("schema_version", VERSION)
    if version != VERSION:
        warn(
            f"{path} has the schema_version {str(version)[:60]!r}, and {VERSION!r} is known here: "
            "it is read as that, so look whether all is there"
        )
    if not set(record) & TELLING_KEYS:
        raise SidecarError(f"{path} is no network: expected at least one of the keys {', '.join(sorted(TELLING_KEYS))}")
    for key in ("nodes", "edges", "parameters"):
        value = record.get(key)
        named = key == "parameters" and isinstance(value, dict)
        listed = isinstance(value, list) and all(isinstance(row, dict) for row in value)
        listed = listed or (key == "nodes" and isinstance(value, (NodeColumns, NodeText)))
        if value is not None and not named and not listed:
            raise SidecarError(f"{path}: {key} must be a list of mappings, not {str(value)[:60]!r}")
    nodes, count = record.get("nodes"), record.get("number_of_nodes")
    if nodes and count is not None and count != len(nodes):
        raise SidecarError(
            f"{path}: number_of_nodes is {count!r}, but {len(nodes)} nodes are listed: correct one of them"
        )


def inlinable(values: Any) -> bool:
    """
    Tell whether a column of nodes can stand in the sidecar without loss.

    Parameters
    ----------
    values : array, shape (n, ...)
        The column.

    Returns
    -------
    bool
        True for one float64, int64, bool or text per node.
    """
    return (len(values.shape) == 1 and values.dtype.str.lstrip("<>|=")[:2] in ("f8", "i8", "b1")) or (
        len(values.shape) == 1 and values.dtype.kind == "U"
    )


def node_rows(
    ids: npt.NDArray[Any],
    labels: npt.NDArray[Any],
    positions: npt.NDArray[Any] | None,
    columns: Mapping[str, npt.NDArray[Any]],
    units: Mapping[str, str],
    extra: Mapping[int, dict[str, Any]],
) -> NodeColumns | list[dict[str, Any]]:
    """
    Write columns as the sidecar's list of nodes.

    Parameters
    ----------
    ids, labels : array, shape (n,)
        Identifier and name of each node.
    positions : array, shape (n, 3) [mm], or None
        Where they are.
    columns : mapping of str to array, shape (n,)
        Values of each node; booleans are written as 1.0 and 0.0.
    units : mapping of str to str
        Units of columns.
    extra : mapping of int to dict
        Further keys of single nodes.

    Returns
    -------
    NodeColumns or list of dict
        One mapping for each node. It is a list if they differ in their keys, or hold what YAML cannot carry
        exactly, and what has to be looked for therefore.
    """
    lists = {
        name: (values.astype(np.float64) if values.dtype.kind == "b" else values).tolist()
        for name, values in columns.items()
    }
    x, y, z = ([], [], []) if positions is None else positions.T.tolist()
    nodes = NodeColumns(
        ids.tolist(),
        labels.tolist(),
        lists,
        {name: units[name] for name in lists if name in units},
        None if positions is None else (x, y, z),
    )
    texts = [labels, *(values for values in columns.values() if values.dtype.kind == "U")]
    numbers = [values for values in (positions, *columns.values()) if values is not None and values.dtype.kind == "f"]
    alike = not any(extra.values()) and all(type(unit) is str for unit in nodes.units.values())
    if alike and all(map(_is_unicode, [*texts, *nodes.units.values()])) and all(map(_has_one_nan, numbers)):
        return nodes
    return [_with_others(row, extra.get(index, {})) for index, row in enumerate(nodes)]


def _with_others(row: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    others = dict(extra)
    parameters = row.get("parameters", {}) | others.pop("parameters", {})
    ordered = {"id": row["id"], "label": row["label"]} | ({"parameters": parameters} if parameters else {})
    if "position" in row or "position" in others:
        ordered["position"] = (others.pop("position", None) or {}) | row.get("position", {})
    return ordered | others


def _is_unicode(texts: Any) -> bool:
    """Tell whether there are no lone surrogates."""
    try:
        "".join(texts.tolist() if isinstance(texts, np.ndarray) else texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _has_one_nan(numbers: npt.NDArray[Any]) -> bool:
    missing = numbers[np.isnan(numbers)]
    return not missing.size or bool((missing.astype("<f8").view("<u8") == _NAN).all())


def node_columns(
    rows: NodeColumns | list[dict[str, Any]], texts: Callable[[list[str]], npt.NDArray[Any]]
) -> dict[str, Any]:
    """
    Read the sidecar's list of nodes as columns.

    Parameters
    ----------
    rows : NodeColumns or list of dict
        One mapping for each node, as `check` lets them pass.
    texts : callable
        Makes an array of text, unless it would take too much memory.

    Returns
    -------
    dict
        ``labels`` or None, ``ids``, ``positions`` or None, ``columns``, ``units``, and ``extra``: whatever does not
        stand in the same form at every node.

    Raises
    ------
    SidecarError
        If an identifier is no integer.
    """
    if isinstance(rows, NodeColumns):
        found = _of_columns(rows, texts)
        if found is not None:
            return found
        rows = list(rows)
    ids = [row.get("id", index) for index, row in enumerate(rows)]
    if not all(type(number) is int for number in ids):
        raise SidecarError("every node id must be an integer")
    placed = [axes(row.get("position")) for row in rows]
    positions = np.array(placed, dtype=np.float64) if rows and all(place for place in placed) else None
    parameters = [named(row.get("parameters")) for row in rows]
    columns, units = _columns(parameters, texts)
    extra = {}
    for index, row in enumerate(rows):
        others = {key: value for key, value in row.items() if key not in ("id", "label", "parameters", "position")}
        place = row.get("position")
        if place is not None and positions is None:
            others["position"] = place
        elif place is not None and len(place) > len(AXES):
            others["position"] = {key: value for key, value in place.items() if key not in AXES}
        left = {key: value for key, value in parameters[index].items() if key not in columns}
        if left:
            others["parameters"] = left
        if others:
            extra[index] = others
    return {
        "labels": _labels([row.get("label") for row in rows], texts),
        "ids": _identifiers(ids),
        "positions": positions,
        "columns": columns,
        "units": units,
        "extra": extra,
    }


def _of_columns(nodes: NodeColumns, texts: Callable[[list[str]], npt.NDArray[Any]]) -> dict[str, Any] | None:
    """Take columns as they are; None if one of them is none after all."""
    columns = {name: _column(values, texts) for name, values in nodes.parameters.items()}
    if any(values is None for values in columns.values()):
        return None
    return {
        "labels": _labels(nodes.labels, texts),
        "ids": _identifiers(nodes.ids),
        "positions": None if nodes.positions is None else np.array(nodes.positions, dtype=np.float64).T.copy(order="C"),
        "columns": columns,
        "units": dict(nodes.units),
        "extra": {},
    }


def named(parameters: Any) -> dict[str, Any]:
    """
    Give parameters by name; a file may also list them, each with its name.

    Parameters
    ----------
    parameters : dict, list of dict, or None
        What a file says.

    Returns
    -------
    dict
        The same, by name.

    Raises
    ------
    SidecarError
        If it is something else.
    """
    if isinstance(parameters, list) and all(isinstance(row, dict) and "name" in row for row in parameters):
        return {str(row["name"]): {key: value for key, value in row.items() if key != "name"} for row in parameters}
    if parameters is not None and not isinstance(parameters, dict):
        raise SidecarError(f"parameters are {str(parameters)[:60]!r}: expected a mapping of names")
    return parameters or {}


def _labels(labels: list[Any], texts: Callable[[list[str]], npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    """Make an array of labels; None if there is none."""
    if all(label is None for label in labels):
        return None
    return texts(["" if label is None else str(label) for label in labels])


def _identifiers(ids: list[int]) -> npt.NDArray[np.int64] | None:
    return None if ids == list(range(len(ids))) else np.array(ids, dtype=np.int64)


def axes(position: Any) -> list[float] | None:
    """
    Read the position of a node.

    Parameters
    ----------
    position : object
        What the sidecar says.

    Returns
    -------
    list of float or None
        x, y and z; None if these are not three numbers.
    """
    if isinstance(position, dict) and position.keys() >= set(AXES):
        values = [position[axis] for axis in AXES]
        if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            return [float(value) for value in values]
    return None


def _columns(
    parameters: list[Any], texts: Callable[[list[str]], npt.NDArray[Any]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Take as columns the parameters that every node has, in one form: a value of one type, with one unit."""
    columns: dict[str, Any] = {}
    units: dict[str, str] = {}
    if not parameters or not all(isinstance(item, dict) for item in parameters):
        return columns, units
    for name in parameters[0]:
        entries = [item.get(name) for item in parameters]
        if not all(isinstance(entry, dict) and set(entry) <= {"value", "unit"} for entry in entries):
            continue
        used = {entry.get("unit") for entry in entries if entry is not None}
        values = _column([entry.get("value") for entry in entries if entry is not None], texts)
        if values is not None and len(used) == 1:
            columns[name] = values
            unit = used.pop()
            if unit is not None:
                units[name] = unit
    return columns, units


def _column(values: list[Any], texts: Callable[[list[str]], npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    """Make an array of values that are of one kind; None if they are not."""
    kinds = set(map(type, values))
    # People write 400 for 400.0, and true for 1.0.
    alike = len(kinds) == 1 if kinds & {str} else kinds <= {float, int, bool}
    if not alike or not kinds <= {float, int, bool, str}:
        return None
    widest = 2**53 if float in kinds else 2**63
    if int in kinds and any(type(value) is int and abs(value) >= widest for value in values):
        return None
    return texts(values) if kinds == {str} else np.array(values)
