"""Times of calls that take turns, so that a busy machine slows all of them; medians, quartiles, paired ratios."""

import gc
import itertools
import mmap
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

# Calls are timed in blocks of so many, if they take no longer together.
_BLOCK_CALLS, _BLOCK_SECONDS = 10, 0.1
# Rounds of what is quick, and so many of which a median of ratios says more than a ratio of medians.
_OFTEN, _SOME = 5, 3


class Spent(NamedTuple):
    """What one call took, in seconds: by the clock, and of all processors together."""

    wall: float
    cpu: float


@runtime_checkable
class Clocked(Protocol):
    """What takes its time itself: in another process, or without what has to be made ready."""

    def spent(self) -> Spent:
        """Do it once, and give how long it took."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call on something that is made anew each time, which does not count."""

    prepare: Callable[[], Any]
    call: Callable[[Any], Any]

    def spent(self) -> Spent:
        """Do it once, and give how long it took."""
        made = self.prepare()
        return clock(lambda: self.call(made))


@dataclass(frozen=True, slots=True)
class Threads:
    """A call with so many threads."""

    count: int
    call: Callable[[], Any] | Clocked

    def spent(self) -> Spent:
        """Do it once, and give how long it took."""
        before = os.environ.get("TVBO_THREADS")
        os.environ["TVBO_THREADS"] = str(self.count)
        try:
            return clock(self.call)
        finally:
            if before is None:
                del os.environ["TVBO_THREADS"]
            else:
                os.environ["TVBO_THREADS"] = before


@dataclass(slots=True)
class Times:
    """Several times of one call, in seconds, by the round in which they were taken."""

    rounds: dict[int, list[float]] = field(default_factory=dict)
    cpu_rounds: dict[int, list[float]] = field(default_factory=dict)

    def add(self, number: int, block: Sequence[Spent]) -> None:
        """Note what the calls of a block took."""
        self.rounds[number] = [each.wall for each in block]
        self.cpu_rounds[number] = [each.cpu for each in block]

    def forget(self) -> None:
        """Forget all of it."""
        self.rounds.clear()
        self.cpu_rounds.clear()

    @property
    def all(self) -> list[float]:
        """What every call took."""
        return list(itertools.chain.from_iterable(self.rounds.values()))

    @property
    def median(self) -> float:
        """Half took longer."""
        return statistics.median(self.all)

    @property
    def cpu(self) -> float:
        """Median of what all processors together spent on it; others that are busy hardly change it."""
        return statistics.median(itertools.chain.from_iterable(self.cpu_rounds.values()))

    @property
    def quartiles(self) -> tuple[float, float]:
        """A quarter took less than the first, a quarter more than the second."""
        found = sorted(self.all)
        if len(found) < 3:
            return found[0], found[-1]
        low, _, high = statistics.quantiles(found, n=4, method="inclusive")
        return low, high

    def times_faster_than(self, other: "Times") -> float:
        """Give how many times as long the other takes: the median over common rounds, if there are some."""
        common = self.rounds.keys() & other.rounds.keys()
        if len(common) < _SOME:
            return other.median / self.median
        middle = statistics.median
        return middle(middle(other.rounds[number]) / middle(self.rounds[number]) for number in common)

    def times_less_cpu_than(self, other: "Times") -> float:
        """Give how many times as much processor time the other spends."""
        return other.cpu / self.cpu


def clock(call: Callable[[], Any] | Clocked) -> Spent:
    """Give how long one call takes."""
    if isinstance(call, Clocked):
        return call.spent()
    start, cpu = time.perf_counter(), time.process_time()
    call()
    return Spent(time.perf_counter() - start, time.process_time() - cpu)


def take_turns(
    calls: Mapping[str, Callable[[], Any] | Clocked], *, rounds: int = 15, seconds: float = 5.0, memory: int = 0
) -> dict[str, Times]:
    """
    Time calls that take turns in blocks: AAA BBB CCC, AAA BBB CCC, ...

    In a block a short call is made up to ten times, after one that does not count, so that each is timed as in a loop
    of its own: with what it needs in the caches of the processor, and not what the others left there. A long call is
    alone in its block. What takes less than a tenth of the time runs in five rounds at least, after a first that does
    not count; what takes longer runs twice, or once if it takes longer than all are given.

    Before each block so many bytes of memory are touched and let go: the host of a virtual machine takes memory that
    is free for seconds away, and getting it back takes longer than the work that is measured.
    """
    kept = {name: Times() for name in calls}
    gc.collect()
    start = time.perf_counter()
    for number in range(-1, rounds):
        for name, call in calls.items():
            done = kept[name].all
            often = len(kept[name].rounds) >= _least(kept[name], seconds)
            if (often and sum(done) + max(done) > seconds / 2) or max(done, default=0) > seconds:
                continue
            if memory:
                np.empty(memory, np.uint8)[:: mmap.PAGESIZE] = 1
            kept[name].add(number, _block(call))
        if number == -1:
            for times in kept.values():
                if _least(times, seconds) == _OFTEN:
                    times.forget()
        enough = (
            len(each.rounds) >= _least(each, seconds) or max(each.all, default=0) > seconds for each in kept.values()
        )
        if time.perf_counter() - start > seconds and all(enough):
            break
    return kept


def _least(times: Times, seconds: float) -> int:
    """Tell in how many rounds a call must run."""
    return _OFTEN if not times.all or times.median < seconds / 10 else 2


def _block(call: Callable[[], Any] | Clocked) -> list[Spent]:
    """Time a short call several times, warm; a long one once."""
    first = clock(call)
    count = min(_BLOCK_CALLS, int(_BLOCK_SECONDS / first.wall))
    return [clock(call) for _ in range(count)] if count > 1 else [first]


def shown(times: Times | None) -> str:
    """Give a median with its quartiles in milliseconds, as a cell of a table."""
    if times is None:
        return ""
    low, high = times.quartiles
    return f"{_digits(times.median * 1e3)} ({_digits(low * 1e3)}–{_digits(high * 1e3)})"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio(value: float) -> str:
    """Give a ratio as a cell of a table."""
    return f"{value:,.0f}x" if value >= 20 else f"{value:.1f}x" if value >= 2 else f"{value:.2f}x"
