"""What people see in a notebook and in a terminal, as pages that a browser takes pictures of."""

import logging
import os
import pty
import subprocess
import sys
from pathlib import Path

import networks

from tvbo import Network

_PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 16px; font: 14px/1.5 sans-serif; width: 860px; }}
.cell {{ font: 13px/1.5 monospace; background: #f4f4f6; border: 1px solid #ddd; padding: 6px 10px; }}
.cell {{ margin: 14px 0 8px; }}
</style>{body}"""
_COLUMNS = 96


def notebook(folder: Path) -> Path:
    """Make a page of a notebook's cells: a network, one that is lazy, a difference."""
    logging.disable(logging.WARNING)
    networks.default_brain().save(folder / "brain.yaml")
    network = networks.default_brain().parent()
    network.save(folder / "regions.yaml")
    opened, changed = Network.from_file(folder / "regions.yaml"), Network.from_file(folder / "regions.yaml")
    changed.weights_matrix[3, 5] += 1e-12
    changed.parameters["G"] = 0.1
    shown = opened._repr_html_()
    difference = opened.diff(changed)._repr_html_()
    cells = (
        ('opened = Network.from_file("regions.yaml")', shown.replace("<details>", "<details open>")),
        ("opened.diff(changed)", difference),
    )
    body = "".join(f'<div class="cell">{code}</div>{html}' for code, html in cells)
    page = folder / "notebook.html"
    # Not where this happened to be made.
    page.write_text(_PAGE.format(body=body.replace(f"{folder}/", "")), encoding="utf-8")
    return page


def terminal(folder: Path, *commands: str) -> Path:
    """Make a page of what commands print in a terminal with colours."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=_COLUMNS, file=open(os.devnull, "w"), legacy_windows=False)  # noqa: PTH123, SIM115
    for command in commands:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(_printed(command, folder)))
    page = folder / "terminal.html"
    console.save_html(
        str(page),
        code_format='<!doctype html><meta charset="utf-8"><style>body {{ margin: 14px; }} '
        "pre {{ font: 13px/1.35 'DejaVu Sans Mono', monospace; width: max-content; }} {stylesheet}</style>"
        "<pre><code>{code}</code></pre>",
    )
    return page


def _printed(command: str, folder: Path) -> str:
    """Run a command in a terminal of its own, and give what it writes there."""
    mother, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(_COLUMNS), "TERM": "xterm-256color"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.Popen(command, shell=True, cwd=folder, stdout=child, stderr=child, env=environment)
    os.close(child)
    parts = []
    while True:
        try:
            part = os.read(mother, 1 << 16)
        except OSError:
            # The other side is closed.
            break
        if not part:
            break
        parts.append(part)
    done.wait()
    os.close(mother)
    return b"".join(parts).decode(errors="replace").replace("\r\n", "\n")
