"""A function of many networks: each fails alone, nothing is done twice, nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tvbo import Network
from tvbo.cohort import map_networks
from tvbo.cohort.report import Record
from tvbo.errors import CohortError, DuplicateNameError, NetworkNotFoundError, TvboWarning, UnsupportedObjectError

Cohorts = Callable[..., Path]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_networks_are_saved_under_their_names(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = map_networks(functions.doubled, cohort(3), into=out, options={"by": 3.0}, workers=0)
    assert str(found) == "3 done"
    network = Network.from_file(out / "sub-002.yaml")
    assert network.weights_matrix[0, 0] == 6
    assert found[2].digest_out == network.digest()
    assert [line["item"] for line in lines(out / "cohort.jsonl")] == ["sub-000", "sub-001", "sub-002"]


def test_values_are_given_back_in_order(cohort: Cohorts, functions: ModuleType) -> None:
    with ThreadPoolExecutor(3) as executor:
        found = map_networks(functions.first, cohort(9), executor)
    assert list(found.values.items()) == [(f"sub-{number:03}", float(number)) for number in range(9)]


def test_networks_can_be_given_back(cohort: Cohorts, functions: ModuleType) -> None:
    found = map_networks(functions.doubled, cohort(2), workers=1)
    assert found[1].value.weights_matrix[0, 0] == 2


CALM = {
    "sub-001": ("ValueError", "one is too little"),
    "sub-003": ("SystemExit", "3"),
    "sub-004": ("Odd", "<function"),
}
DEADLY = {
    "sub-002": ("CohortError", "killed by SIGKILL; the system does this when memory runs out"),
    "sub-005": ("CohortError", "ended with exit status 5"),
}


def check_picky(found: Any, expected: dict[str, tuple[str, str]]) -> None:
    assert {record.item for record in found.failed} == set(expected)
    for record in found.failed:
        kind, said = expected[record.item]
        assert record.error.type == kind
        assert said in record.error.message
    assert found[0].value == 0.0
    assert found[7].value == 7.0
    assert found[6].warnings == ("UserWarning: six is much",)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
def test_whatever_a_network_does_the_others_are_done(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    base = cohort(8)
    found = map_networks(functions.picky, base, workers=2, report=tmp_path / "r.jsonl")
    check_picky(found, CALM | DEADLY)
    assert "cohort_functions.py:" in found[1].error.where
    assert "in picky" in found[1].error.where
    assert len(lines(tmp_path / "r.jsonl")) == 8
    with pytest.raises(CohortError, match="5 of 8 networks failed") as caught:
        found.raise_failures()
    assert "sub-001: ValueError: one is too little" in caught.value.__notes__


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
def test_a_pool_that_breaks_is_survived(cohort: Cohorts, functions: ModuleType) -> None:
    said = pytest.warns(TvboWarning, match="what is left is done in")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor, said:
        found = map_networks(functions.picky, cohort(8), executor)
    check_picky(found, CALM | DEADLY)


def test_what_cannot_be_sent_or_written_is_a_failure(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    found = map_networks(functions.opaque, cohort(4), workers=1)
    assert {record.item for record in found.failed} == {"sub-002"}
    assert "lost on its way" in found[2].error.message
    found = map_networks(functions.opaque, tmp_path / "in", workers=1, report=tmp_path / "r.jsonl")
    assert {record.item for record in found.failed} == {"sub-001", "sub-002"}


@pytest.mark.parametrize("start_method", ["fork", pytest.param("forkserver", marks=pytest.mark.slow)])
@pytest.mark.skipif(sys.platform == "win32", reason="ways of Unix")
def test_processes_are_started_in_any_way(start_method: str, cohort: Cohorts, functions: ModuleType) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
import cohort_functions
from tvbo.cohort import map_networks
if __name__ == "__main__":
    found = map_networks(cohort_functions.first, {str(cohort(4))!r}, workers=2, start_method={start_method!r})
    print(sum(found.values.values()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("6.0\n", "")


def test_functions_that_cannot_travel_are_refused_at_once(cohort: Cohorts) -> None:
    base = cohort(1)
    with pytest.raises(UnsupportedObjectError, match="define it at the top of a module"):
        map_networks(lambda network: 1, base, workers=2)
    assert map_networks(lambda network: 1, base, workers=0)[0].value == 1
    with pytest.raises(UnsupportedObjectError, match=r"expected a concurrent\.futures executor or a Dask client"):
        map_networks(lambda network: 1, base, executor=3)


def test_a_function_from_a_prompt_is_refused(cohort: Cohorts) -> None:
    code = f"""
from tvbo.cohort import map_networks
def own(network): return 1
map_networks(own, {str(cohort(1))!r}, workers=1)
"""
    done = subprocess.run([sys.executable], input=code, capture_output=True, text=True, check=False)
    assert "it was defined at a prompt or in a notebook" in done.stderr


def test_a_script_without_its_guard_is_told_so(cohort: Cohorts, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"""
from tvbo.cohort import map_networks
def own(network): return 1
map_networks(own, {str(cohort(1))!r}, workers=1)
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]


# ------------------------------------------------------------------ going on


def run_logged(functions: ModuleType, base: Path, out: Path, **more: Any) -> tuple[Any, Counter[str]]:
    log = out.parent / "log.txt"
    log.write_text("")
    options = {"log": str(log)} | more.pop("options", {})
    found = map_networks(functions.logged, base, into=out, options=options, workers=0, **more)
    return found, Counter(log.read_text().split())


def test_only_what_changed_is_done_again(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    base, out = cohort(6), tmp_path / "out"
    _, done = run_logged(functions, base, out)
    assert sum(done.values()) == 6
    before = (out / "cohort.jsonl").read_bytes()
    found, done = run_logged(functions, base, out)
    assert (len(found.unchanged), done) == (6, Counter())
    assert (out / "cohort.jsonl").read_bytes() == before

    Network.from_matrix(np.eye(4)).save(base / "sub-001.yaml")
    (out / "sub-002.h5").unlink()
    (out / "sub-003.yaml").write_text("edited: by hand\n")
    (base / "sub-004.yaml").rename(base / "sub-007.yaml")
    (base / "sub-004.h5").rename(base / "sub-007.h5")
    os.utime(base / "sub-000.yaml")
    found, done = run_logged(functions, base, out)
    assert set(done) == {"sub-001", "sub-002", "sub-003", "sub-007"}
    assert not found.failed
    assert Network.from_file(out / "sub-001.yaml").identical(Network.from_file(base / "sub-001.yaml"))


def test_other_options_are_another_task(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    base, out = cohort(2), tmp_path / "out"
    for more in ({}, {"options": {"seconds": 0.001}}, {"version": "2"}, {"saving": {"compression": "none"}}):
        _, done = run_logged(functions, base, out, **more)
        assert sum(done.values()) == 2
        _, done = run_logged(functions, base, out, **more)
        assert not done


def test_what_failed_is_done_again(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    base, out = cohort(3), tmp_path / "out"
    good = (base / "sub-001.h5").read_bytes()
    (base / "sub-001.h5").write_bytes(good[: len(good) // 2])
    found, _ = run_logged(functions, base, out)
    assert [record.item for record in found.failed] == ["sub-001"]
    assert found.failed[0].error.type == "CompanionError"
    assert not (out / "sub-001.yaml").exists()
    (base / "sub-001.h5").write_bytes(good)
    found, done = run_logged(functions, base, out)
    assert (str(found), set(done)) == ("1 done, 2 done before", {"sub-001"})


def test_an_option_without_a_name_is_refused(cohort: Cohorts, functions: ModuleType) -> None:
    with pytest.raises(TypeError, match="cannot be named"):
        map_networks(functions.first, cohort(1), options={"by": object()}, workers=0)


def test_nothing_that_is_read_is_overwritten(cohort: Cohorts, functions: ModuleType) -> None:
    base = cohort(2)
    with pytest.raises(NetworkNotFoundError, match="all networks lie in"):
        map_networks(functions.doubled, base, into=base, workers=0)
    with pytest.raises(DuplicateNameError, match="would overwrite"):
        map_networks(functions.doubled, base.parent, into=base.parent / "x" / "..", workers=0)
    # Results in a folder within are not read by the next run.
    assert len(map_networks(functions.doubled, base, into=base / "out", workers=0)) == 2
    assert len(map_networks(functions.doubled, base, into=base / "out", workers=0).unchanged) == 2


SCRIPT = """
import sys
sys.path.insert(0, {here!r})
import cohort_functions
from tvbo.cohort import map_networks
if __name__ == "__main__":
    options = {{"log": {log!r}, "seconds": 0.03}}
    try:
        found = map_networks(cohort_functions.logged, {base!r}, into={out!r}, options=options, workers=2)
    except KeyboardInterrupt:
        sys.exit(130)
    print(found)
"""


@pytest.fixture
def started(cohort: Cohorts, tmp_path: Path) -> "tuple[Callable[[], subprocess.Popen[str]], Path, Path]":
    """Starts a run over 40 networks in a process of its own."""
    out, log = tmp_path / "out", tmp_path / "log.txt"
    names = {"here": str(Path(__file__).parent), "log": str(log), "base": str(cohort(40)), "out": str(out)}
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(**names))

    def start() -> "subprocess.Popen[str]":
        return subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, start_new_session=True)

    return start, out, log


def wait_for(out: Path, count: int) -> None:
    until = time.monotonic() + 60
    while not (out / "cohort.jsonl").exists() or (out / "cohort.jsonl").read_bytes().count(b"\n") < count:
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
@pytest.mark.parametrize("again", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_is_gone_on_with(started: Any, again: int) -> None:
    start, out, log = started
    finished: set[str] = set()
    for round_ in range(1, again + 1):
        with start() as process:
            wait_for(out, 10 * round_)
            process.kill()
        # Workers do not outlive the run.
        until = time.monotonic() + 10
        while alive(process.pid):
            assert time.monotonic() < until
            time.sleep(0.01)
        text = (out / "cohort.jsonl").read_text()
        finished |= {json.loads(line)["item"] for line in text[: text.rindex("\n")].splitlines()}
    with start() as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said.strip() == f"{40 - len(finished)} done, {len(finished)} done before"
    counts = Counter(log.read_text().split())
    assert len(counts) == 40
    # What was written down is not done again; what each worker had under way may be.
    assert sum(counts.values()) <= 40 + 2 * again
    assert sum(counts[name] - 1 for name in finished) <= 2 * (again - 1)
    written = lines(out / "cohort.jsonl")
    assert [line["item"] for line in written] == [f"sub-{number:03}" for number in range(40)]
    for line in written:
        assert Network.from_file(out / line["output"]).digest() == line["digest_out"]
    # What the kill left of half written files is hidden, and lies there no longer if its network was saved again.
    assert {path.suffix for path in out.iterdir() if not path.name.startswith(".")} == {".yaml", ".h5", ".jsonl"}


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals of Unix")
def test_ctrl_c_leaves_a_report_and_no_half_files(started: Any) -> None:
    start, out, log = started
    with start() as process:
        wait_for(out, 10)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    written = lines(out / "cohort.jsonl")
    assert 10 <= len(written) < 40
    # Whatever was begun is finished and written down.
    assert Counter(log.read_text().split()) == Counter(line["item"] for line in written)
    saved = {path.name for path in out.iterdir()} - {"cohort.jsonl", ".cohort.jsonl.lock"}
    assert saved == {f"{line['item']}.{ending}" for line in written for ending in ("yaml", "h5")}


def test_progress_is_told(cohort: Cohorts, functions: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[Record] = []
    found = map_networks(functions.first, cohort(3), workers=0, progress=seen.append)
    assert seen == list(found)
    assert capfd.readouterr() == ("", "")


def test_a_run_that_writes_no_files_leaves_the_report_of_one_that_did(
    cohort: Cohorts, functions: ModuleType, tmp_path: Path
) -> None:
    source, out = cohort(2), tmp_path / "out"
    map_networks(functions.doubled, source, into=out, workers=0)
    before = (out / "cohort.jsonl").read_bytes()
    with pytest.raises(CohortError, match="a run that wrote files"):
        map_networks(functions.first, source, report=out / "cohort.jsonl", workers=0)
    assert (out / "cohort.jsonl").read_bytes() == before


def test_results_do_not_go_into_a_file(cohort: Cohorts, functions: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(NotADirectoryError, match="expected a folder for the results"):
        map_networks(functions.doubled, cohort(1), into=tmp_path / "out", workers=0)
