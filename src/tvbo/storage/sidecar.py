"""The YAML half: read safely, written for people."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from tvbo.errors import LimitError, NetworkNotFoundError, SidecarError
from tvbo.limits import Limits
from tvbo.storage.files import read_bytes
from tvbo.storage.yaml_reader import NUMBER_WITHOUT_DOT, read_yaml

_PREFIX = "tag:yaml.org,2002:"


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared values twice instead of by reference, which people cannot read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    # Quoted, so that no reader takes it for the number that it looks like.
    style = "'" if NUMBER_WITHOUT_DOT.match(text) else None
    return dumper.represent_scalar(f"{_PREFIX}str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(record: dict[str, Any]) -> str:
    """
    Write a record as YAML, keys in their order.

    Parameters
    ----------
    record : dict
        Plain Python values. A float is written so that it reads back as the same float64.

    Returns
    -------
    str
        The text.
    """
    text: str = yaml.dump(
        record, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000
    )
    return text


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
        The record.

    Raises
    ------
    SidecarError
        If it is neither, or not a mapping.
    LimitError
        If it holds more than the limits allow.
    """
    limits.check("sidecar_bytes", len(text), path)
    try:
        # YAML reads most of JSON, but not its surrogate pairs.
        record = read_json(text, path, limits) if path.suffix.lower() == ".json" else read_yaml(text, path, limits)
    except LimitError:
        raise
    except ValueError as error:
        raise SidecarError(f"{path} cannot be understood: {error}") from error
    if not isinstance(record, dict):
        raise SidecarError(
            f"{path} holds a {type(record).__name__}: expected a mapping with keys such as label and nodes"
        )
    return record


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
    level, depth, count = [value], 0, 0
    while level:
        # Keys count, as in YAML.
        count += len(level) + sum(len(each) for each in level if isinstance(each, dict))
        limits.check("sidecar_values", count, where)
        holders = [each for each in level if isinstance(each, (dict, list))]
        depth += 1 if holders else 0
        limits.check("depth", depth, where)
        level = [item for each in holders for item in (each.values() if isinstance(each, dict) else each)]
