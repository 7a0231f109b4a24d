"""The strongest connections of a matrix of any size, dense or sparse."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo import _sparse as sp
from tvbo.plotting.binning import as_real, as_triplets

Array = npt.NDArray[Any]
Pairs = tuple[Array, Array, Array]
"""The two ends of connections, and their strength."""

# Entries of a dense matrix that are looked at together: some tens of megabytes.
_AT_ONCE = 2_000_000


class EdgeSelection(NamedTuple):
    """
    The strongest connections, and how they were chosen.

    Attributes
    ----------
    rows, columns : array, shape (k,), int64
        The two ends of each.
    weights : array, shape (k,), float64
        Strength of each, the larger of both directions.
    total : int
        How many connections there are.
    tied : int
        How many more are as strong as the weakest that is shown, or just missed.
    level : float
        The strength at which the choice ended.
    by_lot : bool
        Whether some of the tied ones are shown, chosen at random.
    """

    rows: Array
    columns: Array
    weights: Array
    total: int
    tied: int
    level: float
    by_lot: bool = False

    def __str__(self) -> str:
        text = f"{len(self.rows):,} strongest of {self.total:,} connections"
        if self.tied:
            text += f"; {self.tied:,} more are tied at {self.level:.3g}"
        return f"{text}: a random choice of the tied ones is shown" if self.by_lot else text


def strongest_edges(weights: Any, count: int) -> EdgeSelection:
    """
    Choose the strongest connections by number.

    Parameters
    ----------
    weights : array or sparse matrix, shape (n, n)
        Connection strengths; both directions count as one connection, the stronger one.
    count : int
        How many are wanted. A class of equal strength is taken whole if that gives at most half as many
        again, and left out if half as many remain without it. Otherwise some of it are chosen at random, always the
        same ones: by their order in the matrix they would all lie in one place. `EdgeSelection.tied` says so.

    Returns
    -------
    EdgeSelection
        The choice, the strongest last.
    """
    pairs = _pairs(weights)
    total, level = _weakest_wanted(pairs(), count)
    if total <= count:
        return EdgeSelection(*_ordered(list(pairs())), total, 0, 0.0)
    stronger: list[Pairs] = []
    n_equal = 0
    for rows, columns, strength in pairs():
        above = strength > level
        stronger.append((rows[above], columns[above], strength[above]))
        n_equal += int((strength == level).sum())
    n_stronger = sum(len(rows) for rows, *_ in stronger)
    if n_stronger + n_equal <= 1.5 * count:
        wanted = np.arange(n_equal)
    elif n_stronger >= count / 2:
        wanted = np.arange(0)
    else:
        # A stride would meet the same columns again and again.
        wanted = np.sort(np.random.default_rng(0).choice(n_equal, count - n_stronger, replace=False))
    equal = _equal(pairs(), level, wanted) if len(wanted) else []
    tied = n_equal - len(wanted)
    return EdgeSelection(*_ordered(stronger + equal), total, tied, level, bool(tied and len(wanted)))


class NodeStrengths(NamedTuple):
    """
    What nodes receive and send.

    Attributes
    ----------
    received, sent : array, shape (n,), float64
        The sum of the magnitudes in each node's row, and in its column.
    """

    received: Array
    sent: Array


def node_strengths(weights: Any) -> NodeStrengths:
    """
    Add up what each node receives, and what it sends.

    Parameters
    ----------
    weights : array or sparse matrix, shape (n, n)
        Connection strengths; what is not finite counts nothing.

    Returns
    -------
    NodeStrengths
        The sums.
    """
    n = weights.shape[0]
    if sp.issparse(weights):
        rows, columns, values = as_triplets(weights)
        size = _size(values)
        return NodeStrengths(np.bincount(rows, size, minlength=n), np.bincount(columns, size, minlength=n))
    received, sent = np.zeros(n), np.zeros(n)
    for start, stop in _bands(n):
        size = _size(weights[start:stop])
        received[start:stop] = size.sum(axis=1)
        sent += size.sum(axis=0)
    return NodeStrengths(received, sent)


def node_strength(weights: Any) -> Array:
    """
    Add up what each node sends and receives.

    Parameters
    ----------
    weights : array or sparse matrix, shape (n, n)
        Connection strengths; what is not finite counts nothing.

    Returns
    -------
    array, shape (n,), float64
        The sum of the magnitudes in each node's row and column.
    """
    received, sent = node_strengths(weights)
    total: Array = received + sent
    return total


def _size(values: Any) -> Array:
    size = np.abs(as_real(values))
    return np.where(np.isfinite(size), size, 0.0)


def _bands(n: int) -> Iterator[tuple[int, int]]:
    step = max(1, _AT_ONCE // max(n, 1))
    return ((start, min(start + step, n)) for start in range(0, n, step))


def _pairs(weights: Any) -> Callable[[], Iterable[Pairs]]:
    """
    Give the pairs of nodes that are joined, and how strongly, as often as they are asked for.

    Those of a sparse matrix are kept; those of a dense one are found anew, a band of rows at a time, since all of them
    would need more memory than the matrix.
    """
    if sp.issparse(weights):
        once = [_sparse_pairs(weights)]
        return lambda: once
    return lambda: _dense_pairs(weights)


def _sparse_pairs(weights: Any) -> Pairs:
    rows, columns, values = as_triplets(weights)
    one_way = sp.csr_array((_size(values), (rows, columns)), shape=weights.shape)
    both = sp.coo_array(sp.triu(one_way.maximum(one_way.T), 1))
    joined = both.data > 0
    rows, columns = (np.asarray(index, dtype=np.int64)[joined] for index in both.coords)
    return rows, columns, both.data[joined]


def _dense_pairs(weights: Array) -> Iterator[Pairs]:
    for start, stop in _bands(weights.shape[0]):
        band = np.maximum(_size(weights[start:stop, start:]), _size(weights[start:, start:stop]).T)
        rows, columns = np.nonzero(np.triu(band, 1))
        yield rows + start, columns + start, band[rows, columns]


def _weakest_wanted(pairs: Iterable[Pairs], count: int) -> tuple[int, float]:
    """Count the connections, and give the strength of the one that is the `count`-th strongest."""
    total, best = 0, np.empty(0)
    for _, _, strength in pairs:
        total += len(strength)
        best = np.concatenate([best, strength])
        if count and len(best) > count:
            best = np.partition(best, len(best) - count)[-count:]
    return total, float(best.min(initial=np.inf)) if count else np.inf


def _equal(pairs: Iterable[Pairs], level: float, wanted: Array) -> list[Pairs]:
    """Give those connections of one strength whose rank among them is wanted."""
    found: list[Pairs] = []
    seen = 0
    for rows, columns, strength in pairs:
        here = np.flatnonzero(strength == level)
        chosen = here[wanted[(wanted >= seen) & (wanted < seen + len(here))] - seen]
        found.append((rows[chosen], columns[chosen], strength[chosen]))
        seen += len(here)
    return found


def _ordered(parts: list[Pairs]) -> Pairs:
    rows, columns, strength = (np.concatenate([part[i] for part in parts] or [np.empty(0)]) for i in range(3))
    order = np.argsort(strength, kind="stable")
    return rows[order].astype(np.int64), columns[order].astype(np.int64), strength[order]
