"""
Who does the work: this process, processes of its own, or an executor that somebody gave.

A crew takes tasks and gives futures, as many at once as it has room for. What is lost when a process dies is known, and
the rest goes on.
"""

import concurrent.futures as cf
import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeAlias

from tvbo.errors import CohortError, UnsupportedObjectError

# Tasks under way for each thread of an executor, so that none waits for us.
_AHEAD = 2
# Sending a task through a scheduler of Dask takes about as long as converting a network.
_BATCH = 8
_GUARD = (
    "worker processes end as they start. A script that starts any must do so below "
    "`if __name__ == '__main__':`, since they import it; workers=0 does the work in this process"
)


def processors() -> int:
    """
    Tell how many processors this process may use.

    Returns
    -------
    int
        At least one.
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Here:
    """This process: one task after the other, as they are given."""

    # A process has one task at a time, so that it is known which one killed it.
    alone = True
    # How many networks are sent at once.
    batch = 1

    def room(self) -> int:
        """
        Tell how many tasks may be under way.

        Returns
        -------
        int
            One.
        """
        return 1

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "cf.Future[Any]":
        """
        Do a task.

        Parameters
        ----------
        call : callable
            What to do.
        *arguments : object
            What it is given.

        Returns
        -------
        Future
            With its result.
        """
        future: cf.Future[Any] = cf.Future()
        future.set_result(call(*arguments))
        return future

    def settle(self, future: "cf.Future[Any]") -> BaseException | None:
        """
        Take note that a task has ended.

        Parameters
        ----------
        future : Future
            The task.

        Returns
        -------
        None
            What goes wrong here is raised.
        """
        return None

    def close(self, *, at_once: bool) -> None:
        """
        Let everybody go.

        Parameters
        ----------
        at_once : bool
            Without waiting; there is nobody to wait for.
        """


class Lanes:
    """
    Processes of our own, each with one task at a time and replaced if it dies.

    Parameters
    ----------
    workers : int
        How many.
    start_method : {"spawn", "forkserver", "fork"} or None
        How they are started; None for ``spawn``, which is the same everywhere and safe beside threads.
    """

    alone = True
    batch = 1

    def __init__(self, workers: int, start_method: str | None = None) -> None:
        if workers < 1:
            raise ValueError(f"workers is {workers}: expected at least 1, or 0 for none but this process")
        self._workers = workers
        self._context: Any = multiprocessing.get_context(start_method or "spawn")
        self._threads = max(1, processors() // workers)
        self._free: list[_Lane] = []
        self._busy: dict[cf.Future[Any], _Lane] = {}

    def room(self) -> int:
        """
        Tell how many tasks may be under way.

        Returns
        -------
        int
            One for each process.
        """
        return self._workers

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "cf.Future[Any]":
        """
        Begin a task.

        Parameters
        ----------
        call : callable
            What to do.
        *arguments : object
            What it is given.

        Returns
        -------
        Future
            The task.
        """
        lane = self._free.pop() if self._free else _Lane(self._context, self._threads)
        try:
            future = lane.pool.submit(call, *arguments)
        except cf.BrokenExecutor:
            # It died between two tasks.
            if lane.ready.done() and lane.ready.exception() is not None:
                raise CohortError(_GUARD) from lane.ready.exception()
            lane = _Lane(self._context, self._threads)
            future = lane.pool.submit(call, *arguments)
        self._busy[future] = lane
        return future

    def settle(self, future: "cf.Future[Any]") -> BaseException | None:
        """
        Take note that a task has ended.

        Parameters
        ----------
        future : Future
            The task.

        Returns
        -------
        BaseException or None
            Why it has no result.

        Raises
        ------
        CohortError
            If the process never started.
        """
        lane = self._busy.pop(future)
        error = future.exception()
        if not isinstance(error, BrokenProcessPool):
            self._free.append(lane)
            return error
        lane.pool.shutdown(wait=True)
        if lane.ready.exception() is not None:
            raise CohortError(_GUARD) from error
        return CohortError(f"its process died: {lane.cause()}")

    def close(self, *, at_once: bool) -> None:
        """
        Let everybody go.

        Parameters
        ----------
        at_once : bool
            Whether to kill what is under way.
        """
        lanes = [*self._free, *self._busy.values()]
        for lane in lanes:
            if at_once:
                lane.kill()
        for lane in lanes:
            lane.pool.shutdown(wait=True, cancel_futures=True)
        self._free, self._busy = [], {}


class _Lane:
    """One process behind a pool."""

    def __init__(self, context: Any, threads: int) -> None:
        others = set(multiprocessing.active_children())
        self.pool = cf.ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(threads,))
        with _deaf_to_interrupts():
            self.ready = self.pool.submit(_ready)
        self._processes = [each for each in multiprocessing.active_children() if each not in others]

    def kill(self) -> None:
        for process in self._processes:
            process.terminate()

    def cause(self) -> str:
        code = next((each.exitcode for each in self._processes if each.exitcode is not None), None)
        if code is None:
            return "nobody knows how"
        if code >= 0:
            return f"it ended with exit status {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = {
            "SIGKILL": "; the system does this when memory runs out",
            "SIGSEGV": "; compiled code has crashed",
            "SIGABRT": "; compiled code has given up",
        }.get(name, "")
        return f"it was killed by {name}{hint}"


def _ready() -> None:
    """Tell that a process has started."""


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes so that Ctrl-C does not reach them before they know what to do with it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(threads: int) -> None:
    """Prepare a process: Ctrl-C is for the one that started it, and it does not outlive that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # As many threads in all as there are processors.
    os.environ.setdefault("TVBO_THREADS", str(threads))
    above = multiprocessing.parent_process()
    if above is None:
        return

    def watch() -> None:
        wait([above.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="tvbo-watch", daemon=True).start()


class Given:
    """
    An executor that somebody gave.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        The executor; it is not shut down.
    room : int
        How many tasks may be under way.
    batch : int
        How many networks are sent at once, where sending takes long.
    """

    alone = False

    def __init__(self, executor: cf.Executor, room: int, batch: int = 1) -> None:
        self._executor = executor
        self._room = room
        self.batch = batch

    def room(self) -> int:
        """
        Tell how many tasks may be under way.

        Returns
        -------
        int
            So many that the executor does not wait for us.
        """
        return self._room

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "cf.Future[Any]":
        """
        Begin a task.

        Parameters
        ----------
        call : callable
            What to do.
        *arguments : object
            What it is given.

        Returns
        -------
        Future
            The task; one that failed if the executor is broken.
        """
        try:
            return self._executor.submit(call, *arguments)
        except cf.BrokenExecutor as error:
            future: cf.Future[Any] = cf.Future()
            future.set_exception(error)
            return future

    def settle(self, future: "cf.Future[Any]") -> BaseException | None:
        """
        Take note that a task has ended.

        Parameters
        ----------
        future : Future
            The task.

        Returns
        -------
        BaseException or None
            Why it has no result.
        """
        try:
            return future.exception()
        except cf.CancelledError as error:
            return error

    def close(self, *, at_once: bool) -> None:
        """
        Let everybody go.

        Parameters
        ----------
        at_once : bool
            Whether to wait; whoever gave the executor shuts it down.
        """


Crew: TypeAlias = Here | Lanes | Given


def crew_of(executor: Any, workers: int | None, start_method: str | None) -> Crew:
    """
    Make a crew of what a caller gave.

    Parameters
    ----------
    executor : concurrent.futures.Executor, dask.distributed.Client, or None
        Who is to do the work.
    workers : int or None
        How many processes of our own, if there is no executor; 0 for this process, None for one per processor.
    start_method : str or None
        How they are started.

    Returns
    -------
    Here, Lanes or Given
        The crew.

    Raises
    ------
    UnsupportedObjectError
        If the executor is none.
    """
    if executor is None:
        return Here() if workers == 0 else Lanes(processors() if workers is None else workers, start_method)
    if hasattr(executor, "get_executor") and hasattr(executor, "nthreads"):
        # Dask; two runs of one task are two tasks.
        threads = sum(executor.nthreads().values())
        return Given(executor.get_executor(pure=False), max(4, _AHEAD * threads), _BATCH)
    if not isinstance(executor, cf.Executor):
        raise UnsupportedObjectError(
            f"executor is a {type(executor).__name__}: expected a concurrent.futures executor or a Dask client"
        )
    return Given(executor, _AHEAD * 2 * processors() if workers is None else max(1, _AHEAD * workers))


def check_travels(function: Any, crew: Crew, executor: Any, start_method: str | None) -> None:
    """
    Refuse a function that cannot be sent to another process, before anything is begun.

    Parameters
    ----------
    function : object
        The function, with its options.
    crew : Here, Lanes or Given
        Who is to do the work.
    executor : object
        What the caller gave.
    start_method : str or None
        How processes are started.

    Raises
    ------
    UnsupportedObjectError
        If it cannot.
    """
    if not isinstance(crew, Lanes) and not isinstance(executor, cf.ProcessPoolExecutor):
        # Dask sends functions of every kind.
        return
    why = ""
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        why = str(error)
    inner = getattr(function, "function", function)
    in_main = getattr(inner, "__module__", None) == "__main__"
    if not why and in_main and isinstance(crew, Lanes) and start_method != "fork":
        main = sys.modules.get("__main__")
        file = getattr(main, "__file__", None)
        if getattr(main, "__spec__", None) is None and (file is None or not Path(file).exists()):
            why = "it was defined at a prompt or in a notebook, which processes do not import"
    if why:
        raise UnsupportedObjectError(
            f"{getattr(inner, '__qualname__', inner)!r} cannot be sent to another process ({why}): define it at the "
            "top of a module, and give it its options through options=; or do the work in this process (workers=0)"
        )


@contextlib.contextmanager
def closing(crew: Crew) -> Iterator[Crew]:
    """
    Let a crew go in the end, whatever happens.

    Parameters
    ----------
    crew : Here, Lanes or Given
        The crew.

    Yields
    ------
    Here, Lanes or Given
        The crew.
    """
    try:
        yield crew
    except BaseException:
        crew.close(at_once=True)
        raise
    crew.close(at_once=False)
