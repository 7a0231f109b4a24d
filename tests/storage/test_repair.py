"""A sidecar that was lost or torn comes back from its companion, and nothing on disk is lost."""

import errno
import hashlib
import os
import shutil
import sys
import threading
import time
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import CompanionError, MismatchError, NetworkNotFoundError, TvboWarning
from tvbo.storage import replacing
from tvbo.storage.pair import open_pair
from tvbo.storage.repair import repair


def network(seed: int = 0) -> Network:
    made = Network.from_matrix(np.random.default_rng(seed).random((3, 3)), labels=["a", "b", "c"])
    made.label = "three"
    return made


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    network().save(tmp_path / "net.yaml")
    return tmp_path / "net.yaml"


def is_whole(path: Path) -> bool:
    return open_pair(path).state == "whole" and Network.from_file(path).identical(network())


def test_a_sound_pair_is_left_alone(saved) -> None:
    before = saved.stat().st_mtime_ns
    assert repair(saved) == []
    assert saved.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["net.yaml", "net.h5"])
def test_a_lost_sidecar_is_written_anew(saved, name) -> None:
    text = saved.read_bytes()
    saved.unlink()
    assert repair(saved.with_name(name)) == ["net.yaml is missing: net.yaml was written as it was saved"]
    assert saved.read_bytes() == text
    assert is_whole(saved)


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"label: [", b"nodes: 3\n", None])
def test_a_torn_sidecar_is_replaced_and_kept(saved, damage) -> None:
    torn = saved.read_bytes()[:200] if damage is None else damage
    saved.write_bytes(torn)
    done = repair(saved)
    assert "is damaged" in done[0]
    assert "net.yaml.bak" in done[1]
    assert saved.with_name("net.yaml.bak").read_bytes() == torn
    assert is_whole(saved)
    saved.write_bytes(torn)
    repair(saved)
    assert saved.with_name("net.yaml.bak1").read_bytes() == torn


def test_a_torn_sidecar_of_json_becomes_one_of_yaml(saved) -> None:
    text = saved.read_bytes()
    saved.replace(saved.with_suffix(".json"))
    done = repair(saved.with_suffix(".json"))
    assert "net.yaml was written" in done[0]
    assert saved.read_bytes() == text
    assert saved.with_name("net.json.bak").exists()
    assert is_whole(saved)


def test_a_sidecar_older_than_its_companion_is_replaced(saved) -> None:
    network(1).save(saved)
    old = saved.read_bytes()
    network().save(saved)
    saved.write_bytes(old)
    assert "is older" in repair(saved)[0]
    assert is_whole(saved)


def test_an_edit_is_taken_back_only_on_request(saved) -> None:
    saved.write_text(saved.read_text().replace("three", "3"))
    assert repair(saved) == []
    assert "edited by hand" in repair(saved, undo=True)[0]
    assert is_whole(saved)


def test_leftovers_of_interrupted_saves_go(saved) -> None:
    leftover = saved.with_name(".net.h5.abcd.tvbo-tmp")
    leftover.write_bytes(b"half")
    saved.unlink()
    assert "was removed" in repair(saved)[-1]
    assert not leftover.exists()


def test_what_cannot_be_repaired_is_said(saved, tmp_path) -> None:
    network(1).save(tmp_path / "other.yaml")
    (tmp_path / "other.h5").replace(saved.with_suffix(".h5"))
    with pytest.raises(MismatchError):
        repair(saved)
    with pytest.raises(CompanionError, match=r"nothing to repair other\.yaml from"):
        repair(tmp_path / "other.yaml")
    with pytest.raises(NetworkNotFoundError):
        repair(tmp_path / "none.yaml")


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_whatever_is_replaced_is_kept(saved) -> None:
    saved.rename(saved.with_suffix(".json"))
    saved.write_text("mine: true\n")
    done = repair(saved.with_suffix(".json"))
    assert [line for line in done if "is kept" in line] == [
        "what was there is kept as net.json.bak",
        "what was there is kept as net.yaml.bak",
    ]
    assert saved.with_name("net.yaml.bak").read_text() == "mine: true\n"
    assert names(saved.parent) == ["net.h5", "net.json.bak", "net.yaml", "net.yaml.bak"]
    assert is_whole(saved)


def test_json_that_is_no_sidecar_is_left_alone(saved) -> None:
    saved.unlink()
    saved.with_suffix(".json").write_text('{"Description": "of another program"}')
    assert repair(saved.with_suffix(".h5")) == ["net.yaml is missing: net.yaml was written as it was saved"]
    assert names(saved.parent) == ["net.h5", "net.json", "net.yaml"]
    assert is_whole(saved)


@pytest.mark.parametrize("ending", [".yml", ".json"])
def test_a_sidecar_with_another_ending_is_found(saved, ending) -> None:
    saved.rename(saved.with_suffix(ending))
    if ending == ".json":
        saved.with_suffix(ending).write_text('{"data_file": "net.h5", "nodes": [{}, {}, {}]}')
    assert repair(saved) == repair(saved.with_suffix(".h5")) == []
    assert names(saved.parent) == sorted(["net.h5", f"net{ending}"])


def test_the_companion_that_the_sidecar_belongs_to_restores_it(saved, tmp_path) -> None:
    network(1).save(tmp_path / "other.yaml")
    shutil.copy(saved, tmp_path / "other.yaml")
    text = saved.read_bytes()
    (tmp_path / "other.yaml").write_bytes(text.replace(b"three", b"3"))
    assert "edited by hand" in repair(tmp_path / "other.yaml", undo=True)[0]
    assert (tmp_path / "other.yaml").read_bytes() == text
    assert is_whole(tmp_path / "other.yaml")


def test_a_copied_pair_stays_what_was_copied(saved, tmp_path) -> None:
    for ending in (".yaml", ".h5"):
        shutil.copy(saved.with_suffix(ending), (tmp_path / "old").with_suffix(ending))
    network(1).save(saved)
    assert repair(tmp_path / "old.yaml") == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TvboWarning)
        assert Network.from_file(tmp_path / "old.yaml").identical(network())


@pytest.mark.parametrize("text", ["label: [", "nodes: 3\n"])
def test_a_damaged_sidecar_of_another_save_is_left_alone(saved, tmp_path, text) -> None:
    network(1).save(tmp_path / "other.yaml")
    damaged = (tmp_path / "other.yaml").read_text().splitlines()[0] + f"\n{text}"
    saved.write_text(damaged)
    with pytest.raises(MismatchError, match=r"another save|different saves"):
        repair(saved)
    assert saved.read_text() == damaged


def test_a_copy_that_is_no_sidecar_is_not_written(saved) -> None:
    with h5py.File(saved.with_suffix(".h5"), "r+") as file:
        del file["tvbo/sidecar"]
        file["tvbo/sidecar"] = np.frombuffer(b"foo: 1\n", np.uint8)
        file["tvbo/sidecar"].attrs["sha256"] = np.bytes_(hashlib.sha256(b"foo: 1\n").hexdigest())
    saved.unlink()
    with pytest.raises(CompanionError, match="a copy of its sidecar that is damaged"):
        repair(saved)
    assert names(saved.parent) == ["net.h5"]


@pytest.mark.parametrize("failing", [0, 1])
def test_a_full_disk_leaves_everything_as_it_was(saved, monkeypatch, failing) -> None:
    saved.write_bytes(b"label: [")
    write, calls = os.write, []

    def full(descriptor: int, data: memoryview) -> int:
        calls.append(descriptor)
        if len(calls) > failing:
            write(descriptor, data[:3])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(replacing.os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        repair(saved)
    assert names(saved.parent) == ["net.h5", "net.yaml"]
    assert saved.read_bytes() == b"label: ["


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks of folders")
def test_a_save_that_is_under_way_is_waited_for(saved) -> None:
    old = saved.read_bytes()
    network(1).save(saved)
    new = saved.read_bytes()
    # Somebody is between the two renames.
    saved.write_bytes(old)
    done: list[list[str]] = []
    repairing = threading.Thread(target=lambda: done.append(repair(saved)))
    with replacing.locked(saved.parent):
        repairing.start()
        time.sleep(0.2)
        assert not done
        saved.write_bytes(new)
    repairing.join()
    assert done == [[]]
    assert names(saved.parent) == ["net.h5", "net.yaml"]


def test_a_link_that_leads_nowhere_is_replaced(saved) -> None:
    saved.unlink()
    saved.symlink_to("gone")
    assert repair(saved) == ["net.yaml leads nowhere: net.yaml was written as it was saved"]
    assert is_whole(saved)
    with pytest.raises(NetworkNotFoundError, match="no folder"):
        repair(saved.parent / "none" / "net.yaml")
