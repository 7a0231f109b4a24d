"""A function of one network, done for many, and gone on with after whatever ended it."""

import concurrent.futures as cf
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tvbo import registry
from tvbo.cohort.crews import Crew, Lanes, check_travels, closing, crew_of, processors
from tvbo.cohort.items import Item, Source, find_items
from tvbo.cohort.jobs import Before, Job, NetworkJob, attempt_each, failure_of
from tvbo.cohort.progress import Progress, shown
from tvbo.cohort.report import FAILED, Outcomes, Record, Report, reported
from tvbo.errors import CohortError, DuplicateNameError, NetworkNotFoundError, warn

REPORT = "cohort.jsonl"


def map_networks(
    fn: Callable[..., Any],
    items: "Source | Iterable[Source]",
    executor: Any = None,
    *,
    options: Mapping[str, Any] | None = None,
    into: "str | os.PathLike[str] | None" = None,
    format: str | None = None,
    saving: Mapping[str, Any] | None = None,
    report: "str | os.PathLike[str] | None" = None,
    workers: int | None = None,
    start_method: str | None = None,
    version: str = "",
    progress: Progress = False,
    title: str = "networks",
) -> Outcomes:
    """
    Apply a function to each network of a cohort; one that fails does not stop the others.

    Parameters
    ----------
    fn : callable
        Takes a `Network` and the options, and gives a `Network` or a value. It must not depend on anything else,
        and must be defined at the top of a module where processes are used.
    items : path-like, str, Item, or an iterable of these
        The networks, as `find_items` takes them.
    executor : concurrent.futures.Executor or dask.distributed.Client, optional
        Who does the work; processes of our own without. It is not shut down.
    options : mapping of str to object, optional
        Keyword arguments of the function.
    into : path-like, optional
        The folder in which networks that the function gives are saved, under the names of their items; without it
        they are given back.
    format : str, optional
        The format to save them in; ``"tvbo"`` without.
    saving : mapping of str to object, optional
        Options of `Network.save`, such as ``compression`` or ``strict``.
    report : path-like, optional
        The report, one line of JSON for each network; ``cohort.jsonl`` in the folder `into` without. A later run with
        the same report does again what failed, what has changed, and what is no longer there.
    workers : int, optional
        How many processes; one for each processor without, and 0 for none but this one.
    start_method : {"spawn", "forkserver", "fork"}, optional
        How processes are started; ``spawn`` without.
    version : str, optional
        Whatever tells this version of the function from others. Its source and its options are compared anyway; what
        it calls is not.
    progress : bool or callable, optional
        Whether to show how far it is; or what is called with each `Record`.
    title : str, optional
        What to call the work there.

    Returns
    -------
    Outcomes
        What became of each network, in their order.

    Raises
    ------
    UnsupportedObjectError
        If the function cannot be sent to another process, or the executor is none.
    CohortError
        If another run writes the same report, it is of a run of another kind, or processes cannot be started.
    NotADirectoryError
        If results should go into a file.
    DuplicateNameError
        If two networks have one name.
    """
    folder = None if into is None else Path(into).absolute()
    found = outside(find_items(items), folder)
    module = registry.get(format or "tvbo")
    endings = registry.extensions(module, "write")
    if folder is not None and folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: expected a folder for the results")
    if folder is not None and not endings:
        registry.for_path(folder, "write", format or "tvbo")
    job = NetworkJob(
        fn, dict(options or {}), folder, (*endings, ".yaml")[0], format, dict(saving or {}), version, title
    )
    if folder is not None:
        check_targets(found, folder, job.ending)
    where = Path(report).absolute() if report is not None else None if folder is None else folder / REPORT
    return run(job, found, executor, report=where, workers=workers, start_method=start_method, progress=progress)


def outside(items: Sequence[Item], folder: Path | None) -> tuple[Item, ...]:
    """
    Leave out what an earlier run has written below the folder that is read.

    Parameters
    ----------
    items : sequence of Item
        The networks.
    folder : Path or None
        Where results go.

    Returns
    -------
    tuple of Item
        The others.

    Raises
    ------
    NetworkNotFoundError
        If there are none.
    """
    left = tuple(item for item in items if folder is None or not item.path.is_relative_to(folder))
    if items and not left:
        raise NetworkNotFoundError(f"all networks lie in {folder}, where results go: name another folder for these")
    return left


def check_targets(items: Sequence[Item], folder: Path, ending: str) -> None:
    """
    Refuse to overwrite what is read.

    Parameters
    ----------
    items : sequence of Item
        The networks.
    folder : Path
        Where results go.
    ending : str
        How they end.

    Raises
    ------
    DuplicateNameError
        If a result would have the name of a file that is read.
    """
    read = {item.path.resolve(): item for item in items}
    for item in items:
        target = (folder / f"{item.name}{ending}").resolve()
        for each in (target, target.with_suffix(".h5")) if ending == ".yaml" else (target,):
            if each in read:
                raise DuplicateNameError(
                    f"{item.name}: the result would overwrite {each}, which is read: name another folder for results"
                )


class _Task(NamedTuple):
    item: Item
    before: Before | None


class _Run(NamedTuple):
    """What all tasks of a run share."""

    job: Job
    task: str
    as_lines: bool
    many: int
    finished: Callable[[Item, Record | None], None]


def run(
    job: Job,
    items: Sequence[Item],
    executor: Any = None,
    *,
    report: Path | None = None,
    workers: int | None = None,
    start_method: str | None = None,
    progress: Progress = False,
) -> Outcomes:
    """
    Do a job on each network.

    Parameters
    ----------
    job : Job
        What to do.
    items : sequence of Item
        The networks, each with a name of its own.
    executor : concurrent.futures.Executor, dask.distributed.Client, or None
        Who does the work.
    report : Path, optional
        The report to write, and to go on from.
    workers : int, optional
        How many processes, without an executor.
    start_method : str, optional
        How they are started.
    progress : bool or callable
        Whether to show how far it is.

    Returns
    -------
    Outcomes
        What became of each network, in their order.
    """
    task = job.fingerprint()
    crew = crew_of(executor, workers, start_method)
    check_travels(job, crew, executor, start_method)
    said: dict[str, Record] = {}
    with reported(report) as book:
        known = {} if book is None else book.known
        if getattr(job, "into", None) is None and any(record.output for record in known.values()):
            # What it says of files is needed to go on with these.
            raise CohortError(
                f"{report} is the report of a run that wrote files, and this one writes none: name another"
            )
        with shown(progress, len(items), job.title) as tell:

            def finished(item: Item, record: Record | None) -> None:
                if record is None:
                    record = known[item.name]
                elif book is not None:
                    book.append(record)
                said[item.name] = record
                tell(record)

            shared = _Run(job, task, book is not None, len(items), finished)
            _work(shared, crew, iter([_Task(item, _before(known, item, task)) for item in items]))
        if book is not None:
            _tidy(book, items, said)
    return Outcomes([said[item.name] for item in items])


def _tidy(book: Report, items: Sequence[Item], said: Mapping[str, Record]) -> None:
    if len(book.known) != len(said) or any(record.fresh for record in said.values()):
        book.tidy(items, said)


def _before(known: Mapping[str, Record], item: Item, task: str) -> Before | None:
    record = known.get(item.name)
    if record is None or record.task != task or record.status == FAILED or record.source != str(item.path):
        return None
    return Before(record.digest_in, record.output, record.files)


def _work(shared: _Run, crew: Crew, tasks: Iterator[_Task]) -> None:
    """Do all tasks; those that were under way when something died are tried again, each alone."""
    suspects: list[_Task] = []
    with closing(crew):
        broken = _drain(shared, crew, tasks, suspects, last=crew.alone)
        if broken is None:
            for suspect in suspects:
                _drain(shared, crew, iter([suspect]), [], last=True)
            return
    warn(f"the executor is broken ({broken}): what is left is done in {processors()} processes of our own")
    own = Lanes(processors())
    check_travels(shared.job, own, None, None)
    with closing(own):
        _drain(shared, own, itertools.chain(suspects, tasks), [], last=True)


def _drain(
    shared: _Run, crew: Crew, tasks: Iterator[_Task], suspects: list[_Task], *, last: bool
) -> BaseException | None:
    """Do tasks, as many at once as there is room for; give why no more can be begun."""
    pending: dict[cf.Future[Any], list[_Task]] = {}
    # Small cohorts are shared out evenly.
    batch = 1 if last else max(1, min(crew.batch, shared.many // (2 * crew.room())))
    broken: BaseException | None = None

    def take(future: "cf.Future[Any]") -> None:
        nonlocal broken
        several = pending.pop(future)
        error = crew.settle(future)
        if error is None:
            for task, record in zip(several, future.result(), strict=True):
                shared.finished(task.item, record)
        elif last:
            for task in several:
                shared.finished(task.item, _lost(shared.task, task.item, error))
        else:
            suspects.extend(several)
            broken = error if isinstance(error, cf.BrokenExecutor) else broken

    try:
        while True:
            while broken is None and len(pending) < crew.room():
                several = list(itertools.islice(tasks, batch))
                if not several:
                    break
                future = crew.submit(attempt_each, shared.job, shared.task, several, shared.as_lines)
                pending[future] = several
            if not pending:
                return broken
            for future in cf.wait(pending, return_when=cf.FIRST_COMPLETED).done:
                take(future)
    except KeyboardInterrupt:
        # What is under way is finished and written down; another Ctrl-C does not wait for it.
        for future in cf.wait(pending).done:
            if not future.cancelled() and future.exception() is None:
                take(future)
        raise


def _lost(task: str, item: Item, error: BaseException) -> Record:
    said = failure_of(error)
    if not isinstance(error, CohortError):
        said = failure_of(CohortError(f"it was lost on its way: {said}"))
    return Record(item.name, FAILED, str(item.path), task, error=said)


__all__ = ["REPORT", "check_targets", "map_networks", "outside", "run"]
