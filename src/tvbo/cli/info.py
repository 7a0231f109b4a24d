"""Tell what a network file holds."""

import json as json_text
from pathlib import Path
from typing import Annotated, Any

import typer


def run(
    path: Annotated[Path, typer.Argument(help="The sidecar (.yaml) or companion (.h5) of a network.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a network holds; no array is read."""
    from tvbo import Network

    network = Network.from_file(path)
    matrices: dict[str, dict[str, Any]] = {
        name: {"shape": list(matrix.shape), "dtype": str(matrix.dtype), "format": matrix.format, "unit": matrix.unit}
        for name, matrix in network.matrices.items()
    }
    facts: dict[str, Any] = {
        "label": network.label,
        "descriptor": network.descriptor,
        "number_of_nodes": network.number_of_nodes,
        "node_columns": list(network.nodes.columns),
        "positions": network.nodes.has_positions,
        "matrices": matrices,
        "parameters": {name: str(parameter.value) for name, parameter in network.parameters.items()},
        "mesh": None if network.mesh is None else repr(network.mesh).strip("<>"),
        "parent_network": network.has_parent_network,
        "links": list(network.links),
    }
    if json:
        typer.echo(json_text.dumps(facts))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=str(path.name), show_header=False, title_justify="left")
    for key in ("label", "descriptor", "number_of_nodes", "mesh"):
        if facts[key] is not None:
            table.add_row(key.replace("_", " "), str(facts[key]))
    linked = [*(["its parent"] if network.has_parent_network else []), *network.links]
    if linked:
        table.add_row("linked to", ", ".join(linked))
    table.add_row("node columns", ", ".join(["label", *(["position"] * facts["positions"]), *facts["node_columns"]]))
    for name, parameter in network.parameters.items():
        table.add_row(f"parameter {name}", f"{parameter.value} {parameter.unit or ''}")
    for name, matrix in matrices.items():
        size = " x ".join(map(str, matrix["shape"]))
        table.add_row(f"matrix {name}", f"{size} {matrix['dtype']} {matrix['format']} {matrix['unit'] or ''}")
    Console().print(table)
