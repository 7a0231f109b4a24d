"""The YAML half: read safely, written for people."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tvbo.errors import LimitError, NetworkNotFoundError, SidecarError
from tvbo.limits import Limits
from tvbo.storage import node_list, yaml_writer
from tvbo.storage.files import read_bytes
from tvbo.storage.node_list import NodeColumns, Split
from tvbo.storage.yaml_reader import YamlError, read_counted, read_yaml

# Stands for the rows of the list of nodes while the rest is read.
_ROWS = "rows-of-the-list-of-nodes"


_HOLDERS = (dict, list, NodeColumns)
# Most of what is held; looking it up here is faster than asking what it inherits.
_LEAVES = frozenset((str, int, float, bool, type(None)))


def dump(record: dict[str, Any]) -> str:
    """
    Write a record as YAML, keys in their order.

    Parameters
    ----------
    record : dict
        Plain Python values, and NodeColumns as ``nodes``. A float is written so that it reads back as the same
        float64.

    Returns
    -------
    str
        The text.
    """
    nodes = record.get("nodes")
    if not isinstance(nodes, NodeColumns):
        return yaml_writer.mapping(record)
    items = list(record.items())
    place = list(record).index("nodes")
    before, after = (yaml_writer.mapping(dict(part)) if part else "" for part in (items[:place], items[place + 1 :]))
    return f"{before}nodes:\n{node_list.write(nodes)}{after}"


def text_of(path: Path, limits: Limits = Limits()) -> str:  # noqa: B008 - it cannot be changed
    """
    Read the text of a sidecar.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        How large it may be.

    Returns
    -------
    str
        Its text.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    SidecarError
        If it is not text.
    UnsafeFileError
        If it is no plain file, or too large.
    """
    try:
        return read_bytes(path, limits.sidecar_bytes).decode("utf-8-sig")
    except NetworkNotFoundError:
        error = NetworkNotFoundError(f"there is no file {path}: expected the sidecar of a network")
        if path.with_suffix(".h5").exists():
            error.add_note(f"{path.with_suffix('.h5').name} is there: open that")
        raise error from None
    except UnicodeDecodeError as error:
        raise SidecarError(f"{path} is not text in UTF-8 ({error}): expected a YAML sidecar") from error


def parse(text: str, path: Path, limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008 - it cannot be changed
    """
    Understand the text of a sidecar.

    Parameters
    ----------
    text : str
        YAML, or JSON if the file is called ``.json``.
    path : Path
        Where it comes from.
    limits : Limits
        How much it may hold.

    Returns
    -------
    dict
        The record. Its list of nodes is a NodeColumns, if it is laid out as `dump` does.

    Raises
    ------
    SidecarError
        If it is neither, or not a mapping.
    LimitError
        If it holds more than the limits allow.
    """
    return _understood(text, path, limits, _read)


def nodes_of(text: str, path: Path, limits: Limits) -> Any:
    """
    Understand the list of nodes of a sidecar, and of the rest no more than must be.

    Parameters
    ----------
    text : str
        YAML, as it was saved.
    path : Path
        Where it comes from.
    limits : Limits
        How much it may hold.

    Returns
    -------
    NodeColumns or list of dict
        What `parse` gives under ``nodes``.

    Raises
    ------
    SidecarError
        If it cannot be understood.
    LimitError
        If it holds more than the limits allow.
    """
    parts = node_list.split(text)
    nodes = None if parts is None else node_list.columns(parts.nodes, limits.sidecar_values)
    return parse(text, path, limits)["nodes"] if nodes is None else nodes


def header(text: str, path: Path, limits: Limits = Limits()) -> dict[str, Any]:  # noqa: B008 - it cannot be changed
    """
    Understand the text of a sidecar but for its list of nodes.

    Parameters
    ----------
    text : str
        YAML, or JSON if the file is called ``.json``.
    path : Path
        Where it comes from.
    limits : Limits
        How much it may hold.

    Returns
    -------
    dict
        The record as `parse` gives it, without ``nodes``. Faults in the list of nodes are not looked for.

    Raises
    ------
    SidecarError
        If it is neither, or not a mapping.
    LimitError
        If it holds more than the limits allow.
    """
    record = _understood(text, path, limits, _read_header)
    record.pop("nodes", None)
    return record


def _understood(text: str, path: Path, limits: Limits, read: Callable[[str, Path, Limits], Any]) -> dict[str, Any]:
    limits.check("sidecar_bytes", len(text), path)
    try:
        # YAML reads most of JSON, but not its surrogate pairs.
        record = (read_json if path.suffix.lower() == ".json" else read)(text, path, limits)
    except LimitError:
        raise
    except ValueError as error:
        raise SidecarError(f"{path} cannot be understood: {error}") from error
    if not isinstance(record, dict):
        raise SidecarError(
            f"{path} holds a {type(record).__name__}: expected a mapping with keys such as label and nodes"
        )
    return record


def _read(text: str, path: Path, limits: Limits) -> Any:
    parts = node_list.split(text)
    nodes = None if parts is None else node_list.columns(parts.nodes, limits.sidecar_values)
    if parts is not None and nodes is not None and 2 + nodes.depth <= limits.depth:
        found = _around(parts, path, limits)
        if found is not None and found[1] + nodes.values <= limits.sidecar_values:
            return found[0] | {"nodes": nodes}
    return read_yaml(text, path, limits)


def _read_header(text: str, path: Path, limits: Limits) -> Any:
    parts = node_list.split(text)
    found = None if parts is None else _around(parts, path, limits)
    return read_yaml(text, path, limits) if found is None else found[0]


def _around(parts: Split, path: Path, limits: Limits) -> tuple[dict[str, Any], int] | None:
    """Read what stands around the rows of nodes, if the list is what it looks like: that of the document."""
    if _ROWS in parts.before or _ROWS in parts.after:
        return None
    try:
        record, count = read_counted(f"{parts.before}- {_ROWS}\n{parts.after}", path, limits)
    except (YamlError, LimitError):
        # Whoever reads all of it says where.
        return None
    # Anywhere else (in a quotation, below another key) the word would turn up elsewhere.
    if not isinstance(record, dict) or record.get("nodes") != [_ROWS]:
        return None
    return record, count - 1


def read_json(text: str, where: object, limits: Limits) -> Any:
    """
    Read JSON, within the limits of a sidecar.

    Parameters
    ----------
    text : str
        The text.
    where : object
        What to call it in messages.
    limits : Limits
        How much it may hold.

    Returns
    -------
    object
        Dicts, lists, text, numbers and None.

    Raises
    ------
    ValueError
        If it is no JSON, or a key stands twice.
    LimitError
        If it holds more than the limits allow.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        limits.check("depth", sys.getrecursionlimit(), where)
        raise
    measure(value, where, limits)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise ValueError(f"{twice!r} stands twice")
    return made


def measure(value: Any, where: object, limits: Limits = Limits()) -> None:  # noqa: B008 - it cannot be changed
    """
    Hold a record against the limits, level by level.

    Parameters
    ----------
    value : object
        Dicts, lists and what they hold.
    where : object
        What to call it in messages.
    limits : Limits
        How deep and how large it may be.

    Raises
    ------
    LimitError
        If it nests too deep, or holds too much.
    """
    # Only what holds other values is followed; the others are counted with it.
    level, depth, count = [value] if isinstance(value, _HOLDERS) else [], 0, 1
    while level:
        depth += 1
        below: list[Any] = []
        for each in level:
            if type(each) is dict or isinstance(each, dict):
                # Keys count, as in YAML.
                count += 2 * len(each)
                items: Any = each.values()
            elif isinstance(each, NodeColumns):
                count += each.values
                limits.check("depth", depth - 1 + each.depth + 1, where)
                continue
            else:
                count += len(each)
                items = each
            for item in items:
                if type(item) not in _LEAVES and isinstance(item, _HOLDERS):
                    below.append(item)
        limits.check("sidecar_values", count, where)
        limits.check("depth", depth, where)
        level = below
    limits.check("sidecar_values", count, where)
