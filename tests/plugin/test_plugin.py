"""A package of somebody else adds a format: installed for real, found by its entry point, held to the suite."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tvbo import Network

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the package is installed, beside that of this run."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder), str(HERE)], check=True)
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def run(installed: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=installed, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_it_is_listed_and_converts(installed: dict[str, str], tmp_path: Path) -> None:
    cli = ("-c", "from tvbo.cli import main; main()")
    rows = {row["format"]: row for row in json.loads(run(installed, *cli, "formats", "--json").stdout)}
    assert rows["edges"]["package"] == "tvbo-edges"
    assert rows["edges"]["reads"] == rows["edges"]["writes"] == [".edges"]
    assert rows["edges"]["description"] == "Lines of target, source and weight, and of nothing else."
    network = Network.from_matrix([[0.0, 0.1], [1 / 3, 0.0]], labels=["a", "b"])
    network.save(tmp_path / "n.yaml")
    done = run(installed, *cli, "convert", tmp_path / "n.yaml", tmp_path / "n.edges")
    assert done.returncode == 0
    assert "n.edges cannot carry:\n  - nodes.labels" in done.stderr
    assert run(installed, *cli, "convert", tmp_path / "n.edges", tmp_path / "back.yaml").returncode == 0
    back = Network.from_file(tmp_path / "back.yaml")
    assert back.weights_matrix.tobytes() == network.weights_matrix.tobytes()


@pytest.mark.slow
def test_it_passes_the_suite_of_formats(installed: dict[str, str], tmp_path: Path) -> None:
    options = ("-p", "no:cacheprovider", "--rootdir", tmp_path, "-c", os.devnull, "-q")
    done = run(installed, "-m", "pytest", *options, HERE / "suite_of_edges.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_it_is_not_there_where_it_is_not_installed() -> None:
    assert "edges" not in json.loads(
        subprocess.run(
            [sys.executable, "-c", "import json; from tvbo import registry; print(json.dumps(registry.names()))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
