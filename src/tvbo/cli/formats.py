"""List the formats."""

import json as json_text
from typing import Annotated, Any

import typer


def run(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the formats and what each can do."""
    from tvbo import registry

    modules = {name: registry.get(name) for name in registry.names()}
    if json:
        typer.echo(json_text.dumps([_row(name, module) for name, module in modules.items()]))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, module in modules.items():
        # Two lines for each: columns for every ability would leave none of the 80 for what it is.
        table.add_row(f"[bold]{name}[/]", _description(module))
        table.add_row("", f"[dim]{registry.abilities(module)}[/]")
    Console(highlight=False).print(table)


def _row(name: str, module: Any) -> dict[str, Any]:
    from tvbo import registry

    return {
        "format": name,
        "read": hasattr(module, "read"),
        "write": hasattr(module, "write"),
        "objects in": hasattr(module, "from_object"),
        "objects out": hasattr(module, "to_object"),
        "reads": list(registry.extensions(module, "read")),
        "writes": list(registry.extensions(module, "write")),
        "description": _description(module),
    }


def _description(module: Any) -> str:
    return str((module.__doc__ or "").strip().splitlines()[0])
