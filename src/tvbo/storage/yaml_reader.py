"""
YAML read event by event: bounded, without recursion, and as people mean it.

Labels are text whatever YAML makes of ``no`` or ``12:30``; ``1e-3`` is a number where a number belongs, and
``.nan`` is the NaN that numpy and Python use. A key that stands twice is an error.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

import yaml

from tvbo.limits import Limits

_PREFIX = "tag:yaml.org,2002:"
# Where the sidecar says what a value is, this counts and not how it looks; EACH stands for any key.
_TEXT, _NUMBER, _EACH = "text", "number", object()
_PARAMETERS = {_EACH: {"value": _NUMBER}}
_RULES: Any = {
    "label": _TEXT,
    "description": _TEXT,
    "parameters": _PARAMETERS,
    "nodes": [{"label": _TEXT, "position": {_EACH: _NUMBER}, "parameters": _PARAMETERS}],
    "edges": [{"label": _TEXT, "dimension_labels": [_TEXT]}],
}
# YAML 1.1, which PyYAML reads, takes 1e-05 for text, since it has no dot.
NUMBER_WITHOUT_DOT = re.compile(r"[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+$")
# What text without quotes may hold, as the inside of a character class: it begins with none of the marks, and ends with
# no blank.
LETTERS = r"\w\u00b0"
MARKS = r"./()+,'^\- "
# Words that stand for something else than themselves, small.
WORDS = frozenset(("yes", "no", "on", "off", "true", "false", "null"))
_PLAIN_FLOAT = re.compile(r"[-+]?\d+\.\d*([eE][-+]\d+)?$")
_PLAIN_INT = re.compile(r"(0|-?[1-9]\d{0,17})$")
# Longer numbers than float64 and int64 can have; some forms take quadratic time to read.
_LONGEST_NUMBER = 1000
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers
_SCALARS = yaml.constructor.SafeConstructor()
_MAKE = {
    f"{_PREFIX}{name}": getattr(_SCALARS, f"construct_yaml_{name}")
    for name in ("str", "int", "float", "bool", "null", "binary", "timestamp")
}
_NO_KEY = object()


class YamlError(ValueError):
    """Text that is no YAML, or more than a sidecar needs of it."""


def read_yaml(text: str, where: object, limits: Limits) -> Any:
    """
    Read one YAML document.

    Parameters
    ----------
    text : str
        The document.
    where : object
        What to call it in messages.
    limits : Limits
        How much it may hold.

    Returns
    -------
    object
        Dicts, lists, text, numbers, dates and None.

    Raises
    ------
    YamlError
        If it cannot be understood.
    LimitError
        If it holds more than the limits allow.
    """
    return read_counted(text, where, limits)[0]


def read_counted(text: str, where: object, limits: Limits) -> tuple[Any, int]:
    """
    Read one YAML document, and tell how much it holds.

    Parameters
    ----------
    text : str
        The document.
    where : object
        What to call it in messages.
    limits : Limits
        How much it may hold.

    Returns
    -------
    value : object
        As `read_yaml` gives it.
    count : int
        Its keys and values.

    Raises
    ------
    YamlError
        If it cannot be understood.
    LimitError
        If it holds more than the limits allow.
    """
    reader = _Reader(where, limits)
    try:
        return reader.read(text), reader.count
    except yaml.YAMLError as error:
        raise YamlError(str(error)) from error


class _Reader:
    """Builds values of the events of a document, on a stack of its own."""

    def __init__(self, where: object, limits: Limits) -> None:
        self.where, self.limits = where, limits
        self.count = self.aliases = 0
        self.anchors: dict[str, tuple[Any, int]] = {}

    def read(self, text: str) -> Any:
        # A frame is [container, key that waits for its value, rule, anchor, values before it].
        stack: list[list[Any]] = []
        root: Any = None
        documents = 0
        most = self.limits.sidecar_values
        events: Iterator[Any] = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for event in events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                frame = stack[-1] if stack else None
                value = self.scalar(event, _rule(frame))
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.limits.check("depth", len(stack) + 1, self.where)
                if event.tag is not None and event.tag not in (f"{_PREFIX}map", f"{_PREFIX}seq", "!"):
                    raise self.wrong(event, f"the tag {event.tag!r} is not read: write plain values")
                rule = _rule(stack[-1] if stack else None)
                opened: Any = {} if kind is yaml.MappingStartEvent else []
                stack.append([opened, _NO_KEY, rule, event.anchor, self.count])
                self.count += 1
                continue
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                value, _, _, anchor, before = stack.pop()
                if anchor is not None:
                    self.anchors[anchor] = value, self.count - before
                self.count -= 1
            elif kind is yaml.AliasEvent:
                value = self.alias(event)
            else:
                documents += kind is yaml.DocumentStartEvent
                if documents > 1:
                    raise self.wrong(event, "a second document begins: expected one")
                continue
            self.count += 1
            if self.count > most:
                self.limits.check("sidecar_values", self.count, self.where)
            if stack:
                self.put(stack[-1], value, event)
            else:
                root = value
        return root

    def put(self, frame: list[Any], value: Any, event: Any) -> None:
        holder, key = frame[0], frame[1]
        if type(holder) is list:
            holder.append(value)
        elif key is not _NO_KEY:
            holder[key] = value
            frame[1] = _NO_KEY
        elif isinstance(value, (dict, list)):
            raise self.wrong(event, "a mapping or a list stands where a key belongs")
        elif value in holder:
            raise self.wrong(event, f"{value!r} stands twice")
        elif value == "<<" and not event.style:
            raise self.wrong(event, "merge keys (<<) are not read: write the keys out")
        else:
            # Its place in the order is here; the value follows.
            holder[value] = None
            frame[1] = value

    def scalar(self, event: Any, rule: Any) -> Any:
        text, tag = event.value, event.tag
        if tag is not None and tag != "!":
            if tag not in _MAKE:
                raise self.wrong(event, f"the tag {tag!r} is not read: write plain values")
            value = self.made(tag, text, event)
        elif not event.implicit[0]:
            value = text
        else:
            value = self.plain(text, event, rule)
        if event.anchor is not None:
            self.anchors[event.anchor] = value, 1
        return value

    def plain(self, text: str, event: Any, rule: Any) -> Any:
        """Give what an unquoted word stands for."""
        if rule is not _TEXT:
            if _PLAIN_FLOAT.match(text):
                return float(text)
            if _PLAIN_INT.match(text):
                return int(text)
        for tag, pattern in _RESOLVERS.get(text[:1], ()):
            if pattern.match(text):
                if rule is _TEXT and tag != f"{_PREFIX}null":
                    return text
                if text in ("<<", "="):
                    return text
                return self.made(tag, text, event)
        if rule is _NUMBER and NUMBER_WITHOUT_DOT.match(text):
            return self.made(f"{_PREFIX}float", text, event)
        return text

    def made(self, tag: str, text: str, event: Any) -> Any:
        if len(text) > _LONGEST_NUMBER and tag.removeprefix(_PREFIX) in ("int", "float", "timestamp"):
            raise self.wrong(event, f"a number of {len(text):,} characters: expected one that float64 or int64 holds")
        try:
            value = _MAKE[tag](yaml.ScalarNode(tag, text))
        except (ValueError, KeyError, OverflowError, AttributeError) as error:
            raise self.wrong(event, f"{text[:40]!r} is no {tag.removeprefix(_PREFIX)} ({error}): quote it") from error
        # PyYAML's own NaN has the sign bit set.
        return float("nan") if value != value else value

    def alias(self, event: Any) -> Any:
        self.aliases += 1
        self.limits.check("sidecar_aliases", self.aliases, self.where)
        if event.anchor not in self.anchors:
            raise self.wrong(event, f"the alias *{event.anchor} stands for nothing before it")
        value, size = self.anchors[event.anchor]
        self.count += size
        self.limits.check("sidecar_values", self.count, self.where)
        return copy.deepcopy(value)

    def wrong(self, event: Any, what: str) -> YamlError:
        return YamlError(f"line {event.start_mark.line + 1}: {what}")


def _rule(frame: list[Any] | None) -> Any:
    """Tell what is said of the value that comes next."""
    if frame is None:
        return _RULES
    holder, key, rule = frame[0], frame[1], frame[2]
    if type(rule) is dict and type(holder) is dict and key is not _NO_KEY:
        return rule.get(key, rule.get(_EACH))
    if type(rule) is list and type(holder) is list:
        return rule[0]
    return None
