"""The YAML half: read safely, written for people."""

from pathlib import Path
from typing import Any

import yaml

from tvbo.errors import NetworkNotFoundError, SidecarError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads ``.nan`` as the NaN that numpy and Python use; PyYAML's own has the sign bit set."""


def _float(loader: Any, node: Any) -> float:
    value: float = loader.construct_yaml_float(node)
    return float("nan") if value != value else value


_Loader.add_constructor("tag:yaml.org,2002:float", _float)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared values twice instead of by reference, which people cannot read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


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


def load(path: Path) -> dict[str, Any]:
    """
    Read a sidecar.

    Parameters
    ----------
    path : Path
        A YAML or JSON file; YAML reads both.

    Returns
    -------
    dict
        The record.

    Raises
    ------
    NetworkNotFoundError
        If there is no such file.
    SidecarError
        If it is not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NetworkNotFoundError(f"there is no file {path}: expected the sidecar of a network") from None
    except UnicodeDecodeError as error:
        raise SidecarError(f"{path} is not text in UTF-8 ({error}): expected a YAML sidecar") from error
    try:
        record = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise SidecarError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(record, dict):
        raise SidecarError(
            f"{path} holds a {type(record).__name__}: expected a mapping with keys such as label and nodes"
        )
    return record
