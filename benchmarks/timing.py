"""Times of calls that take turns, so that a busy machine slows all of them; medians, quartiles, paired ratios."""

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Clocked(Protocol):
    """What takes its time itself: in another process, or without what has to be made ready."""

    def seconds(self) -> float:
        """Do it once, and give how long it took."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call on something that is made anew each time, which does not count."""

    prepare: Callable[[], Any]
    call: Callable[[Any], Any]

    def seconds(self) -> float:
        """Do it once, and give how long it took."""
        made = self.prepare()
        return clock(lambda: self.call(made))


@dataclass(frozen=True, slots=True)
class Threads:
    """A call with so many threads."""

    count: int
    call: Callable[[], Any] | Clocked

    def seconds(self) -> float:
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

    rounds: dict[int, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """Half took longer."""
        return statistics.median(self.rounds.values())

    @property
    def quartiles(self) -> tuple[float, float]:
        """A quarter took less than the first, a quarter more than the second."""
        found = sorted(self.rounds.values())
        if len(found) < 3:
            return found[0], found[-1]
        low, _, high = statistics.quantiles(found, n=4, method="inclusive")
        return low, high

    def times_faster_than(self, other: "Times") -> float:
        """Give how many times as long the other takes: the median over rounds, in which both ran one after the other."""
        common = self.rounds.keys() & other.rounds.keys()
        if not common:
            return other.median / self.median
        return statistics.median(other.rounds[number] / self.rounds[number] for number in common)


def clock(call: Callable[[], Any] | Clocked) -> float:
    """Give how long one call takes."""
    if isinstance(call, Clocked):
        return call.seconds()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def take_turns(
    calls: Mapping[str, Callable[[], Any] | Clocked], *, rounds: int = 15, seconds: float = 5.0
) -> dict[str, Times]:
    """
    Time calls that take turns: A B C, A B C, ...

    The first round does not count, unless it alone takes a third of the time; what takes so long that it would eat up
    the time of the others runs twice.
    """
    kept = {name: Times() for name in calls}
    gc.collect()
    start = time.perf_counter()
    for number in range(-1, rounds):
        for name, call in calls.items():
            done = kept[name].rounds.values()
            if len(done) >= 2 and sum(done) + max(done) > seconds / 2:
                continue
            kept[name].rounds[number] = clock(call)
        spent = time.perf_counter() - start
        if number == -1 and spent < seconds / 3:
            for times in kept.values():
                times.rounds.clear()
        if number >= 1 and spent > seconds:
            break
    return kept


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
