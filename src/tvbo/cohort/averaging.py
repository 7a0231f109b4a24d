"""
The average of a cohort: mean, standard deviation and count of each entry, in bounded memory.

Networks are read in blocks of 32, whoever reads them, and blocks are put together in their order: the result is the
same to the last bit on one process, many, or Dask. Sums have twice the precision of float64 (`tvbo.cohort.sums`).
"""

import concurrent.futures as cf
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tvbo.cohort.alignment import align, check_unique
from tvbo.cohort.crews import Crew, Lanes, closing, crew_of
from tvbo.cohort.items import Item, Source, find_items
from tvbo.cohort.jobs import failure_of, heard
from tvbo.cohort.planes import Plane, later, matrix_of
from tvbo.cohort.progress import Progress, shown
from tvbo.cohort.report import DONE, FAILED, Outcomes, Record
from tvbo.cohort.sums import LARGEST, Sums
from tvbo.errors import CohortError, ShapeError, TvboError
from tvbo.model.arrays import Array, is_loaded
from tvbo.model.matrices import LENGTHS, WEIGHTS
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

_BLOCK = 32
_POLICIES = ("propagate", "omit", "raise")
# Arrays of a sum, and what is made on the way.
_ARRAYS = 24


class Average(NamedTuple):
    """
    The average of a cohort, and what went into it.

    Attributes
    ----------
    network : Network
        For each matrix NAME its mean, as NAME, and ``NAME_std`` and ``NAME_count``.
    outcomes : Outcomes
        What became of each network; those that failed are not in the average.
    """

    network: Network
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all blocks share."""

    labels: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    nan_policy: str
    omit_zeros: frozenset[str]
    fill: bool


def average(
    source: "Source | Iterable[Source]",
    names: Sequence[str] | None = None,
    *,
    labels: Sequence[str] | None = None,
    nan_policy: str = "propagate",
    omit_zeros: Sequence[str] = (),
    unfit: str = "refuse",
    ddof: int = 1,
    format: str | None = None,
    executor: Any = None,
    workers: int | None = 0,
    max_bytes: int = 1 << 28,
    progress: Progress = False,
) -> Average:
    """
    Average the matrices of many networks, entry by entry; their regions are aligned by label.

    Parameters
    ----------
    source : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them.
    names : sequence of str, optional
        The matrices; weights and lengths without, as far as the first network has them.
    labels : sequence of str, optional
        The regions and their order; those of the first network without.
    nan_policy : {"propagate", "omit", "raise"}
        What a NaN does: the mean of its entry is NaN; it is not counted; or its network fails.
    omit_zeros : sequence of str
        Matrices in which 0 means that there is no value, as for lengths of connections that are not there: it is not
        counted.
    unfit : {"refuse", "fill"}
        Whether a network that lacks regions fails, or counts where it has them.
    ddof : int
        What is taken from the number of values for the standard deviation: 1 for a sample, 0 for all there are.
    format : str, optional
        The format of all files, where their extension does not tell.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who reads.
    workers : int, optional
        How many processes, without an executor; 0 for none but this one, None for one per processor.
    max_bytes : int, default: 256 MiB
        About what the sums may take in memory; larger matrices are read in several rounds, some rows in each.
    progress : bool or callable
        Whether to show how far it is.

    Returns
    -------
    Average
        The network, and what became of each. A network that failed is left out, and named in
        ``network.extra["average"]``.

    Raises
    ------
    CohortError
        If all failed.

    Notes
    -----
    Values are taken as float64. Means are within one unit in the last place of the exact ones, and so are standard
    deviations but for a few such units. A sparse matrix has the value 0 where it stores nothing.
    """
    if nan_policy not in _POLICIES:
        raise ValueError(f"nan_policy is {nan_policy!r}: expected one of {', '.join(map(repr, _POLICIES))}")
    if unfit not in ("refuse", "fill"):
        raise ValueError(f"unfit is {unfit!r}: expected 'refuse' or 'fill'")
    items = find_items(source, format=format)
    first, plan = _planned(items, names, labels, nan_policy, omit_zeros, unfit == "fill")
    failed: dict[str, Record] = {}
    warned: dict[str, tuple[str, ...]] = {}
    seconds: dict[str, float] = dict.fromkeys((item.name for item in items), 0.0)
    size = len(plan.labels)
    crew = crew_of(executor, workers, None)
    rows = max(1, max_bytes // max(1, 8 * size * len(plan.names) * (_ARRAYS + 6 * crew.room())))
    bands = [range(start, min(start + rows, size)) for start in range(0, max(1, size), rows)]
    told: set[str] = set()
    with closing(crew), shown(progress, len(items), "average") as tell:
        while True:
            made: dict[str, list[Sums]] = {name: [] for name in plan.names}
            left = [item for item in items if item.name not in failed]
            for band in bands:
                references = _references(first, plan, band)
                sums = {name: Sums.empty(values) for name, values in references.items()}
                for block, partial in _blocks(crew, plan, left, band, references):
                    for name, own in partial.sums.items():
                        sums[name].merge(own)
                    failed.update(partial.failed)
                    warned.update(partial.warned)
                    for item in block:
                        seconds[item.name] += partial.seconds / len(block)
                        if item.name not in told:
                            told.add(item.name)
                            tell(partial.failed.get(item.name, Record(item.name, DONE, str(item.path))))
                for name, own in sums.items():
                    made[name].append(own)
                if len(made[plan.names[0]]) > 1 and any(item.name in failed for item in left):
                    # One that fails in a later band is in the sums of those before.
                    break
            else:
                break
    records = [
        failed.get(item.name)
        or Record(item.name, DONE, str(item.path), seconds=seconds[item.name], warnings=warned.get(item.name, ()))
        for item in items
    ]
    if len(failed) == len(items):
        raise CohortError(f"no network could be averaged: {items[0].name}: {failed[items[0].name].error}")
    return Average(_network(first, plan, made, items, failed, ddof, nan_policy), Outcomes(records))


def _planned(
    items: Sequence[Item],
    names: Sequence[str] | None,
    labels: Sequence[str] | None,
    nan_policy: str,
    omit_zeros: Sequence[str],
    fill: bool,
) -> tuple[Item, _Plan]:
    """Choose the network that the others are aligned to: the first that can be opened and has what is asked for."""
    problem: Exception | None = None
    for item in items:
        try:
            network = item.open()
            wanted = names if names is not None else _usual(network)
            matrices = [matrix_of(network, name) for name in wanted]
            order = tuple(map(str, network.nodes.labels if labels is None else labels))
            check_unique(order, str(item.path) if labels is None else "labels")
        except (TvboError, OSError) as error:
            problem = problem or error
            continue
        for name in set(omit_zeros) - set(wanted):
            raise CohortError(f"zeros of {name!r} are to be omitted, and it is not averaged: expected {wanted}")
        units = tuple(matrix.unit for matrix in matrices)
        return item, _Plan(order, tuple(wanted), units, nan_policy, frozenset(omit_zeros), fill)
    raise CohortError(f"no network could be averaged: {problem or 'there are none'}") from problem


def _usual(network: Network) -> list[str]:
    found = [next((name for name in spellings if name in network.matrices), None) for spellings in (WEIGHTS, LENGTHS)]
    wanted = [name for name in found if name is not None]
    if not wanted:
        raise CohortError(f"network {network.label!r} has neither weights nor lengths: name the matrices")
    return wanted


class _Partial(NamedTuple):
    sums: dict[str, Sums]
    failed: dict[str, Record]
    seconds: float
    warned: dict[str, tuple[str, ...]]


def _references(first: Item, plan: _Plan, band: range) -> dict[str, Array]:
    """Give what deviations are taken from: the first network, or 0 if it cannot be read."""
    try:
        return {name: values for name, (values, _) in _values(first, plan, band).items()}
    except (TvboError, OSError):
        return {name: np.zeros((len(band), len(plan.labels))) for name in plan.names}


def _blocks(
    crew: Crew, plan: _Plan, items: Sequence[Item], band: range, references: Mapping[str, Array]
) -> Iterator[tuple[Sequence[Item], _Partial]]:
    """Sum blocks of networks, and give them in their order, however they were finished."""
    waiting: deque[tuple[Sequence[Item], cf.Future[Any]]] = deque()
    blocks = [items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK)]
    for block in blocks:
        waiting.append((block, crew.submit(_sum, plan, block, band, references)))
        if len(waiting) >= crew.room():
            yield from _settled(crew, plan, band, references, *waiting.popleft())
    while waiting:
        yield from _settled(crew, plan, band, references, *waiting.popleft())


def _settled(
    crew: Crew,
    plan: _Plan,
    band: range,
    references: Mapping[str, Array],
    block: Sequence[Item],
    future: "cf.Future[Any]",
) -> Iterator[tuple[Sequence[Item], _Partial]]:
    cf.wait([future])
    error = crew.settle(future)
    if error is None:
        yield block, future.result()
        return
    # A process died: each network alone in a process of its own, so that it is known which one does that.
    alone = Lanes(1)
    with closing(alone):
        for item in block:
            single = alone.submit(_sum, plan, [item], band, references)
            cf.wait([single])
            lost = alone.settle(single)
            if lost is None:
                yield [item], single.result()
            else:
                record = Record(item.name, FAILED, str(item.path), error=failure_of(lost))
                yield [item], _Partial({}, {item.name: record}, 0.0, {})


def _sum(plan: _Plan, block: Sequence[Item], band: range, references: Mapping[str, Array]) -> _Partial:
    """Sum the networks of a block."""
    start = time.perf_counter()
    sums = {name: Sums.empty(values) for name, values in references.items()}
    failed, warned = {}, {}
    for item in block:
        said: list[str] = []
        try:
            with heard(said):
                found = _values(item, plan, band)
        except Exception as error:  # noqa: BLE001 - one bad network must not stop the others
            failed[item.name] = Record(item.name, FAILED, str(item.path), error=failure_of(error))
            continue
        if said:
            warned[item.name] = tuple(dict.fromkeys(said))
        for name, (values, there) in found.items():
            sums[name].include(values, there)
    return _Partial(sums, failed, time.perf_counter() - start, warned)


def _values(item: Item, plan: _Plan, band: range) -> dict[str, tuple[Array, Array]]:
    """Read rows of all matrices of a network, as float64, and tell which entries count."""
    network = item.open()
    labels = tuple(map(str, network.nodes.labels))
    found = align(plan.labels, labels, str(item.path))
    if (found.missing or found.extra) and not plan.fill:
        raise ShapeError(f"{item.path} has other regions than the reference: {found}")
    index = None if found.same else found.index
    made = {}
    for name, unit in zip(plan.names, plan.units, strict=True):
        matrix = matrix_of(network, name)
        if matrix.values.dtype.kind not in "biuf" or matrix.shape[0] != matrix.shape[1]:
            raise ShapeError(f"{item.path}: {name} is {matrix.values.dtype} {matrix.shape}: expected real and square")
        if matrix.unit != unit:
            raise CohortError(
                f"{item.path}: {name} is in {matrix.unit or 'no unit'}, and in {unit or 'no unit'} in the first network"
            )
        whole = range(len(plan.labels))
        held = matrix.values if is_loaded(matrix.values) and not hasattr(matrix.values, "tocsr") else None
        plane = Plane(later(item, network, name) if held is None else held, index, index)
        values = plane.read(band, whole, np.dtype(np.float64))
        there = np.ones(values.shape, bool)
        if found.missing:
            there = (found.index[np.asarray(band)] >= 0)[:, None] & (found.index >= 0)[None, :]
        made[name] = (values, there & _counted(values, there, plan, name, item, band))
    return made


def _counted(values: Array, there: Array, plan: _Plan, name: str, item: Item, band: range) -> Array:
    large = there & np.isfinite(values) & (np.abs(values) > LARGEST)
    if large.any():
        raise CohortError(f"{item.path}: {name} has values beyond {LARGEST:g}, whose squares float64 cannot hold")
    counted: Array = np.ones(values.shape, bool)
    absent = np.isnan(values) & there
    if plan.nan_policy == "raise" and absent.any():
        row, column = np.argwhere(absent)[0]
        place = f"{plan.labels[band[int(row)]]!r}, {plan.labels[int(column)]!r}"
        raise CohortError(f"{item.path}: {name} is NaN in {int(absent.sum())} entries, the first at {place}")
    if plan.nan_policy == "omit":
        counted &= ~np.isnan(values)
    if name in plan.omit_zeros:
        counted &= values != 0
    return counted


def _network(
    first: Item,
    plan: _Plan,
    made: Mapping[str, list[Sums]],
    items: Sequence[Item],
    failed: Mapping[str, Record],
    ddof: int,
    nan_policy: str,
) -> Network:
    reference = first.open()
    positions = None
    if tuple(map(str, reference.nodes.labels)) == plan.labels:
        positions = reference.nodes.positions
    network = Network(
        NodeTable(list(plan.labels), positions),
        label=f"average of {len(items) - len(failed):,} networks",
        descriptor=reference.descriptor,
        distance_unit=reference.distance_unit,
        time_unit=reference.time_unit,
    )
    for name, unit in zip(plan.names, plan.units, strict=True):
        directed = matrix_of(reference, name).directed
        network.set_matrix(name, np.concatenate([each.mean() for each in made[name]]), unit=unit, directed=directed)
        network.set_matrix(f"{name}_std", np.concatenate([each.std(ddof) for each in made[name]]), unit=unit)
        network.set_matrix(f"{name}_count", np.concatenate([each.count for each in made[name]]))
    network.extra["average"] = {
        "networks": len(items) - len(failed),
        "left_out": list(failed),
        "reference": first.name,
        "ddof": ddof,
        "nan_policy": nan_policy,
        "omit_zeros": sorted(plan.omit_zeros),
    }
    return network


__all__ = ["Average", "average"]
