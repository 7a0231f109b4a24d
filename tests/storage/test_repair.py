"""A sidecar that was lost or torn comes back from its companion, and nothing on disk is lost."""

from pathlib import Path

import numpy as np
import pytest

from tvbo import Network
from tvbo.errors import CompanionError, MismatchError, NetworkNotFoundError
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
