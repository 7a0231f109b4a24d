"""
Cohorts: what it takes to convert, check and average thousands of networks, and what is left of a run that is killed.

``python benchmarks/cohort.py [SUBJECTS]`` makes synthetic subjects (TVB zips of 90 regions), does all of it in
processes of their own, and prints tables in Markdown. It ends with an error if anything was lost, done twice, or
differs. Processor time is that of all processes of a run; it tells more than the clock where others are at work.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
REGIONS = 90
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def logged(network: Any, log: str) -> Any:
    """Give a network back, and write down that it was asked for."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    # Formats without a file of their own do not say where a network is from; its weights do.
    os.write(descriptor, f"{network.weights_matrix[0, 1]!r}\n".encode())
    os.close(descriptor)
    return network


def made(folder: str, start: str, stop: str) -> None:
    """Make some of the subjects."""
    import numpy as np

    from tvbo import Network

    labels = [f"region_{index:02}" for index in range(REGIONS)]
    for number in range(int(start), int(stop)):
        rng = np.random.default_rng(number)
        places = rng.normal(size=(REGIONS, 3)) * 40
        weights = rng.lognormal(size=(REGIONS, REGIONS)) * (rng.random((REGIONS, REGIONS)) < 0.5)
        weights = weights + weights.T
        weights[0, 1] = number + 0.5
        lengths = np.linalg.norm(places[:, None] - places, axis=-1) * (weights > 0)
        network = Network.from_matrix(weights, lengths, labels=labels, positions=places)
        network.save(Path(folder) / f"sub-{number:06}.zip")


def mapped(crew: str, source: str, into: str, log: str) -> dict[str, Any]:
    """Convert all, with processes, with Dask, or here."""
    import cohort as own

    from tvbo.cohort import map_networks

    start = time.perf_counter()
    options: dict[str, Any] = {"options": {"log": log}, "into": into}
    if crew == "dask":
        import distributed

        with (
            distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.run(lambda folder: sys.path.insert(0, folder), str(HERE.parent))
            started = time.perf_counter() - start
            found = map_networks(own.logged, source, client, **options)
    else:
        started = 0.0
        found = map_networks(own.logged, source, workers=int(crew), **options)
    return {"said": str(found), "inside": time.perf_counter() - start, "start": started}


def read(what: str, source: str, target: str) -> dict[str, Any]:
    """Do what reads a whole cohort."""
    import numpy as np

    from tvbo import cohort
    from tvbo.cohort.verbs import digests, validate

    start = time.perf_counter()
    said = ""
    if what == "validate":
        said = str(validate(source, deep=True, workers=2))
    elif what == "digest":
        said = str(digests(source, workers=2))
    elif what == "average":
        found = cohort.average(source, workers=2)
        found.network.save(target)
        said = found.network.digest()
    elif what == "open":
        stack = cohort.open_cohort(source)
        opened = time.perf_counter()
        stack.write(Path(source) / "cohort.h5")
        said = f"opened in {opened - start:.2f} s, written in {time.perf_counter() - opened:.2f} s"
    elif what == "reopen":
        stack = cohort.open_cohort(Path(source) / "cohort.h5")
        opened = time.perf_counter()
        one = stack[len(stack) // 2]
        said = f"opened in {opened - start:.3f} s, one subject in {(time.perf_counter() - opened) * 1e3:.1f} ms"
        assert one.shape == (REGIONS, REGIONS)
    elif what == "stack":
        stack = cohort.open_cohort(Path(source) / "cohort.h5")
        total = np.zeros((REGIONS, REGIONS))
        for plane in stack:
            total += plane
        said = f"{total.sum():.6g}"
    return {"said": said, "inside": time.perf_counter() - start}


def family(root: int) -> list[int]:
    """List a process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for each in found:
        found += children.get(each, [])
    return found


def resident(process: int) -> int:
    """Give the memory of a process that no other one shares with it, and its part of what they do."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)


class Watched:
    """A journey in a process of its own, with the most memory that it and its workers had at once."""

    def __init__(self, *words: object) -> None:
        self.start = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, HERE, *map(str, words)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.peak = self.parent = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(0.25):
            each = [resident(process) for process in family(self.process.pid)]
            self.peak, self.parent = max(self.peak, sum(each)), max(self.parent, each[0])

    def end(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        # With what its own children took, which it has waited for.
        _, status, used = os.wait4(self.process.pid, 0)
        self._done.set()
        self._thread.join()
        assert status == 0, out
        return json.loads(out) | {
            "cpu": used.ru_utime + used.ru_stime,
            "seconds": time.perf_counter() - self.start,
            "peak": self.peak >> 20,
            "parent": self.parent >> 20,
        }


def lines(report: Path) -> list[dict[str, Any]]:
    """Read the lines of a report that are whole."""
    if not report.exists():
        return []
    text = report.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def killed(source: Path, out: Path, log: Path, subjects: int) -> str:
    """Kill a run in its middle, go on, and count what was lost and what was done twice."""
    run = Watched("mapped", 2, source, out, log)
    while len(lines(out / "cohort.jsonl")) < subjects // 2:
        time.sleep(0.02)
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()
    time.sleep(2)
    written = {line["item"] for line in lines(out / "cohort.jsonl")}
    began = len(log.read_text().split())
    again = Watched("mapped", 2, source, out, log).end()
    calls = Counter(log.read_text().split())
    assert len(calls) == subjects
    assert max(calls.values()) <= 2
    twice = sum(count == 2 for count in calls.values())
    assert twice <= 2
    assert again["said"] == f"{subjects - len(written):,} done, {len(written):,} done before"
    return (
        f"SIGKILL after {len(written):,} of {subjects:,} lines, {began:,} begun; gone on in {again['seconds']:.1f} s: "
        f"{again['said']}; lost 0, written down and done again 0, under way and done again {twice}"
    )


def main(subjects: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory(prefix="tvbo-cohort-") as name:
        base = Path(name)
        source = base / "in"
        source.mkdir()
        half = subjects // 2
        makers = [
            subprocess.Popen([sys.executable, HERE, "made", source, str(a), str(b)])
            for a, b in ((0, half), (half, subjects))
        ]
        for maker in makers:
            assert maker.wait() == 0
        size = sum(path.stat().st_size for path in source.iterdir())
        print(f"{subjects:,} subjects of {REGIONS} regions, TVB zips of {size / subjects / 1000:.0f} kB\n")
        print("| convert to YAML + HDF5 | s | subjects/s | processor ms each | MB in all | MB of the run alone |")
        print("|---|--:|--:|--:|--:|--:|")
        digests = {}
        for crew, title in (("0", "this process"), ("2", "2 processes"), ("dask", "Dask LocalCluster, 2 workers")):
            out = base / f"out-{crew}"
            found = Watched("mapped", crew, source, out, base / f"log-{crew}").end()
            digests[crew] = [
                (line["item"], line["digest_in"], line["digest_out"]) for line in lines(out / "cohort.jsonl")
            ]
            row(title, found, subjects)
            if crew == "2":
                again = Watched("mapped", crew, source, out, base / f"log-{crew}").end()
                assert again["said"] == f"{subjects:,} done before"
        row("2 processes, again: nothing to do", again, subjects)
        assert digests["0"] == digests["2"] == digests["dask"]
        assert len(digests["0"]) == subjects
        print(f"\nAll three gave the same {subjects:,} digests.\n")
        print(killed(source, base / "killed", base / "log-killed", subjects))
        assert digests["0"] == [
            (line["item"], line["digest_in"], line["digest_out"]) for line in lines(base / "killed" / "cohort.jsonl")
        ]
        out = base / "out-2"
        stored = [path.stat() for path in out.iterdir()]
        print(f"\n{sum(each.st_size for each in stored) / subjects / 1000:.0f} kB in 2 files for each subject\n")
        print("| of the result | s | subjects/s | processor ms each | MB in all | |\n|---|--:|--:|--:|--:|---|")
        for what, title in (
            ("validate", "validate --deep, 2 processes"),
            ("digest", "digest, 2 processes"),
            ("average", "average of weights and lengths, 2 processes"),
            ("open", "open as one array"),
            ("reopen", "open cohort.h5 again, read one subject"),
            ("stack", "read all weights through it, checked"),
        ):
            found = Watched("read", what, out, base / "mean.yaml").end()
            rate = subjects / found["seconds"]
            each = found["cpu"] / subjects * 1e3
            print(
                f"| {title} | {found['seconds']:.1f} | {rate:,.0f} | {each:.2f} | {found['peak']} | {found['said']} |",
                flush=True,
            )


def row(title: str, found: dict[str, Any], subjects: int) -> None:
    """Print a row of the first table."""
    each = found["cpu"] / subjects * 1e3
    print(
        f"| {title} | {found['seconds']:.1f} | {subjects / found['seconds']:,.0f} | {each:.2f} | {found['peak']} "
        f"| {found['parent']} |",
        flush=True,
    )


if __name__ == "__main__":
    journeys = {"made": made, "mapped": mapped, "read": read}
    if len(sys.argv) > 1 and sys.argv[1] in journeys:
        sys.path.insert(0, str(HERE.parent))
        said = journeys[sys.argv[1]](*sys.argv[2:])
        if said is not None:
            print(json.dumps(said))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
