"""A report that was cut off anywhere is gone on with."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvbo.cohort.report import DONE, FAILED, Failure, Record, Report, as_json, record_of
from tvbo.errors import CohortError, TvboWarning

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
records = st.builds(
    Record,
    texts,
    st.sampled_from((DONE, FAILED, "invalid")),
    *[texts] * 6,
    st.integers(0, 10**9).map(lambda number: number / 10**6),
    values,
    st.lists(texts, max_size=3).map(tuple),
    st.none() | st.builds(Failure, texts, texts, texts),
    st.just(False),
)


@given(records)
def test_a_line_says_all_of_a_record(record: Record) -> None:
    line = record.line()
    assert "\n" not in line
    assert record_of(line) == record
    json.loads(line, parse_constant=pytest.fail)


def some(count: int, status: str = DONE) -> list[Record]:
    return [Record(f"sub-{number}", status, value=number, fresh=False) for number in range(count)]


@given(st.data())
def test_wherever_a_report_is_cut_the_lines_before_count(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("report") / "r.jsonl"
    with Report(path) as report:
        for record in some(4):
            report.append(record)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    lines = whole[:cut].count(b"\n")
    with Report(path) as report:
        # The last line may lack its end and yet be whole.
        assert list(report.known.values()) in (some(lines), some(lines + 1))
        report.append(some(5)[4])
    with Report(path) as report:
        assert list(report.known) == [*(f"sub-{number}" for number in range(len(report.known) - 1)), "sub-4"]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_later_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Report(path) as report:
        report.append(Record("a", FAILED))
        report.append(Record("a", DONE))
    with Report(path) as report:
        assert report.known["a"].status == DONE
    assert len(path.read_text().splitlines()) == 1


def test_a_damaged_line_is_said_and_done_again(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"{some(1)[0].line()}\n\0\0\0\n{some(2)[1].line()}\n")
    with pytest.warns(TvboWarning, match="1 lines cannot be read"), Report(path) as report:
        assert list(report.known) == ["sub-0", "sub-1"]


@pytest.mark.parametrize("text", ["a\tb\n1\t2\n", "my only notes", '{"item": 3}\n{}\n'])
def test_another_file_is_never_overwritten(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(CohortError, match="no report of a cohort"), Report(path):
        pass
    assert path.read_text() == text


def test_two_runs_do_not_write_one_report(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with Report(path), pytest.raises(CohortError, match="another run is writing"), Report(path):
        pass
    with Report(path):
        pass


def test_a_value_that_json_has_not_is_a_failure() -> None:
    for value in (float("nan"), {1, 2}, object(), {"a": [float("inf")]}):
        record = as_json(Record("a", DONE, value=value))
        assert record.status == FAILED
        assert record.value is None
        assert "expected what JSON has" in str(record.error)
