"""Threads for what runs outside Python's lock: compressing, inflating, digests."""

import contextlib
import itertools
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

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
        waiting: deque[_Handed[Item, Result]] = deque()
        try:
            for item in items:
                waiting.append(_Handed(pool, job, item))
                if len(waiting) >= _AHEAD * threads:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            for each in waiting:
                each.future.cancel()


def _next(waiting: "deque[_Handed[Item, Result]]") -> Result:
    """Wait for the first result, and do what nobody has begun meanwhile: more threads than processors disturb them."""
    for each in waiting:
        if waiting[0].future.done():
            break
        each.take_back()
    return waiting.popleft().future.result()


class _Handed(Generic[Item, Result]):
    """
    A job on an item that was handed to a pool.

    The pool keeps what it is given until a thread comes to it. So it is given a list that holds the item, and whoever
    does the job takes it out.
    """

    __slots__ = ("_cell", "_job", "future")

    def __init__(self, pool: ThreadPoolExecutor, job: Callable[[Item], Result], item: Item) -> None:
        self._job, self._cell = job, [item]
        with contextlib.suppress(RuntimeError):
            self.future = pool.submit(self._do)
            return
        # There are no more threads: Python is ending, or the system allows no others.
        self.future = _done(self._do)

    def _do(self) -> Result:
        return self._job(self._cell.pop())

    def take_back(self) -> None:
        """Do it here, unless somebody has begun."""
        if self.future.cancel():
            self.future = _done(self._do)


def _done(job: Callable[[], Result]) -> Future[Result]:
    """Do a job here; its error is raised by whoever asks for the result."""
    future: Future[Result] = Future()
    try:
        future.set_result(job())
    except Exception as error:  # noqa: BLE001 - raised at its turn
        future.set_exception(error)
    return future


class Beside:
    """
    A thread for jobs that are done one after the other, beside whatever comes next.

    They must spend their time outside Python's lock. What was handed over is done even if nobody holds this any more;
    then the thread ends.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)

    def begin(self, job: Callable[[], Result]) -> Callable[[], Result]:
        """
        Begin a job, when those before it are done.

        Parameters
        ----------
        job : callable
            What to do.

        Returns
        -------
        callable
            Waits for the result and gives it.
        """
        with contextlib.suppress(RuntimeError):
            return self._pool.submit(job).result
        # As in `_Handed`.
        return _done(job).result


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
        future = None
        with contextlib.suppress(RuntimeError):
            future = pool.submit(work, stop)
        if future is None:
            return _without_interrupts(work, stop)
        try:
            return future.result()
        except BaseException:
            # Leaving the pool waits for the work to end.
            stop.set()
            raise


def _without_interrupts(work: Callable[[threading.Event], Result], stop: threading.Event) -> Result:
    """Do it in this thread, where there is no other; Ctrl-C counts when it has ended."""
    if threading.current_thread() is not threading.main_thread():
        return work(stop)
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        found = work(stop)
    except InterruptedError:
        if not stop.is_set():
            raise
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if stop.is_set():
        raise KeyboardInterrupt
    return found
