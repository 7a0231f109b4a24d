"""How far long work is: a bar where somebody looks, a line now and then in a log, nothing for what is done at once."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

# Nothing is shown of what takes less, and a log gets a line so often [s].
_WAIT, _BETWEEN = 0.5, 10.0


@contextlib.contextmanager
def shown(title: str) -> Iterator[Callable[[int, int], None]]:
    """
    Show how far a work is.

    Parameters
    ----------
    title : str
        What is done.

    Yields
    ------
    callable
        To be told how many bytes of how many are done.
    """
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(title) as tell:
            yield tell
    else:
        yield _lines(title)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int], None]]:
    start = time.monotonic()
    with contextlib.ExitStack() as until:
        bar = None

        def tell(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                if time.monotonic() - start < _WAIT:
                    return
                # Most work is over before this is imported.
                from rich.console import Console
                from rich.markup import escape
                from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

                columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
                bar = until.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
                bar.add_task(escape(title), total=total)
            bar.update(bar.task_ids[0], completed=done, total=total)

        yield tell


def _lines(title: str) -> Callable[[int, int], None]:
    said = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal said
        if done < total and time.monotonic() - said >= _BETWEEN:
            said = time.monotonic()
            sys.stderr.write(f"{title}: {done / total:.0%} of {total / 1e6:,.0f} MB\n")
            sys.stderr.flush()

    return tell
