"""Convert a network from one format to another."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    source: Annotated[Path, typer.Argument(help="What to read.")],
    target: Annotated[Path, typer.Argument(help="What to write.")],
    from_: Annotated[str | None, typer.Option("--from", help="Format of the source.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Format of the target.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to lose anything.")] = False,
) -> None:
    """Read a network in one format and write it in another."""
    from tvbo import Network

    Network.from_file(source, format=from_).save(target, format=to, strict=strict)
    typer.echo(f"wrote {target}", err=True)
