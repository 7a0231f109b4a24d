"""Draw a network."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Kind(StrEnum):
    """What to draw."""

    matrix = "matrix"
    overview = "overview"
    graph = "graph"
    surface = "surface"
    brain = "brain"
    sensors = "sensors"


def run(
    path: Annotated[Path, typer.Argument(help="The sidecar of a network.")],
    out: Annotated[Path, typer.Argument(help="The picture: .png, .pdf or .svg.")],
    kind: Annotated[
        Kind,
        typer.Option(metavar="KIND", help="matrix, overview, graph, brain, sensors, or surface (which needs a mesh)."),
    ] = Kind.overview,
) -> None:
    """Draw a network into a file."""
    from tvbo import Network

    figure = getattr(Network.from_file(path), f"plot_{kind.value}")()
    figure.savefig(out)
    typer.echo(f"wrote {out}", err=True)
