"""The commands: exit status, data on standard output, messages on standard error."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tvbo import Network


def tvbo(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from tvbo.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def saved(pair: Path) -> Path:
    network = Network.from_matrix(np.eye(3) / 3, np.ones((3, 3)), labels=["a", "b", "c"], positions=np.eye(3))
    network.label = "three"
    network.save(pair)
    return pair


def test_help_lists_every_command() -> None:
    done = tvbo("--help")
    assert done.returncode == 0
    for name in ("info", "verify", "validate", "convert", "plot", "formats", "demo"):
        assert f" {name} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, tvbo.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "h5py", "yaml", "matplotlib", "tvb"}.isdisjoint(loaded)


def test_info_tells_what_is_there(saved: Path) -> None:
    facts = json.loads(tvbo("info", saved, "--json").stdout)
    assert facts["number_of_nodes"] == 3
    assert facts["matrices"]["length"] == {"shape": [3, 3], "dtype": "float64", "format": "dense", "unit": "mm"}
    assert "three" in tvbo("info", saved).stdout


def test_verify_exits_0_only_for_identical_networks(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    assert tvbo("convert", saved, copy).returncode == 0
    assert tvbo("verify", saved, copy).returncode == 0
    network = Network.from_file(copy)
    network.set_matrix("length", np.full((3, 3), np.nextafter(1, 2)), unit="mm")
    network.save(copy)
    done = tvbo("verify", saved, copy, "--json")
    assert done.returncode == 1
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference["path"] == "matrices.length"
    assert "9 of 9 entries" in difference["detail"]


def test_validate_names_what_is_wrong(saved: Path) -> None:
    assert tvbo("validate", saved).returncode == 0
    companion = saved.with_suffix(".h5")
    companion.write_bytes(companion.read_bytes()[:-500])
    done = tvbo("validate", saved, "--json")
    assert done.returncode == 1
    assert not json.loads(done.stdout)["valid"]


def test_formats_lists_what_there_is() -> None:
    rows = {row["format"]: row for row in json.loads(tvbo("formats", "--json").stdout)}
    assert rows["tvbo"]["read"]
    assert rows["tvbo"]["write"]
    assert rows["tvb"]["objects out"]
    assert not rows["tvb"]["read"]


def test_plot_writes_a_picture(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert tvbo("plot", saved, out, "--kind", "matrix").returncode == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("arguments", [["info", "none.yaml"], ["convert", "none.yaml", "x.yaml"], ["verify", "a", "b"]])
def test_what_cannot_be_done_exits_2_with_a_sentence(arguments: list[str]) -> None:
    done = tvbo(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("tvbo: ")
    assert "Traceback" not in done.stderr


def test_the_demo_proves_the_round_trip(tmp_path: Path) -> None:
    done = tvbo("demo", tmp_path / "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "39 of 39 traits identical" in done.stdout
    report = (tmp_path / "demo" / "report.html").read_text()
    assert report.count("data:image/png;base64,") == 3
    assert "http" not in report.replace("http-equiv", "")
    names = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"regions.yaml", "regions.h5", "surface.yaml", "surface.h5", "overview.png"} <= names
