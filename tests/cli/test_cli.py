"""The commands: exit status, data on standard output, messages on standard error."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvbo import Network, __version__
from tvbo.cli.demo import quiet
from tvbo.model.parameters import Parameter


def tvbo(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = "from tvbo.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
    )


@pytest.fixture
def saved(pair: Path) -> Path:
    network = Network.from_matrix(np.eye(3) / 3, np.ones((3, 3)), labels=["a", "b", "c"], positions=np.eye(3))
    network.label = "three"
    network.save(pair)
    return pair


def test_help_lists_every_command() -> None:
    done = tvbo("--help")
    assert done.returncode == 0
    commands = ("info", "verify", "validate", "repair", "convert", "plot", "view", "list", "formats", "demo", "cohort")
    for name in commands:
        assert f" {name} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, tvbo.cli.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"numpy", "h5py", "yaml", "matplotlib", "tvb"}.isdisjoint(loaded)


def test_help_is_there_at_once() -> None:
    resource = pytest.importorskip("resource")
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert tvbo("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    # The best of five, and the processor's time: the clock tells of what else the machine does.
    assert min(seconds) < 0.3


def test_the_version_is_told() -> None:
    done = tvbo("--version")
    assert (done.returncode, done.stdout) == (0, f"tvbo {__version__}\n")


def test_info_tells_what_is_there(saved: Path) -> None:
    facts = json.loads(tvbo("info", saved, "--json").stdout)
    assert facts["number_of_nodes"] == 3
    assert facts["matrices"]["length"] == {"shape": [3, 3], "dtype": "float64", "format": "dense", "unit": "mm"}
    assert "three" in tvbo("info", saved).stdout


def test_verify_exits_0_only_for_identical_networks(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    assert tvbo("convert", saved, copy).returncode == 0
    assert tvbo("verify", saved, copy).returncode == 0
    network = Network.from_file(copy)
    network.set_matrix("length", np.full((3, 3), np.nextafter(1, 2)), unit="mm")
    network.save(copy)
    done = tvbo("verify", saved, copy, "--json")
    assert done.returncode == 1
    (difference,) = json.loads(done.stdout)["differences"]
    assert difference["path"] == "matrices.length"
    assert "9 of 9 entries" in difference["detail"]


def test_validate_names_what_is_wrong(saved: Path) -> None:
    assert tvbo("validate", saved).returncode == 0
    assert "every array was read" in tvbo("validate", saved, "--deep").stdout
    companion = saved.with_suffix(".h5")
    with h5py.File(companion, "r+") as file:
        file["edges/weight/data"][0, 0] = 99
    assert tvbo("validate", saved).returncode == 0
    done = tvbo("validate", saved, "--deep", "--json")
    assert done.returncode == 1
    assert [problem["path"] for problem in json.loads(done.stdout)["problems"]] == ["edges/weight/data"]
    companion.write_bytes(companion.read_bytes()[:-500])
    done = tvbo("validate", saved, "--json")
    assert done.returncode == 1
    assert not json.loads(done.stdout)["valid"]
    companion.unlink()
    assert tvbo("validate", saved).returncode == 1


def test_repair_brings_a_sidecar_back(saved: Path) -> None:
    text = saved.read_bytes()
    assert tvbo("repair", saved).stdout == "nothing to repair\n"
    saved.write_bytes(text[: len(text) // 2])
    assert tvbo("info", saved).returncode == 2
    done = tvbo("repair", saved)
    assert done.returncode == 0
    assert "is damaged" in done.stdout
    assert saved.read_bytes() == text


def test_an_edit_by_hand_is_said(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes().replace(b"distance_unit: mm", b"distance_unit: cm"))
    done = tvbo("info", saved)
    assert done.returncode == 0
    assert done.stderr.startswith("tvbo: warning: ")
    assert "was edited since it was saved" in tvbo("validate", saved).stdout


def test_formats_lists_what_there_is() -> None:
    rows = {row["format"]: row for row in json.loads(tvbo("formats", "--json").stdout)}
    assert rows["tvbo"]["read"]
    assert rows["tvbo"]["write"]
    assert rows["tvb"]["objects out"]
    assert not rows["tvb"]["read"]
    assert ".json" in rows["tvbo"]["reads"]
    assert ".json" not in rows["tvbo"]["writes"]


def test_formats_name_what_is_dropped_by_whole_paths() -> None:
    for row in json.loads(tvbo("formats", "--json").stdout):
        assert all(path and not path.endswith(".") for path in row["drops"]), row["format"]
        assert "``" not in row["description"]


def test_formats_can_be_read_on_a_narrow_terminal() -> None:
    lines = tvbo("formats").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    own = next(line for line in lines if line.startswith("tvbo "))
    assert own.split()[:3] == ["tvbo", "rw", "in"]
    assert re.search(r"drops: label,\s+description", " ".join(lines))


def test_a_conversion_says_first_what_is_lost(tmp_path: Path) -> None:
    network = Network.from_matrix([[0.0, 1.0], [2.0, 0.0]], [[0.0, 5.0], [5.0, 0.0]], labels=["a", "b"])
    network.label, network.description = "mine", "a text"
    network.save(tmp_path / "n.yaml")
    out = tmp_path / "n.zip"
    dry = tvbo("convert", tmp_path / "n.yaml", out, "--dry-run")
    assert dry.returncode == 0
    assert not out.exists()
    assert dry.stderr.splitlines()[0] == "n.zip cannot carry:"
    assert "  - description" in dry.stderr
    assert "nothing was written" in dry.stderr
    assert tvbo("convert", tmp_path / "n.yaml", out, "--strict").returncode == 2
    assert not out.exists()
    done = tvbo("convert", tmp_path / "n.yaml", out)
    assert done.stderr.splitlines()[:-1] == dry.stderr.splitlines()[:-1]
    assert done.stderr.splitlines()[-1] == f"wrote {out}"


def test_options_of_a_format_are_passed_on(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "c.yaml"
    assert tvbo("convert", saved, copy, "--write", "compression=none", "--read", "verify=false").returncode == 0
    assert Network.from_file(copy).identical(Network.from_file(saved))
    odd = tvbo("convert", saved, copy, "--write", "compression")
    assert odd.returncode == 2
    assert "expected NAME=VALUE" in odd.stderr


def test_plot_writes_a_picture(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert tvbo("plot", saved, out, "--kind", "matrix").returncode == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["brain", "sensors"])
def test_plot_writes_text_that_can_be_edited(kind: str, tmp_path: Path) -> None:
    network = Network.from_matrix([[0.0, 1], [1, 0]], positions=[[-1.0, 0, 0], [1, 0, 0]], labels=["here", "there"])
    network.save(tmp_path / "two.yaml")
    assert tvbo("plot", tmp_path / "two.yaml", tmp_path / "out.svg", "--kind", kind).returncode == 0
    assert ">there</text>" in (tmp_path / "out.svg").read_text(encoding="utf-8")


def test_view_writes_a_page(saved: Path, tmp_path: Path) -> None:
    done = tvbo("view", saved, "--count", 2)
    assert done.returncode == 0
    page = saved.with_suffix(".html")
    assert done.stderr.startswith(f"wrote {page} (")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert tvbo("view", saved, tmp_path / "other.html", "--connections", 1).returncode == 0
    assert (tmp_path / "other.html").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "none.yaml"],
        ["convert", "none.yaml", "x.yaml"],
        ["verify", "a", "b"],
        ["validate", "none.yaml"],
        ["validate", "none.yaml", "--json"],
        ["validate", "none.h5"],
        ["validate", "none.unknown"],
        ["plot", "{saved}", "x.png", "--kind", "surface"],
        ["plot", "{saved}", "x.nonsense"],
        ["plot", "{saved}", "none/x.png"],
        ["view", "{saved}", "none/x.html"],
        ["view", "none.yaml"],
        ["convert", "{saved}", "x.json"],
        ["convert", "{saved}", "x.yaml", "--to", "mne"],
        ["info", "{folder}/broken.yaml"],
    ],
)
def test_what_cannot_be_done_exits_2_with_one_line(arguments: list[str], saved: Path) -> None:
    (saved.parent / "broken.yaml").write_text("a: [1")
    done = tvbo(*(each.format(saved=saved, folder=saved.parent) for each in arguments))
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert re.fullmatch(r"tvbo: .+\n", done.stderr), done.stderr


@pytest.mark.parametrize("fault", ["1 / 0", "None.mesh", "len()"])
def test_a_fault_of_ours_keeps_its_traceback_and_is_no_answer(fault: str) -> None:
    code = f"import tvbo.cli.app, tvbo.cli; tvbo.cli.app.app = lambda: {fault}; tvbo.cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


# Attributes and style sheets that load; a picture inside the page is base64, which has neither quotes nor brackets.
OUTSIDE = re.compile(
    r"""(?:\b(?:src|srcset|href)\s*=\s*|\burl\(\s*|@import\s*)["']?\s*(?:https?:|//|file:)""", re.IGNORECASE
)


@pytest.mark.parametrize(
    ("text", "loads"),
    [
        ("<img src='https://a.b/c.png'>", True),
        ('<link href = "//a.b/c.css">', True),
        ("<style>a{background:url(http://a.b/c.png)}</style>", True),
        ("<img src=file:///c.png>", True),
        ("<img src='data:image/png;base64,http//httpurl=='>", False),
        ("<a href='regions.yaml'>http is a word</a>", False),
    ],
)
def test_what_loads_from_outside_is_seen(text: str, loads: bool) -> None:
    assert bool(OUTSIDE.search(text)) is loads


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo") / "output"
    return tvbo("demo", folder), folder


def test_the_demo_proves_the_round_trip(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, folder = demo
    assert done.returncode == 0, done.stdout + done.stderr
    assert "39 of 39 traits identical" in done.stdout
    report = (folder / "report.html").read_text()
    assert report.count("data:image/png;base64,") == 3
    assert not OUTSIDE.search(report)
    names = {path.name for path in folder.iterdir()}
    assert {"regions.yaml", "regions.h5", "surface.yaml", "surface.h5", "overview.png"} <= names


def test_the_demo_says_nothing_but_its_own(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    done, _ = demo
    assert "WARNING" not in done.stdout + done.stderr
    assert done.stdout.lstrip().startswith("TVB -> files -> TVB")


def test_the_demo_gives_its_table_as_data(tmp_path: Path) -> None:
    done = tvbo("demo", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["identical"] is True
    assert len(found["traits"]) == 39
    assert found["traits"][1] == {
        "object": "connectivity",
        "trait": "weights",
        "shape": "76 x 76 float64",
        "round_trip": "identical",
    }
    assert Path(found["report"]).exists()
    assert set(found["seconds"]) == {"save", "open"}


def test_the_demo_leaves_logging_as_it_was() -> None:
    with quiet():
        assert logging.root.manager.disable == logging.WARNING
    assert logging.root.manager.disable == logging.NOTSET


def test_tables_of_a_pipeline_become_an_archive_and_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("lA,rA\n0,1\n1,0\n")
    (tmp_path / "l.csv").write_text("rA,lA\n0,80\n70,0\n")
    (tmp_path / "c.txt").write_text("lA 0 40 0\nrA 0 -40 0\n")
    arguments = ["convert", "w.csv", "--lengths", "l.csv", "--centres", "c.txt", "out.zip"]
    done = tvbo(*(tmp_path / each if "." in each else each for each in arguments))
    assert done.returncode == 0
    assert "look at matrices.length: the lengths of 1 pairs differ by direction" in done.stderr
    found = Network.from_file(tmp_path / "out.zip")
    assert found.matrix("length").tolist() == [[0, 70], [80, 0]]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tvbo co", {"convert", "cohort"}),
        ("tvbo cohort av", {"average"}),
        ("tvbo convert --to tvb-", {"tvb-h5", "tvb-text", "tvb-zip"}),
        ("tvbo cohort convert --from bi", {"bids"}),
    ],
)
def test_a_shell_completes_what_is_typed(typed: str, offered: set[str]) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_TVBO_COMPLETE": "complete_bash"}
    code = "import sys; sys.argv = ['tvbo']; from tvbo.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | words)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("command", [[], ["info"], ["cohort"], ["cohort", "average"]])
def test_help_has_a_short_name(command: list[str]) -> None:
    assert tvbo(*command, "-h").stdout == tvbo(*command, "--help").stdout != ""


def test_a_folder_that_is_no_dataset_is_told_from_one(tmp_path: Path) -> None:
    done = tvbo("info", tmp_path)
    assert done.returncode == 2
    assert "is a folder" in done.stderr
    assert "tvbo cohort" in done.stderr


def test_what_a_format_cannot_hold_is_said_without_a_traceback(tmp_path: Path) -> None:
    network = Network.from_matrix([[1.0]])
    network.parameters["G"] = Parameter(1.0, extra={"range": (1, 2)})
    network.save(tmp_path / "n.npz")
    for options in ([], ["--write", "nonsense=1"], ["--write", "strict=perhaps"], ["--read", "nonsense=1"]):
        done = tvbo("convert", tmp_path / "n.npz", tmp_path / "n.yaml", *options)
        assert done.returncode == 2
        assert done.stderr.startswith("tvbo: ")
        assert "Traceback" not in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["n.npz"]
