"""Regions of one network found among those of another, by their labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tvbo.errors import DuplicateNameError
from tvbo.model.arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """
    Where the regions of a reference are in a network.

    Attributes
    ----------
    index : array, shape (n_reference,), intp
        The row of each region of the reference; -1 for one that is missing.
    missing : tuple of str
        Regions of the reference that the network has not.
    extra : tuple of str
        Regions of the network that the reference has not.
    same : bool
        Whether the two lists are equal.
    """

    index: Array
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    same: bool

    def __str__(self) -> str:
        if self.same:
            return "the regions of the reference, in its order"
        said = [f"{_some(self.missing)} missing"] if self.missing else []
        said += [f"{_some(self.extra)} not in the reference"] if self.extra else []
        return "; ".join(said) or "the regions of the reference, in another order"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:3]))
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"


def check_unique(labels: Sequence[str], what: str) -> None:
    """
    Refuse labels that cannot align.

    Parameters
    ----------
    labels : sequence of str
        The labels.
    what : str
        Whose they are, for the message.

    Raises
    ------
    DuplicateNameError
        If one stands for two regions.
    """
    if len(set(labels)) != len(labels):
        double = [name for name, count in Counter(labels).items() if count > 1]
        raise DuplicateNameError(
            f"{what}: {_some(double)} stands for more than one region, so that regions cannot be aligned by their "
            "labels: give each region a label of its own"
        )


def align(reference: Sequence[str], labels: Sequence[str], what: str = "the network") -> Alignment:
    """
    Find the regions of a reference in a network.

    Parameters
    ----------
    reference : sequence of str
        Labels that are unique.
    labels : sequence of str
        Labels of the network.
    what : str
        The network, for messages.

    Returns
    -------
    Alignment
        Where they are.

    Raises
    ------
    DuplicateNameError
        If a label stands for two regions.
    """
    if tuple(reference) == tuple(labels):
        return Alignment(np.arange(len(reference)), (), (), True)
    check_unique(labels, what)
    places = {name: place for place, name in enumerate(labels)}
    wanted = set(reference)
    return Alignment(
        np.array([places.get(name, -1) for name in reference], np.intp),
        tuple(name for name in reference if name not in places),
        tuple(name for name in labels if name not in wanted),
        False,
    )
