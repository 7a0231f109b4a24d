"""
Whatever the pages show as code runs as it stands.

Blocks of ``python`` and ``console`` in one page share a folder and names, in their order; lines of a console that
begin with ``$ tvbo`` or ``$ python`` are run. What a block presupposes stands in the page too, as a comment that
readers do not see: ``<!-- run`` begins it. What needs another machine has
``<!-- not run: WHY -->`` above it. Tutorials and how-tos are notebooks, which run when the pages are built.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"^<!-- run\n(?P<hidden>.*?)^-->|^(?P<skip><!-- not run[^\n]*\n)?```(?P<kind>python|console)\n(?P<shown>.*?)^```",
    re.M | re.S,
)


def blocks(path: Path) -> list[tuple[str, str]]:
    found = [each for each in _BLOCK.finditer(path.read_text(encoding="utf-8")) if not each["skip"]]
    return [(each["kind"] or "python", each["hidden"] or each["shown"]) for each in found]


def is_notebook(path: Path) -> bool:
    return path.read_text(encoding="utf-8").startswith("---\nfile_format: mystnb")


WRITTEN = [path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if "_build" not in path.parts]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in WRITTEN
    if not is_notebook(path) and any(kind == "python" for kind, _ in blocks(path))
)


def commands(block: str) -> list[list[str]]:
    lines = [line[2:].partition("  #")[0] for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line) for line in lines if line.split()[0] in ("tvbo", "python")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TVBO_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    names: dict[str, object] = {"__name__": "__page__"}
    for kind, block in blocks(ROOT / page):
        if kind == "python":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(compile(block, page, "exec"), names)
        for command in commands(block) if kind == "console" else ():
            if command[0] == "python":
                command[0] = sys.executable
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{shlex.join(command)}: {done.stderr}"


def test_there_are_pages() -> None:
    assert "README.md" in PAGES
    assert len(PAGES) > 1


def test_the_command_line_page_has_every_command() -> None:
    typer = pytest.importorskip("typer")
    from tvbo.cli.app import app

    shown = re.findall(r"^!tvbo (.*) --help$", (ROOT / "docs/reference/command-line.md").read_text(), re.M)
    main = typer.main.get_command(app)
    groups = {name: command.commands for name, command in main.commands.items() if hasattr(command, "commands")}
    assert set(shown) == {*main.commands, *(f"{group} {name}" for group, inner in groups.items() for name in inner)}


def test_the_readme_names_every_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    listed = re.search(r"\(extras: (.*?)\)", (ROOT / "README.md").read_text(), re.S)
    assert listed is not None
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(extras)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    dead = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not dead
    outside = [link for link in links if "docs" in page.parts and re.fullmatch(r"(\.\./)+[A-Z]+\.md", link)]
    # The site has these under reference/: docs/conf.py leads there.
    included = [ROOT / "docs/reference" / Path(link).name.lower() for link in outside]
    assert all(path.exists() for path in included)


def test_every_picture_is_shown() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in WRITTEN if "docs" in page.parts)
    assert [path.name for path in ROOT.glob("docs/images/*.png") if f"images/{path.name}" not in pages] == []
