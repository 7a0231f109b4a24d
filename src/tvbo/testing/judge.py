"""What the suites of formats share: what a format may lose, and whether it says so."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, ClassVar

from tvbo import registry
from tvbo.errors import LossyConversionWarning
from tvbo.model.compare import Difference
from tvbo.model.losses import outermost
from tvbo.model.network import Network
from tvbo.testing.networks import example_networks


class Judge:
    """
    Hold what a format loses against what it says that it drops.

    Attributes
    ----------
    format : str
        Its name.
    adds : sequence of str
        Paths of `Network.diff` that are only in what comes back, and are no loss: what the format says of itself.
    silent : sequence of str
        Paths of `drops` that no warning need name.
    max_examples : int
        How many networks of `strategy` are tried.
    """

    format: ClassVar[str]
    adds: ClassVar[Sequence[str]] = ()
    silent: ClassVar[Sequence[str]] = ()
    max_examples: ClassVar[int] = 30

    @property
    def drops(self) -> Mapping[str, str]:
        """What the format cannot carry, as its ``DROPS`` say; see `tvbo.registry`."""
        dropped: Mapping[str, str] = getattr(self.module, "DROPS", {})
        return dropped

    def examples(self) -> Mapping[str, Network]:
        """
        Give networks to try.

        Returns
        -------
        mapping of str to Network
            The networks by name; those of `example_networks` unless a format has its own.
        """
        return example_networks()

    def strategy(self) -> Any:
        """
        Give a strategy of networks to try as well.

        Returns
        -------
        SearchStrategy of Network or None
            None unless a format has one.
        """
        return None

    @property
    def module(self) -> ModuleType:
        """The format."""
        return registry.get(self.format)

    def lost(self, network: Network, back: Network) -> dict[str, str]:
        """
        Tell what was lost, and hold it against what may be.

        Parameters
        ----------
        network : Network
            The network that was written.
        back : Network
            The one that was read.

        Returns
        -------
        dict of str to str
            The paths that are lost, and what a warning must call each.

        Raises
        ------
        AssertionError
            If anything differs that is neither among `drops` nor `adds`.
        """
        __tracebackhide__ = True
        found = {}
        unexpected: list[Difference] = []
        for difference in outermost(network.diff(back)):
            if _fills(network, back, difference) or self._is_added(difference):
                continue
            called = self._called(difference.path)
            if called is None:
                unexpected.append(difference)
            else:
                found[difference.path] = called
        if unexpected:
            listed = "\n".join(f"  {each}" for each in unexpected)
            raise AssertionError(f"{self.format} loses or changes what its drops do not name:\n{listed}")
        return found

    def _is_added(self, difference: Difference) -> bool:
        matches = any(_matched(pattern, difference.path) is not None for pattern in self.adds)
        return difference.kind == "only in the second" and matches

    def _called(self, path: str) -> str | None:
        for pattern, said in self.drops.items():
            star = _matched(pattern, path)
            if star is not None:
                return said.replace("*", star)
        return None

    def _told(self, network: Network, back: Network) -> set[str]:
        """Give what a warning must name."""
        lost = self.lost(network, back)
        return {said for path, said in lost.items() if all(_matched(pattern, path) is None for pattern in self.silent)}

    def check_losses(self, network: Network, back: Network, said: Sequence[str]) -> None:
        """
        Hold what was lost against what warnings said of it.

        Parameters
        ----------
        network : Network
            The network that was given.
        back : Network
            The one that came back.
        said : sequence of str
            The warnings of losses.

        Raises
        ------
        AssertionError
            If something was lost in silence, or a warning speaks of what is not lost.
        """
        __tracebackhide__ = True
        told, text = self._told(network, back), " ".join(said)
        unnamed = sorted(word for word in told if word not in text)
        assert not unnamed, f"no LossyConversionWarning names {', '.join(unnamed)}; said: {text or 'nothing'}"
        assert bool(told) == bool(text), f"a warning says what is not lost: {text}"

    def check_drops(self, ways: Mapping[str, tuple[Network, Network]]) -> None:
        """
        See that what is declared as lost is lost by one of the examples.

        Parameters
        ----------
        ways : mapping of str to tuple of Network
            Each example, and what came back of it.

        Raises
        ------
        AssertionError
            If a declaration outlived its reason.
        """
        lost = {path for network, back in ways.values() for path in self.lost(network, back)}
        idle = [pattern for pattern in self.drops if all(_matched(pattern, path) is None for path in lost)]
        assert not idle, f"no example loses {', '.join(idle)}: leave it out of drops, or give an example"


@contextmanager
def losses_said() -> Iterator[list[str]]:
    """
    Collect what warnings say of losses; other warnings are given.

    Yields
    ------
    list of str
        The messages, once the block is left.
    """
    said: list[str] = []
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        yield said
    for each in given:
        if issubclass(each.category, LossyConversionWarning):
            said.append(str(each.message))
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def _fills(network: Network, back: Network, difference: Difference) -> bool:
    """Tell whether a difference is none of content: a text where there was none, or another width of labels."""
    if difference.path in ("label", "descriptor", "description"):
        return getattr(network, difference.path) is None
    if difference.kind == "only in the second" and difference.detail == "{}":
        # Whatever was in there is named by itself.
        return True
    same_text = difference.path == "nodes.labels" and difference.kind == "dtype"
    return same_text and network.nodes.labels.tolist() == back.nodes.labels.tolist()


def _matched(pattern: str, path: str) -> str | None:
    """Give what the first star of a pattern stands for in a path; None if it does not match."""
    found = re.fullmatch("(.*?)".join(map(re.escape, pattern.split("*"))), path, re.DOTALL)
    return None if found is None else (found.group(1) if found.groups() else "")
