"""Runs faults, and says what became of the pair."""

import errno
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).parent
SIDECAR, COMPANION = "net.yaml", "net.h5"
# A file of somebody else beside the pair: it must survive everything.
BYSTANDER, ITS_TEXT = "notes.txt", "not part of any network"
PAIR = (COMPANION, SIDECAR)
PAGE = 4096
MISSING, STALE = "NetworkNotFoundError", "StaleFileError"


def unable() -> str | None:
    """Tell why the harness cannot run here; None if it can."""
    if not sys.platform.startswith("linux"):
        return "the shim needs Linux"
    if shutil.which("cc") is None:
        return "the shim needs a C compiler"
    return None


def compile_shim(folder: Path) -> Path:
    """Build the shim."""
    made = folder / "shim.so"
    options = ["-O1", "-Wall", "-U_FORTIFY_SOURCE", "-shared", "-fPIC"]
    subprocess.run(["cc", *options, "-o", str(made), str(HERE / "shim.c"), "-ldl"], check=True)
    return made


class Bench:
    """The server, seen from the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = itertools.count()
        shim = compile_shim(folder)
        environment = os.environ | {
            "LD_PRELOAD": str(shim),
            "TVBO_FAULT_SHIM": str(shim),
            "PYTHONDONTWRITEBYTECODE": "1",
            # A fork has one thread; those of a BLAS would be missing.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._server = subprocess.Popen(
            [sys.executable, str(HERE / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def place(self) -> Path:
        """Give the path of a folder that does not exist yet."""
        return self.folder / f"place{next(self._number)}"

    def together(self, *tasks: dict[str, Any], limit: float = 60) -> list[dict[str, Any]]:
        """Run jobs side by side."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps({"tasks": tasks, "limit": limit}), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        if not answer:
            raise RuntimeError(f"the fault server ended with status {self._server.wait()}")
        replies: list[dict[str, Any]] = json.loads(answer)
        return replies

    def run(self, job: str, **options: Any) -> dict[str, Any]:
        """Run one job."""
        return self.together(task(job, **options))[0]


def task(job: str, *, after: tuple[int, float] | None = None, **options: Any) -> dict[str, Any]:
    """Describe a job; `after` is a signal and how many seconds into the job it comes."""
    described: dict[str, Any] = {"job": job, "with": options}
    return described if after is None else described | {"signal": after[0], "after": after[1]}


# ---------------------------------------------------------------------- faults


@dataclass(frozen=True)
class Fault:
    """
    What goes wrong at which call.

    Attributes
    ----------
    mode : str
        One of ``server.MODES``.
    at : int
        Number of the call.
    error : str
        Name of the errno, for ``fail`` and ``fail-from``.
    """

    mode: str
    at: int
    error: str = ""

    @property
    def options(self) -> dict[str, Any]:
        """What the job ``save`` takes."""
        return {"mode": self.mode, "at": self.at, "number": getattr(errno, self.error) if self.error else 0}

    def __str__(self) -> str:
        return f"{self.mode} {self.error} at call {self.at}".replace("  ", " ")


CRASHES = (("kill", ""), ("kill-after", ""), ("torn", ""))
FAILURES = tuple(("fail", error) for error in ("EIO", "ENOSPC", "EDQUOT", "EACCES"))
BROKEN_DISKS = tuple(("fail-from", error) for error in ("ENOSPC", "EDQUOT", "EIO", "EROFS"))
ANNOYANCES = (("short", ""), ("interrupted", ""), ("ctrl-c", ""))
EVERYTHING = CRASHES + FAILURES + BROKEN_DISKS + ANNOYANCES
ESSENTIALS = (("kill", ""), ("torn", ""), ("fail", "EIO"), ("fail-from", "ENOSPC"), ("short", ""), ("ctrl-c", ""))


@dataclass(frozen=True)
class Call:
    """A call that changed the disk, as it was recorded."""

    what: str
    inode: int
    is_folder: bool
    name: str
    second: str
    offset: int
    data: bytes


def read_trace(log: Path, folder: Path) -> list[Call]:
    """Read what the shim recorded; names are relative to the folder."""
    data = Path(f"{log}.data").read_bytes()
    at = 0
    calls = []
    for line in log.read_text(encoding="utf-8").splitlines():
        what, inode, is_folder, one, two, offset, length = line.split("\t")
        names = [os.path.relpath(path, folder.resolve()) if path else "" for path in (one, two)]
        piece = data[at : at + int(length)]
        at += len(piece)
        calls.append(Call(what, int(inode), is_folder == "1", *names, int(offset), piece))
    return calls


@dataclass(frozen=True)
class Outcome:
    """
    What a fault did.

    Attributes
    ----------
    fault : str
        The fault.
    save : {"ok", "raised", "killed", "crash", "hang"}
        How the save ended.
    state : str
        What the pair loads as: ``old``, ``new``, ``newer``; ``lost`` if it does not load, ``wrong`` if it loads as
        anything else; ``crash`` or ``hang`` if loading does.
    leftovers : int
        Files that lay about after the fault; the next save must take them away.
    problems : list of str
        What breaks the promise.
    detail : dict
        What the server said.
    """

    fault: str
    save: str
    state: str
    leftovers: int
    problems: list[str]
    detail: dict[str, Any] = field(repr=False)


# What a reader met, what came of it, and what the server said.
Raced = tuple[str, str, dict[str, Any]]


class Subject:
    """A scenario that is set up: its old pair on disk, what the states look like, and what its save calls."""

    def __init__(self, bench: Bench, scenario: str) -> None:
        self.bench = bench
        self.scenario = scenario
        self.old = bench.place()
        self.old.mkdir()
        (self.old / BYSTANDER).write_text(ITS_TEXT)
        digests = bench.run("prepare", scenario=scenario, folder=str(self.old))
        if "error" in digests:
            raise RuntimeError(f"{scenario}: {digests}")
        self.states = {digests[which] or MISSING: which for which in ("old", "new", "newer")}
        assert len(self.states) == 3, "the networks must differ"
        self.calls, self.seconds = self._record(bench.folder / f"{self.old.name}.log")

    def _record(self, log: Path) -> tuple[list[Call], float]:
        self.saved = self.fresh()
        # The inodes of the files as they were before: a second name keeps each from being used again.
        self.saved_over = self.bench.place()
        self.saved_over.mkdir()
        for path in self.saved.iterdir():
            (self.saved_over / path.name).hardlink_to(path)
        done = self.save(self.saved, mode="trace", log=str(log))
        assert done.get("calls"), f"{self.scenario}: the save did not work: {done}"
        calls = read_trace(log, self.saved)
        assert len(calls) == done["calls"], "some calls failed or were not recorded"
        return calls, done["seconds"]

    # ------------------------------------------------------------------ steps

    def fresh(self, source: Path | None = None) -> Path:
        """Give a new folder with the old pair in it."""
        return Path(shutil.copytree(source or self.old, self.bench.place()))

    def save(self, folder: Path, which: str = "new", **options: Any) -> dict[str, Any]:
        """Save over what is in a folder."""
        return self.bench.run("save", scenario=self.scenario, folder=str(folder), which=which, **options)

    def state_of(self, loaded: dict[str, Any]) -> str:
        """Name what was loaded."""
        if "signal" in loaded:
            return "crash"
        if "hang" in loaded:
            return "hang"
        if "digest" in loaded:
            return self.states.get(loaded["digest"], "wrong")
        return self.states.get(loaded["error"], "lost")

    def judge(
        self,
        folder: Path,
        fault: str,
        saved: dict[str, Any],
        *,
        expected_signal: int | None = None,
        allowed: Iterable[str] = ("old", "new"),
        which: str = "new",
    ) -> Outcome:
        """Say what a fault did to a folder, and whether all is well; the folder is removed."""
        end = _end_of(saved, expected_signal)
        seen = self.bench.run("examine", scenario=self.scenario, folder=str(folder), again=which)
        loaded, again = seen.get("loaded", seen), seen.get("again", seen)
        state, twin = self.state_of(loaded), self.state_of(seen.get("by companion", seen))
        problems = []
        if end in ("crash", "hang"):
            problems.append(f"the save ended by {saved}")
        if state not in allowed:
            problems.append(f"the pair is {state}: {loaded}")
        if twin not in allowed:
            problems.append(f"by its companion the pair is {twin}: {seen.get('by companion')}")
        if end == "ok" and state != which:
            problems.append(f"the save returned normally, and the pair is {state}")
        if loaded.get("strange"):
            problems.append(f"loading warned: {loaded['strange']}")
        if self.state_of(again) != which:
            problems.append(f"a save without a fault gives {self.state_of(again)}: {again}")
        leftovers = [name for name in seen.get("files again", ()) if name not in (*PAIR, BYSTANDER)]
        if leftovers:
            problems.append(f"a save without a fault leaves {leftovers}")
        bystander = folder / BYSTANDER
        if not bystander.exists() or bystander.read_text() != ITS_TEXT:
            problems.append("a file of somebody else was changed")
        lying_about = len([name for name in seen.get("files", ()) if name not in (*PAIR, BYSTANDER)])
        shutil.rmtree(folder, ignore_errors=True)
        return Outcome(fault, end, state, lying_about, problems, {"saved": saved, "seen": seen})

    # ------------------------------------------------------------------ campaigns

    def points(self, mode: str) -> list[int]:
        """Give the numbers of the calls where a mode does something of its own."""
        only_writes = mode in ("torn", "short")
        return [i for i, call in enumerate(self.calls, 1) if not only_writes or call.what == "write"]

    def try_fault(self, fault: Fault) -> Outcome:
        """Save with one fault."""
        folder = self.fresh()
        saved = self.save(folder, **fault.options)
        mortal = signal.SIGKILL if (fault.mode, "") in CRASHES else None
        outcome = self.judge(folder, str(fault), saved, expected_signal=mortal)
        if mortal and outcome.save != "killed":
            outcome.problems.append("the save was not killed")
        return outcome

    def sweep(self, modes: Iterable[tuple[str, str]] = EVERYTHING) -> Iterator[Outcome]:
        """Let each call go wrong in each way."""
        for mode, error in modes:
            for at in self.points(mode):
                yield self.try_fault(Fault(mode, at, error))

    def crash_twice(self, step: int = 1) -> Iterator[Outcome]:
        """Kill a save at each call, then a second save, of another network, at each of its calls."""
        for first in range(1, len(self.calls) + 1, step):
            torn = self.fresh()
            self.save(torn, mode="kill", at=first)
            second = 0
            while True:
                second += step
                folder = self.fresh(torn)
                saved = self.save(folder, "newer", mode="kill", at=second)
                yield self.judge(
                    folder,
                    f"kill at call {first}, then at call {second}",
                    saved,
                    expected_signal=signal.SIGKILL,
                    allowed=("old", "new", "newer"),
                    which="newer",
                )
                if "signal" not in saved:
                    break
            shutil.rmtree(torn)

    def signals(self, number: int, delays: Iterable[float]) -> Iterator[Outcome]:
        """Send a signal at given times, as parts of the time that a save takes."""
        for delay in delays:
            folder = self.fresh()
            asked = task(
                "save",
                after=(number, delay * self.seconds),
                scenario=self.scenario,
                folder=str(folder),
            )
            saved = self.bench.together(asked)[0]
            mortal = signal.SIGKILL if number == signal.SIGKILL else None
            yield self.judge(folder, f"signal {number} after {delay:.3f} of a save", saved, expected_signal=mortal)

    def two_writers(self, delays: Iterable[tuple[float, float]]) -> Iterator[Outcome]:
        """Let two processes save different networks, and kill both."""
        for pair in delays:
            folder = self.fresh()
            tasks = [
                task(
                    "save",
                    after=(signal.SIGKILL, delay * self.seconds),
                    scenario=self.scenario,
                    folder=str(folder),
                    which=which,
                )
                for which, delay in zip(("new", "newer"), pair, strict=True)
            ]
            replies = self.bench.together(*tasks)
            ends = [_end_of(reply, signal.SIGKILL) for reply in replies]
            strange = [reply for reply, end in zip(replies, ends, strict=True) if end not in ("ok", "killed")]
            yield self.judge(
                folder,
                f"two writers killed after {pair[0]:.2f} and {pair[1]:.2f} of a save",
                strange[0] if strange else {"signal": signal.SIGKILL},
                expected_signal=signal.SIGKILL,
                allowed=("new", "newer") if "ok" in ends else ("old", "new", "newer"),
            )

    def file_sizes(self, steps: int) -> Iterator[Outcome]:
        """Save where no file may be larger than so many bytes: from nothing to enough."""
        largest = max(path.stat().st_size for path in self.saved.iterdir())
        for size in _steps(0, largest, steps):
            folder = self.fresh()
            saved = self.save(folder, file_size=size)
            yield self.judge(folder, f"files of {size} bytes at most", saved)

    def full_disks(self, steps: int) -> Iterator[Outcome]:
        """Save onto small disks: from one that just holds the old pair to one that holds both."""
        old, new = (
            sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.iterdir())
            for folder in (self.old, self.saved)
        )
        for size in _steps(old + PAGE, old + new + 4 * PAGE, steps):
            disk = self.bench.place()
            disk.mkdir()
            mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk))
            try:
                folder = Path(shutil.copytree(self.old, disk / "pair"))
                saved = self.save(folder)
                # The save without a fault that follows needs room.
                mount("-o", "remount,size=64m", str(disk))
                yield self.judge(folder, f"a disk of {size} bytes", saved)
            finally:
                subprocess.run(["umount", str(disk)], check=True)

    def held_open(self, touched: Iterable[str | None], saves: Iterable[int]) -> Iterator[Raced]:
        """Open lazily, save in another process, touch: give what was held, what came of it, and the reply."""
        for name, number in itertools.product(touched, saves):
            folder = self.fresh()
            reply = self.bench.run("hold", scenario=self.scenario, folder=str(folder), touched=name, saves=number)
            shutil.rmtree(folder)
            result = "stale while touching" if reply.get("error") == STALE else self.state_of(reply)
            yield f"{name} touched before {number} saves", result, reply

    def races(self, step: int = 1, together: bool = False) -> Iterator[Raced]:
        """
        Replace the pair under a reader, at each pair of its looks at the disk.

        The companion is replaced at one look, and the sidecar at that one, at a later one, or never; `together`
        leaves out all but the first.
        """
        looks = self._race(0, 0)[2]["looks"]
        # The last one lies behind all looks: what was replaced then is not seen.
        for first in range(1, looks + 2, step):
            for second in [first] if together else [first, *range(first + step, looks + 1, step), 0]:
                yield self._race(first, second)

    def _race(self, first: int, second: int) -> Raced:
        folder, prepared = self.fresh(), self.fresh(self.saved)
        reply = self.bench.run(
            "race", folder=str(folder), prepared=str(prepared), companion_at=first, sidecar_at=second
        )
        shutil.rmtree(folder)
        shutil.rmtree(prepared)
        result = f"stale while {reply['while']}" if reply.get("error") == STALE else self.state_of(reply)
        return f"companion replaced at look {first}, sidecar at {second}", result, reply

    def read_while_writing(self, seconds: float, readers: int = 1) -> tuple[Counter[str], int]:
        """Let readers run beside a writer; give what they saw, and how many saves there were."""
        folder = self.fresh()
        replies = self.bench.together(
            task("write_on", scenario=self.scenario, folder=str(folder), seconds=seconds),
            *[task("read_on", folder=str(folder), seconds=seconds) for _ in range(readers)],
            limit=seconds + 60,
        )
        shutil.rmtree(folder)
        seen: Counter[str] = Counter()
        for reply in replies[1:]:
            for key, number in reply.get("seen", {str(reply): 1}).items():
                seen[self.states.get(key, key)] += number
        if "saves" not in replies[0]:
            seen[f"the writer failed: {replies[0]}"] += 1
        return seen, replies[0].get("saves", 0)


def _end_of(saved: dict[str, Any], expected_signal: int | None) -> str:
    if "hang" in saved:
        return "hang"
    if "signal" in saved:
        return "killed" if saved["signal"] == expected_signal else "crash"
    return "raised" if "error" in saved else "ok"


def _steps(first: int, last: int, number: int) -> list[int]:
    return [first + (last - first) * i // (number - 1) for i in range(number)]


# ---------------------------------------------------------------------- small disks


def mount(*arguments: str) -> None:
    """Mount a file system."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def can_mount(folder: Path) -> bool:
    """Tell whether a small disk can be had here."""
    if os.geteuid() or shutil.which("mount") is None:
        return False
    probe = folder / "probe"
    probe.mkdir(exist_ok=True)
    try:
        mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", str(probe))
    except subprocess.CalledProcessError:
        return False
    subprocess.run(["umount", str(probe)], check=True)
    return True
