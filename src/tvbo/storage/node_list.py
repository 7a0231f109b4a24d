"""
The sidecar's list of nodes as columns, written and read many nodes at a time.

What is read here is the layout that is written here, and nothing else: every line is accounted for, or the list is
left to the reader that takes all of YAML, which then finds the same.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tvbo.storage.yaml_reader import LETTERS, MARKS, WORDS
from tvbo.storage.yaml_writer import UnusualError, by_pyyaml, key, scalars

AXES = ("x", "y", "z")
_BEGIN = "nodes:\n"
# Patterns are compiled when they are first used: for a header, few are.
# A line that neither goes on nor begins a row.
_END = r"\n(?=[^ -]|-[^ ])"
_NEXT_KEY = r"[A-Za-z_][A-Za-z0-9_]*:[ \n]"
# What can make the end of the list other than it looks, outside of quotes.
_OPENING = "{[|>&*!#%?@`'\"\t\r\x85\u2028\u2029"
_INSIDE = rf"{LETTERS}{MARKS}:;=~<>\[\]{{}}|*&%$#@!?`".replace("'", "")
_SINGLE, _DOUBLE = rf"'((?:[{_INSIDE}\"]|'')*+)'", rf"\"([{_INSIDE}']*+)\""
_QUOTED = f"{_SINGLE}|{_DOUBLE}"
_QUOTED_VALUES = {"'": rf": {_SINGLE}(?=\n)", '"': rf": {_DOUBLE}(?=\n)"}

# A label is text even if it begins like a number.
_LABEL = rf"[{LETTERS}][{LETTERS}{MARKS}]*+(?<! )"
_LABELS = rf"(?:{_LABEL}\n)*+"
_TEXT = rf"(?!\d){_LABEL}"
_FRACTION = r"[0-9]+(?:\.[0-9]+)?/[A-Za-z]+"
_NAME = r"    ([A-Za-z_][A-Za-z0-9_.\-]{0,99}):"
_FLOATS = r"(?:-?[0-9]+\.[0-9]*+(?:e[-+][0-9]++)?\n)*+"
_INTS = r"(?:(?:0|-?[1-9][0-9]{0,17})\n)*+"
_NO_NUMBERS = {".nan": float("nan"), ".inf": float("inf"), "-.inf": float("-inf")}
_NULLS = frozenset(("null", "Null", "NULL"))


class Split(NamedTuple):
    """
    The text of a sidecar, cut around the rows of its list of nodes.

    Attributes
    ----------
    before : str
        What stands before, up to and with the line ``nodes:``.
    nodes : str
        The rows.
    after : str
        What follows.
    """

    before: str
    nodes: str
    after: str


@dataclass(slots=True)
class NodeColumns:
    """
    A list of nodes in which every row has the same keys; seen from outside, it is that list of rows.

    Attributes
    ----------
    ids : list of int
        Identifier of each node.
    labels : list of str or None
        Name of each node.
    parameters : dict of str to list
        Values of each node, by name.
    units : dict of str to str
        Units of parameters.
    positions : tuple of list, or None
        x, y and z of each node.
    """

    ids: list[int]
    labels: list[str | None]
    parameters: dict[str, list[Any]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    positions: tuple[list[Any], list[Any], list[Any]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(self.__getitem__, range(len(self.ids)))

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Make the row of a node."""
        row: dict[str, Any] = {"id": self.ids[index], "label": self.labels[index]}
        if self.parameters:
            row["parameters"] = {
                name: {"value": values[index]} | ({"unit": self.units[name]} if name in self.units else {})
                for name, values in self.parameters.items()
            }
        if self.positions is not None:
            row["position"] = {axis: values[index] for axis, values in zip(AXES, self.positions, strict=True)}
        return row

    @property
    def depth(self) -> int:
        """How deep mappings nest below the list."""
        return 3 if self.parameters else 2 if self.positions is not None else 1

    @property
    def values(self) -> int:
        """How many keys and values stand in the list, without itself."""
        each = 5 + (8 if self.positions is not None else 0)
        if self.parameters:
            each += 2 + sum(6 if name in self.units else 4 for name in self.parameters)
        return each * len(self.ids)


@dataclass(frozen=True, slots=True)
class NodeText:
    """
    A list of nodes that nobody has read yet, in a sidecar that is as it was saved.

    Attributes
    ----------
    text : str
        The sidecar.
    count : int
        How many nodes it lists.
    numbered : bool
        Whether they have identifiers of their own.
    """

    text: str
    count: int
    numbered: bool

    def __len__(self) -> int:
        return self.count


def write(nodes: NodeColumns) -> str:
    """
    Write a list of nodes, as PyYAML writes its rows.

    Parameters
    ----------
    nodes : NodeColumns
        The nodes, at least one.

    Returns
    -------
    str
        The rows of the list as block YAML, without its key.
    """
    columns = [scalars(nodes.ids), scalars(nodes.labels)]
    form = "- id: %s\n  label: %s\n" + ("  parameters:\n" if nodes.parameters else "")
    try:
        for name, values in nodes.parameters.items():
            form += f"    {key(name)}:\n      value: %s\n"
            columns.append(scalars(values))
            if name in nodes.units:
                unit = scalars([nodes.units[name]])[0]
                if unit is None:
                    raise UnusualError
                form += f"      unit: {unit.replace('%', '%%')}\n"
    except UnusualError:
        return by_pyyaml(list(nodes))
    if nodes.positions is not None:
        form += "  position:\n" + "".join(f"    {axis}: %s\n" for axis in AXES)
        columns += map(scalars, nodes.positions)
    rows = list(map(form.__mod__, zip(*columns, strict=True)))
    for index in {index for column in columns if None in column for index, each in enumerate(column) if each is None}:
        rows[index] = by_pyyaml([nodes[index]])
    return "".join(rows)


def split(text: str) -> Split | None:
    """
    Find the list of nodes in a sidecar.

    Parameters
    ----------
    text : str
        The sidecar, as YAML.

    Returns
    -------
    Split or None
        None unless it is certain where the list ends, whatever its rows say.
    """
    start = 0 if text.startswith(f"{_BEGIN}- ") else text.find(f"\n{_BEGIN}- ") + 1
    if not text.endswith("\n") or not text.startswith(f"{_BEGIN}- ", start):
        return None
    start += len(_BEGIN)
    found = re.compile(_END).search(text, start)
    end = found.end() if found else len(text)
    if found and not re.compile(_NEXT_KEY).match(text, end):
        return None
    nodes = unquoted = text[start:end]
    for mark, value in _QUOTED_VALUES.items():
        if mark in unquoted:
            unquoted = re.sub(value, ":", unquoted)
    # A bracket, or a quotation that begins and does not end in its line, swallows what follows.
    if any(mark in unquoted for mark in _OPENING):
        return None
    return Split(text[:start], nodes, text[end:])


class _OtherLayoutError(ValueError):
    """The list is laid out in another way than ours."""


def columns(nodes: str, most: int) -> NodeColumns | None:
    """
    Read the rows of a list of nodes.

    Parameters
    ----------
    nodes : str
        The rows, as `split` gives them.
    most : int
        How many keys and values there may be; there are two in a line.

    Returns
    -------
    NodeColumns or None
        None if the list is laid out in another way than `write` does.
    """
    if not nodes.endswith("\n") or not nodes.startswith("- ") or 2 * nodes.count("\n") > most:
        return None
    height = nodes.count("\n", 0, nodes.find("\n- ") + 1) or nodes.count("\n")
    lines = nodes[:-1].split("\n")
    if len(lines) % height:
        return None
    try:
        return _Lines(lines, height).columns()
    except _OtherLayoutError:
        return None


class _Lines:
    """Takes lines of equal rows by their place in the row."""

    def __init__(self, lines: list[str], height: int) -> None:
        self.lines, self.height = lines, height
        self.size = len(lines) // height
        self.place = 0

    def columns(self) -> NodeColumns:
        ids = self.numbers("- id: ")
        if set(map(type, ids)) != {int}:
            raise _OtherLayoutError
        labels: list[Any] = self.tokens("  label: ")
        if not (re.fullmatch(_LABELS, _joined(labels)) and _NULLS.isdisjoint(labels)):
            labels = [_label(token) for token in labels]
        found = NodeColumns(ids, labels)
        if self.next() == "  parameters:":
            self.same()
            while name := re.fullmatch(_NAME, self.next()):
                self.parameter(name[1], found)
            if not found.parameters:
                raise _OtherLayoutError
        if self.next() == "  position:":
            self.same()
            x, y, z = (self.numbers(f"    {axis}: ") for axis in AXES)
            found.positions = x, y, z
        if self.place != self.height:
            raise _OtherLayoutError
        return found

    def parameter(self, name: str, found: NodeColumns) -> None:
        if name in found.parameters or name.lower() in WORDS:
            raise _OtherLayoutError
        self.same()
        tokens = self.tokens("      value: ")
        found.parameters[name] = _numbers(tokens, _number_or_text)
        if self.next().startswith("      unit: "):
            found.units[name] = _text(self.next().removeprefix("      unit: "))
            self.same()

    def next(self) -> str:
        """Give the line of the first row that comes next."""
        return self.lines[self.place] if self.place < self.height else ""

    def same(self) -> None:
        """Pass a line that is the same in all rows."""
        if self.lines[self.place :: self.height].count(self.lines[self.place]) != self.size:
            raise _OtherLayoutError
        self.place += 1

    def tokens(self, prefix: str) -> list[str]:
        """Give what follows a prefix in each row."""
        if self.place >= self.height:
            raise _OtherLayoutError
        there = "\n".join(self.lines[self.place :: self.height])
        # As many parts as rows: then every line begins with the prefix, since none has a line break within.
        before, *tokens = f"\n{there}".split(f"\n{prefix}")
        if before or len(tokens) != self.size:
            raise _OtherLayoutError
        self.place += 1
        return tokens

    def numbers(self, prefix: str) -> list[Any]:
        return _numbers(self.tokens(prefix), _number)


def _joined(tokens: list[str]) -> str:
    return "\n".join(tokens) + "\n"


def _numbers(tokens: list[str], other: Callable[[str], Any]) -> list[Any]:
    together = _joined(tokens)
    if re.fullmatch(_FLOATS, together):
        return list(map(float, tokens))
    if re.fullmatch(_INTS, together):
        return list(map(int, tokens))
    return [other(token) for token in tokens]


def _number(token: str) -> Any:
    line = f"{token}\n"
    if re.fullmatch(_FLOATS, line):
        return float(token)
    if re.fullmatch(_INTS, line):
        return int(token)
    if token not in _NO_NUMBERS:
        raise _OtherLayoutError
    return _NO_NUMBERS[token]


def _number_or_text(token: str) -> Any:
    return _number(token) if token[:1] in "-.0123456789" else _text(token)


def _label(token: str) -> str | None:
    if re.fullmatch(_LABEL, token):
        return None if token in _NULLS else token
    return _unquoted(token)


def _text(token: str) -> str:
    if (re.fullmatch(_TEXT, token) and token.lower() not in WORDS) or re.fullmatch(_FRACTION, token):
        return token
    return _unquoted(token)


def _unquoted(token: str) -> str:
    found = re.fullmatch(_QUOTED, token)
    if found is None:
        raise _OtherLayoutError
    single, double = found.groups()
    return double if single is None else single.replace("''", "'")
