"""Make a page that shows a network."""

from pathlib import Path
from typing import Annotated

import typer


def run(
    path: Annotated[Path, typer.Argument(help="The sidecar of a network.")],
    out: Annotated[
        Path | None, typer.Argument(help="The page; that of the sidecar's name unless given.", metavar="[OUT.html]")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="How many connections are shown at first.")] = 250,
    connections: Annotated[
        int, typer.Option(min=1, help="How many connections the page carries, the strongest.")
    ] = 20_000,
) -> None:
    """Make one HTML file that shows a network in space, in any browser, without a server."""
    from tvbo import Network

    page = path.with_suffix(".html") if out is None else out
    Network.from_file(path).view(page, count=count, most_connections=connections)
    typer.echo(f"wrote {page} ({page.stat().st_size / 1e3:,.0f} kB)", err=True)
