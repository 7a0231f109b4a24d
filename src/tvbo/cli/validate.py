"""Tell whether a network file is sound."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer


def run(
    path: Annotated[Path, typer.Argument(help="The sidecar of a network.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Open a network and read all of it; exit status 1 and the reason if it is not sound."""
    from tvbo import Network
    from tvbo.errors import MissingDependencyError, TvboError, UnknownFormatError

    problem = None
    try:
        digest = Network.from_file(path).digest()
    except (MissingDependencyError, UnknownFormatError):
        # Nothing was read, so nothing is known of it.
        raise
    except TvboError as error:
        # A linked network that is missing makes this one invalid; only without a file there is nothing to judge.
        if not path.exists():
            raise
        problem, digest = str(error), None
    if json:
        typer.echo(json_text.dumps({"valid": problem is None, "problem": problem, "digest": digest}))
    else:
        typer.echo(f"invalid: {problem}" if problem else f"valid: every array was read; {digest}")
    raise typer.Exit(1 if problem else 0)
