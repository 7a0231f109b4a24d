"""Whether a network is sound: that its parts fit one another and, on request, that every array can be read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tvbo.errors import TvboError
from tvbo.model.arrays import is_lazy_array, is_lazy_sparse, is_loaded, load
from tvbo.model.compare import content
from tvbo.model.progress import Progress, Steps, bytes_of
from tvbo.model.shown import problems_html

if TYPE_CHECKING:
    from tvbo.model.network import Network


class Problem(NamedTuple):
    """
    One thing that is wrong.

    Attributes
    ----------
    path : str
        Where: a part of the network such as ``matrices.weight``, or a dataset of its file.
    message : str
        What is wrong with it.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True)
class Report:
    """
    What was found; true if nothing is wrong.

    Attributes
    ----------
    problems : tuple of Problem
        What is wrong.
    notes : tuple of str
        What is worth knowing, such as a sidecar that was edited by hand.
    deep : bool
        Whether every array was read and compared with its checksum.
    """

    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    deep: bool = False

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        how = "every array was read" if self.deep else "the structure fits; arrays were not read"
        count = len(self.problems)
        head = f"invalid: {count} problem{'s' * (count > 1)}" if count else f"valid: {how}"
        return "\n".join(
            [head, *(f"  {problem}" for problem in self.problems), *(f"  ({note})" for note in self.notes)]
        )

    def _repr_html_(self) -> str:
        return problems_html(str(self).partition("\n")[0], self.problems, self.notes)


def validate_network(network: "Network", deep: bool, progress: Progress | None = None) -> Report:
    """
    Check a network.

    Parameters
    ----------
    network : Network
        The network.
    deep : bool
        Whether to read every array that still lies on disk. None is kept.
    progress : callable, optional
        Is told how many bytes of how many are read.

    Returns
    -------
    Report
        What is wrong.
    """
    return Report(tuple(_problems(network, deep, progress)), deep=deep)


def _problems(network: "Network", deep: bool, progress: Progress | None) -> Iterator[Problem]:
    path, lazy, unlisted = "nodes", [], []
    try:
        for path, value in content(network):
            if deep and not is_loaded(value) and (is_lazy_array(value) or is_lazy_sparse(value)):
                lazy.append((path, value))
    except TvboError as error:
        # What comes after a part that cannot even be listed is not known.
        unlisted.append(Problem(f"after {path}", str(error)))
    steps = Steps(progress, sum(bytes_of(value) for _, value in lazy))
    for path, value in lazy:
        yield from _unreadable(path, value, steps.more)
        steps.end(bytes_of(value))
    yield from unlisted or _wrong_rows(network, deep)


def _unreadable(path: str, value: Any, seen: Callable[[int], None]) -> Iterator[Problem]:
    try:
        if hasattr(value, "prove"):
            # Some rows at a time, and each bit of them; reading compares what tells of damage sooner.
            value.prove(seen)
        else:
            load(value)
    except TvboError as error:
        yield Problem(path, str(error))


def _wrong_rows(network: "Network", deep: bool) -> Iterator[Problem]:
    """Find numbers that lead to a vertex or a region that is not there."""
    checks = []
    if network.mesh is not None:
        checks.append(("mesh.elements", network.mesh.arrays.peek("elements"), 0, network.mesh.number_of_vertices))
    if network.has_node_mapping and network.has_parent_network:
        checks.append(("node_mapping_data", network.held_node_mapping(), -1, network.parent().number_of_nodes))
    for path, held, low, size in checks:
        if not deep and not is_loaded(held):
            continue
        try:
            rows = load(held)
        except TvboError:
            # Said already.
            continue
        if rows.size and (rows.min() < low or rows.max() >= size):
            yield Problem(path, f"runs from {rows.min()} to {rows.max()}: expected {low} to {size - 1}")
