"""Linked networks: in memory, in one pair of files, and in a folder of them."""

import copy
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import tvbo
from tvbo import Mesh, Network, RowBlocks
from tvbo.errors import (
    LinkNotFoundError,
    MatrixNotFoundError,
    NetworkNotFoundError,
    ShapeError,
    SidecarError,
    TvboError,
    UnsafeFileError,
)
from tvbo.testing.assertions import assert_networks_identical


def regions() -> Network:
    made = Network.from_matrix(np.arange(9.0).reshape(3, 3), np.ones((3, 3)), labels=["a", "b", "c"])
    made.label = "three regions"
    return made


def surface(parent: Network | None = None) -> Network:
    mesh = Mesh(np.random.default_rng(0).normal(size=(5, 3)), np.array([[0, 1, 2], [2, 3, 4]]))
    return Network(mesh=mesh, node_mapping_data=[0, 0, 1, 2, -1], parent_network=parent, descriptor="surface")


def sensors(target: Network) -> Network:
    made = Network(tvbo.NodeTable(["Fz", "Oz"], np.eye(2, 3)), descriptor="projection")
    made.set_matrix("gain", np.asfortranarray(np.arange(10.0).reshape(2, 5)), unit="V", target_network=target)
    return made


def graph() -> Network:
    """A diamond: regions are the parent of the surface, and linked themselves."""
    below = regions()
    made = sensors(surface(below))
    made.links["regions"] = below
    return made


# ---------------------------------------------------------------- in memory


def test_the_target_is_the_network_that_was_given() -> None:
    target = surface()
    made = sensors(target)
    assert made.target("gain") is target
    assert repr(made) == "<Network None: 2 nodes, gain 2x5, linked to gain>"
    assert made.matrices["gain"].target_network is None
    with pytest.raises(MatrixNotFoundError):
        made.target("gian")
    with pytest.raises(LinkNotFoundError, match="did you mean 'gain'") as caught:
        made.links["gian"]
    assert isinstance(caught.value, KeyError)
    assert made.links.get("gian") is None
    made.set_matrix("other", np.ones((2, 4)), column_labels=list("abcd"))
    with pytest.raises(NetworkNotFoundError, match=r"'other' has no target network: set it, as in network\.links"):
        made.target("other")
    made.set_matrix("named", np.ones((2, 4)), target_network="x.yaml")
    with pytest.raises(NetworkNotFoundError, match=r"'x\.yaml', which was not read from a file"):
        made.target("named")


def test_a_target_of_another_size_is_refused() -> None:
    made = sensors(target := surface())
    with pytest.raises(ShapeError, match="its target network has 3 nodes"):
        made.set_matrix("gain", np.ones((2, 5)), target_network=regions())
    with pytest.raises(ShapeError, match="2 nodes"):
        made.set_matrix("gain", np.ones((3, 5)), target_network=surface())
    with pytest.raises(ShapeError, match="2 nodes"):
        made.set_matrix("more", np.ones((3, 5)), target_network=surface())
    assert made.target("gain") is target
    assert list(made.links) == ["gain"]
    made.set_matrix("gain", np.zeros((2, 5)))
    assert made.target("gain") is target
    made.set_matrix("gain", np.zeros((2, 3)), column_labels=["x", "y", "z"])
    assert not made.links


def test_circles_are_refused() -> None:
    below = regions()
    middle = surface(below)
    top = sensors(middle)
    for owner, other in ((below, top), (below, middle), (top, top)):
        with pytest.raises(ValueError, match="cannot be its own"):
            owner.links["back"] = other
        with pytest.raises(ValueError, match="cannot be its own"):
            owner.parent_network = other
    with pytest.raises(TypeError, match="link 'x' is a int"):
        top.links["x"] = 3  # type: ignore[assignment]


def test_links_count_in_diff_and_digest() -> None:
    first, second = graph(), graph()
    assert_networks_identical(first, second)
    second.target("gain").mesh.arrays["vertices"] = np.zeros((5, 3))
    assert [each.path for each in first.diff(second)] == ["links.gain.mesh.vertices"]
    assert first.digest() != second.digest()
    third = graph()
    third.links["regions"] = regions()
    # The same numbers, but no longer the network that is the parent.
    assert {each.path for each in first.diff(third)} >= {"links.regions.same_as"}


# ---------------------------------------------------------------- one pair


def test_one_pair_carries_all(tmp_path: Path) -> None:
    made = graph()
    made.save(tmp_path / "a.yaml")
    with h5py.File(tmp_path / "a.h5") as file:
        weights = []
        file.visit(lambda name: weights.append(name) if name.endswith("edges/weight") else None)
    # What is linked twice lies there once.
    assert len(weights) == 1
    assert "target_network: a.h5#/tvbo/links/0" in (tmp_path / "a.yaml").read_text()
    for name in ("a", "renamed"):
        found = Network.from_file(tmp_path / f"{name}.yaml")
        assert_networks_identical(made, found)
        assert found.digest() == made.digest()
        assert found.target("gain").parent() is found.links["regions"]
        assert found.matrix("gain").flags.f_contiguous
        assert found.validate(deep=True)
        if name == "a":
            found.save(tmp_path / "renamed.yaml")
            (tmp_path / "a.h5").unlink()
    found = Network.from_file(tmp_path / "renamed.yaml")
    found.links["regions"].set_matrix("weight", np.zeros((3, 3)))
    found.save(tmp_path / "renamed.yaml")
    again = Network.from_file(tmp_path / "renamed.yaml")
    assert not again.target("gain").parent().weights_matrix.any()
    again.links.pop("regions")
    assert not again.target("gain").parent().weights_matrix.any()


@pytest.mark.parametrize("all_in_one", [True, False])
def test_matrices_in_blocks_of_linked_networks_are_streamed(all_in_one: bool, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(5, 5))
    made = graph()
    for each, rows in ((made.target("gain"), 5), (made.links["regions"], 3)):
        blocks = iter([values[start : start + 1, :rows] for start in range(rows)])
        each.set_matrix("blocks", RowBlocks(blocks, (rows, rows)))
    if all_in_one:
        made.save(tmp_path / "sensors.yaml")
    else:
        made.save_all(tmp_path)
    found = Network.from_file(tmp_path / "sensors.yaml")
    for network in (found, made):
        np.testing.assert_array_equal(network.target("gain").matrix("blocks"), values)
        np.testing.assert_array_equal(network.target("gain").parent().matrix("blocks"), values[:3, :3])
    assert_networks_identical(made, found)


def test_links_are_opened_when_they_are_asked_for(tmp_path: Path) -> None:
    made = graph()
    made.save_all(tmp_path)
    (tmp_path / "surface.h5").write_bytes(b"damaged")
    found = Network.from_file(tmp_path / "sensors.yaml")
    np.testing.assert_array_equal(found.matrix("gain"), made.matrix("gain"))
    assert found.links["regions"].number_of_nodes == 3
    with pytest.raises(TvboError):
        found.target("gain")


def test_an_edit_by_hand_of_the_target_counts(tmp_path: Path) -> None:
    made = sensors(surface())
    made.save(tmp_path / "a.yaml")
    surface(regions()).save(tmp_path / "mine.yaml")
    path = tmp_path / "a.yaml"
    path.write_text(path.read_text().replace("a.h5#/tvbo/links/0", "mine.yaml"))
    with pytest.warns(tvbo.errors.TvboWarning, match="edited"):
        found = Network.from_file(path)
    assert "gain" not in found.links
    assert found.matrices["gain"].target_network == "mine.yaml"
    assert found.target("gain").has_parent_network
    found.save(path)
    assert_networks_identical(found, Network.from_file(path))


def test_a_name_that_a_file_gives_is_followed_when_asked(tmp_path: Path) -> None:
    made = Network(tvbo.NodeTable(["Fz", "Oz"]))
    made.set_matrix("gain", np.ones((2, 5)), target_network="surface.yaml")
    made.save(tmp_path / "a.yaml")
    found = Network.from_file(tmp_path / "a.yaml")
    # Its content does not depend on whether the other file is there.
    assert_networks_identical(made, found)
    with pytest.raises(NetworkNotFoundError, match=r"'surface\.yaml', which is not there"):
        found.target("gain")
    surface().save(tmp_path / "surface.yaml")
    assert found.target("gain") is found.target("gain")
    assert_networks_identical(found.target("gain"), surface())
    assert_networks_identical(made, found)
    made.matrices["gain"].target_network = "../surface.yaml"
    (tmp_path / "b").mkdir()
    made.save(tmp_path / "b" / "b.yaml")
    with pytest.raises(UnsafeFileError, match="same folder"):
        Network.from_file(tmp_path / "b" / "b.yaml").target("gain")


# ---------------------------------------------------------------- a folder of them


def test_a_folder_of_pairs_can_be_moved(tmp_path: Path) -> None:
    made = graph()
    paths = made.save_all(tmp_path / "here")
    assert list(paths) == ["sensors", "surface", "three_regions"]
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [
        f"{name}.{ending}" for name in sorted(paths) for ending in ("h5", "yaml")
    ]
    assert made.path == paths["sensors"]
    (tmp_path / "here").rename(tmp_path / "there")
    there = tmp_path / "there"
    found = Network.from_file(there / "sensors.yaml")
    assert_networks_identical(made, found)
    assert made.digest() == found.digest()
    assert found.target("gain").path == there / "surface.yaml"
    assert found.target("gain").parent() is found.links["regions"]
    assert "parent_network: three_regions.yaml" in (there / "surface.yaml").read_text()
    assert "target_network: surface.yaml" in (there / "sensors.yaml").read_text()
    # Each is written once: no pair holds what another does.
    with h5py.File(there / "sensors.h5") as file:
        assert "tvbo/links" not in file
    # Saved again where it lies, and alone.
    found.links["regions"].set_matrix("weight", np.zeros((3, 3)))
    assert list(found.save_all(there)) == ["sensors", "surface", "three_regions"]
    assert not Network.from_file(there / "surface.yaml").parent().weights_matrix.any()
    found.save(tmp_path / "alone.yaml")
    shutil.rmtree(there)
    assert_networks_identical(found, Network.from_file(tmp_path / "alone.yaml"))


def test_networks_of_the_same_name_and_odd_names(tmp_path: Path) -> None:
    first, second, third, fourth = (copy.deepcopy(regions()) for _ in range(4))
    first.label, second.label, third.label, fourth.label = "../a b", "A_b", "con", "x" * 300
    paths = tvbo.save_all([first, second, third, fourth, first], tmp_path)
    assert list(paths) == ["a_b", "A_b_2", "network_con", "x" * 64]
    for network, path in zip((first, second, third, fourth), paths.values(), strict=True):
        assert path.parent == tmp_path
        assert_networks_identical(network, Network.from_file(path))


def test_a_folder_with_others_is_left_alone(tmp_path: Path) -> None:
    regions().save(tmp_path / "three_regions.yaml")
    with pytest.raises(FileExistsError, match=r"three_regions\.yaml is there already"):
        graph().save_all(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["three_regions.h5", "three_regions.yaml"]


def test_a_pair_that_names_files_needs_them_beside(tmp_path: Path) -> None:
    with pytest.raises(NetworkNotFoundError, match=r"the link 'gain' of .* has no file in"):
        sensors(surface()).save(tmp_path / "a.yaml", carry=False)
    with pytest.raises(NetworkNotFoundError, match="the parent network of"):
        surface(regions()).save(tmp_path / "a.yaml", carry=False)
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- files of strangers


def with_record(path: Path, group: str, **changes: object) -> None:
    """Write another record into a pair, whose sidecar is then out of date."""
    with h5py.File(path.with_suffix(".h5"), "r+") as file:
        name = f"{group}tvbo/record"
        record = json.loads(file[name][()].tobytes())
        del file[name]
        file[name] = np.frombuffer(json.dumps(record | changes).encode(), np.uint8)


@pytest.mark.parametrize(
    "note",
    [
        {"group": ""},
        {"group": 3},
        {},
        {"group": "tvbo/nothing"},
        {"group": "edges/gain"},
        {"group": "../a"},
        {"file": "../a.yaml"},
        {"file": "/etc/passwd"},
        {"file": "a.yaml"},
        {"file": ["a"]},
        "text",
    ],
)
def test_links_that_lead_nowhere_are_errors(note: object, tmp_path: Path) -> None:
    sensors(surface()).save(tmp_path / "a.yaml")
    with_record(tmp_path / "a.yaml", "", links={"other": note})
    with pytest.raises(TvboError):
        Network.from_file(tmp_path / "a.yaml").links["other"].digest()


@pytest.mark.parametrize("back", ["tvbo/links/0", "tvbo/links/1", "tvbo/links/0/tvbo/parent"])
def test_circles_in_a_file_are_noticed(back: str, tmp_path: Path) -> None:
    graph().save(tmp_path / "a.yaml")
    with_record(tmp_path / "a.yaml", "tvbo/links/0/", links={"back": {"group": back}})
    with_record(tmp_path / "a.yaml", "tvbo/links/0/tvbo/parent/", links={"up": {"group": "tvbo/links/0"}})
    found = Network.from_file(tmp_path / "a.yaml")
    for act in (found.digest, lambda: found.save(tmp_path / "b.yaml"), lambda: found.save_all(tmp_path / "c")):
        with pytest.raises(TvboError):
            act()
    assert not found.validate()


def test_circles_of_files_are_noticed(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        made = Network(tvbo.NodeTable(["Fz"]))
        made.set_matrix("gain", np.ones((1, 1)), target_network=f"{other}.yaml")
        made.save(tmp_path / f"{name}.yaml")
    with pytest.raises(SidecarError, match="linked to it itself"):
        Network.from_file(tmp_path / "a.yaml").target("gain").target("gain")


def test_a_ladder_of_links_takes_no_time(tmp_path: Path) -> None:
    made = regions()
    for _ in range(20):
        above = regions()
        above.links["left"] = above.links["right"] = made
        made = above
    made.save(tmp_path / "a.yaml")
    found = Network.from_file(tmp_path / "a.yaml")
    # A million ways lead down; each network is looked at once.
    assert found.digest() == made.digest()
