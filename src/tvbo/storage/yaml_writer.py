"""
YAML written as PyYAML writes it, to the byte, and many times faster for what a sidecar mostly holds.

Text, numbers, mappings and lists of the plain kind are written here; whatever is unusual is left to PyYAML.
"""

import functools
import re
from collections.abc import Callable
from typing import Any

import yaml

from tvbo.storage.yaml_reader import LETTERS, MARKS, NUMBER_WITHOUT_DOT, WORDS

_TAG = "tag:yaml.org,2002:str"
_WIDTH = 1000
# Far from the width at which PyYAML would fold, wherever a scalar stands.
_LONGEST = 400
_DEEPEST = 32
# What is beyond is written as escapes.
_LAST = "\ufffd"
_PLAIN = rf"(?![0-9])[{LETTERS}][{LETTERS}{MARKS}]*+(?<! )"
_KEY = r"[A-Za-z_][A-Za-z0-9_.\-]{0,99}"
# Text that begins with one of these is quoted.
_INDICATORS = frozenset("#,[]{}&*!|>'\"%@`")


class UnusualError(ValueError):
    """What only PyYAML knows how to write."""


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes shared values twice instead of by reference, which people cannot read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    # Quoted, so that no reader takes it for the number that it looks like.
    style = "'" if NUMBER_WITHOUT_DOT.match(text) else None
    return dumper.represent_scalar(_TAG, text, style=style)


_Dumper.add_representer(str, _text)


def by_pyyaml(value: Any) -> str:
    """
    Write a value with PyYAML.

    Parameters
    ----------
    value : object
        Plain Python values.

    Returns
    -------
    str
        Block YAML, keys in their order.
    """
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_WIDTH
    )
    return text


def mapping(record: dict[str, Any]) -> str:
    """
    Write a mapping as `by_pyyaml` does.

    Parameters
    ----------
    record : dict
        Plain Python values.

    Returns
    -------
    str
        Block YAML, keys in their order.
    """
    if not record:
        return by_pyyaml(record)
    written = []
    for name, value in record.items():
        try:
            written.append(_mapping({name: value}, ""))
        except UnusualError:
            written.append(by_pyyaml({name: value}))
    return "".join(written)


def key(name: Any) -> str:
    """
    Write a key.

    Parameters
    ----------
    name : object
        The key.

    Returns
    -------
    str
        The same as YAML.

    Raises
    ------
    UnusualError
        If it is no plain word.
    """
    if type(name) is str and _is_key(name):
        return name
    raise UnusualError


@functools.lru_cache(maxsize=1024)
def _is_key(name: str) -> bool:
    return re.fullmatch(_KEY, name) is not None and name.lower() not in WORDS


def scalars(values: list[Any]) -> list[str | None]:
    """
    Write values, each on one line.

    Parameters
    ----------
    values : list
        Text, numbers, truths and None.

    Returns
    -------
    list of str or None
        None for those that take more than a line, or are nothing of these.
    """
    kinds = set(map(type, values))
    if kinds == {float}:
        return _floats(values)
    if kinds == {int}:
        return list(map(str, values))
    if kinds == {str}:
        return _texts(values)
    return [_other(value) for value in values]


def _other(value: Any) -> str | None:
    if type(value) is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if type(value) is str:
        # Mostly it is one of few words, and not one of many texts.
        return _known(value, _is_plain()(value) is not None) or _texts([value])[0]
    return scalars([value])[0] if type(value) in (float, int, str) else None


def _floats(values: list[float]) -> list[str | None]:
    written = list(map(repr, values))
    together = "".join(written)
    # An exponent, a NaN and an infinity have letters; YAML 1.1 takes 1e-05 for text, since it has no dot.
    if "e" in together or "n" in together:
        written = [_float(each) for each in written]
    return list(written)


def _float(written: str) -> str:
    if "n" in written:
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[written]
    return written if "." in written else written.replace("e", ".0e")


@functools.cache
def _is_plain() -> Callable[[str], Any]:
    return re.compile(_PLAIN).fullmatch


def _texts(texts: list[str]) -> list[str | None]:
    is_plain = _is_plain()
    written = [_known(text, is_plain(text) is not None) for text in texts]
    odd = [index for index, each in enumerate(written) if each is None]
    if odd:
        # Lines that go on are indented, so that a dash in the first column begins an item.
        items = f"\n{by_pyyaml([texts[index] for index in odd])}"[:-1].split("\n- ")[1:]
        for index, item in zip(odd, items, strict=True):
            # The width counts from the margin, and one that goes on is indented with it.
            if len(item) < _LONGEST and len(item.splitlines()) == 1:
                written[index] = item
    return written


def _known(text: str, plain: bool) -> str | None:
    """Write text where it is certain what PyYAML does with it."""
    if len(text) > _LONGEST:
        return None
    if plain:
        return None if text.lower() in WORDS or max(text) > _LAST else text
    if text.isascii() and text.isprintable():
        quoted = text[:1] in _INDICATORS or ": " in text or " #" in text
        if quoted or (text.isdigit() and text[0] != "0"):
            return "'" + text.replace("'", "''") + "'"
    return None


def _mapping(record: dict[Any, Any], margin: str) -> str:
    if len(margin) > 2 * _DEEPEST:
        raise UnusualError
    return "".join(f"{margin}{key(name)}:{_value(value, margin)}" for name, value in record.items())


def _value(value: Any, margin: str) -> str:
    if type(value) is dict:
        return f"\n{_mapping(value, f'{margin}  ')}" if value else " {}\n"
    if type(value) is list:
        # A dash stands below its key.
        return f"\n{_sequence(value, margin)}" if value else " []\n"
    return f" {_scalar(value)}\n"


def _sequence(items: list[Any], margin: str) -> str:
    inner, written = f"{margin}  ", []
    if len(inner) > 2 * _DEEPEST:
        raise UnusualError
    for item in items:
        if type(item) in (dict, list) and item:
            below = _mapping(item, inner) if type(item) is dict else _sequence(item, inner)
            written.append(f"{margin}- {below[len(inner) :]}")
        else:
            written.append(f"{margin}-{_value(item, margin)}")
    return "".join(written)


def _scalar(value: Any) -> str:
    written = _other(value)
    if written is None:
        raise UnusualError
    return written
