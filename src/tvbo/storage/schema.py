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
_AXES = ("x", "y", "z")


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
) -> list[dict[str, Any]]:
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
    list of dict
        One mapping for each node.
    """
    lists = {
        name: (values.astype(np.float64) if values.dtype.kind == "b" else values).tolist()
        for name, values in columns.items()
    }
    places = None if positions is None else positions.tolist()
    rows = []
    for index, (number, label) in enumerate(zip(ids.tolist(), labels.tolist(), strict=True)):
        row: dict[str, Any] = {"id": number, "label": label}
        others = dict(extra.get(index, {}))
        parameters = {
            name: {"value": values[index]} | ({"unit": units[name]} if name in units else {})
            for name, values in lists.items()
        } | others.pop("parameters", {})
        if parameters:
            row["parameters"] = parameters
        if places is not None:
            row["position"] = dict(zip(_AXES, places[index], strict=True))
        rows.append(row | others)
    return rows


def node_columns(rows: list[dict[str, Any]], texts: Callable[[list[str]], npt.NDArray[Any]]) -> dict[str, Any]:
    """
    Read the sidecar's list of nodes as columns.

    Parameters
    ----------
    rows : list of dict
        One mapping for each node, as `check` lets them pass.
    texts : callable
        Makes an array of text, unless it would take too much memory.

    Returns
    -------
    dict
        ``labels``, ``ids``, ``positions`` or None, ``columns``, ``units``, and ``extra``: whatever does not
        stand in the same form at every node.

    Raises
    ------
    SidecarError
        If an identifier is no integer.
    """
    labels = ["" if row.get("label") is None else str(row["label"]) for row in rows]
    ids = [row.get("id", index) for index, row in enumerate(rows)]
    if not all(type(number) is int for number in ids):
        raise SidecarError("every node id must be an integer")
    placed = [axes(row.get("position")) for row in rows]
    positions = np.array(placed, dtype=np.float64) if rows and all(place for place in placed) else None
    columns, units = _columns([row.get("parameters") or {} for row in rows], texts)
    extra = {}
    for index, row in enumerate(rows):
        others = {key: value for key, value in row.items() if key not in ("id", "label", "parameters", "position")}
        if positions is None and row.get("position") is not None:
            others["position"] = row["position"]
        left = {key: value for key, value in (row.get("parameters") or {}).items() if key not in columns}
        if left:
            others["parameters"] = left
        if others:
            extra[index] = others
    return {
        "labels": texts(labels),
        "ids": None if ids == list(range(len(ids))) else np.array(ids, dtype=np.int64),
        "positions": positions,
        "columns": columns,
        "units": units,
        "extra": extra,
    }


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
    if isinstance(position, dict) and set(position) == set(_AXES):
        values = [position[axis] for axis in _AXES]
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
        values = [entry.get("value") for entry in entries if entry is not None]
        kinds = {type(value) for value in values}
        used = {entry.get("unit") for entry in entries if entry is not None}
        # People write 400 for 400.0, and true for 1.0.
        alike = len(kinds) == 1 if kinds & {str} else kinds <= {float, int, bool}
        if alike and kinds <= {float, int, bool, str} and len(used) == 1:
            widest = 2**53 if float in kinds else 2**63
            if any(type(value) is int and abs(value) >= widest for value in values):
                continue
            columns[name] = texts(values) if kinds == {str} else np.array(values)
            unit = used.pop()
            if unit is not None:
                units[name] = unit
    return columns, units
