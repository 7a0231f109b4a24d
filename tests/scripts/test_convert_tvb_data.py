"""What tvb_data holds becomes networks that are found by name, linked, and give TVB what TVB reads itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tvb_data
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.local_connectivity import LocalConnectivity
from tvb.datatypes.projections import ProjectionSurfaceEEG
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.sensors import SensorsEEG
from tvb.datatypes.surfaces import CorticalSurface

import tvbo
from tvbo import Network
from tvbo.testing.assertions import same_bits

DATA = Path(tvb_data.__file__).parent
SCRIPT = Path(__file__).parents[2] / "scripts" / "convert_tvb_data.py"


def convert(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, env=os.environ | env
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    folder = Path(tmp_path_factory.mktemp("user")) / "networks"
    done = convert(TVBO_NETWORKS=str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("\nskipped") == int(done.stdout.rsplit(", ", 1)[1].split()[0])
    return folder


@pytest.fixture(autouse=True)
def _mine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TVBO_NETWORKS", str(folder))


def test_every_file_is_written_or_skipped_with_a_reason(folder: Path) -> None:
    found = [entry for entry in tvbo.list_networks() if entry.where == folder]
    files = [path for path in DATA.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    readable = [path for path in files if path.suffix in (".zip", ".txt", ".bz2", ".npy", ".mat")]
    assert {path.name.partition(".")[0] for path in readable} <= {entry.name for entry in found}
    for entry in found:
        network = Network.load(entry.name)
        assert network.validate(deep=True)
        place, _, said = (network.description or "").partition(" of ")
        assert (said, (DATA / place).is_file()) == ("tvb_data", True)
        assert network.label == entry.name == entry.label


@pytest.mark.filterwarnings("ignore:objects of TVB cannot carry description:tvbo.errors.LossyConversionWarning")
def test_numbers_are_those_that_tvb_reads() -> None:
    conn, theirs = Network.load("connectivity_76").execute(format="tvb"), Connectivity.from_file()
    for name in ("weights", "tract_lengths", "centres", "areas", "orientations", "cortical"):
        assert same_bits(getattr(conn, name), getattr(theirs, name)), name
    mapping = Network.load("regionMapping_16k_76").execute(format="tvb")
    assert type(mapping) is RegionMapping
    assert same_bits(mapping.array_data, RegionMapping.from_file().array_data)
    assert same_bits(mapping.surface.vertices, CorticalSurface.from_file().vertices)
    assert same_bits(mapping.connectivity.weights, theirs.weights)
    projection = Network.load("projection_eeg_65_surface_16k").execute(format="tvb")
    assert type(projection) is ProjectionSurfaceEEG
    assert same_bits(
        projection.projection_data, ProjectionSurfaceEEG.from_file("projection_eeg_65_surface_16k.npy").projection_data
    )
    assert type(projection.sensors) is SensorsEEG
    assert same_bits(projection.sensors.locations, SensorsEEG.from_file().locations)
    assert same_bits(projection.sources.triangles, CorticalSurface.from_file().triangles)
    local = Network.load("local_connectivity_16384").execute(format="tvb")
    assert same_bits(local.matrix.data, LocalConnectivity.from_file().matrix.data)
    assert same_bits(local.surface.vertices, CorticalSurface.from_file().vertices)


def test_links_lead_to_networks_of_the_folder(folder: Path) -> None:
    projection = Network.load("projection_meg_276_surface_16k")
    assert projection.target("gain").path == folder / "cortex_16384.yaml"
    mapping = Network.load("regionMapping_16k_192")
    assert mapping.parent().path == folder / "connectivity_192.yaml"
    # The regions that no vertex belongs to are appended.
    assert mapping.number_of_nodes == 16384
    assert mapping.node_mapping_data is not None
    assert np.unique(mapping.node_mapping_data).tolist() == list(range(192))
    tables = Network.load("output_ConnectionCapacityMatrix")
    assert tables.matrix_names == ("weight", "length")


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    shutil.copy(DATA / "connectivity" / "connectivity_66.zip", data)
    (data / "broken.zip").write_bytes(b"no zip")
    done = convert(out, "--data", data)
    assert done.returncode == 0, done.stderr
    assert "skipped  broken.zip" in done.stdout
    before = (out / "connectivity_66.yaml").read_bytes()
    done = convert(out, "--data", data)
    assert done.returncode == 2
    assert "connectivity_66 already: give --force" in done.stderr
    assert convert(out, "--data", data, "--force").returncode == 0
    assert (out / "connectivity_66.yaml").read_bytes() == before
    assert convert(out, "--data", tmp_path / "nothing").returncode == 2


def test_tvb_is_not_imported(tmp_path: Path) -> None:
    code = (
        f"import runpy, sys, json; sys.argv = ['x', {str(tmp_path / 'out')!r}, '--data', {str(DATA / 'sensors')!r}]\n"
        f"try: runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
        "except SystemExit: print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert {"tvb", "tvb_data"}.isdisjoint(loaded)
