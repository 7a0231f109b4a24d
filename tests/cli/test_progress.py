"""How far long work is: told by what takes long, and shown where it should be."""

import io
from pathlib import Path

import numpy as np
import pytest

from tvbo import Network
from tvbo.cli import progress
from tvbo.cli.app import app
from tvbo.formats.tvbo.check import validate


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Save a matrix of many bands."""
    path = tmp_path / "large.yaml"
    Network.from_matrix(np.random.default_rng(0).random((3_000, 3_000))).save(path)
    return path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _rises(told: list[tuple[int, int]]) -> None:
    done = [each for each, _ in told]
    total = {each for _, each in told}
    assert len(total) == 1
    assert done == sorted(done)
    assert done[-1] == total.pop()
    # The one matrix is told of in parts.
    assert any(0.1 < each / done[-1] < 0.45 for each in done)
    assert any(0.55 < each / done[-1] < 0.9 for each in done)


def test_validating_tells_how_far_it_is(large: Path) -> None:
    told: list[tuple[int, int]] = []
    assert validate(large, deep=True, progress=lambda done, total: told.append((done, total)))
    _rises(told)


def test_comparing_tells_how_far_it_is(large: Path) -> None:
    told: list[tuple[int, int]] = []
    first, second = Network.from_file(large), Network.from_file(large)
    assert not first.diff(second, progress=lambda done, total: told.append((done, total)))
    _rises(told)


def test_reading_for_a_check_tells_how_far_it_is(large: Path) -> None:
    told: list[tuple[int, int]] = []
    assert Network.from_file(large).validate(deep=True, progress=lambda done, total: told.append((done, total)))
    _rises(told)


def test_a_log_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    clock = iter([0.0, 4.0, 11.0, 11.0, 15.0, 22.0, 22.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.shown("comparing") as tell:
        for part in range(1, 5):
            tell(part * 10**6, 5 * 10**6)
    written = progress.sys.stderr.getvalue()
    assert written == "comparing: 40% of 5 MB\ncomparing: 80% of 5 MB\n"


@pytest.mark.parametrize(("wait", "there"), [(0.0, True), (60.0, False)])
def test_a_terminal_gets_a_bar_of_what_takes_long(wait: float, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr(progress, "_WAIT", wait)
    monkeypatch.setenv("TERM", "xterm")
    with progress.shown("comparing [a] with b") as tell:
        tell(1, 2)
        tell(2, 2)
    assert ("comparing [a] with b" in progress.sys.stderr.getvalue()) is there


@pytest.mark.parametrize("command", [["validate", "--deep"], ["verify"], ["convert"]])
def test_long_commands_show_how_far_they_are(
    command: list[str], large: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_BETWEEN", 0.0)
    more = {"validate": [], "verify": [large], "convert": [large.with_name("copy.yaml")]}[command[0]]
    app([*command, str(large), *map(str, more)], standalone_mode=False)
    assert "% of " in capsys.readouterr().err
