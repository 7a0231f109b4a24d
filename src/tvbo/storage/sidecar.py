"""The YAML half: read safely, written for people."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tvbo.errors import NetworkNotFoundError, SidecarError

_PREFIX = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+$")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """
    Reads what people mean.

    ``.nan`` is the NaN that numpy and Python use (PyYAML's own has the sign bit set), labels are text whatever
    YAML makes of ``no`` or ``12:30``, numbers without a dot are numbers, and a key that stands twice is an error.
    """

    def construct_document(self, node: Any) -> Any:
        top = _fields(node)
        _as_text(top.get("label"), top.get("description"))
        for parameter in _fields(top.get("parameters")).values():
            _as_number(_fields(parameter).get("value"))
        for row in _items(top.get("nodes")):
            cells = _fields(row)
            _as_text(cells.get("label"))
            _as_number(*_fields(cells.get("position")).values())
            for parameter in _fields(cells.get("parameters")).values():
                _as_number(_fields(parameter).get("value"))
        for row in _items(top.get("edges")):
            cells = _fields(row)
            _as_text(cells.get("label"), *_items(cells.get("dimension_labels")))
        return super().construct_document(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        if len(made) < len(node.value):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = next((key for key in keys if keys.count(key) > 1), "<<")
            line = node.start_mark.line + 1
            raise yaml.constructor.ConstructorError(
                None, None, f"in the mapping at line {line}, {twice!r} stands twice"
            )
        return made


def _fields(node: Any) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _items(node: Any) -> list[Any]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _as_text(*nodes: Any) -> None:
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and node.tag != f"{_PREFIX}null":
            node.tag = f"{_PREFIX}str"


def _as_number(*nodes: Any) -> None:
    # YAML 1.1, which PyYAML reads, takes 1e-05 for text, since it has no dot.
    for node in nodes:
        if isinstance(node, yaml.ScalarNode) and not node.style and _NUMBER.match(node.value):
            node.tag = f"{_PREFIX}float"


def _float(loader: Any, node: Any) -> float:
    value: float = loader.construct_yaml_float(node)
    return float("nan") if value != value else value


_Loader.add_constructor(f"{_PREFIX}float", _float)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared values twice instead of by reference, which people cannot read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    # Quoted, so that no reader takes it for the number that it looks like.
    style = "'" if _NUMBER.match(text) else None
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


def text_of(path: Path) -> str:
    """
    Read the text of a sidecar.

    Parameters
    ----------
    path : Path
        The file.

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
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        error = NetworkNotFoundError(f"there is no file {path}: expected the sidecar of a network")
        if path.with_suffix(".h5").exists():
            error.add_note(f"{path.with_suffix('.h5').name} is there: open that")
        raise error from None
    except UnicodeDecodeError as error:
        raise SidecarError(f"{path} is not text in UTF-8 ({error}): expected a YAML sidecar") from error


def parse(text: str, path: Path) -> dict[str, Any]:
    """
    Understand the text of a sidecar.

    Parameters
    ----------
    text : str
        YAML, or JSON if the file is called ``.json``.
    path : Path
        Where it comes from.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    SidecarError
        If it is neither, or not a mapping.
    """
    try:
        # YAML reads most of JSON, but not its surrogate pairs.
        record = json.loads(text) if path.suffix.lower() == ".json" else yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise SidecarError(f"{path} cannot be understood: {error}") from error
    if not isinstance(record, dict):
        raise SidecarError(
            f"{path} holds a {type(record).__name__}: expected a mapping with keys such as label and nodes"
        )
    return record
