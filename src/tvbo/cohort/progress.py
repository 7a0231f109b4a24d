"""How far a run is: a bar where somebody looks, lines now and then in a log, nothing in a library."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO, TypeAlias

from tvbo._optional import require
from tvbo.cohort.report import FAILED, INVALID, Record

Tell: TypeAlias = Callable[[Record], None]
Progress: TypeAlias = bool | Tell

# A log gets a line for every tenth of the work, and if this many seconds went by without one.
_PARTS, _SECONDS = 10, 60.0


@contextlib.contextmanager
def shown(progress: Progress, total: int, title: str, stream: TextIO | None = None) -> Iterator[Tell]:
    """
    Show how far a run is.

    Parameters
    ----------
    progress : bool or callable
        Whether to show anything, or what to call with each record instead.
    total : int
        How many networks there are.
    title : str
        What is done.
    stream : file, optional
        Where to write; standard error without.

    Yields
    ------
    callable
        To be called with the record of each network.
    """
    out = sys.stderr if stream is None else stream
    if callable(progress):
        yield progress
    elif not progress or not total:
        yield lambda record: None
    elif out.isatty():
        with _bar(total, title, out) as tell:
            yield tell
    else:
        yield _lines(total, title, out)


@contextlib.contextmanager
def _bar(total: int, title: str, out: TextIO) -> Iterator[Tell]:
    require("rich", extra="cli", purpose="show a progress bar")
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=out, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[bad]}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(escape(title), total=total, rate="", bad="")
        start, bad, done = time.monotonic(), 0, 0

        def tell(record: Record) -> None:
            nonlocal bad, done
            done += 1
            if record.status in (FAILED, INVALID):
                bad += 1
                console.print(f"[red]{record.status}[/red] {escape(_why(record))}", soft_wrap=True)
            seconds = time.monotonic() - start
            rate = f"{done / seconds:,.0f}/s" if seconds > 1 else ""
            bar.update(task, advance=1, rate=rate, bad=f"{bad:,} bad" if bad else "")

        yield tell


def _lines(total: int, title: str, out: TextIO) -> Tell:
    start = said = time.monotonic()
    done = bad = 0
    step = max(1, -(-total // _PARTS))

    def tell(record: Record) -> None:
        nonlocal said, done, bad
        done += 1
        now = time.monotonic()
        if record.status in (FAILED, INVALID):
            bad += 1
            out.write(f"{record.status} {_why(record)}\n")
        if done % step == 0 or done == total or now - said > _SECONDS:
            said = now
            left = (now - start) / done * (total - done)
            rest = f", {_time(left)} left" if done < total else f" in {_time(now - start)}"
            out.write(f"{title}: {done:,} of {total:,}{f', {bad:,} bad' if bad else ''}{rest}\n")
            out.flush()

    return tell


def _why(record: Record) -> str:
    if record.error is not None:
        return f"{record.item}: {record.error}"
    problems = record.value.get("problems") if isinstance(record.value, dict) else None
    return f"{record.item}: {problems[0]}" if problems else record.item


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
