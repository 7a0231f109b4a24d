"""A bar where somebody looks, lines in a log, nothing otherwise."""

import io
import re

import pytest

from tvbo.cohort.progress import shown
from tvbo.cohort.report import DONE, FAILED, INVALID, Failure, Record

RECORDS = [
    Record("sub-1", DONE),
    Record("sub-2[a]", FAILED, error=Failure("ValueError", "too little")),
    Record("sub-3", INVALID, value={"problems": ["weight: damaged"]}),
    *(Record(f"sub-{number}", DONE) for number in range(4, 31)),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_a_line_now_and_then() -> None:
    out = io.StringIO()
    with shown(True, 30, "convert", out) as tell:
        for record in RECORDS:
            tell(record)
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["failed sub-2[a]: ValueError: too little", "invalid sub-3: weight: damaged"]
    assert len(lines) == 12
    assert re.fullmatch(r"convert: 3 of 30, 2 bad, \d+ s left", lines[2])
    assert re.fullmatch(r"convert: 30 of 30, 2 bad in \d+ s", lines[-1])
    assert "\x1b" not in out.getvalue()


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    out = Terminal()
    with shown(True, 30, "convert", out) as tell:
        for record in RECORDS:
            tell(record)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue())
    assert "failed sub-2[a]: ValueError: too little" in text
    assert "30/30" in text
    assert "2 bad" in text


def test_nothing_is_said_unless_asked() -> None:
    out = Terminal()
    with shown(False, 30, "convert", out) as tell:
        tell(RECORDS[1])
    assert out.getvalue() == ""
