"""Write a sidecar that was lost or torn anew."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    path: Annotated[Path, typer.Argument(help="The sidecar (.yaml) or companion (.h5) of a network.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take edits by hand back, too.")] = False,
) -> None:
    """Write a lost or torn sidecar anew from its companion; exit status 1 if the companion itself is damaged."""
    from tvbo import registry

    module = registry.for_path(path, "read")
    if not hasattr(module, "repair"):
        raise ValueError(
            f"{path} is no pair of files that can be repaired: expected a .yaml sidecar or an .h5 companion"
        )
    done = module.repair(path, undo=undo)
    for line in done or ["nothing to repair"]:
        typer.echo(line)
    report = module.validate(path, deep=True)
    if not report:
        typer.echo(str(report), err=True)
        raise typer.Exit(1)
