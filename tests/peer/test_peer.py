"""
Side by side with tvbo 0.5.3: it opens what we save, and we open what it saves.

Opt-in (``make peer``): it installs that package into an environment of its own.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network

pytestmark = [pytest.mark.peer, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def peer() -> Any:
    path = Path(__file__).parents[2] / "benchmarks" / "peer.py"
    spec = importlib.util.spec_from_file_location("peer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.python()
    return module


def opened(peer: Any, path: Path) -> tuple[dict[str, Any], Any]:
    arrays = path.with_suffix(".npz")
    return peer.run("read", str(path), str(arrays)), np.load(arrays)


@pytest.mark.parametrize("name", ["66", "68", "76", "96", "192"])
def test_the_peer_opens_our_regions_with_equal_arrays(peer: Any, tmp_path: Path, name: str) -> None:
    connectivity = Connectivity.from_file(f"connectivity_{name}.zip")
    connectivity.configure()
    path = tmp_path / "regions.yaml"
    Network.from_tvb(connectivity).save(path)
    facts, arrays = opened(peer, path)
    assert facts == {"label": connectivity.title, "speed": 3.0}
    np.testing.assert_array_equal(arrays["weight"], connectivity.weights)
    np.testing.assert_array_equal(arrays["length"], connectivity.tract_lengths)
    np.testing.assert_array_equal(arrays["positions"], connectivity.centres)
    np.testing.assert_array_equal(arrays["labels"], connectivity.region_labels)


def test_the_peer_opens_our_surface(peer: Any, tmp_path: Path) -> None:
    surface, mapping = CorticalSurface.from_file(), RegionMapping.from_file()
    mapping.connectivity, mapping.surface = Connectivity.from_file(), surface
    path = tmp_path / "surface.yaml"
    Network.from_tvb(mapping).save(path)
    _, arrays = opened(peer, path)
    assert int(arrays["n"]) == 16384
    # It casts to float32 and int32 in memory; the values are ours.
    np.testing.assert_array_equal(arrays["vertices"], surface.vertices.astype(np.float32))
    np.testing.assert_array_equal(arrays["elements"], surface.triangles)
    np.testing.assert_array_equal(arrays["mapping"], mapping.array_data)


def test_the_peer_opens_our_sparse_and_rectangular_matrices(peer: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = sp.random_array((600, 600), density=0.05, format="csr", rng=rng)
    network = Network.from_matrix(weights, sp.csc_array(weights * 2), fc=rng.random((600, 600)))
    network.set_matrix("gain", rng.random((600, 3)), unit="V/(A*m)", column_labels=["a", "b", "c"])
    path = tmp_path / "mixed.yaml"
    network.save(path)
    _, arrays = opened(peer, path)
    for name, theirs in (("weight", "weight"), ("length", "length"), ("fc", "fc"), ("gain", "gain")):
        np.testing.assert_array_equal(arrays[theirs], network.matrix(name))


def test_we_open_what_the_peer_saves(peer: Any, tmp_path: Path) -> None:
    peer.run("write", str(tmp_path))
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    regions = Network.from_file(tmp_path / "regions.yaml")
    np.testing.assert_array_equal(regions.weights_matrix, connectivity.weights.astype(np.float32))
    np.testing.assert_array_equal(regions.nodes.positions, connectivity.centres)
    np.testing.assert_array_equal(regions.nodes.columns["area"], connectivity.areas)
    back = regions.execute(format="tvb")
    np.testing.assert_array_equal(back.areas, connectivity.areas)
    cortex = Network.from_file(tmp_path / "surface.yaml")
    np.testing.assert_array_equal(cortex._mesh_vertices, surface.vertices.astype(np.float32))
    np.testing.assert_array_equal(cortex._mesh_elements, surface.triangles)
    np.testing.assert_array_equal(cortex.node_mapping_data, mapping.array_data)
    assert cortex.parent_network is not None
    assert cortex.parent_network.number_of_nodes == 76
    for network in (regions, cortex):
        again = tmp_path / "again.yaml"
        network.save(again)
        assert network.identical(Network.from_file(again))
