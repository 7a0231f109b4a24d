"""The example networks are what their script makes, to the bit, and are as a network of a brain should be."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tvbo
from tvbo import Network
from tvbo.errors import LossyConversionWarning
from tvbo.testing.assertions import assert_networks_identical

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_example_networks.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("make_example_networks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shipped(name: str) -> Network:
    return Network.load(tvbo.database_path / "networks" / f"{name}.yaml")


def test_the_script_makes_what_is_shipped(script: ModuleType, tmp_path: Path) -> None:
    assert script.main(["--out", str(tmp_path)]) == 0
    for name in ("example_regions", "example_surface"):
        made = Network.from_file(tmp_path / f"{name}.yaml")
        assert_networks_identical(made, shipped(name))
        assert made.digest() == shipped(name).digest()
    # Again: it replaces its own.
    assert script.main(["--out", str(tmp_path)]) == 0


def test_they_are_sound_and_say_what_they_are() -> None:
    surface = shipped("example_surface")
    regions = surface.parent()
    assert regions.identical(shipped("example_regions"))
    for network in (surface, regions):
        assert network.validate(deep=True)
        assert not network.check().problems
        assert (network.description or "").startswith("Synthetic")


def test_the_surface_is_closed_and_faces_outwards() -> None:
    mesh = shipped("example_surface").need_mesh()
    edges = mesh.elements[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    assert len(np.unique(edges, axis=0)) == len(edges)
    assert set(map(tuple, edges.tolist())) == set(map(tuple, edges[:, ::-1].tolist()))
    corners = mesh.vertices[mesh.elements]
    assert np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() > 0


def test_the_regions_cover_the_surface() -> None:
    surface = shipped("example_surface")
    regions = surface.parent()
    assert np.unique(surface.node_mapping_data).tolist() == list(range(regions.number_of_nodes))
    assert (regions.weights_matrix == regions.weights_matrix.T).all()
    assert not regions.weights_matrix.diagonal().any()
    positions = regions.nodes.positions
    straight = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    assert (regions.lengths_matrix >= straight - 1e-9).all()


def test_tvb_takes_them() -> None:
    # TVB has no place for what they say of themselves.
    with pytest.warns(LossyConversionWarning, match="description"):
        made = shipped("example_surface").execute(format="tvb")
    assert made.connectivity.number_of_regions == 40
    assert made.surface.number_of_vertices == 1284
    assert made.region_mapping.array_data.max() == 39
