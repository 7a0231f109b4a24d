"""Networks of a cohort are found, each once, under names that stay."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tvbo import Network, registry
from tvbo.cohort import Item, find_items, open_cohort
from tvbo.errors import DuplicateNameError, NetworkNotFoundError, UnsafeFileError


def save(path: Path, value: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Network.from_matrix(np.full((2, 2), value), np.ones((2, 2)), positions=np.eye(2, 3)).save(path)
    return path


def names(found: tuple[Item, ...]) -> list[str]:
    return [item.name for item in found]


def test_a_folder_gives_each_network_once(tmp_path: Path) -> None:
    for name in ("b/two.yaml", "a/one.yaml", "three.zip", ".hidden/four.yaml", "five.yaml"):
        save(tmp_path / name)
    (tmp_path / "five.yaml").unlink()
    (tmp_path / "notes.txt").write_text("no network")
    (tmp_path / "table.csv").write_text("0,1\n1,0\n")
    assert names(find_items(tmp_path)) == ["five", "three", "a/one", "b/two"]


def test_a_file_over_many_is_no_network_of_its_folder(cohort: Callable[..., Path]) -> None:
    base = cohort(3)
    open_cohort(base).write(base / "all.h5")
    assert len(find_items(base)) == 3
    assert len(find_items(str(base / "*"))) == 3


def test_a_pattern_names_from_its_first_wildcard_on(tmp_path: Path) -> None:
    for subject in ("sub-1", "sub-2"):
        save(tmp_path / "data" / subject / "net.yaml")
    assert names(find_items(f"{tmp_path}/data/sub-*/net.yaml")) == ["sub-1/net", "sub-2/net"]
    assert names(find_items(f"{tmp_path}/**/net.yaml")) == ["data/sub-1/net", "data/sub-2/net"]
    # The halves of a pair are one network.
    assert names(find_items(f"{tmp_path}/data/sub-1/*")) == ["net"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    assert names(find_items(save(tmp_path / "net[1].yaml"))) == ["net[1]"]


def test_tables_have_their_lengths_and_centres_beside_them(tmp_path: Path) -> None:
    for subject in ("sub-1", "sub-2"):
        (tmp_path / subject).mkdir()
        (tmp_path / subject / "weights.csv").write_text("0,1\n1,0\n")
        (tmp_path / subject / "lengths.csv").write_text("0,7\n7,0\n")
    found = find_items(f"{tmp_path}/sub-*/weights.csv", beside={"lengths": "lengths.csv"})
    assert found[1].open().lengths_matrix[0, 1] == 7
    before = found[1].digest()
    (tmp_path / "sub-2" / "lengths.csv").write_text("0,8\n8,0\n")
    assert found[1].digest() != before


def test_two_networks_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = save(tmp_path / "a" / "net.yaml"), save(tmp_path / "b" / "NET.yaml")
    with pytest.raises(DuplicateNameError, match="would both be called 'net'"):
        find_items([one, two])
    assert len(find_items([one, one])) == 1


@pytest.mark.parametrize("source", ["missing", "missing/*.yaml", "empty"])
def test_nothing_found_is_an_error(source: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NetworkNotFoundError, match=source.partition("/")[0]):
        find_items(tmp_path / source)


@pytest.mark.parametrize("name", ["../out", "/out", "", "a/../../out", "c:out", "a\\b"])
def test_a_name_never_leads_out_of_a_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsafeFileError, match="plain names"):
        Item(name, tmp_path / "net.yaml")


def test_a_dataset_is_listed_by_its_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(subject: str) -> SimpleNamespace:
        folder = tmp_path / f"sub-{subject}" / "dwi"
        return SimpleNamespace(folder=folder, key=f"sub-{subject}_atlas-DK", files=(folder / "a.dat", folder / "b.dat"))

    own = SimpleNamespace(
        __name__="tvbo.formats.datasets",
        list_networks=lambda folder: [listed(subject) for subject in ("01", "02")],
        read=lambda path: Network.from_matrix(np.full((2, 2), float(path.read_text()))),
        EXTENSIONS=(),
    )
    get = registry.get
    monkeypatch.setattr(registry, "built_in", lambda: ("datasets", "tvbo"))
    monkeypatch.setattr(registry, "get", lambda name: own if name == "datasets" else get(name))
    for subject in ("01", "02"):
        for path in listed(subject).files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(subject)
    found = find_items(tmp_path)
    assert [(item.name, item.format) for item in found] == [
        ("sub-01/dwi/sub-01_atlas-DK", "datasets"),
        ("sub-02/dwi/sub-02_atlas-DK", "datasets"),
    ]
    assert found[1].open().weights_matrix[0, 0] == 2
    before = found[0].digest()
    # What describes a file may lie beside it.
    (tmp_path / "sub-01" / "dwi" / "a.json").write_text("{}")
    assert found[0].digest() != before
    own.list_networks = lambda folder: []
    with pytest.raises(NetworkNotFoundError):
        find_items(tmp_path)


def test_the_digest_counts_both_halves_and_linked_files(tmp_path: Path) -> None:
    child = Network.from_matrix(np.eye(3), labels=["a", "b", "c"])
    child.label = "child"
    parent = Network.from_matrix(np.eye(2), labels=["x", "y"])
    parent.label = "parent"
    child.parent_network, child.node_mapping_data = parent, np.array([0, 1, 1])
    paths = child.save_all(tmp_path)
    (item,) = find_items(paths["child"])
    assert {path.name for path in item.files()} == {"child.yaml", "child.h5", "parent.yaml", "parent.h5"}
    before = item.digest()
    assert before == find_items(paths["child"])[0].digest()
    other = Network.from_file(paths["parent"])
    other.description = "changed"
    other.save(paths["parent"])
    assert item.digest() != before
