"""Threads for what runs outside Python's lock: compressing, inflating, digests."""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# More do not help: a disk or the memory is the limit then.
_MOST = 16
_AHEAD = 3


def workers() -> int:
    """
    Tell how many threads to use.

    Returns
    -------
    int
        The processors that this process may use, at most 16; or what the environment variable ``TVBO_THREADS`` says.
    """
    said = os.environ.get("TVBO_THREADS", "")
    if said.isdecimal() and int(said):
        return int(said)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, _MOST)


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """
    Put items together, so that handing them to a thread takes less than what it does with them.

    Parameters
    ----------
    items : iterable
        Taken as they are needed.
    size : int
        How many go together.

    Yields
    ------
    list
        Some items, in their order; the last may have fewer.
    """
    source = iter(items)
    while batch := list(itertools.islice(source, size)):
        yield batch


def ordered(job: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """
    Do a job on many items at once, and give the results in their order.

    Parameters
    ----------
    job : callable
        What to do with an item; it must spend its time outside Python's lock.
    items : iterable
        Taken as they are needed, so that few are in memory at once.
    threads : int
        How many at once, the calling one among them; 1 does everything there.

    Yields
    ------
    object
        The result for each item.
    """
    if threads <= 1:
        yield from map(job, items)
        return
    # Made for each call: a pool that is kept does not survive a fork.
    with ThreadPoolExecutor(threads - 1) as pool:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        try:
            for item in items:
                waiting.append((item, _handed_to(pool, job, item)))
                if len(waiting) >= _AHEAD * threads:
                    yield _next(job, waiting)
            while waiting:
                yield _next(job, waiting)
        finally:
            for _, each in waiting:
                each.cancel()


def _next(job: Callable[[Item], Result], waiting: deque[tuple[Item, Future[Result]]]) -> Result:
    """Wait for the first result, and do what nobody has begun meanwhile: more threads than processors disturb them."""
    place = 0
    while not waiting[0][1].done() and place < len(waiting):
        item, future = waiting[place]
        if future.cancel():
            waiting[place] = item, _done(job, item)
        place += 1
    return waiting.popleft()[1].result()


def _handed_to(pool: ThreadPoolExecutor, job: Callable[..., Result], *given: Any) -> Future[Result]:
    try:
        return pool.submit(job, *given)
    except RuntimeError:
        # There are no more threads: Python is ending, or the system allows no others.
        return _done(job, *given)


def _done(job: Callable[..., Result], *given: Any) -> Future[Result]:
    """Do a job here; its error is raised by whoever asks for the result."""
    future: Future[Result] = Future()
    try:
        future.set_result(job(*given))
    except Exception as error:  # noqa: BLE001 - raised at its turn
        future.set_exception(error)
    return future


def begun(job: Callable[[], Result]) -> Callable[[], Result]:
    """
    Begin a job beside whatever comes next.

    Parameters
    ----------
    job : callable
        What to do; it must spend its time outside Python's lock.

    Returns
    -------
    callable
        Waits for the result and gives it.
    """
    pool = ThreadPoolExecutor(1)
    future = _handed_to(pool, job)
    # What was handed over is still done.
    pool.shutdown(wait=False)
    return future.result


def undisturbed(work: Callable[[threading.Event], Result]) -> Result:
    """
    Do work where Ctrl-C does not reach it: Python interrupts the main thread only.

    Parameters
    ----------
    work : callable
        What to do. It is given an event, which is set when somebody wants it to end early.

    Returns
    -------
    object
        What the work gives.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = _handed_to(pool, work, stop)
        try:
            return future.result()
        except BaseException:
            # Leaving the pool waits for the work to end.
            stop.set()
            raise
