"""Commands for many networks at once."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tvbo.cli.formats import names_of_formats

if TYPE_CHECKING:
    from tvbo.cohort import Outcomes

app = typer.Typer(
    help="Many networks at once: convert, validate, digest or average them.",
    epilog="SRC are files, folders, patterns in quotes such as 'data/sub-*/net.zip', or BIDS datasets. "
    "Exit status: 0 as asked, 1 some are invalid, 2 some could not be done, 130 interrupted.",
    no_args_is_help=True,
    context_settings={"max_content_width": 120},
)

Sources = Annotated[list[str], typer.Argument(metavar="SRC", help="Files, folders, patterns, BIDS datasets.")]
Target = Annotated[Path, typer.Argument(metavar="DST", help="What to write.")]
From = Annotated[
    str | None, typer.Option("--from", metavar="FORMAT", help="Format of the sources.", autocompletion=names_of_formats)
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-j", min=0, help="Processes; one per processor without, 0 for none but this one."),
]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler that has the work done.")
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.jsonl", help="One line for each network; a later run goes on from it."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Json = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each network.")]


@app.command()
def convert(
    sources: Sources,
    target: Target,
    from_: From = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="Format of the results.", autocompletion=names_of_formats),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to lose anything.")] = False,
    lengths: Annotated[
        str | None, typer.Option("--lengths", metavar="NAME", help="Tract lengths in the folder of each table.")
    ] = None,
    centres: Annotated[
        str | None, typer.Option("--centres", metavar="NAME", help="Names and places of regions in that folder.")
    ] = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    report: Report = None,
    quiet: Quiet = False,
) -> None:
    """
    Convert networks into the folder DST; a run that was cut off goes on when it is started again.

    DST/cohort.jsonl says what became of each; what has not changed since is not done again.
    """
    from tvbo import cohort
    from tvbo.cohort.verbs import convert as run

    beside = {name: value for name, value in (("lengths", lengths), ("centres", centres)) if value is not None}
    with _running(workers, scheduler) as running:
        outcomes: cohort.Outcomes = run(
            sources,
            target,
            from_format=from_,
            to_format=to,
            strict=strict,
            beside=beside,
            report=report,
            progress=not quiet,
            **running,
        )
    _end(outcomes, f"in {target}; report: {report or target / 'cohort.jsonl'}")


@app.command()
def validate(
    sources: Sources,
    deep: Annotated[bool, typer.Option("--deep", help="Read every array and compare it with its checksum.")] = False,
    from_: From = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    report: Report = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Check networks, as `tvbo validate` does for one; exit status 1 and the reasons if some are invalid."""
    from tvbo.cohort.verbs import validate as run

    with _running(workers, scheduler) as running:
        outcomes = run(sources, deep=deep, from_format=from_, report=report, progress=not quiet, **running)
    for record in outcomes:
        if json:
            typer.echo(record.line())
        elif record.status == "invalid":
            typer.echo(f"{record.item}: {'; '.join(record.value['problems'])}")
    _end(outcomes, f"report: {report}" if report else "")


@app.command()
def digest(
    sources: Sources,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="A table (.tsv) or lines of JSON (.jsonl); else printed."),
    ] = None,
    from_: From = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    report: Report = None,
    quiet: Quiet = False,
) -> None:
    """Name the content of networks: the same digest for the same network, whatever its files are called."""
    import json as json_text

    from tvbo.cohort.verbs import digests

    if out is not None and out.suffix not in (".tsv", ".jsonl"):
        raise ValueError(f"{out} should end in .tsv or .jsonl")
    with _running(workers, scheduler) as running:
        outcomes = digests(sources, from_format=from_, report=report, progress=not quiet, **running)
    rows = [(record.item, record.value) for record in outcomes if record.status == "done"]
    if out is not None and out.suffix == ".jsonl":
        lines = [json_text.dumps({"item": item, "digest": value}, ensure_ascii=False) for item, value in rows]
    else:
        lines = ["item\tdigest", *(f"{item}\t{value}" for item, value in rows)]
    if out is None:
        typer.echo("\n".join(lines))
    else:
        from tvbo.storage.replacing import write_file

        write_file(out.absolute(), "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    _end(outcomes, f"in {out}" if out else "")


@app.command()
def average(
    sources: Sources,
    target: Target,
    names: Annotated[
        list[str] | None, typer.Option("--matrix", "-m", metavar="NAME", help="A matrix; weights and lengths without.")
    ] = None,
    nan: Annotated[
        str, typer.Option("--nan", metavar="propagate|omit|raise", help="What a NaN does to the mean of its entry.")
    ] = "propagate",
    omit_zeros: Annotated[
        list[str] | None,
        typer.Option("--omit-zeros", metavar="NAME", help="A matrix in which 0 means no value, such as length."),
    ] = None,
    fill: Annotated[
        bool, typer.Option("--fill", help="Count networks that lack regions where they have them.")
    ] = False,
    from_: From = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.jsonl", help="One line for each network.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Average networks into the network DST: of each matrix the mean, NAME_std and NAME_count, aligned by region."""
    from tvbo import registry
    from tvbo.cohort import average as run
    from tvbo.cohort import find_items

    # Not only after hours of work.
    registry.for_path(target, "write")
    # The result of an earlier run is no member of the cohort.
    items = [item for item in find_items(sources, format=from_) if item.path != target.absolute()]
    with _running(workers, scheduler) as running:
        running.pop("start_method", None)
        found = run(
            items,
            names or None,
            nan_policy=nan,
            omit_zeros=omit_zeros or (),
            unfit="fill" if fill else "refuse",
            progress=not quiet,
            **running,
        )
    found.network.save(target)
    if report is not None:
        from tvbo.storage.replacing import write_file

        lines = "".join(f"{record.line()}\n" for record in found.outcomes)
        write_file(report.absolute(), lines.encode("utf-8", "surrogatepass"))
    _end(found.outcomes, f"wrote {target}")


@contextlib.contextmanager
def _running(workers: int | None, scheduler: str | None) -> Iterator[dict[str, Any]]:
    """Give who does the work, and tell how to go on if somebody interrupts it."""
    with contextlib.ExitStack() as until:
        executor = None
        if scheduler is not None:
            from tvbo._optional import require

            distributed = require("distributed", extra="cohort", purpose="have work done by a Dask scheduler")
            executor = until.enter_context(distributed.Client(scheduler))
        try:
            yield {"executor": executor, "workers": workers}
        except KeyboardInterrupt:
            typer.echo("interrupted: the same command goes on from its report, if it has one", err=True)
            raise typer.Exit(130) from None


def _end(outcomes: "Outcomes", more: str) -> None:
    """Say what became of all, and end with the status that it deserves."""
    typer.echo("; ".join(filter(None, [str(outcomes), more])), err=True)
    warned = [record for record in outcomes if record.fresh and record.warnings]
    if warned:
        typer.echo(f"{len(warned):,} with warnings, such as {warned[0].item}: {warned[0].warnings[0]}", err=True)
    for record in outcomes.failed[:5]:
        typer.echo(f"failed {record.item}: {record.error}", err=True)
    if len(outcomes.failed) > 5:
        typer.echo(f"... and {len(outcomes.failed) - 5:,} more", err=True)
    raise typer.Exit(2 if outcomes.failed else 1 if outcomes.invalid else 0)
