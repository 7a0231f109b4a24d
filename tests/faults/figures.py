"""Run everything and print the table of the documentation: ``python tests/faults/figures.py``."""

import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness import Bench, Outcome, Raced, Subject, can_mount, unable
from powercut import MODELS, cuts
from test_faults import ALL, FOR_READERS, moments

Row = list[object]


def table(title: str, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Print a table, row by row, as its figures come in."""
    names = list(columns)
    print(f"\n{title}\n\n| {' | '.join(names)} |\n|{'|'.join(['---'] * len(names))}|", flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def figures(outcomes: Iterable[Outcome], *, tell: bool = True) -> Row:
    """Count what was tried and what became of it; tell what breaks the promise."""
    seen = list(outcomes)
    states = Counter(each.state for each in seen)
    crashed = sum(each.save in ("crash", "hang") or each.state in ("crash", "hang") for each in seen)
    unclean = sum(any("without a fault" in problem for problem in each.problems) for each in seen)
    for each in seen if tell else ():
        for problem in each.problems:
            print(f"{each.fault}: {problem}", file=sys.stderr)
    kept = states["old"] + states["new"] + states["newer"]
    return [
        len(seen),
        kept,
        states["lost"],
        states["wrong"],
        crashed,
        unclean,
        sum(bool(each.problems) for each in seen),
    ]


COLUMNS = ("tried", "old or new", "lost", "wrong", "crashed", "next save not clean", "problems")


def faults(subjects: dict[str, Subject]) -> Iterator[Row]:
    for name, subject in subjects.items():
        yield [name, len(subject.calls), *figures(subject.sweep())]
    for name in ("regions", "onto itself"):
        yield [f"{name}, two crashes", len(subjects[name].calls), *figures(subjects[name].crash_twice())]


def power_cuts(subjects: dict[str, Subject]) -> Iterator[Row]:
    for name, subject in subjects.items():
        for model in MODELS:
            yield [name, model, *figures(cuts(subject, model))]


def moments_and_room(subjects: dict[str, Subject], bench: Bench) -> Iterator[Row]:
    for name, count in (("regions", 200), ("surface", 50)):
        for number in (signal.SIGKILL, signal.SIGINT):
            yield [f"{name}: {number.name} at random", *figures(subjects[name].signals(number, moments(count, seed=5)))]
        yield [f"{name}: largest file limited", *figures(subjects[name].file_sizes(steps=40))]
        if can_mount(bench.folder):
            yield [f"{name}: full disk", *figures(subjects[name].full_disks(steps=40))]
    pairs = zip(moments(100, seed=6, late=0), moments(100, seed=7, late=0), strict=True)
    yield ["regions: two writers killed", *figures(subjects["regions"].two_writers((2 * a, 2 * b) for a, b in pairs))]


def readers(subjects: dict[str, Subject]) -> Iterator[Row]:
    def row(name: str, seen: Counter[str]) -> Row:
        exact = sum(seen[state] for state in ("old", "new", "newer"))
        stale = seen["stale while touching"]
        bad = sum(count for what, count in seen.items() if what not in FOR_READERS)
        return [name, seen.total(), exact, stale, bad]

    def counted(races: Iterable[Raced]) -> Counter[str]:
        return Counter(result for _, result, _ in races)

    for name in ("regions", "small surface"):
        subject = subjects[name]
        yield row(f"{name}: replaced under the reader", counted(subject.races(step=1 if name == "regions" else 3)))
        yield row(f"{name}: opened before others saved", counted(subject.held_open([None], [1, 2, 3, 4, 5])))
        seen, saves = subject.read_while_writing(seconds=8, readers=2)
        yield row(f"{name}: two readers beside {saves} saves", seen)


def main() -> None:
    """Run everything."""
    reason = unable()
    if reason:
        sys.exit(reason)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder)) as bench:
        subjects = {name: Subject(bench, name) for name in ALL}
        naive = Subject(bench, "naive")
        table("Every call going wrong", ("save", "calls", *COLUMNS), faults(subjects))
        found = figures(naive.sweep(), tell=False)
        table(
            "The same for a save that truncates and writes",
            ("save", "calls", *COLUMNS),
            [["naive", len(naive.calls), *found]],
        )
        table("Power cuts", ("save", "names reach the disk", *COLUMNS), power_cuts(subjects))
        table("Signals, and no room", ("what", *COLUMNS), moments_and_room(subjects, bench))
        columns = ("reader", "loads", "exactly old or new", "StaleFileError", "anything else")
        table("Readers beside writers", columns, readers(subjects))
    print(f"\n{time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    main()
