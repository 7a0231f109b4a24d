"""
The networks that a network is linked to, by name; each is opened when it is first asked for.

A link of the name of a matrix leads to the network whose nodes are the columns of that matrix. The links and the
parents of networks form a graph without circles.
"""

import contextlib
import difflib
from collections.abc import Callable, Iterator, MutableMapping
from typing import TYPE_CHECKING

from tvbo.errors import LinkNotFoundError, NetworkNotFoundError, ShapeError, SidecarError

if TYPE_CHECKING:
    from tvbo.model.network import Network

Opener = Callable[[], "Network"]


class Links(MutableMapping[str, "Network"]):
    """
    Linked networks by name.

    Parameters
    ----------
    owner : Network
        The network that they are links of. It does not hold this view of them: else it would outlive its last user,
        with all its arrays, until Python looks for circles.
    items : dict of str to Network or callable
        Its links.
    named : dict of str to Network or callable
        What its file only names.
    """

    __slots__ = ("_items", "_named", "_owner")

    def __init__(
        self, owner: "Network", items: "dict[str, Network | Opener]", named: "dict[str, Network | Opener]"
    ) -> None:
        self._owner, self._items, self._named = owner, items, named

    def __getitem__(self, name: str) -> "Network":
        if name in self._named and name not in self._items and name not in self._owner.matrices:
            # A file names it, and nobody set another.
            return self._opened(self._named, name)
        try:
            return self._opened(self._items, name)
        except KeyError:
            near = difflib.get_close_matches(name, self._items, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise LinkNotFoundError(
                f"network {self._owner.label!r} has no link {name!r}; it has: {', '.join(self._items) or 'none'}{hint}"
            ) from None

    def __setitem__(self, name: str, network: "Network | Opener") -> None:
        from_below(self._owner, network, f"link {name!r}")
        if not isinstance(name, str) or not name:
            raise ValueError(f"{name!r} cannot name a link: give a word such as 'gain'")
        self._items[name] = network

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        # Mapping's own would open the network to find out.
        return name in self._items

    def _opened(self, items: "dict[str, Network | Opener]", name: str) -> "Network":
        items[name] = found = opened(self._owner, items[name], f"link {name!r}")
        return found

    def held(self) -> "dict[str, Network | Opener]":
        """
        Give the links as they are held, without opening any.

        Returns
        -------
        dict of str to Network or callable
            As held.
        """
        return dict(self._items)

    def offer(self, name: str, opener: Opener) -> None:
        """
        Say how the network can be opened that a file only names; it is no part of this one.

        Parameters
        ----------
        name : str
            The link, or the matrix whose columns are its nodes.
        opener : callable
            Opens it.
        """
        self._named[name] = opener

    @contextlib.contextmanager
    def attached(self, name: str, target: "Network", shape: tuple[int, ...]) -> Iterator[None]:
        """
        Link the target network of a matrix; if the matrix then turns out not to fit, the links are as they were.

        Parameters
        ----------
        name : str
            The matrix.
        target : Network
            The network that its columns are nodes of.
        shape : tuple of int
            The shape of the matrix.

        Yields
        ------
        None
            The matrix is set meanwhile.

        Raises
        ------
        ShapeError
            If the network has another number of nodes than the matrix has columns.
        """
        if shape[1:] != (target.number_of_nodes,):
            raise ShapeError(
                f"matrix {name!r} has shape {shape}, but its target network has {target.number_of_nodes} nodes: "
                "expected a column for each"
            )
        before = self._items.copy()
        self[name] = target
        try:
            yield
        except (ShapeError, TypeError, ValueError):
            self._items.clear()
            self._items.update(before)
            raise

    def target(self, name: str) -> "Network":
        """
        Give the network that the columns of a matrix are nodes of.

        Parameters
        ----------
        name : str
            The matrix.

        Returns
        -------
        Network
            The network.

        Raises
        ------
        NetworkNotFoundError
            If nobody said which that is, or its file is missing.
        """
        if name in self._items:
            return self[name]
        said = self._owner.matrices[name].target_network
        if name in self._named and said is not None:
            return self._opened(self._named, name)
        what = "no target network" if said is None else f"the target network {said!r}, which was not read from a file"
        raise NetworkNotFoundError(
            f"the matrix {name!r} has {what}: set it, as in network.links[{name!r}] = Network.from_file(...)"
        )


def from_below(owner: "Network", other: object, what: str) -> None:
    """
    Refuse what is no network, and a network that leads back to the one that is to be linked to it.

    Parameters
    ----------
    owner : Network
        The one to be linked.
    other : object
        What it is to be linked to.
    what : str
        The kind of link, for messages.

    Raises
    ------
    TypeError
        If it is no network, nor anything that opens one.
    ValueError
        If it leads back.
    """
    if not hasattr(other, "linked") and not callable(other):
        raise TypeError(f"{what} is a {type(other).__name__}: expected a Network, as from_file gives it")
    if _leads_to(other, owner):
        raise ValueError(f"a network cannot be its own {what}, nor that of its {what}")


def opened(owner: "Network", other: "Network | Opener", what: str) -> "Network":
    """
    Open a linked network.

    Parameters
    ----------
    owner : Network
        The network that is linked to it.
    other : Network or callable
        The network, or what opens it.
    what : str
        The kind of link, for messages.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    SidecarError
        If it leads back to the one that is linked to it.
    """
    if not callable(other):
        return other
    found = other()
    if _leads_to(found, owner):
        raise SidecarError(f"network {owner.label!r} has a {what} that is linked to it itself")
    return found


def _leads_to(start: object, owner: "Network") -> bool:
    met: set[int] = set()
    above = [start]
    while above:
        each = above.pop()
        if each is owner:
            return True
        # One that was not opened yet is looked at when it is.
        if hasattr(each, "linked") and id(each) not in met:
            met.add(id(each))
            above += each.linked()
    return False
