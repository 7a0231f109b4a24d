"""List the formats."""

import json as json_text
from typing import Annotated, Any

import typer


def run(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the formats: what each reads, writes, takes and gives as an object, what it drops, which extra it needs."""
    from tvbo import registry
    from tvbo.errors import UnknownFormatError

    modules, broken = {}, {}
    for name in registry.names():
        try:
            modules[name] = registry.get(name)
        except UnknownFormatError as error:
            # A package that adds a format and cannot be imported.
            broken[name] = str(error)
    if json:
        typer.echo(json_text.dumps([_row(name, module) for name, module in modules.items()]))
    else:
        _show(modules)
    for fault in broken.values():
        typer.echo(fault, err=True)


def names_of_formats(incomplete: str) -> list[str]:
    """Give the formats whose names begin so, for the shell to complete."""
    from tvbo import registry

    return [name for name in registry.names() if name.startswith(incomplete)]


def _show(modules: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for heading in ("format", "files", "objects", ""):
        table.add_column(heading)
    for name, module in modules.items():
        row = _row(name, module)
        files = " ".join(dict.fromkeys((*row["reads"], *row["writes"])))
        told = [Text(row["description"])]
        told += [Text(f"files: {files}", style="dim")] if files else []
        told += [Text(f"drops: {', '.join(row['drops'])}", style="dim")] if row["drops"] else []
        told += [Text(f"needs: the extra {row['needs']}", style="dim")] if row["needs"] else []
        told += [Text(f"added by: {row['package']}", style="dim")] if row["package"] else []
        marks = _marks(row, read="r", write="w"), _marks(row, **{"objects in": "in ", "objects out": "out"})
        table.add_row(f"[bold]{name}[/]", *marks, Text("\n").join(told))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "\nfiles: r = Network.from_file reads them, w = save writes them; "
        "objects: in = Network.from_object takes them, out = execute gives them",
        style="dim",
    )


def _marks(row: dict[str, Any], **marks: str) -> str:
    return "".join(mark if row[ability] else "·".ljust(len(mark)) for ability, mark in marks.items())


def _row(name: str, module: Any) -> dict[str, Any]:
    from tvbo import registry

    point = registry.plugins().get(name)
    return {
        "format": name,
        "read": hasattr(module, "read"),
        "write": hasattr(module, "write"),
        "objects in": hasattr(module, "from_object"),
        "objects out": hasattr(module, "to_object"),
        "reads": list(registry.extensions(module, "read")),
        "writes": list(registry.extensions(module, "write")),
        "drops": list(_drops(getattr(module, "DROPS", {}))),
        "needs": getattr(module, "EXTRA", None),
        "package": None if point is None else point.value if point.dist is None else point.dist.name,
        "description": str((module.__doc__ or "").strip().splitlines()[0]).replace("``", ""),
    }


def _drops(dropped: dict[str, str]) -> dict[str, None]:
    """Give what a format drops once each: the path where what a warning calls it stands for many, or is cut."""
    cut = {said for said in dropped.values() if "*" in said or not said or said.endswith(".")}
    return dict.fromkeys(path if said in cut else said for path, said in dropped.items())
