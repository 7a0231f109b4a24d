"""Work in threads: results in their order, errors at their turn, few items at once."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvbo.storage.pool import Beside, ordered, undisturbed


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


def test_items_that_are_done_are_not_kept() -> None:
    class Item:
        alive = 0

        def __init__(self) -> None:
            Item.alive += 1

        def __del__(self) -> None:
            Item.alive -= 1

    for _ in ordered(lambda item: time.sleep(0.001), (Item() for _ in range(60)), 2):
        assert Item.alive <= 8


def test_ending_early_leaves_no_thread_behind() -> None:
    found = ordered(lambda item: threading.current_thread(), range(100), 3)
    used = {next(found) for _ in range(50)} - {threading.current_thread()}
    found.close()
    assert not any(thread.is_alive() for thread in used)


def test_what_was_begun_gives_its_result_or_its_error() -> None:
    beside = Beside()
    order: list[int] = []
    jobs = [beside.begin(lambda number=number: order.append(number)) for number in range(5)]
    del beside
    assert [job() for job in jobs] == [None] * 5
    assert order == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        Beside().begin(lambda: 1 / 0)()


@pytest.fixture
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)


@pytest.mark.usefixtures("_no_threads")
def test_without_threads_it_is_done_here_and_once() -> None:
    assert Beside().begin(lambda: 3)() == 3
    done: list[int] = []
    assert len(list(ordered(done.append, range(20), 3))) == 20
    assert done == list(range(20))
    assert undisturbed(lambda stop: not stop.is_set())
    with pytest.raises(OSError, match="full") as caught:
        next(ordered(lambda _: (_ for _ in ()).throw(OSError("full")), [1], 2))
    assert caught.value.__context__ is None


@pytest.mark.usefixtures("_no_threads")
def test_without_threads_an_interrupt_counts_when_the_work_has_ended() -> None:
    before, ended = signal.getsignal(signal.SIGINT), []

    def work(stop: threading.Event) -> None:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        undisturbed(work)
    assert ended
    assert signal.getsignal(signal.SIGINT) is before


def test_a_large_network_is_saved_while_python_is_ending(tmp_path: Path) -> None:
    program = f"""
import atexit, numpy as np
from tvbo import Network
network, path = Network.from_matrix(np.random.default_rng(0).random((1500, 1500))), {str(tmp_path / "x.yaml")!r}
network.save(path)
atexit.register(lambda: print(Network.from_file(path).identical(network)))
atexit.register(lambda: network.save(path))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")
