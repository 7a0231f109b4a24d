"""Tell whether two networks are identical."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from tvbo.cli import progress


def run(
    first: Annotated[Path, typer.Argument(help="A network.")],
    second: Annotated[Path, typer.Argument(help="Another network.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two networks to the last bit; exit status 0 only if they are identical, else 1."""
    from tvbo import Network

    with progress.shown(f"comparing {first.name} with {second.name}") as tell:
        found = Network.from_file(first).diff(Network.from_file(second), progress=tell)
    if json:
        differences = [difference._asdict() for difference in found]
        typer.echo(
            json_text.dumps({"identical": not found, "compared": len(found.compared), "differences": differences})
        )
    else:
        typer.echo(str(found))
    raise typer.Exit(1 if found else 0)
