"""Convert a network from one format to another."""

import inspect
import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from tvbo.cli import progress
from tvbo.cli.formats import names_of_formats


def run(
    source: Annotated[Path, typer.Argument(help="What to read: a network, or a table of weights (.csv, .tsv, .txt).")],
    target: Annotated[Path, typer.Argument(help="What to write.")],
    lengths: Annotated[Path | None, typer.Option("--lengths", help="Tract lengths beside a table of weights.")] = None,
    centres: Annotated[
        Path | None, typer.Option("--centres", help="Names and places of regions beside a table of weights.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="Format of the source; see `tvbo formats`.", autocompletion=names_of_formats),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Format of the target.", autocompletion=names_of_formats)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to lose anything.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be lost, and write nothing.")] = False,
    read: Annotated[
        list[str] | None, typer.Option("--read", metavar="NAME=VALUE", help="An option of the format that is read.")
    ] = None,
    write: Annotated[
        list[str] | None, typer.Option("--write", metavar="NAME=VALUE", help="An option of the format that is written.")
    ] = None,
) -> None:
    """Read a network in one format and write it in another; what is lost on the way is said first, and never mended."""
    from tvbo import Network, registry

    tables = {name: path for name, path in (("lengths", lengths), ("centres", centres)) if path is not None}
    format_ = from_ or ("csv" if tables else None)
    network = Network.from_file(source, format=format_, **tables, **_options(read, "--read"))
    if tables:
        for problem in network.check().problems:
            typer.echo(f"look at {problem}", err=True)
    module = registry.for_path(target, "write", to)
    options = {"strict": strict, **_options(write, "--write")}
    with _losses_listed(target), _place(target, dry_run) as place, _progress(target, module.write) as more:
        network.save(place, format=registry.name_of(module), **options, **more)
    typer.echo(f"nothing was written: a dry run of {target}" if dry_run else f"wrote {target}", err=True)


def _options(given: Sequence[str] | None, flag: str) -> dict[str, Any]:
    """Read options: numbers, true and false are what they look like, anything else is a text."""
    options = {}
    for each in given or ():
        name, mark, text = each.partition("=")
        if not (name.isidentifier() and mark):
            raise typer.BadParameter(f"{each!r} is no option: expected NAME=VALUE", param_hint=flag)
        try:
            options[name] = json.loads(text)
        except ValueError:
            options[name] = text
    return options


@contextmanager
def _place(target: Path, dry_run: bool) -> Iterator[Path]:
    """Give where to write: for a dry run, where nobody sees it."""
    if not dry_run:
        yield target
        return
    folder = tempfile.mkdtemp(prefix="tvbo-")
    try:
        yield Path(folder) / target.name
    finally:
        shutil.rmtree(folder)


@contextmanager
def _losses_listed(target: Path) -> Iterator[None]:
    """Print what is lost as a list, as soon as it is known; that is before anything is written."""
    from tvbo.errors import LossyConversionWarning

    say = warnings.showwarning

    def listed(message: Any, category: type[Warning], *place: Any) -> None:
        losses = getattr(message, "losses", ())
        if not (issubclass(category, LossyConversionWarning) and losses):
            say(message, category, *place)
            return
        typer.echo(f"{target.name} cannot carry:", err=True)
        for each in losses:
            typer.echo(f"  - {each}", err=True)

    warnings.showwarning = listed  # type: ignore[assignment]
    try:
        yield
    finally:
        warnings.showwarning = say


@contextmanager
def _progress(target: Path, write: Any) -> Iterator[dict[str, Any]]:
    """Show how far a large network is written, if the format tells."""
    if "progress" not in inspect.signature(write).parameters:
        yield {}
        return
    with progress.shown(f"writing {target.name}") as tell:
        yield {"progress": tell}
