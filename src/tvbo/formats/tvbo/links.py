"""
Networks that a network is linked to: laid into its companion, or found beside it by the name of their file.

``save`` lays what is linked into the companion, below ``/tvbo/links``, so that a pair is complete alone. `write_all`
writes each network of a graph as a pair of its own, and links by file names in the same folder.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tvbo.errors import CompanionError, NetworkNotFoundError, SidecarError
from tvbo.formats.tvbo.layout import LINKS
from tvbo.formats.tvbo.trust import Trust
from tvbo.model.network import Network
from tvbo.storage import pair
from tvbo.storage.companion import Companion
from tvbo.storage.files import inside

if TYPE_CHECKING:
    from tvbo.formats.tvbo.parent import Readers

# What a network of a graph is called, by its descriptor, where no link has a better name for it.
_CALLED = {"SC": "regions", "FC": "regions", "projection": "sensors"}
# Windows takes these for devices, whatever their ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(slots=True)
class Laying:
    """
    One save: what was laid into its companion so far.

    Attributes
    ----------
    carry : bool
        Whether linked networks and parents are laid into the companion; else they are named by their files.
    groups : dict of int to str
        Where a network lies, by its ``id``.
    strict : bool
        Whether arrays must not be missing.
    absent : list of str
        Those that are missing.
    """

    carry: bool = True
    groups: dict[int, str] = field(default_factory=dict)
    strict: bool = False
    absent: list[str] = field(default_factory=list)

    def note(self, network: Network, group: str) -> dict[str, str]:
        """
        Note where a network lies.

        Parameters
        ----------
        network : Network
            The network.
        group : str
            Where it is to be laid.

        Returns
        -------
        dict
            The group; and the one where it lay before, so that both come back as one network.
        """
        first = self.groups.setdefault(id(network), group)
        return {"group": group} if first == group else {"group": group, "same": first}


def beside(network: Network, target: Path) -> str | None:
    """
    Name the file of a network if it lies beside another one's.

    Parameters
    ----------
    network : Network
        The network.
    target : Path
        The other sidecar.

    Returns
    -------
    str or None
        The bare name; None if it lies elsewhere, or nowhere.
    """
    own = network.path
    return own.name if own is not None and own != target and own.parent == target.parent and own.exists() else None


def need_beside(network: Network, target: Path, what: str) -> str:
    """
    Name the file of a network that must lie beside another one's.

    Parameters
    ----------
    network : Network
        The network.
    target : Path
        The other sidecar.
    what : str
        The kind of link, for messages.

    Returns
    -------
    str
        The bare name.

    Raises
    ------
    NetworkNotFoundError
        If it lies elsewhere, or nowhere.
    """
    name = beside(network, target)
    if name is None:
        raise NetworkNotFoundError(
            f"{what} of {target} has no file in {target.parent}: save it there first, as save_all does"
        )
    return name


def put_links(
    network: Network,
    record: dict[str, Any],
    private: dict[str, Any],
    below: str,
    target: Path,
    laying: Laying,
    put: Callable[[Network, str], Callable[[], None]],
) -> Callable[[], None]:
    """
    Lay the linked networks into a companion, or name their files.

    Parameters
    ----------
    network : Network
        The network.
    record : dict
        What its sidecar says; gets the target networks of its matrices.
    private : dict
        The record in its companion; gets the links.
    below : str
        Where the network lies in the companion.
    target : Path
        The sidecar.
    laying : Laying
        What was laid so far.
    put : callable
        Lays a network into a group, and gives what is to be called when all arrays have been seen.

    Returns
    -------
    callable
        To be called when all arrays have been seen.
    """
    later: list[Callable[[], None]] = []
    notes: dict[str, Any] = {}
    for index, name in enumerate(network.links):
        linked = network.links[name]
        if laying.carry:
            group = laying.groups.get(id(linked), f"{below}{LINKS}/{index}")
            notes[name] = {"group": group}
            shown = f"{target.with_suffix('.h5').name}#/{group}"
            if id(linked) not in laying.groups:
                laying.groups[id(linked)] = group
                later.append(put(linked, group))
        else:
            shown = need_beside(linked, target, f"the link {name!r}")
            notes[name] = {"file": shown}
        for row in record.get("edges", ()):
            if row.get("label") == name:
                # What the sidecar says is the link; what the matrix says itself is kept for it.
                notes[name] |= {"shown": shown, "said": row.get("target_network")}
                row["target_network"] = shown
    if notes:
        private["links"] = notes

    def close() -> None:  # numpydoc ignore=GL08
        for each in later:
            each()

    return close


@dataclass(frozen=True, slots=True)
class Link:
    """
    Opens a linked network when it is first asked for.

    Attributes
    ----------
    what : str
        The link, for messages.
    name : str
        The sidecar beside, or the group in the companion.
    lineage : tuple of Path
        The files and groups on the way here, so that a circle is noticed.
    trust : Trust
        How far the files are trusted.
    carried : Companion or None
        The companion that the group lies in.
    read : Readers
        What makes networks.
    """

    what: str
    name: str
    lineage: tuple[Path, ...]
    trust: Trust
    carried: Companion | None
    read: "Readers"

    def __call__(self) -> Network:
        own = self.lineage[-1]
        self.trust.limits.check("depth", len(self.lineage) + 1, f"{own}: the line of its linked networks")
        carried = self.carried
        if carried is None:
            place = inside(own.parent, self.name, f"{own}: {self.what}", self.trust.limits)
            if not place.exists():
                raise NetworkNotFoundError(f"{own}: {self.what} is {place.name!r}, which is not there: put it beside")
            self._refuse_circle(own, place)
            found: Network = self.trust.share(place, lambda: self.read.of_file(place, self.lineage, self.trust))
            return found
        place = carried.path / self.name
        self._refuse_circle(own, place)
        lineage = (*self.lineage, place, own)
        found = self.trust.share(place, lambda: self.read.of_group(carried, self.name, lineage, self.trust))
        return found

    def _refuse_circle(self, own: Path, place: Path) -> None:
        if place in self.lineage:
            raise SidecarError(f"{own}: {self.what} is {self.name}, which is linked to it itself")


def take_links(
    network: Network,
    private: dict[str, Any],
    lineage: tuple[Path, ...],
    trust: Trust,
    held: Companion | None,
    read: "Readers",
) -> None:
    """
    Give a network its links; none is opened.

    Parameters
    ----------
    network : Network
        The network as it was read.
    private : dict
        The record in its companion.
    lineage : tuple of Path
        The files and groups on the way here.
    trust : Trust
        How far the files are trusted.
    held : Companion or None
        Its companion.
    read : Readers
        What makes networks.

    Raises
    ------
    CompanionError
        If the record says something else than where they are.
    """
    for name, note in private.get("links", {}).items():
        place, group = note.get("file"), note.get("group")
        where = group if place is None else place
        if not isinstance(where, str) or not where or (place is None and held is None):
            raise CompanionError(f"{lineage[-1]}: the record does not say where its link {name!r} leads")
        matrix = network.matrices.get(name)
        if matrix is not None and matrix.target_network != note.get("shown"):
            # Written by hand, and counts.
            continue
        if matrix is not None:
            matrix.target_network = note.get("said")
        carried = held if place is None else None
        network.links[name] = Link(f"the link {name!r}", where, lineage, trust, carried, read)
    for name, matrix in network.matrices.items():
        said = matrix.target_network
        if said is not None and said.endswith(pair.SIDECARS) and name not in network.links:
            network.links.offer(name, Link(f"target_network of the matrix {name!r}", said, lineage, trust, None, read))


def write_all(networks: Iterable[Network], folder: Path, write: Callable[..., None], **options: Any) -> dict[str, Path]:
    """
    Write networks, and all that they are linked to, as a pair of files each.

    Parameters
    ----------
    networks : iterable of Network
        The networks.
    folder : Path
        Where; it is made if it is not there.
    write : callable
        Writes one network.
    **options : object
        Passed on to it.

    Returns
    -------
    dict of str to Path
        The sidecars, by the names of their networks: those given first, then those linked.

    Raises
    ------
    FileExistsError
        If there is another network of such a name; nothing is written then.
    """
    folder, networks = folder.absolute(), list(networks)
    names: dict[int, tuple[str, Network]] = {}
    for network in networks:
        _christen(network, None, names)
    paths = {name: folder / f"{name}.yaml" for name, _ in names.values()}
    for name, network in names.values():
        for path in (paths[name], paths[name].with_suffix(".h5")):
            if path.exists() and network.path != paths[name]:
                raise FileExistsError(f"{path} is there already: choose an empty folder, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    # What is linked is written first, so that its file is there when it is named.
    for network in every_linked(*networks):
        write(network, paths[names[id(network)][0]], **options)
    return paths


def every_linked(*networks: Network) -> list[Network]:
    """
    List networks and all that they are linked to, which is opened.

    Parameters
    ----------
    *networks : Network
        The networks.

    Returns
    -------
    list of Network
        Each once; what is linked before what links to it.
    """
    met: set[int] = set()
    found: list[Network] = []

    for network in networks:
        _list_linked(network, met, found)
    return found


# Not inside: a function that names itself is a circle, which would hold all networks until Python looks for circles.
def _list_linked(network: Network, met: set[int], found: list[Network]) -> None:
    if id(network) in met:
        return
    met.add(id(network))
    for linked in _parents(network) + list(network.links.values()):
        _list_linked(linked, met, found)
    found.append(network)


def _parents(network: Network) -> list[Network]:
    """Give the parent, if there is one that can be found: a file of others may be alone."""
    try:
        return [network.parent()] if network.has_parent_network else []
    except NetworkNotFoundError:
        # Whoever needs it says so.
        return []


def _christen(network: Network, called: str | None, names: dict[int, tuple[str, Network]]) -> None:
    """Give a network and all that it is linked to a name that no other has."""
    if id(network) in names:
        return
    # The file that it has keeps its name; TVB's own titles are not meant to be read.
    own = network.path.stem if network.path is not None else None
    label = network.label if network.label and " gid: " not in network.label else None
    kind = network.descriptor or "network"
    wanted = _safe(own or called or label or _CALLED.get(kind, kind))
    taken = {name.casefold() for name, _ in names.values()}
    number, name = 1, wanted
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}_{number}"
    names[id(network)] = name, network
    for link in network.links:
        _christen(network.links[link], None if link in network.matrices else link, names)
    for parent in _parents(network):
        _christen(parent, None, names)


def _safe(text: str) -> str:
    """Spell a name so that every system takes it for a file in the folder."""
    name = re.sub(r"[^\w.-]+", "_", text, flags=re.ASCII).strip("._-")[:64] or "network"
    return f"network_{name}" if _DEVICES.match(name) else name
