"""Pairs that were edited by hand, torn, mixed up or never ours: read as meant, or refused with the reason."""

import copy
import hashlib
import json
import os
import pickle
import shutil
import threading
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
import yaml
from tvb.datatypes.connectivity import Connectivity

from tvbo import Network, NodeTable, Parameter
from tvbo.errors import (
    CompanionError,
    DuplicateNameError,
    LimitError,
    MismatchError,
    NetworkNotFoundError,
    ShapeError,
    SidecarError,
    TvboWarning,
)
from tvbo.storage import pair as pairs
from tvbo.storage import replacing


def regions(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    made = Network.from_matrix(rng.random((3, 3)), rng.random((3, 3)) * 100, labels=["a", "no", "c"])
    made.nodes.positions = np.arange(9.0).reshape(3, 3)
    made.nodes.columns["area"] = np.array([1.5, 2.5, 3.5])
    made.nodes.columns["cortical"] = np.array([True, False, True])
    made.parameters["conduction_speed"] = Parameter(np.array([1.0, 2.0]), "mm_per_ms", "v")
    return made


def open_edited(path: Path) -> Network:
    """Open a pair whose sidecar is not the one that was saved; that is said."""
    with pytest.warns(TvboWarning, match="was edited since it was saved"):
        return Network.from_file(path)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    regions().save(path)
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# ---------------------------------------------------------------- edits by hand


def test_an_edit_is_told_from_what_was_saved(saved) -> None:
    assert pairs.open_pair(saved).state == "whole"
    edit(saved, "number_of_nodes", "description: mine\nnumber_of_nodes")
    with pytest.warns(TvboWarning, match="first in line 4"):
        assert pairs.open_pair(saved).state == "edited"
    assert open_edited(saved).description == "mine"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    x: 3.0\n", ""),
        ("    x: 3.0\n", "    x: left\n"),
        ("  position:\n    x: 3.0\n    y: 4.0\n    z: 5.0\n", ""),
    ],
)
def test_a_position_that_is_gone_is_named(saved, old, new) -> None:
    edit(saved, old, new)
    with pytest.raises(SidecarError, match=r"node 1 \('no'\) has the position"):
        open_edited(saved)


def test_numbers_as_people_and_json_write_them(saved) -> None:
    edit(saved, "x: 3.0", "x: 1e-3")
    edit(saved, "value: 2.5", "value: 400")
    edit(saved, "value: 1.0", "value: true")
    found = open_edited(saved)
    assert found.nodes[1].position.x == 1e-3
    np.testing.assert_array_equal(found.nodes.columns["area"], [1.5, 400, 3.5])
    assert found.nodes.columns["area"].dtype == np.float64
    np.testing.assert_array_equal(found.nodes.columns["cortical"], [True, False, True])
    record = yaml.safe_load(saved.read_text())
    record["nodes"][0]["position"]["x"], record["nodes"][1]["position"]["x"] = 1e-5, 1e-3
    record["nodes"][0]["label"] = "\U0001f600"
    saved.with_suffix(".json").write_text(json.dumps(record))
    saved.unlink()
    from_json = open_edited(saved.with_suffix(".json"))
    assert from_json.nodes[0].position.x == 1e-5
    assert from_json.nodes[0].label == "\U0001f600"


def test_text_that_looks_like_a_number_stays_text(tmp_path) -> None:
    made = Network.from_matrix(np.eye(2), labels=["1e3", "-5E-2"])
    made.nodes.columns["colour"] = np.array(["1e10", "x"])
    made.parameters["name"] = Parameter("1e3")
    made.save(tmp_path / "a.yaml")
    assert made.identical(Network.from_file(tmp_path / "a.yaml"))


def test_labels_are_text_whatever_yaml_makes_of_them(tmp_path) -> None:
    path = tmp_path / "by_hand.yaml"
    path.write_text("nodes:\n" + "".join(f"- label: {label}\n" for label in ("no", "0x1F", "12:30:00", "007", "1.50")))
    assert Network.from_file(path).nodes.labels.tolist() == ["no", "0x1F", "12:30:00", "007", "1.50"]


def test_values_that_make_no_sense_are_named(saved) -> None:
    for old, new, reason in (
        ("value: 2.5", "value: big", r"node 1 \('no'\) has area = 'big'"),
        ("value: 0.0", "value: 0.5", "cortical of node 1 is .*0.5.*: expected 0 or 1"),
        ("number_of_nodes: 3", "number_of_nodes: 4", "number_of_nodes is 4, but 3 nodes are listed"),
        ("label: a", "label: a\n  label: b", "'label' stands twice"),
    ):
        before = saved.read_text()
        edit(saved, old, new)
        with warnings.catch_warnings():
            # A key that stands twice is found before anything else is said.
            warnings.simplefilter("ignore", TvboWarning)
            with pytest.raises(SidecarError, match=reason):
                Network.from_file(saved)
        saved.write_text(before)


def test_what_is_said_of_a_matrix_by_hand_counts_and_stays(saved) -> None:
    edit(saved, "directed: true", "directed: false")
    edit(saved, "non_negative: true", "non_negative: false")
    found = open_edited(saved)
    assert found.matrices["weight"].directed is False
    found.save(saved)
    row = yaml.safe_load(saved.read_text())["edges"][0]
    assert (row["directed"], row["non_negative"]) == (False, False)
    assert found.identical(Network.from_file(saved))


def test_the_value_of_a_parameter_by_hand_counts(saved) -> None:
    edit(saved, "value: 1.5", "value: 9.0")
    assert open_edited(saved).conduction_speed.value == 9.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.0])
def test_a_parameter_that_is_an_array_of_one_stays_one(tmp_path, value) -> None:
    made = regions()
    made.parameters["conduction_speed"] = Parameter(np.full((1, 1), value), "mm_per_ms")
    made.save(tmp_path / "a.yaml")
    assert Network.from_file(tmp_path / "a.yaml").identical(made)


def test_a_label_given_by_hand_counts(tmp_path) -> None:
    Network.from_matrix(np.eye(2)).save(tmp_path / "a.yaml")
    edit(tmp_path / "a.yaml", "label: node_1", "label: V1")
    assert open_edited(tmp_path / "a.yaml").nodes.labels.tolist() == ["node_0", "V1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo: 1\n", "is no network"),
        ("tvbo_class: other:Thing\n", "holds a 'other:Thing'"),
        ("number_of_nodes: 1\nparameters: hi\n", "parameters must be"),
        ("number_of_nodes: 1\nedges: [weight]\n", "edges must be"),
        ("nodes: 3\n", "nodes must be"),
        ("number_of_nodes: many\n", "whole number"),
        ("number_of_nodes: 1\nnumber_of_nodes: 2\n", "'number_of_nodes' stands twice"),
    ],
)
def test_what_is_no_network_is_refused(tmp_path, text, reason) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(SidecarError, match=reason):
        Network.from_file(path)


# ---------------------------------------------------------------- halves that do not fit


def test_the_companion_of_another_save_is_refused(saved, tmp_path) -> None:
    regions(1).save(tmp_path / "other.yaml")
    shutil.copy(tmp_path / "other.h5", saved.with_suffix(".h5"))
    with pytest.raises(MismatchError, match="come from different saves"):
        Network.from_file(saved)


def test_a_save_cut_between_the_two_files_gives_the_new_network(saved) -> None:
    old = saved.read_bytes()
    regions(1).save(saved)
    saved.write_bytes(old)
    with pytest.warns(TvboWarning, match="a save was interrupted"):
        assert Network.from_file(saved).identical(regions(1))
    Network.from_matrix(np.eye(2)).save(saved)
    assert pairs.open_pair(saved).state == "whole"


def test_the_companion_alone_is_complete(saved) -> None:
    saved.unlink()
    found = Network.from_file(saved.with_suffix(".h5"))
    assert found.identical(regions())
    with pytest.raises(NetworkNotFoundError) as caught:
        Network.from_file(saved)
    assert "net.h5 is there" in str(caught.value.__notes__)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 0.99])
def test_a_sidecar_that_is_cut_off_is_refused(saved, share) -> None:
    text = saved.read_text()
    lines = text.splitlines(keepends=True)
    saved.write_text("".join(lines[: int(len(lines) * share)]))
    with pytest.raises(SidecarError):
        Network.from_file(saved)


def test_the_identifier_does_not_depend_on_compression(tmp_path) -> None:
    heads = set()
    for compression in ("gzip", "none", 9):
        regions().save(tmp_path / "a.yaml", compression=compression)
        heads.add((tmp_path / "a.yaml").read_text().splitlines()[0])
    assert len(heads) == 1


@pytest.mark.parametrize("place", ["extra", "sidecar"])
def test_what_could_not_be_read_again_is_not_written(saved, place) -> None:
    before = {path.name: path.read_bytes() for path in saved.parent.iterdir()}
    deep: list[object] = []
    for _ in range(100):
        deep = [deep]
    network = regions(1)
    network.extra[place] = {"deep": deep}
    with pytest.raises(LimitError, match="depth"):
        network.save(saved)
    network.extra[place] = {"odd": {1, 2}}
    with pytest.raises(TypeError, match="odd"):
        network.save(saved)
    assert {path.name: path.read_bytes() for path in saved.parent.iterdir()} == before


def test_anybody_can_check_the_digest_of_an_array(saved) -> None:
    with h5py.File(saved.with_suffix(".h5")) as file:
        stored = file["edges/weight/data"]
        assert stored.attrs["sha256"].decode() == hashlib.sha256(stored[()].tobytes()).hexdigest()


def test_warnings_point_at_the_line_that_asked(saved, tmp_path) -> None:
    old = saved.read_bytes()
    regions(1).save(saved)
    saved.write_bytes(old)
    with pytest.warns(TvboWarning, match="interrupted") as caught:
        Network.from_file(saved)
    regions().save(saved)
    for ending in (".yaml", ".h5"):
        saved.with_suffix(ending).rename((tmp_path / "new").with_suffix(ending))
    with pytest.warns(TvboWarning, match="opened new") as also:
        Network.from_file(tmp_path / "new.yaml")
    assert {warning.filename for warning in [*caught, *also]} == {__file__}


# ---------------------------------------------------------------- what is not ours


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path) -> None:
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["precious"] = 1
    with pytest.raises(FileExistsError, match="is no companion of a network"):
        regions().save(tmp_path / "data.yaml")
    (tmp_path / "text.h5").write_text("precious")
    with pytest.raises(FileExistsError):
        regions().save(tmp_path / "text.yaml")
    regions().save(tmp_path / "a.yaml")
    with pytest.raises(FileExistsError, match=r"a\.yaml uses a\.h5 too"):
        regions(1).save(tmp_path / "a.yml")
    assert regions().identical(Network.from_file(tmp_path / "a.yaml"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "a.yaml", "data.h5", "text.h5"]


@pytest.mark.parametrize("text", ["label: x\ndata_file: ba.h5\n", "label: a.h5\nnodes: []\n"])
def test_sidecars_that_only_mention_the_companion_do_not_hinder(tmp_path, text) -> None:
    (tmp_path / "a.yml").write_text(text)
    (tmp_path / "ba.h5").write_text("of somebody else")
    regions().save(tmp_path / "a.yaml")
    assert regions().identical(Network.from_file(tmp_path / "a.yaml"))
    (tmp_path / "a.yml").write_text("label: [")
    with pytest.raises(FileExistsError, match=r"a\.yml uses a\.h5 too"):
        regions(1).save(tmp_path / "a.yaml")


def test_the_companion_of_another_program_is_replaced_with_its_sidecar_only(tmp_path) -> None:
    for name, text in (("mine", "number_of_nodes: 1\ndata_file: mine.h5\n"), ("not", "label: not.h5\nnodes: []\n")):
        (tmp_path / f"{name}.yaml").write_text("#\n" * 4096 + text)
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["precious"] = 1
    regions().save(tmp_path / "mine.yaml")
    assert regions().identical(Network.from_file(tmp_path / "mine.yaml"))
    with pytest.raises(FileExistsError, match="is no companion of a network"):
        regions().save(tmp_path / "not.yaml")


def test_a_save_replaces_links_and_not_what_they_lead_to(saved, tmp_path) -> None:
    # As git-annex lays files out: what links lead to is read-only, and named after its content.
    objects = tmp_path / "objects"
    objects.mkdir()
    for ending in (".yaml", ".h5"):
        saved.with_suffix(ending).rename(objects / f"key{ending}")
        (objects / f"key{ending}").chmod(0o444)
        saved.with_suffix(ending).symlink_to(f"objects/key{ending}")
    before = {path.name: path.read_bytes() for path in objects.iterdir()}
    found = Network.from_file(saved)
    assert found.identical(regions())
    found.label = "changed"
    found.save(saved)
    assert {path.name: path.read_bytes() for path in objects.iterdir()} == before
    for path in (saved, saved.with_suffix(".h5")):
        assert not path.is_symlink()
        assert path.stat().st_mode & 0o200
    assert Network.from_file(saved).identical(found)
    assert found.label == "changed"


def test_what_stands_in_the_way_is_said_before_anything_is_replaced(saved, monkeypatch) -> None:
    before = saved.with_suffix(".h5").read_bytes()
    saved.unlink()
    saved.mkdir()
    with pytest.raises(FileExistsError, match="is a folder"):
        regions(1).save(saved)
    assert saved.with_suffix(".h5").read_bytes() == before
    with pytest.raises(FileNotFoundError, match="make it first"):
        regions().save(saved.parent / "none" / "net.yaml")

    def read_only(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(replacing, "_write", read_only)
    with pytest.raises(PermissionError) as caught:
        regions().save(saved.parent / "b.yaml")
    assert "may not be written to: save elsewhere" in str(caught.value.__notes__)


def test_foreign_content_survives_inside_our_own_groups(saved) -> None:
    with h5py.File(saved.with_suffix(".h5"), "r+") as file:
        file["edges/weight/extra"] = np.arange(3)
        file["edges/lonely/data"] = np.eye(2)
        file["tvbo/foo"] = 1.5
    found = Network.from_file(saved)
    found.save(saved)
    again = Network.from_file(saved)
    assert found.identical(again)
    with h5py.File(saved.with_suffix(".h5")) as file:
        np.testing.assert_array_equal(file["edges/weight/extra"], np.arange(3))
        np.testing.assert_array_equal(file["edges/lonely/data"], np.eye(2))
        assert file["tvbo/foo"][()] == 1.5


def test_permissions_stay_and_leftovers_go(saved) -> None:
    saved.chmod(0o600)
    leftover = saved.parent / f".net.h5.3{replacing.SUFFIX}"
    leftover.write_text("left by a crash")
    other = saved.parent / f".other.h5.3{replacing.SUFFIX}"
    other.write_text("of another network")
    regions(1).save(saved)
    assert saved.stat().st_mode & 0o777 == 0o600
    assert not leftover.exists()
    assert other.exists()


def test_a_save_goes_on_though_all_names_beside_it_are_taken(saved, monkeypatch) -> None:
    monkeypatch.setattr(replacing, "_is_in_use", lambda path: True)
    taken = [saved.parent / f".{name}.{slot}{replacing.SUFFIX}" for name in ("net.h5", "net.yaml") for slot in range(8)]
    for path in taken:
        path.write_text("somebody is writing")
    regions(1).save(saved)
    assert Network.from_file(saved).identical(regions(1))
    assert all(path.read_text() == "somebody is writing" for path in taken)


def test_a_save_does_not_list_its_folder(saved, monkeypatch) -> None:
    # It would take longer with every file that lies there.
    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, lambda *given: pytest.fail("the folder was listed"))
    regions(1).save(saved)


def test_writers_do_not_interleave(tmp_path) -> None:
    path = tmp_path / "shared.yaml"
    made = [regions(seed) for seed in range(4)]
    digests = {network.digest() for network in made}

    def write(network: Network) -> None:
        for _ in range(5):
            network.save(path)

    threads = [threading.Thread(target=write, args=(copy.deepcopy(network),)) for network in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Network.from_file(path)
    assert pairs.open_pair(path).state == "whole"
    assert found.digest() in digests
    assert sorted(each.name for each in tmp_path.iterdir()) == ["shared.h5", "shared.yaml"]


# ---------------------------------------------------------------- the model


def test_networks_can_be_pickled_and_copied(saved) -> None:
    for make in (lambda net: pickle.loads(pickle.dumps(net)), copy.deepcopy):
        for network in (regions(), Network.from_file(saved)):
            assert make(network).identical(regions())
    changed = copy.deepcopy(regions())
    changed.nodes = NodeTable(size=3)
    assert changed.matrices["weight"].shape == (3, 3)


def test_two_names_for_one_thing_are_refused() -> None:
    with pytest.raises(DuplicateNameError, match="given twice"):
        Network.from_matrix(np.eye(2), weight=np.ones((2, 2)))
    made = Network.from_matrix(np.eye(2))
    with pytest.raises(DuplicateNameError, match="as 'weight'"):
        made.set_matrix("weights", np.ones((2, 2)))
    with pytest.raises(DuplicateNameError, match="nest"):
        made.set_matrix("weight/data", np.ones((2, 2)))


def test_masked_arrays_and_short_mappings_are_refused() -> None:
    with pytest.raises(TypeError, match=r"is masked: .*filled"):
        Network.from_matrix(np.ma.masked_equal(np.eye(2), 0))
    assert Network.from_matrix(np.ma.array(np.eye(2))).weights_matrix.sum() == 2
    made = Network.from_matrix(np.eye(3))
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        made.node_mapping_data = [0, 1]


def test_slices_that_hdf5_cannot_make(saved) -> None:
    stored = Network.from_file(saved).lazy("weight")
    whole = regions().weights_matrix
    for key in ([2, 0], slice(None, None, -1), whole > 0.5, (1, [1, 1]), -1, (Ellipsis, 0), np.int64(1)):
        np.testing.assert_array_equal(stored[key], whole[key])


def test_counts_follow_the_weights() -> None:
    tvb = Connectivity.from_file()
    tvb.configure()
    network = Network.from_tvb(tvb)
    network.set_matrix("weight", np.zeros((76, 76)))
    assert network.execute(format="tvb").number_of_connections == 0


def test_a_missing_half_is_said(saved) -> None:
    saved.with_suffix(".h5").write_bytes(b"")
    with pytest.raises(CompanionError):
        Network.from_file(saved)
    regions().save(saved)
    assert Network.from_file(saved).identical(regions())


def test_sparse_with_odd_names(tmp_path) -> None:
    made = Network.from_matrix(sp.csr_array(np.eye(3)), **{"a b/c d": np.ones((3, 3))})
    made.save(tmp_path / "a.yaml")
    assert made.identical(Network.from_file(tmp_path / "a.yaml"))


def test_edges_listed_one_by_one_are_matrices(tmp_path) -> None:
    path = tmp_path / "listed.yaml"
    path.write_text(
        "nodes:\n- {id: 1, label: a}\n- {id: 2, label: b}\n"
        "edges:\n- {source: 1, target: 2, weight: 0.5, distance: 3}\n- {source: 2, target: 2}\n"
    )
    found = Network.from_file(path)
    # An edge that is not said to be directed goes both ways.
    np.testing.assert_array_equal(found.weights_matrix, [[0, 0.5], [0.5, 1]])
    np.testing.assert_array_equal(found.lengths_matrix, [[0, 3], [3, 0]])
    found.save(tmp_path / "again.yaml")
    assert found.identical(Network.from_file(tmp_path / "again.yaml"))
    assert yaml.safe_load((tmp_path / "again.yaml").read_text())["edges"][-1] == {"source": 2, "target": 2}
    for old, new, reason in (
        ("target: 2}", "target: 3}", "edge 1 goes from 2 to 3: no such node"),
        ("weight: 0.5", "weight: strong", "weight of edge 0 is 'strong'"),
    ):
        before = path.read_text()
        edit(path, old, new)
        with pytest.raises(SidecarError, match=reason):
            Network.from_file(path)
        path.write_text(before)


def test_a_speed_is_set_as_a_number() -> None:
    made = Network.from_matrix(np.eye(2))
    made.conduction_speed = 4
    assert (made.conduction_speed.value, made.conduction_speed.unit) == (4, "mm_per_ms")
    with pytest.raises(TypeError, match="cannot compare with a int"):
        made.diff(3)
