"""Networks are found by their exact name, the user's first, and listed from their sidecars alone."""

import json
import sys
from pathlib import Path

import pytest

import tvbo
from tvbo import Network, list_networks
from tvbo.database import network_folders, user_networks_path
from tvbo.database.listing import Listing
from tvbo.errors import NetworkNotFoundError
from tvbo.storage.companion import Companion


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, which is not there yet."""
    folder = tmp_path / "mine"
    monkeypatch.setenv("TVBO_NETWORKS", str(folder))
    return folder


def put(folder: Path, name: str, size: int = 2) -> Network:
    folder.mkdir(exist_ok=True)
    network = Network.from_matrix([[0.5] * size] * size)
    network.label = f"label of {name}"
    network.save(folder / f"{name}.yaml")
    return network


def test_what_comes_with_tvbo_is_found_without_a_folder_of_the_user(mine: Path) -> None:
    found = list_networks()
    assert found.names == ("example_regions", "example_surface")
    assert [entry.number_of_nodes for entry in found] == [40, 1284]
    assert [entry.descriptor for entry in found] == ["SC", "surface"]
    assert {entry.where for entry in found} == {tvbo.database_path / "networks"}
    for entry in found:
        assert Network.load(entry.name).label == entry.label
    assert not mine.exists()


def test_a_network_of_the_user_hides_one_of_its_name(mine: Path) -> None:
    network = put(mine, "example_regions")
    assert Network.load("example_regions").identical(network)
    entry = list_networks()[0]
    assert (entry.name, entry.number_of_nodes, entry.where) == ("example_regions", 2, mine)
    assert list_networks()[1].where == tvbo.database_path / "networks"


@pytest.mark.parametrize("name", ["example_region", "Example_regions", "example", "", "..", "example_regions.yaml"])
def test_only_the_exact_name_is_found(mine: Path, name: str) -> None:
    with pytest.raises(NetworkNotFoundError, match=r"there is no network .*mine and .*networks"):
        Network.load(name)


def test_names_that_are_near_are_told(mine: Path) -> None:
    put(mine, "macaque")
    with pytest.raises(NetworkNotFoundError, match="did you mean 'macaque'"):
        Network.load("makaque")
    with pytest.raises(NetworkNotFoundError, match="list_networks"):
        Network.load("zzz")


def test_paths_are_opened_as_from_file_opens_them(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = put(tmp_path, "here")
    assert Network.load(tmp_path / "here.yaml").identical(network)
    assert Network.load(str(tmp_path / "here.h5")).identical(network)
    monkeypatch.chdir(tmp_path)
    assert Network.load("here.yaml").identical(network)
    assert Network.load("./here.yaml").identical(network)
    # A name never means a file of the working directory.
    with pytest.raises(NetworkNotFoundError, match="there is no network 'here'"):
        Network.load("here")
    with pytest.raises(NetworkNotFoundError, match="there is no file"):
        Network.load("sub/example_regions.yaml")


def test_options_are_passed_on(mine: Path) -> None:
    with pytest.raises(tvbo.errors.LimitError):
        Network.load("example_regions", limits=tvbo.Limits(sidecar_bytes=10))


def test_listing_opens_no_companion(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(mine, "a")
    (mine / "a.h5").write_bytes(b"not read")
    monkeypatch.setattr(Companion, "__init__", lambda *_: pytest.fail("a companion was opened"))
    assert list_networks()[0].label == "label of a"


def test_a_sidecar_that_cannot_be_understood_hides_no_other(mine: Path) -> None:
    put(mine, "good")
    (mine / "bad.yaml").write_text("label: [1, 2\n")
    (mine / "odd.yml").write_text("label: [3]\nnumber_of_nodes: many\n")
    (mine / "._good.yaml").write_text("what some systems leave beside a file")
    (mine / "folder.yaml").mkdir()
    found = {entry.name: entry for entry in list_networks() if entry.where == mine}
    assert sorted(found) == ["bad", "folder", "good", "odd"]
    assert "cannot be understood" in (found["bad"].problem or "")
    assert found["folder"].problem
    assert found["good"].problem is None
    assert (found["odd"].label, found["odd"].number_of_nodes, found["odd"].problem) == (None, None, None)
    assert "cannot be understood" in repr(list_networks())


def test_it_is_shown_as_a_table(mine: Path) -> None:
    put(mine, "x").label = "a"
    (mine / "x.yaml").write_text("label: '<b>bold</b>'\nnumber_of_nodes: 2\n")
    found = list_networks()
    assert repr(found).splitlines()[0].split() == ["name", "nodes", "descriptor", "label", "where"]
    assert len(repr(found).splitlines()) == 4
    assert "&lt;b&gt;bold" in found._repr_html_()
    assert isinstance(found[1:], Listing)
    assert found[1:].names == found.names[1:]
    assert repr(Listing([])) == "no networks"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the usual place of other systems")
def test_the_usual_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TVBO_NETWORKS", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert user_networks_path() == tmp_path / ".local/share/tvbo/networks"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert user_networks_path() == tmp_path / "data/tvbo/networks"
    monkeypatch.setenv("TVBO_NETWORKS", "~/mine")
    assert network_folders() == (tmp_path / "mine", tvbo.database_path / "networks")


def test_a_user_without_a_home_finds_what_comes_with_tvbo(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(self: Path) -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "expanduser", homeless)
    monkeypatch.delenv("TVBO_NETWORKS", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert network_folders() == (tvbo.database_path / "networks",)
    assert Network.load("example_regions").number_of_nodes == 40


def test_the_command_lists_them(mine: Path) -> None:
    from typer.testing import CliRunner

    from tvbo.cli.app import app

    put(mine, "a_network_[of]_mine")
    done = CliRunner().invoke(app, ["list"], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert "a_network_[of]_mine" in done.stdout
    assert str(mine) in done.stdout
    rows = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert [row["name"] for row in rows] == ["a_network_[of]_mine", "example_regions", "example_surface"]
    assert rows[0]["path"] == str(mine / "a_network_[of]_mine.yaml")
