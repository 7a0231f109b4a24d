"""Tell whether a network file is sound."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from tvbo.cli import progress


def run(
    path: Annotated[Path, typer.Argument(help="A network: its sidecar, or a file of another format.")],
    deep: Annotated[bool, typer.Option("--deep", help="Read every array and compare it with its checksum.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check that a network's files belong together and fit; exit status 1 and the reasons if they do not."""
    from tvbo import Network, registry
    from tvbo.errors import NetworkNotFoundError

    if not path.exists():
        raise NetworkNotFoundError(f"there is no file {path}")
    module = registry.for_path(path, "read")
    check = getattr(module, "validate", None)
    with progress.shown(f"validating {path.name}") as tell:
        if check:
            report = check(path, deep=deep, progress=tell)
        else:
            report = Network.from_file(path).validate(deep=deep, progress=tell)
    if json:
        problems = [problem._asdict() for problem in report.problems]
        said = {"valid": bool(report), "deep": deep, "problems": problems, "notes": list(report.notes)}
        typer.echo(json_text.dumps(said))
    else:
        typer.echo(str(report))
    raise typer.Exit(0 if report else 1)
