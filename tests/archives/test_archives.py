"""Files of every release, and of the other tvbo, are read for ever."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml

from tvbo import Network
from tvbo.errors import CompanionError, LossyConversionWarning, NetworkNotFoundError, TvboWarning

HERE = Path(__file__).parent
PEER = HERE / "peer-0.5.3"
DIALECTS = sorted(path.name for path in PEER.iterdir() if path.suffix in (".yaml", ".json"))
OURS = [
    (folder.name, name, digest)
    for folder in sorted(HERE.glob("tvbo-*"))
    for name, digest in json.loads((folder / "digests.json").read_text()).items()
]


@pytest.mark.parametrize(("release", "name", "digest"), OURS)
def test_every_release_is_read_to_the_last_bit(release: str, name: str, digest: str) -> None:
    network = Network.from_file(HERE / release / f"{name}.yaml")
    assert network.digest() == digest
    # A digest would hide a change in what it covers: a few values are held against literals.
    regions = network if name == "regions" else network.parent()
    assert regions.nodes.labels.tolist() == ["no", "é", "\ud800", "1e3", " a\n"]
    assert regions.nodes.columns["area"].view(np.uint64).tolist() == [0xFFF8000000000001] * 5
    assert regions.nodes.positions.flags.f_contiguous
    assert regions.matrix("dok", format=None).format == "dok"
    assert regions.conduction_speed.value.shape == (5, 5)
    assert regions.extra["note"]["tuple"] == (1, None, "x")


def test_what_the_other_tvbo_wrote_is_read() -> None:
    network = Network.from_file(HERE / "peer-0.5.3" / "regions.yaml")
    assert network.number_of_nodes == 76
    assert network.weights_matrix.dtype == np.float32
    assert network.weights_matrix.max() == 3.0
    assert network.nodes[0].label == "rA1"
    assert network.nodes[0].parameters.area.value == 396.44065
    assert network.nodes.extra[0] == {"record": True}
    assert network.conduction_speed.value == 3.0
    with pytest.warns(LossyConversionWarning, match=r"nodes\.extra"):
        connectivity = network.execute(format="tvb")
    assert connectivity.areas[1] == 937.50289


def peer(name: str, *said: str) -> Network:
    """Open a file of the other tvbo, which is warned of in these words."""
    with pytest.warns(TvboWarning) as found:
        network = Network.from_file(PEER / name)
    assert len(found) == len(said)
    for each, words in zip(found, said, strict=True):
        assert words in str(each.message)
    return network


@pytest.mark.filterwarnings("ignore::tvbo.errors.TvboWarning")
@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_read_and_every_key_is_written_back(name: str, tmp_path: Path, lost_keys: Any) -> None:
    source = (
        json.loads((PEER / name).read_text()) if name.endswith("json") else yaml.safe_load((PEER / name).read_text())
    )
    network = Network.from_file(PEER / name)
    path = tmp_path / "again.yaml"
    # Nodes of surfaces would go into the companion.
    network.save(path, nodes="inline")
    assert lost_keys(source, yaml.safe_load(path.read_text()), "parent_network") == []
    again = Network.from_file(path)
    if name not in ("as_csv.yaml", "misnamed.yaml"):
        assert network.identical(again)
    again.save(path, nodes="inline")
    assert lost_keys(source, yaml.safe_load(path.read_text()), "parent_network") == []


def test_edges_listed_one_by_one() -> None:
    network = peer("edge_list.yaml", "edge 4 joins two nodes that an edge before it joins already")
    assert network.nodes.ids.tolist() == [1, 2, 3, 4]
    weights = [[0, 0.7, 0, 0], [0.7, 0, 0.25, 0], [0, 0.9, 0, 0], [0, 0, 0, 0.5]]
    np.testing.assert_array_equal(network.weights_matrix, weights)
    # The second edge between the first two nodes has no length.
    np.testing.assert_array_equal(network.lengths_matrix[2], [0, 1 / 3, 0, 0])
    assert network.lengths_matrix[3, 3] == 7
    assert network.matrices["length"].unit == "cm"
    assert network.extra["sidecar"]["edges"][5]["target_network"] == "elsewhere.yaml"


def test_all_that_is_said_of_nodes() -> None:
    network = Network.from_file(PEER / "rich_nodes.yaml")
    assert network.nodes.labels.tolist() == ["no", "1e3", "é", "whole"]
    assert network.nodes.ids.tolist() == [1, 2, 3, 7]
    extra = network.nodes.extra
    assert extra[0] == {"record": False, "dynamics": "Generic2dOscillator", "region": "Left Frontal"}
    assert extra[1]["parameters"] == {"color": {"value": "#430affff"}}
    assert extra[1]["state"]["V"]["value"] == 0.1
    assert extra[2]["events"]["kick"]["trigger_times"] == [1.0]
    assert extra[3]["subnetwork"]["number_of_nodes"] == 2
    kept = ["bids", "dynamics", "observational_measures", "parcellation", "provenance", "tractogram", "transforms"]
    assert sorted(network.extra["sidecar"]) == kept


def test_every_layout_of_a_matrix() -> None:
    network = Network.from_file(PEER / "sparse.yaml")
    layouts = {name: matrix.format for name, matrix in network.matrices.items()}
    sparse = {"weight": "csr", "length": "coo", "shapeless csr": "csr", "shapeless_coo": "coo"}
    assert layouts == sparse | {"plain": "dense"}
    weights = network.weights_matrix
    assert (np.count_nonzero(weights), weights[4, 4]) == (9, 1)
    for name in ("shapeless csr", "shapeless_coo"):
        np.testing.assert_array_equal(network.matrix(name), weights)
    np.testing.assert_allclose(network.lengths_matrix, weights * 10, rtol=1e-6)
    np.testing.assert_array_equal(network.matrix("plain"), weights > 0)
    assert network.matrices["length"].unit == "mm"
    assert network.matrices["plain"].extra["description"] == "of ones and zeros"


def test_rectangles_and_what_belongs_to_their_edges(tmp_path: Path) -> None:
    network = Network.from_file(PEER / "gain.yaml")
    gain = network.matrices["gain"]
    assert (gain.shape, gain.column_labels.tolist(), gain.unit) == ((3, 2), ["ctx-l", "1"], "arbitrary_unit")
    assert gain.target_network == "regions.yaml"
    assert network.matrix("rectangle").shape == (3, 4)
    network.save(tmp_path / "a.yaml")
    with h5py.File(PEER / "gain.h5") as before, h5py.File(tmp_path / "a.h5") as after:
        for name in ("delay", "scale"):
            group = f"edges/gain/edge_parameters/{name}"
            assert dict(after[group].attrs)["format"] == "dense"
            np.testing.assert_array_equal(after[f"{group}/data"], before[f"{group}/data"])


@pytest.mark.parametrize("name", ["both.yaml", "as_json.json"])
def test_a_matrix_beside_listed_edges(name: str) -> None:
    network = Network.from_file(PEER / name)
    assert list(network.matrices) == ["fc", "weight"]
    np.testing.assert_array_equal(network.weights_matrix, [[0, 0, 2], [0, 0, 0], [2, 0, 0]])
    assert network.matrix("fc").dtype == np.float32
    np.testing.assert_array_equal(network.node_mapping_data, [0, -1, 1])


def test_matrices_under_one_anothers_names_are_told_of() -> None:
    network = peer("misnamed.yaml", "names /edges/length, which misnamed.h5 does not hold", "'fc' may be the weights")
    # What is called fc was the weights, and what is called weight the lengths.
    assert (network.matrix("fc")[0, 0], network.weights_matrix[0, 0]) == (1, 2)
    with pytest.raises(CompanionError, match="does not hold it"):
        network.matrix("length")


def test_what_fits_no_matrix_is_carried_along(tmp_path: Path) -> None:
    network = peer("odd.yaml", "'vector' has shape (3,)", "'more rows' has shape (4, 3)")
    assert list(network.matrices) == ["weight"]
    network.save(tmp_path / "a.yaml")
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["edges/vector/data"], [0, 1, 2])
        np.testing.assert_array_equal(file["edges/more rows/data"], np.ones((4, 3)))


def test_a_table_as_companion() -> None:
    network = Network.from_file(PEER / "as_csv.yaml")
    np.testing.assert_array_equal(network.matrix("fc"), np.ones((3, 3)))
    with pytest.raises(CompanionError, match="holds the first matrix of its sidecar alone"):
        network.weights_matrix.sum()


def test_a_surface_beside_its_parent_and_alone(tmp_path: Path) -> None:
    surface = Network.from_file(PEER / "surface.yaml")
    np.testing.assert_array_equal(surface._mesh_elements, [[0, 1, 2], [0, 2, 3]])
    np.testing.assert_array_equal(surface.node_mapping_data, [2, 1, -1, 0])
    # It names its parent by label, and that lies beside.
    assert surface.parent().nodes.labels.tolist() == ["a", "b", "c"]
    for ending in ("yaml", "h5"):
        (tmp_path / f"surface.{ending}").write_bytes((PEER / f"surface.{ending}").read_bytes())
    alone = Network.from_file(tmp_path / "surface.yaml")
    with pytest.warns(TvboWarning, match="its parent network 'Connectivity gid"):
        alone.save(tmp_path / "again.yaml")
    with pytest.raises(NetworkNotFoundError, match="Connectivity gid"):
        Network.from_file(tmp_path / "again.yaml").parent()
