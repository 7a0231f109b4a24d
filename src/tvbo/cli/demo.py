"""The round trip on TVB's own data, with its proof and its pictures."""

import base64
import html
import io
import json as json_text
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer


def run(
    folder: Annotated[Path, typer.Argument(help="Where to leave files, figures and the report.")] = Path("demo-output"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take TVB's default brain through files and back, verify every trait, and leave a report."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    folder.mkdir(parents=True, exist_ok=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with quiet(), Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        step = progress.add_task("loading The Virtual Brain")
        objects = _tvb_objects()
        progress.update(step, description="TVB -> tvbo -> files -> tvbo -> TVB")
        rows, networks, seconds = _round_trip(folder, objects)
        progress.update(step, description="drawing")
        figures = _figures(folder, networks)
    report = folder / "report.html"
    report.write_text(_report(rows, figures, folder, seconds), encoding="utf-8")
    bad = sum(row[3] != "identical" for row in rows)
    if json:
        typer.echo(json_text.dumps(_data(rows, seconds, report)))
    else:
        _print(rows, seconds, report)
    raise typer.Exit(1 if bad else 0)


def _data(rows: list[tuple[str, ...]], seconds: tuple[float, float], report: Path) -> dict[str, Any]:
    keys = ("object", "trait", "shape", "round_trip")
    return {
        "identical": all(row[3] == "identical" for row in rows),
        "traits": [dict(zip(keys, row, strict=True)) for row in rows],
        "seconds": {"save": seconds[0], "open": seconds[1]},
        "report": str(report),
    }


def _print(rows: list[tuple[str, ...]], seconds: tuple[float, float], report: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("object", "trait", "shape", "round trip", title="TVB -> files -> TVB", title_justify="left")
    for row in rows:
        table.add_row(*row, style=None if row[3] == "identical" else "bold red")
    console = Console()
    console.print(table)
    same = sum(row[3] == "identical" for row in rows)
    console.print(f"{same} of {len(rows)} traits identical; save {seconds[0]:.2f} s, open {seconds[1]:.3f} s")
    console.print(f"open {report}", soft_wrap=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence log messages up to warnings; TVB sets its own levels when it is imported, so levels would not hold."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _tvb_objects() -> dict[str, Any]:
    import warnings

    from tvbo._optional import require

    purpose = "run the demo on its data"
    require("tvb_data", extra="tvb", purpose=purpose)
    with warnings.catch_warnings():
        # tvb-library warns that the optional gdist is missing.
        warnings.simplefilter("ignore")
        connectivity = require("tvb.datatypes.connectivity", extra="tvb", purpose=purpose).Connectivity.from_file()
        surface = require("tvb.datatypes.surfaces", extra="tvb", purpose=purpose).CorticalSurface.from_file()
        mapping = require("tvb.datatypes.region_mapping", extra="tvb", purpose=purpose).RegionMapping.from_file()
    connectivity.configure()
    surface.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    mapping.configure()
    return {"connectivity": connectivity, "surface": surface, "region_mapping": mapping}


def _round_trip(folder: Path, objects: dict[str, Any]) -> tuple[list[tuple[str, ...]], Any, tuple[float, float]]:
    from tvbo import Network

    networks = Network.from_tvb_surface(**objects)
    start = time.perf_counter()
    for network, name in zip(networks, ("regions", "surface"), strict=True):
        network.save(folder / f"{name}.yaml")
    saved = time.perf_counter()
    found = Network.from_file(folder / "surface.yaml")
    opened = time.perf_counter()
    back = found.execute(format="tvb")._asdict()
    rows = [row for name, given in objects.items() for row in _compare(name, given, back[name])]
    return rows, (found.parent_network, found), (saved - start, opened - saved)


def _compare(name: str, given: Any, back: Any) -> list[tuple[str, ...]]:
    """Compare every trait that the object holds; links to other objects are rows of their own."""
    import numpy as np

    rows: list[tuple[str, ...]] = []
    for trait in (*type(given).declarative_attrs, "title", "tags"):
        if trait not in given.__dict__:
            continue
        value, other = given.__dict__[trait], back.__dict__.get(trait)
        if isinstance(value, np.ndarray):
            same = (
                isinstance(other, np.ndarray)
                and (value.dtype, value.shape) == (other.dtype, other.shape)
                and value.tobytes() == other.tobytes()
            )
            shape = f"{' x '.join(map(str, value.shape))} {value.dtype}"
        elif hasattr(type(value), "declarative_attrs"):
            same, shape = value.gid == getattr(other, "gid", None), f"-> {type(value).__name__}"
        else:
            same, shape = type(value) is type(other) and value == other, type(value).__name__
        rows.append((name, trait, shape, "identical" if same else "differs"))
    return rows


def _figures(folder: Path, networks: Any) -> dict[str, bytes]:
    regions, surface = networks
    drawn = {
        "Weights and tract lengths": ("matrix", regions.plot_matrix()),
        "Overview": ("overview", surface.plot_overview(plot_brain=True)),
        "Regions of the cortex": ("surface", surface.plot_surface()),
    }
    pictures = {}
    for title, (name, figure) in drawn.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
        pictures[title] = buffer.getvalue()
        (folder / f"{name}.png").write_bytes(buffer.getvalue())
    return pictures


def _report(rows: list[tuple[str, ...]], figures: dict[str, bytes], folder: Path, seconds: tuple[float, float]) -> str:
    cells = "".join(
        "<tr class='{}'>{}</tr>".format(
            "same" if row[3] == "identical" else "differs", "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        )
        for row in rows
    )
    pictures = "".join(
        f"<h2>{html.escape(title)}</h2><img alt='{html.escape(title)}' "
        f"src='data:image/png;base64,{base64.b64encode(data).decode()}'>"
        for title, data in figures.items()
    )
    files = "".join(
        f"<li><a href='{html.escape(path.name)}'>{html.escape(path.name)}</a> ({path.stat().st_size:,} bytes)</li>"
        for path in sorted(folder.iterdir())
        if path.suffix in (".yaml", ".h5")
    )
    bad = sum(row[3] != "identical" for row in rows)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>tvbo round trip</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em;color:#222}}
table{{border-collapse:collapse}}td,th{{padding:.2em .8em;border-bottom:1px solid #ddd;text-align:left}}
.same td:last-child{{color:#0a6b3d}}.differs td{{color:#b00020;font-weight:bold}}img{{max-width:100%}}</style>
<h1>TVB &rarr; tvbo &rarr; files &rarr; tvbo &rarr; TVB</h1>
<p><b>{len(rows) - bad} of {len(rows)} traits came back identical</b>, to the last bit.
Saving both networks took {seconds[0]:.2f} s, opening {seconds[1] * 1000:.1f} ms.</p>
<ul>{files}</ul>{pictures}<h2>Every trait</h2>
<table><tr><th>object</th><th>trait</th><th>shape</th><th>round trip</th></tr>{cells}</table></html>
"""
