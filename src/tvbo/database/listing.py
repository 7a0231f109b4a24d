"""Networks by name: found in a folder, and listed from their sidecars alone."""

import difflib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from tvbo.database import network_folders
from tvbo.errors import NetworkNotFoundError, TvboError
from tvbo.limits import Limits
from tvbo.storage import sidecar

__all__ = ["Listing", "NetworkEntry", "find", "list_networks"]

_SIDECARS = (".yaml", ".yml")
_COLUMNS = ("name", "nodes", "descriptor", "label", "where")


@dataclass(frozen=True, slots=True)
class NetworkEntry:
    """
    A network that can be loaded by its name.

    Attributes
    ----------
    name : str
        What ``Network.load`` takes.
    path : Path
        Its sidecar.
    label, descriptor : str or None
        What the sidecar says.
    number_of_nodes : int or None
        How many nodes it says that there are.
    problem : str or None
        Why the sidecar cannot be understood; then nothing else of it is known.
    """

    name: str
    path: Path
    label: str | None = None
    descriptor: str | None = None
    number_of_nodes: int | None = None
    problem: str | None = None

    @property
    def where(self) -> Path:
        """The folder that it lies in."""
        return self.path.parent

    def cells(self) -> tuple[str, ...]:
        """
        Give what a row of a table shows of it.

        Returns
        -------
        tuple of str
            Name, nodes, descriptor, label or problem, and folder.
        """
        nodes = "" if self.number_of_nodes is None else str(self.number_of_nodes)
        told = f"cannot be understood: {self.problem}" if self.problem else self.label or ""
        return (self.name, nodes, self.descriptor or "", " ".join(told.split()), str(self.where))


class Listing(Sequence[NetworkEntry]):
    """
    The networks that were found, shown as a table.

    Parameters
    ----------
    entries : sequence of NetworkEntry
        The networks.
    """

    def __init__(self, entries: Sequence[NetworkEntry]) -> None:
        self._entries = tuple(entries)

    @overload
    def __getitem__(self, index: int) -> NetworkEntry: ...

    @overload
    def __getitem__(self, index: slice) -> "Listing": ...

    def __getitem__(self, index: int | slice) -> "NetworkEntry | Listing":
        return Listing(self._entries[index]) if isinstance(index, slice) else self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def names(self) -> tuple[str, ...]:
        """What ``Network.load`` takes."""
        return tuple(entry.name for entry in self._entries)

    def __repr__(self) -> str:
        if not self._entries:
            return "no networks"
        rows = [_COLUMNS, *(entry.cells() for entry in self._entries)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        rows = ("".join(f"<td>{html.escape(cell)}</td>" for cell in entry.cells()) for entry in self._entries)
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def list_networks(*, limits: Limits = Limits()) -> Listing:  # noqa: B008 - it cannot be changed
    """
    List the networks that ``Network.load`` finds by name. Only their sidecars are read, and not their nodes.

    Parameters
    ----------
    limits : Limits
        How much a sidecar may hold.

    Returns
    -------
    Listing
        A sequence of `NetworkEntry`, by name. A network of the user hides one of the same name that comes with tvbo.
    """
    return Listing([_entry(name, path, limits) for name, path in sorted(_sidecars().items())])


def find(name: str) -> Path:
    """
    Find a network by its name, exactly as it is spelled.

    Parameters
    ----------
    name : str
        The name of its sidecar, without the ending.

    Returns
    -------
    Path
        The sidecar.

    Raises
    ------
    NetworkNotFoundError
        If there is none of that name; the message tells of similar ones, and where it was looked for.
    """
    known = _sidecars()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "; tvbo.list_networks() shows all"
    folders = " and ".join(map(str, network_folders()))
    raise NetworkNotFoundError(f"there is no network {name!r}: looked for {name}.yaml in {folders}{hint}")


def _sidecars() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in network_folders():
        if not folder.is_dir():
            continue
        # The listing has the spelling that the file has, also where the file system does not mind.
        for path in sorted(folder.iterdir()):
            if path.suffix in _SIDECARS and not path.name.startswith("."):
                found.setdefault(path.stem, path)
    return found


def _entry(name: str, path: Path, limits: Limits) -> NetworkEntry:
    try:
        record = sidecar.header(sidecar.text_of(path, limits), path, limits)
    except (TvboError, OSError) as error:
        # One bad file must not hide the others.
        return NetworkEntry(name, path, problem=str(error))
    label, descriptor = (record.get(key) for key in ("label", "descriptor"))
    count = record.get("number_of_nodes", record.get("number_of_regions"))
    return NetworkEntry(
        name,
        path,
        label if isinstance(label, str) else None,
        descriptor if isinstance(descriptor, str) else None,
        count if isinstance(count, int) and not isinstance(count, bool) else None,
    )
