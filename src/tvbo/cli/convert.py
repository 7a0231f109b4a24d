"""Convert a network from one format to another."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer


def run(
    source: Annotated[Path, typer.Argument(help="What to read: a network, or a table of weights (.csv, .tsv, .txt).")],
    target: Annotated[Path, typer.Argument(help="What to write.")],
    lengths: Annotated[Path | None, typer.Option("--lengths", help="Tract lengths beside a table of weights.")] = None,
    centres: Annotated[
        Path | None, typer.Option("--centres", help="Names and places of regions beside a table of weights.")
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Format of the source.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format of the target.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to lose anything.")] = False,
) -> None:
    """Read a network in one format and write it in another; tables of a pipeline are checked, and never mended."""
    from tvbo import Network

    tables = {name: path for name, path in (("lengths", lengths), ("centres", centres)) if path is not None}
    options: dict[str, Any] = dict(tables)
    network = Network.from_file(source, format=from_ or ("csv" if tables else None), **options)
    if tables:
        for problem in network.check().problems:
            typer.echo(f"look at {problem}", err=True)
    with _told(target, to) as more:
        network.save(target, format=to, strict=strict, **more)
    typer.echo(f"wrote {target}", err=True)


@contextmanager
def _told(target: Path, to: str | None) -> Iterator[dict[str, Any]]:
    """Show how far a large network is written, where somebody looks and the format tells."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from tvbo import registry

    console = Console(stderr=True)
    module = registry.for_path(target, "write", to)
    if not console.is_terminal or "progress" not in inspect.signature(module.write).parameters:
        yield {}
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(f"writing {target.name}", total=None)
        yield {"progress": lambda done, total: shown.update(task, completed=done, total=total)}
