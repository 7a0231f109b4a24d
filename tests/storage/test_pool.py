"""Work in threads: results in their order, errors at their turn, few items at once."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvbo.storage.pool import begun, ordered, undisturbed


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    def job(item: int) -> int:
        time.sleep(0.003 * (item % 3))
        return item * item

    assert list(ordered(job, range(40), threads)) == [item * item for item in range(40)]
    assert list(ordered(job, [], threads)) == []


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_an_error_comes_at_its_turn(threads: int) -> None:
    def job(item: int) -> int:
        if item == 7:
            raise ValueError("the seventh")
        time.sleep(0.002 * (7 - item if item < 7 else 0))
        return item

    found = ordered(job, range(20), threads)
    assert [next(found) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="the seventh"):
        next(found)


@pytest.mark.parametrize("threads", [2, 4])
def test_no_more_threads_work_than_are_allowed_and_few_items_are_taken_ahead(threads: int) -> None:
    lock, now, most, taken = threading.Lock(), 0, 0, 0

    def job(item: int) -> int:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.002)
        with lock:
            now -= 1
        return item

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(50):
            taken += 1
            yield item

    for given, _ in enumerate(ordered(job, items(), threads), 1):
        assert taken - given <= 3 * threads
    assert 1 < most <= threads


def test_ending_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    found = ordered(lambda item: item, range(100), 3)
    assert next(found) == 0
    found.close()
    assert threading.active_count() == before


def test_what_was_begun_gives_its_result_or_its_error() -> None:
    assert begun(lambda: 3)() == 3
    with pytest.raises(ZeroDivisionError):
        begun(lambda: 1 / 0)()


def test_without_a_thread_it_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    assert begun(lambda: 3)() == 3
    assert list(ordered(lambda item: item * 2, range(20), 3)) == list(range(0, 40, 2))
    assert undisturbed(lambda stop: not stop.is_set())


def test_a_large_network_is_saved_while_python_is_ending(tmp_path: Path) -> None:
    program = f"""
import atexit, numpy as np
from tvbo import Network
network, path = Network.from_matrix(np.random.default_rng(0).random((900, 900))), {str(tmp_path / "x.yaml")!r}
network.save(path)
atexit.register(lambda: print(Network.from_file(path).identical(network)))
atexit.register(lambda: network.save(path))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")
