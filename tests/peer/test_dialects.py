"""
Every network that tvbo 0.5.3 ships, and every dialect that it writes, goes through us and back to it.

Opt-in (``make peer``), as `test_peer`; its own database is copied out of its environment, and not kept.
"""

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import yaml

from tvbo import Network
from tvbo.errors import CompanionError

pytestmark = [
    pytest.mark.peer,
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore::tvbo.errors.TvboWarning"),
]
ROOT = Path(__file__).parents[2]
SHIPPED, WHOLE = 63, 9


@pytest.fixture(scope="module")
def peer() -> Any:
    spec = importlib.util.spec_from_file_location("peer", ROOT / "benchmarks" / "peer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.python()
    return module


@pytest.fixture(scope="module")
def shipped(peer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the package ships."""
    ask = "import importlib.util as i; print(i.find_spec('tvbo').submodule_search_locations[0])"
    told = subprocess.run(
        [str(peer.python()), "-I", "-c", ask],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path_factory.getbasetemp(),
    )
    folder = tmp_path_factory.mktemp("shipped") / "networks"
    shutil.copytree(Path(told.stdout.strip()) / "database" / "networks", folder, ignore=shutil.ignore_patterns("bids"))
    assert len(list(folder.glob("*.yaml"))) == SHIPPED
    return folder


def arrays_of(path: Path) -> dict[str, Any]:
    """Read the matrices of a companion of the peer with h5py alone."""
    found = {}
    with h5py.File(path) as file:
        for name, group in file.get("edges", {}).items():
            values = group["data"][()]
            if group.attrs["format"] == "csr":
                values = sp.csr_array(
                    (values, group["indices"][()], group["indptr"][()]), group.attrs["shape"]
                ).toarray()
            found[name] = values
    return found


def test_every_network_that_is_shipped_comes_back(peer: Any, shipped: Path, lost_keys: Any, tmp_path: Path) -> None:
    sources = {path.name: yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted(shipped.glob("*.yaml"))}
    whole = 0
    for name, source in sources.items():
        network = Network.from_file(shipped / name)
        companion = shipped / source.get("data_file", "none")
        held = arrays_of(companion) if companion.exists() else {}
        whole += companion.exists()
        for row in source.get("edges", []):
            if "source" in row:
                continue
            if row["label"] in held:
                np.testing.assert_array_equal(network.matrix(row["label"]), held[row["label"]])
            else:
                with pytest.raises(CompanionError, match=r"lies in .*\.h5, which is missing: put"):
                    network.matrix(row["label"])
        network.save(tmp_path / name)
        written = yaml.load((tmp_path / name).read_text(), yaml.CSafeLoader)
        assert lost_keys(source, written, "parent_network") == [], name
        # A parent is carried along.
        assert ("parent_network" in source) == ("parent_network" in written)
        if "parent_network" in source:
            assert Network.from_file(tmp_path / name).parent().number_of_nodes > 0
    assert whole == WHOLE
    told = peer.run("examine", str(tmp_path))
    assert len(told) == SHIPPED
    assert {name: each["error"] for name, each in told.items() if "error" in each} == {}
    for name, source in sources.items():
        if "nodes" in source:
            assert told[name]["n"] == len(source["nodes"])
            assert told[name]["nodes"] == [row["label"] for row in source["nodes"]]
        companion = shipped / source.get("data_file", "none")
        seen = np.load((tmp_path / name).with_suffix(".npz")) if companion.exists() else {}
        for label, values in arrays_of(companion).items() if companion.exists() else ():
            np.testing.assert_array_equal(seen[label], values)


def test_every_dialect_goes_back_to_the_peer(peer: Any, tmp_path: Path) -> None:
    archive = ROOT / "tests" / "archives" / "peer-0.5.3"
    names = sorted(path.name for path in archive.iterdir() if path.suffix in (".yaml", ".json"))
    for name in names:
        Network.from_file(archive / name).save((tmp_path / name).with_suffix(".yaml"), nodes="inline")
    told = peer.run("examine", str(tmp_path))
    assert len(told) == len(names)
    assert {name: each["error"] for name, each in told.items() if "error" in each} == {}
    for name in names:
        companion = (archive / name).with_suffix(".h5")
        if name in ("sparse.yaml", "odd.yaml") or not companion.exists():
            continue
        seen = np.load((tmp_path / name).with_suffix(".npz"))
        for label, values in arrays_of(companion).items():
            np.testing.assert_array_equal(seen[label], values)
    parameters = np.load(tmp_path / "gain.npz")
    assert sorted(parameters.files) == ["gain", "gain@delay", "gain@scale", "rectangle"]
    np.testing.assert_array_equal(parameters["gain@scale"], np.ones((3, 2)))
    sparse = np.load(tmp_path / "sparse.npz")
    # The peer itself cannot read what it was handed as a sparse matrix; of our copy it can.
    for label in ("shapeless csr", "shapeless_coo"):
        np.testing.assert_array_equal(sparse[label], sparse["weight"])
