"""List the formats."""

import json as json_text
from typing import Annotated, Any

import typer


def run(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the formats and what each can do."""
    from tvbo import registry

    rows: list[dict[str, Any]] = []
    for name in registry.names():
        module = registry.get(name)
        rows.append(
            {
                "format": name,
                "read": hasattr(module, "read"),
                "write": hasattr(module, "write"),
                "objects in": hasattr(module, "from_object"),
                "objects out": hasattr(module, "to_object"),
                "extensions": list(getattr(module, "EXTENSIONS", ())),
                "description": (module.__doc__ or "").strip().splitlines()[0],
            }
        )
    if json:
        typer.echo(json_text.dumps(rows))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0])
    for row in rows:
        shown = [("yes" if cell else "") if isinstance(cell, bool) else cell for cell in row.values()]
        table.add_row(*(" ".join(cell) if isinstance(cell, list) else cell for cell in shown))
    Console().print(table)
