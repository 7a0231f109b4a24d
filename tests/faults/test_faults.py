"""Whatever happens during a save, the pair is the old network or the new one, bit for bit."""

import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from harness import (
    CRASHES,
    ESSENTIALS,
    EVERYTHING,
    Bench,
    Outcome,
    Raced,
    Subject,
    can_mount,
)
from powercut import MODELS, cuts, is_complete

Find = Callable[[str], Subject]

QUICK = ("first save", "onto itself", "metadata", "streamed", "small surface")
SMALL = ("regions", *QUICK)
ALL = (*SMALL, "surface")
# Where a reader holds a note of a file that was replaced, it says so.
FOR_READERS = {"old", "new", "newer", "stale while touching"}


def all_well(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Check every outcome, and give them back."""
    seen = list(outcomes)
    bad = [f"{each.fault}: {problem}" for each in seen for problem in each.problems]
    assert seen, "nothing was tried"
    assert not bad, f"{len(bad)} problems in {len(seen)} faults:\n" + "\n".join(bad[:10])
    return seen


def readers_well(races: Iterable[Raced]) -> Counter[str]:
    """Check what readers met, and count it."""
    seen: Counter[str] = Counter()
    bad = []
    for what, result, reply in races:
        seen[result] += 1
        if result not in FOR_READERS:
            bad.append(f"{what}: {result} {reply}")
    assert seen, "nothing was tried"
    assert not bad, f"{len(bad)} problems in {seen.total()} races:\n" + "\n".join(bad[:10])
    return seen


def moments(count: int, seed: int, late: float = 0.6) -> list[float]:
    """Give random parts of a save; half of them where it writes, which is its end."""
    rng = random.Random(seed)
    return [rng.uniform(late if i % 2 else 0, 1.1) for i in range(count)]


# ---------------------------------------------------------------- the harness itself


def test_a_naive_save_is_found_out(subject: Find) -> None:
    outcomes = list(subject("naive").sweep((*CRASHES, ("fail", "ENOSPC"))))
    assert {"lost", "wrong"} <= {each.state for each in outcomes}
    assert all(each.problems for each in outcomes if each.state in ("lost", "wrong"))


def test_a_save_that_does_not_flush_is_found_out_by_a_power_cut_only(subject: Find) -> None:
    unflushed = subject("unflushed")
    assert {each.state for each in unflushed.sweep([("kill", "")])} <= {"old", "new"}
    assert any(each.state == "lost" for each in cuts(unflushed, "ordered"))


@pytest.mark.parametrize("scenario", SMALL)
def test_no_change_of_the_disk_goes_past_the_shim(subject: Find, scenario: str) -> None:
    assert is_complete(subject(scenario))


# ---------------------------------------------------------------- a call that goes wrong


def test_a_save_that_goes_wrong_at_any_call(subject: Find) -> None:
    outcomes = all_well(subject("regions").sweep(ESSENTIALS))
    assert {each.save for each in outcomes} == {"ok", "raised", "killed"}
    assert {each.state for each in outcomes} == {"old", "new"}


@pytest.mark.parametrize("scenario", QUICK)
def test_a_save_that_is_killed_at_any_call(subject: Find, scenario: str) -> None:
    all_well(subject(scenario).sweep([("kill", "")]))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ALL)
def test_each_call_going_wrong_in_each_way(subject: Find, scenario: str) -> None:
    all_well(subject(scenario).sweep(EVERYTHING))


def test_a_save_after_a_crash_that_crashes_too(subject: Find) -> None:
    all_well(subject("regions").crash_twice(step=5))


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "step"), [("regions", 1), ("onto itself", 2)])
def test_two_crashes_at_every_pair_of_calls(subject: Find, scenario: str, step: int) -> None:
    all_well(subject(scenario).crash_twice(step))


# ---------------------------------------------------------------- power cuts


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("scenario", ["first save", "onto itself"])
def test_power_cuts(subject: Find, scenario: str, model: str) -> None:
    outcomes = all_well(cuts(subject(scenario), model))
    assert {each.state for each in outcomes} == {"old", "new"}


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("scenario", ["regions", "metadata", "small surface", "surface"])
def test_power_cuts_of_other_saves(subject: Find, scenario: str, model: str) -> None:
    all_well(cuts(subject(scenario), model))


# ---------------------------------------------------------------- signals at random times


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_few_signals_at_random_times(subject: Find, number: int) -> None:
    all_well(subject("regions").signals(number, moments(10, seed=1)))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize(("scenario", "count"), [("regions", 150), ("small surface", 75), ("surface", 25)])
def test_many_signals_at_random_times(subject: Find, scenario: str, count: int, number: int) -> None:
    # The last come after the save, also where the machine has become slower since it was timed.
    outcomes = all_well(subject(scenario).signals(number, [*moments(count, seed=2), 4.0, 20.0]))
    assert {each.state for each in outcomes} == {"old", "new"}


# ---------------------------------------------------------------- no room


def test_files_that_may_not_grow(subject: Find) -> None:
    outcomes = all_well(subject("regions").file_sizes(steps=5))
    assert {each.state for each in outcomes} == {"old", "new"}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["regions", "surface"])
def test_files_that_may_not_grow_in_small_steps(subject: Find, scenario: str) -> None:
    all_well(subject(scenario).file_sizes(steps=40))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["regions", "small surface"])
def test_a_disk_that_is_full(bench: Bench, subject: Find, scenario: str) -> None:
    if not can_mount(bench.folder):
        pytest.skip("a small disk needs root and mount")
    outcomes = all_well(subject(scenario).full_disks(steps=40))
    assert {each.state for each in outcomes} == {"old", "new"}


# ---------------------------------------------------------------- readers and writers


def test_a_pair_that_is_replaced_under_a_reader(subject: Find) -> None:
    seen = readers_well(subject("regions").races(together=True))
    assert {"old", "new", "stale while touching"} <= set(seen)


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "step"), [("regions", 1), ("small surface", 3)])
def test_a_pair_that_is_replaced_in_two_steps_under_a_reader(subject: Find, scenario: str, step: int) -> None:
    readers_well(subject(scenario).races(step))


@pytest.mark.parametrize("scenario", ["regions", "onto itself", "small surface"])
def test_a_network_that_was_opened_before_others_saved(subject: Find, scenario: str) -> None:
    touched = None if scenario == "small surface" else "weight"
    seen = readers_well(subject(scenario).held_open([None, touched], [1, 2, 3]))
    assert not {"new", "newer"} & set(seen), "numbers of a later save were given"


def test_readers_beside_a_writer_for_a_moment(subject: Find) -> None:
    seen, saves = subject("regions").read_while_writing(seconds=1)
    assert saves
    assert set(seen) <= FOR_READERS


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["regions", "small surface"])
def test_readers_beside_a_writer(subject: Find, scenario: str) -> None:
    seen, saves = subject(scenario).read_while_writing(seconds=8, readers=2)
    assert saves > 20
    assert set(seen) <= FOR_READERS
    assert len({"old", "new", "newer"} & set(seen)) > 1


@pytest.mark.slow
def test_two_writers_that_are_killed(subject: Find) -> None:
    first, second = moments(100, seed=3, late=0), moments(100, seed=4, late=0)
    # Side by side, each takes up to twice as long.
    all_well(
        subject("regions").two_writers(zip((2 * each for each in first), (2 * each for each in second), strict=True))
    )
