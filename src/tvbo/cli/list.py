"""List the networks that can be loaded by name."""

import json as json_text
from typing import Annotated

import typer


def run(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the networks that Network.load finds by name: yours, and those that come with tvbo."""
    from tvbo import list_networks

    found = list_networks()
    if json:
        rows = [
            {
                "name": entry.name,
                "label": entry.label,
                "number_of_nodes": entry.number_of_nodes,
                "descriptor": entry.descriptor,
                "path": str(entry.path),
                "problem": entry.problem,
            }
            for entry in found
        ]
        typer.echo(json_text.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for folder in dict.fromkeys(entry.where for entry in found):
        table = Table("name", "nodes", "descriptor", "label", box=None, pad_edge=False)
        # Names are to be copied, so that they are never cut.
        table.columns[0].no_wrap = True
        for entry in found:
            if entry.where == folder:
                table.add_row(*map(Text, entry.cells()[:-1]))
        console.print(Text(f"in {folder}"), soft_wrap=True)
        console.print(table)
    if not found:
        typer.echo("no networks", err=True)
