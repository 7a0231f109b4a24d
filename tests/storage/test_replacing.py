"""Files that are replaced as a whole."""

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tvbo.storage import replacing


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes the first file, refuses the second, and takes others again."""
    named = Path.replace
    count = itertools.count()

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith(replacing.SUFFIX) and next(count) == 1:
            raise OSError(28, "No space left on device")
        return named(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_files_that_belong_together_are_as_they_were_when_one_fails(tmp_path: Path, full: None) -> None:
    old = {tmp_path / "a": b"1", tmp_path / "b": b"2", tmp_path / "stale": b"3"}
    for path, data in old.items():
        path.write_bytes(data)
    with pytest.raises(OSError, match="No space left"):
        replacing.exchange([(tmp_path / "a", b"5"), (tmp_path / "new", b"4")], [tmp_path / "stale"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_links_come_back_too(tmp_path: Path, full: None) -> None:
    for name in ("a", "z"):
        # As git-annex leaves them where it has no content.
        (tmp_path / name).symlink_to("nowhere")
    with pytest.raises(OSError, match="No space left"):
        replacing.exchange([(tmp_path / "a", b"5"), (tmp_path / "new", b"4"), (tmp_path / "z", b"6")])
    assert {path.name: str(path.readlink()) for path in tmp_path.iterdir()} == {"a": "nowhere", "z": "nowhere"}


def test_what_is_stale_goes_when_the_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "stale").write_bytes(b"1")
    replacing.exchange([(tmp_path / "a", b"2")], [tmp_path / "stale"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"2"}


@pytest.mark.skipif(sys.platform == "win32", reason="it replaces no file that is open")
def test_a_large_file_that_was_replaced_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_LARGE", 10)
    jobs: list[Callable[[], None]] = []
    monkeypatch.setattr(replacing.Beside, "begin", lambda self, job: jobs.append(job))
    path = tmp_path / "x"
    for content in (b"x" * 20, b"y" * 9, b"z"):
        replacing.write_file(path, content)
        assert path.read_bytes() == content
    # The first was not there before, and the third replaces a small one.
    (close,) = jobs
    old = close.__self__
    assert os.fstat(old.fileno()).st_nlink == 0
    close()
    assert old.closed


@pytest.mark.skipif(sys.platform == "win32", reason="it replaces no file that is open")
def test_where_no_open_file_is_replaced_it_is_closed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_LARGE", 10)
    path, named, opened = tmp_path / "x", Path.replace, replacing._opened_if_large
    path.write_bytes(b"x" * 20)
    held = []
    monkeypatch.setattr(replacing, "_opened_if_large", lambda target: held.append(opened(target)) or held[-1])

    def replace(self: Path, target: Path) -> Path:
        if held and not held[-1].closed:
            raise PermissionError(13, "in use")
        return named(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    replacing.write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
