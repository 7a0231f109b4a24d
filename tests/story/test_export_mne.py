"""The script that the page names builds a real projection network, and the page's last branch runs on it."""

import importlib.resources
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tvbo import Network

pytest.importorskip("mne")
ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "export_mne_standard1005_projection_network.py"
STEM = "sensors_eeg_standard1005_fsaverage_aparc_projection"


def export(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--source", "tvb", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"TVBO_DATABASE": str(folder)},
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: Any) -> Path:
    folder = tmp_path_factory.mktemp("database")
    done = export(folder, "--reduce", "sum")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("source: tvb")
    assert "coverage: 100% to 100%" in done.stdout
    return Path(folder)


def test_the_gain_agrees_with_the_one_that_tvb_ships(database: Path) -> None:
    network = Network.from_file(database / "networks" / f"{STEM}.yaml")
    assert "Neither fsaverage's cortex nor its aparc" in (network.description or "")
    data = importlib.resources.files("tvb_data")
    names = [line.split()[0] for line in (data / "sensors/eeg_brainstorm_65.txt").read_text().splitlines()]
    mapping = np.loadtxt(str(data / "regionMapping/regionMapping_16k_76.txt")).astype(int)
    theirs = np.load(str(data / "projectionMatrix/projection_eeg_65_surface_16k.npy")) @ np.eye(76)[mapping]
    shared = [name for name in names if name in network.nodes.labels]
    assert len(shared) > 50
    ours = network.matrix("gain")[[network.nodes.labels.tolist().index(name) for name in shared]]
    theirs = theirs[[names.index(name) for name in shared]]
    # Correlation over sensors is blind to the reference; amplitudes differ by the conductivities.
    columns = [np.corrcoef(a, b)[0, 1] for a, b in zip(ours.T, theirs.T, strict=True)]
    assert np.median(columns) > 0.93


def test_areas_weigh_the_sources_if_asked(database: Path, tmp_path: Path) -> None:
    done = export(tmp_path, "--reduce", "area")
    assert done.returncode == 0, done.stderr
    network = Network.from_file(tmp_path / "networks" / f"{STEM}.yaml")
    assert network.matrices["gain"].extra["reduction"] == "area"
    columns = network.extra["mne"]["columns"]
    # Both hemispheres of a cortex, in mm^2.
    assert 1e5 < np.sum(columns["area"]) < 3e5
    summed = Network.from_file(database / "networks" / f"{STEM}.yaml").matrix("gain")
    mean, area = summed / np.asarray(columns["used"]), network.matrix("gain")
    assert not np.allclose(mean, area, rtol=0.01)
    assert np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(mean.T, area.T, strict=True)]) > 0.99


def test_contradictions_are_refused_before_anything_is_computed(tmp_path: Path) -> None:
    done = export(tmp_path, "--reduce", "area", "--orientation", "free")
    assert done.returncode == 2
    assert "--reduce norm goes with --orientation free" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.story
def test_the_last_branch_of_the_page_runs(database: Path) -> None:
    page = Path(__file__).with_name("tvb_connectome_round_trip.py")
    done = subprocess.run(
        [sys.executable, str(page)],
        capture_output=True,
        text=True,
        env=os.environ | {"MPLBACKEND": "Agg", "TVBO_DATABASE": str(database)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "MNE projection layer: nodes=419, edges=" in done.stdout
    assert "gain_shape=(343, 76)" in done.stdout
