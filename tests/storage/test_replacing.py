"""Files that are replaced as a whole."""

import os
import sys
from pathlib import Path

import pytest

from tvbo.storage import replacing


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes the first file, and no other."""
    named = Path.replace
    left = [1]

    def replace(self: Path, target: Path) -> Path:
        if self.name.endswith(replacing.SUFFIX):
            if not left[0]:
                raise OSError(28, "No space left on device")
            left[0] -= 1
        return named(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_files_that_belong_together_are_as_they_were_when_one_fails(tmp_path: Path, full: None) -> None:
    old = {tmp_path / "a": b"1", tmp_path / "b": b"2", tmp_path / "stale": b"3"}
    for path, data in old.items():
        path.write_bytes(data)
    with pytest.raises(OSError, match="No space left"):
        replacing.exchange([(tmp_path / "new", b"4"), (tmp_path / "a", b"5")], [tmp_path / "stale"])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_what_is_stale_goes_when_the_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "stale").write_bytes(b"1")
    replacing.exchange([(tmp_path / "a", b"2")], [tmp_path / "stale"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"2"}


@pytest.mark.skipif(sys.platform == "win32", reason="it replaces no file that is open")
def test_a_large_file_that_was_replaced_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "_LARGE", 10)
    jobs = []
    monkeypatch.setattr(replacing, "begun", jobs.append)
    path = tmp_path / "x"
    for content in (b"x" * 20, b"y" * 9, b"z"):
        replacing.write_file(path, content)
        assert path.read_bytes() == content
    # The first was not there before, and the third replaces a small one.
    (close,) = jobs
    descriptor = close.args[0]
    assert os.fstat(descriptor).st_nlink == 0
    close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
