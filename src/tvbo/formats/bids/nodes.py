"""The table of nodes, ``_nodeindices.tsv``, and its description."""

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, DuplicateNameError, ShapeError, warn
from tvbo.formats.bids import tables
from tvbo.formats.bids.tables import MISSING, Array
from tvbo.model.nodes import NodeTable
from tvbo.storage.record import pack, unpack

INDEX, FILE, ROW, LABEL, AXES = "matrix_index", "node_file", "node_index", "label", ("x", "y", "z")
# The draft says itself what the index and the row are.
_ABOUT: dict[str, dict[str, Any]] = {
    FILE: {"Description": "File or atlas that the node comes from"},
    LABEL: {"Description": "Name of the node"},
    **{axis: {"Description": f"Position of the node along {axis}"} for axis in AXES},
    "area": {"Description": "Area of the node"},
    "cortical": {"Description": "Whether the node is cortical", "Levels": {"true": "cortical", "false": "subcortical"}},
    "hemisphere": {"Description": "Hemisphere of the node", "Levels": {"L": "left", "R": "right"}},
    **{f"orientation_{axis}": {"Description": f"Mean normal of the node along {axis}"} for axis in AXES},
}
_OF_TABLE = "Nodes of the relationship matrices: matrix_index is their row and column, counted from 0."
# What True and False are called; TVB has True for the right hemisphere.
_WORDS = {"hemisphere": ("L", "R")}
_BOOLEANS = ("false", "true")
# What a table of text cannot hold, or what some reader ends a line with.
_UNFIT = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST = 1000
_WIDEST = 4 * 1024


def _shown(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)[:_LONGEST]


def _words(name: str) -> tuple[str, str]:
    return _WORDS.get(name, _BOOLEANS)


def table_of(nodes: NodeTable, unit: str | None, said: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """
    Lay nodes out as a table.

    Parameters
    ----------
    nodes : NodeTable
        The nodes.
    unit : str or None
        Unit of the positions.
    said : mapping
        Descriptions of columns that are known already.

    Returns
    -------
    table : bytes
        The text.
    description : dict
        What the columns are, with their units; under ``tvbo`` what the text does not say.
    """
    n = len(nodes)
    note: dict[str, Any] = {"number": n, "default_label": nodes.default_label}
    held: dict[str, list[str]] = {INDEX: [str(index) for index in range(n)]}
    about: dict[str, Any] = {"Description": _OF_TABLE}

    def add(header: str, values: list[str], units: str | None = None) -> str:  # numpydoc ignore=GL08
        known = _ABOUT.get(header, {"Description": header})
        while header in held or header in ("Description", "tvbo"):
            header += "_"
        held[header] = values
        if header != ROW or units is not None:
            about[header] = known | ({} if units is None else {"Units": units})
        return header

    special = {name: nodes.columns[name] for name in (FILE, ROW) if name in nodes.columns}
    taken = {
        name
        for name, values in special.items()
        if values.ndim == 1 and values.dtype.kind in ("U" if name == FILE else "iu")
    } - ({ROW} if nodes.has_ids else set())
    texts = {FILE: [MISSING] * n, ROW: nodes.ids.astype(np.int64).astype(str).tolist()}
    columns: list[dict[str, Any]] = []
    for name in (FILE, ROW):
        if name in taken:
            columns.append(_column(name, np.asarray(special[name]), nodes.units.get(name), add))
        else:
            add(name, texts[name])
    note["ids"] = nodes.has_ids
    if nodes.has_labels:
        labels = nodes.labels.tolist()
        add(LABEL, list(map(_shown, labels)))
        note["labels"] = {"dtype": nodes.labels.dtype.str, "exact": _exact(labels)}
    positions = nodes.positions
    if positions is not None and tables.is_exact(positions.dtype):
        for axis, values in zip(AXES, tables.fields(positions.T), strict=True):
            add(axis, values, unit)
        note["positions"] = tables.note_of(positions)
    for name in nodes.columns:
        values = np.asarray(nodes.columns[name])
        if name not in taken and (values.dtype.kind == "U" or tables.is_exact(values.dtype)):
            columns.append(_column(name, values, nodes.units.get(name), add))
    note["columns"] = columns
    note["extra"] = pack_or_none(nodes.extra)
    note["described"] = sorted(name for name in said if name != "tvbo" and isinstance(said[name], dict))
    for name in note["described"]:
        about[name] = {**about.get(name, {}), **said[name]}
    text = io.StringIO(newline="")
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows([list(held), *zip(*held.values(), strict=True)])
    return text.getvalue().encode(), {**about, "tvbo": {"nodes": note}}


def _column(name: str, values: Array, unit: str | None, add: Any) -> dict[str, Any]:
    """Add a column, or one for each of its parts; say what it was."""
    parts = values.reshape(len(values), int(np.prod(values.shape[1:])))
    endings: list[str] = [""] if values.ndim == 1 else [f"_{index}" for index in range(parts.shape[1])]
    if values.shape[1:] == (3,):
        endings = [f"_{axis}" for axis in AXES]
    note: dict[str, Any] = {"name": name, "shape": list(values.shape[1:])}
    headers = []
    for index, ending in enumerate(endings):
        part = parts[:, index]
        if values.dtype.kind == "U":
            field = list(map(_shown, part.tolist()))
        elif values.dtype.kind == "b":
            field = [_words(name)[value] for value in part.tolist()]
        else:
            field = tables.fields(part)
        headers.append(add(_shown(f"{name}{ending}"), field, unit))
    note["headers"] = headers
    if values.dtype.kind == "U":
        return note | {"text": True, "dtype": values.dtype.str, "exact": _exact(parts.reshape(-1).tolist())}
    return note | tables.note_of(values)


def _exact(texts: list[str]) -> dict[str, Any]:
    """List the texts that are shown otherwise, by their places; JSON would join two surrogates into one character."""
    others = {str(index): text for index, text in enumerate(texts) if _shown(text) != text}
    return {place: list(map(ord, text)) if _SURROGATE.search(text) else text for place, text in others.items()}


def shown_texts(texts: Array) -> dict[str, Any]:
    """
    Write a list of text so that JSON gives it back.

    Parameters
    ----------
    texts : array, str
        The text.

    Returns
    -------
    dict
        As `texts_of` takes it.
    """
    listed = texts.tolist()
    return {"shown": list(map(_shown, listed)), "dtype": texts.dtype.str, "exact": _exact(listed)}


def texts_of(note: Any, where: object) -> Array:
    """
    Give a list of text back.

    Parameters
    ----------
    note : dict
        As `shown_texts` gave it.
    where : object
        What to call it in messages.

    Returns
    -------
    array, str
        The text.

    Raises
    ------
    DamagedFileError
        If it is none.
    """
    try:
        return _restored(list(map(str, note["shown"])), note)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedFileError(f"{where}: names of columns are damaged: {error!r}") from error


def _restored(shown: list[str], note: dict[str, Any]) -> Array:
    """Make texts what a note says that they were."""
    texts = list(shown)
    for place, text in note["exact"].items():
        index, full = int(place), text if isinstance(text, str) else "".join(map(chr, text))
        # What was edited since counts.
        if 0 <= index < len(texts) and texts[index] == _shown(full):
            texts[index] = full
    found = np.array(texts, dtype=str)
    width = re.fullmatch("[<>]U([0-9]{1,4})", str(note["dtype"]))
    # Not wider than what anybody has: it takes memory for each.
    if width is not None and found.dtype.itemsize <= 4 * int(width[1]) <= _WIDEST:
        return found.astype(str(note["dtype"]))
    return found


def pack_or_none(value: Any) -> Any:
    """
    Give what JSON can hold of a tree of plain values.

    Parameters
    ----------
    value : object
        The tree.

    Returns
    -------
    object or None
        As `tvbo.storage.record.pack` gives it; None if there are arrays in it, or things of other kinds.
    """
    try:
        packed, arrays = pack(value, "")
        # JSON joins two surrogates into one character, and reads no number of 5,000 digits.
        same = not arrays and json.loads(json.dumps(packed)) == packed
    except (TypeError, ValueError, RecursionError):
        return None
    return packed if same else None


def unpacked(value: Any, where: object) -> Any:
    """
    Give the tree back.

    Parameters
    ----------
    value : object
        As `pack_or_none` gave it.
    where : object
        What to call it in messages.

    Returns
    -------
    object
        The tree.

    Raises
    ------
    DamagedFileError
        If it is none.
    """

    def fetch(path: str) -> Any:  # numpydoc ignore=GL08
        raise DamagedFileError(f"{where}: there is no array {str(path)[:60]!r} in a dataset of BIDS")

    try:
        return unpack(value, fetch)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        if isinstance(error, DamagedFileError):
            raise
        raise DamagedFileError(f"{where} is damaged: {error}") from error


def nodes_of(rows: list[list[str]], about: Mapping[str, Any], where: object) -> NodeTable:
    """
    Make nodes of a table.

    Parameters
    ----------
    rows : list of list of str
        Its fields, the names of columns first.
    about : mapping
        What the file beside says of the columns.
    where : object
        What to call it in messages.

    Returns
    -------
    NodeTable
        The nodes, in the order of the matrices.

    Raises
    ------
    ShapeError
        If rows differ in length.
    DamagedFileError
        If it cannot be understood.
    """
    if not rows:
        raise DamagedFileError(f"{where} is empty: expected a line with names of columns")
    head, *body = rows
    if len(set(head)) < len(head):
        raise DuplicateNameError(f"{where} has two columns of one name")
    ragged = next((index for index, row in enumerate(body) if len(row) != len(head)), None)
    if ragged is not None:
        raise ShapeError(f"{where}: row {ragged} has {len(body[ragged])} fields, and there are {len(head)} columns")
    held = dict(zip(head, map(list, zip(*body, strict=True)) if body else [[] for _ in head], strict=True))
    note = about.get("tvbo")
    if isinstance(note, dict):
        try:
            return _as_noted(held, note["nodes"], about, where)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, DamagedFileError):
                raise
            raise DamagedFileError(f"{where} does not fit what the file beside says of it: {error!r}") from error
    return _as_it_stands(held, len(body), about, where)


def _as_noted(held: dict[str, list[str]], note: dict[str, Any], about: Mapping[str, Any], where: object) -> NodeTable:
    n = int(note["number"])
    if len(held[INDEX]) != n or held[INDEX] != [str(index) for index in range(n)]:
        raise DamagedFileError(
            f"{where} has {len(held[INDEX])} rows: expected {n}, counted from 0, as the file beside says"
        )
    columns: dict[str, Any] = {}
    units: dict[str, str] = {}
    for column in note["columns"]:
        name, shape, headers = str(column["name"]), tuple(map(int, column["shape"])), column["headers"]
        parts = [held[header] for header in headers]
        flat = [part[row] for row in range(n) for part in parts]
        if column.get("text"):
            columns[name] = _restored(flat, column).reshape((n, *shape))
        else:
            columns[name] = _numbers(flat, column, name, (n, *shape), where)
        unit = about.get(headers[0], {}).get("Units") if headers else None
        if isinstance(unit, str):
            units[name] = unit
    positions = None
    if "positions" in note:
        flat = [held[axis][row] for row in range(n) for axis in AXES]
        positions = _numbers(flat, note["positions"], "positions", (n, 3), where)
    labels = _restored(held[LABEL], note["labels"]) if "labels" in note else None
    return NodeTable(
        labels,
        positions,
        columns,
        size=n,
        ids=np.array(list(map(int, held[ROW])), dtype=np.int64) if note.get("ids") else None,
        units=units,
        default_label=str(note["default_label"]),
        extra=unpacked(note["extra"], where) if note.get("extra") else None,
    )


def _numbers(flat: list[str], note: dict[str, Any], name: str, shape: tuple[int, ...], where: object) -> Array:
    dtype = np.dtype(tables.kind_to_read(note, where))
    if np.dtype(str(note.get("dtype"))).kind == "b":
        words = _words(name)
        values = np.array([words.index(text) for text in flat], dtype=np.int8)
    elif dtype.kind == "f":
        values = np.array(list(map(tables.number, flat)), dtype=np.float64)
    else:
        values = np.array(list(map(int, flat)), dtype=dtype)
    return tables.as_noted(values.reshape(shape), note, f"{where}: {name}")


def _as_it_stands(held: dict[str, list[str]], n: int, about: Mapping[str, Any], where: object) -> NodeTable:
    """Make nodes of a table of somebody else."""
    order = _order(held.pop(INDEX, None), n, where)
    held = {name: [texts[row] for row in order] for name, texts in held.items()}
    labels = next((held.pop(name) for name in (LABEL, "name") if name in held), None)
    columns = {name: _told(name, texts) for name, texts in held.items()}
    positions = _together(columns, AXES)
    orientation = _together(columns, tuple(f"orientation_{axis}" for axis in AXES))
    if orientation is not None:
        columns["orientation"] = orientation
    ids = columns.pop(ROW, None)
    if ids is not None and (ids.dtype.kind != "i" or len(np.unique(ids)) < n or (n and ids.min() < 0)):
        columns[ROW], ids = ids, None
    if ids is not None and np.array_equal(ids, np.arange(n)):
        ids = None
    if FILE in columns and all(text == MISSING for text in held[FILE]):
        del columns[FILE]
    units = {name: about[name]["Units"] for name in columns if _has_units(about, name)}
    return NodeTable(labels, positions, columns, size=n, ids=ids, units=units, default_label="region")


def _has_units(about: Mapping[str, Any], name: str) -> bool:
    said = about.get(name)
    return isinstance(said, dict) and isinstance(said.get("Units"), str)


def _order(stated: list[str] | None, n: int, where: object) -> list[int]:
    """Give the rows of the table in the order of the matrices."""
    try:
        index = list(range(n)) if stated is None else list(map(int, stated))
    except ValueError as error:
        raise DamagedFileError(f"{where}: {INDEX} holds something else than integers: {error}") from error
    if len(set(index)) < n:
        raise DuplicateNameError(f"{where}: two rows have one {INDEX}: expected each once")
    first = min(index, default=0)
    if n and (first not in (0, 1) or max(index) - first != n - 1):
        warn(f"{where}: {INDEX} does not count from 0 to {n - 1}: the rows are taken in their order")
    return sorted(range(n), key=index.__getitem__)


def _told(name: str, texts: list[str]) -> Array:
    """Tell what a column holds by its fields."""
    for false, true in (_words(name), ("False", "True"), _BOOLEANS):
        if texts and set(texts) <= {false, true}:
            return np.array([text == true for text in texts])
    if texts and all(re.fullmatch(r"-?[0-9]{1,18}", text) for text in texts):
        return np.array(list(map(int, texts)), dtype=np.int64)
    if any(text != MISSING for text in texts) and all(map(tables.is_number, texts)):
        return np.array(list(map(tables.number, texts)), dtype=np.float64)
    return np.array(texts, dtype=str)


def _together(columns: dict[str, Array], names: tuple[str, ...]) -> Array | None:
    """Make one column of three, if they are there and hold numbers."""
    if not all(name in columns and columns[name].dtype.kind in "if" for name in names):
        return None
    return np.stack([columns.pop(name) for name in names], axis=1).astype(np.float64)
