"""The parent of a network, found beside it or carried along."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tvbo.errors import NetworkNotFoundError, SidecarError, UnsafeFileError, warn
from tvbo.formats.tvbo.trust import Trust
from tvbo.model.network import Network
from tvbo.storage import pair, sidecar
from tvbo.storage.companion import Companion
from tvbo.storage.files import inside


class Readers(NamedTuple):
    """
    What makes networks of files; handed over, since it makes parents itself.

    Attributes
    ----------
    of_file : callable
        Opens a pair, given its path, its line of children and how far it is trusted.
    of_group : callable
        Makes the network that a companion carries in a group.
    """

    of_file: Callable[[Path, tuple[Path, ...], Trust], Network]
    of_group: Callable[[Companion, str, tuple[Path, ...], Trust], Network]


@dataclass(frozen=True, slots=True)
class Parent:
    """
    Opens the parent when it is first asked for.

    The child carries a copy of its parent, so that it is complete alone; if the parent's own file lies beside
    it, and still holds what it held, that is opened.

    Attributes
    ----------
    name : str
        What the sidecar of the child says.
    lineage : tuple of Path
        The child, after its own children, so that a circle is noticed.
    trust : Trust
        How far the files are trusted.
    file, content : str or None
        The sidecar of the parent when the child was saved, and its identifier.
    carried : Companion or None
        The companion that carries a copy.
    group : str
        Where it carries it.
    read : Readers
        What makes networks.
    same : str or None
        Where else in the companion this very network lies.
    """

    name: str
    lineage: tuple[Path, ...]
    trust: Trust
    file: str | None
    content: str | None
    carried: Companion | None
    group: str
    read: Readers
    same: str | None = None

    def __call__(self) -> Network:
        if self.carried is None:
            return self._linked()
        place = self.carried.path / (self.same or self.group)
        if place in self.lineage:
            raise SidecarError(f"{self.lineage[-1]}: its parent network is its own descendant")
        network: Network = self.trust.share(place, self._unlinked)
        return network

    def _unlinked(self) -> Network:
        child = self.lineage[-1]
        assert self.carried is not None
        beside = None if self.file is None else self._beside(self.file)
        if beside is not None and beside.exists():
            if pair.identifier(sidecar.text_of(beside, self.trust.limits)) == self.content:
                return self._open(beside)
            warn(
                f"{beside} has changed since {child.name} was saved: the parent network is read as it was then. "
                f"To use the new one, set parent_network = Network.from_file({beside.name!r})"
            )
        return self.read.of_group(self.carried, self.group, self.lineage, self.trust)

    def _beside(self, name: str) -> Path:
        child = self.lineage[-1]
        return inside(child.parent, name, f"{child}: parent_network", self.trust.limits)

    def _linked(self) -> Network:
        """Open the parent by the name of its sidecar, or by its label among the sidecars of the folder."""
        child = self.lineage[-1]
        beside = self._beside(self.name) if self.name.endswith(pair.SIDECARS) else None
        found = beside if beside is not None and beside.exists() else None
        if found is None:
            others = (each for each in sorted(child.parent.iterdir()) if each.suffix in pair.SIDECARS and each != child)
            found = next((each for each in others if self._label_of(each) == self.name), None)
        if found is None:
            raise NetworkNotFoundError(
                f"{child} has the parent network {self.name!r}, which is neither a file nor a label in "
                f"{child.parent}: put its sidecar and companion there"
            )
        if found in self.lineage:
            raise SidecarError(f"{child}: its parent network is {found.name}, which is its own descendant")
        return self._open(found)

    def _open(self, path: Path) -> Network:
        child = self.lineage[-1]
        self.trust.limits.check("depth", len(self.lineage) + 1, f"{child}: the line of its parent networks")
        network: Network = self.trust.share(path, lambda: self.read.of_file(path, self.lineage, self.trust))
        return network

    def _label_of(self, path: Path) -> str | None:
        limits = self.trust.limits
        try:
            return str(sidecar.parse(sidecar.text_of(path, limits), path, limits).get("label"))
        except (SidecarError, UnsafeFileError, OSError):
            return None
