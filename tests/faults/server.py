"""
A process that has imported tvbo under the shim, and forks a child for every job.

Importing takes longer than a save: a fork has it for free, and may be killed. Jobs come as lines of JSON; a line
asks for one or more jobs that run side by side, and gets one line with what became of each.
"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios import COMPANION, SCENARIOS, SIDECAR

from tvbo import Network
from tvbo.errors import StaleFileError, TvboWarning

# In the order of the enum in shim.c.
MODES = ["off", "trace", "kill", "kill-after", "torn", "fail", "fail-from", "short", "interrupted", "ctrl-c", "swap"]
SHIM = ctypes.CDLL(os.environ["TVBO_FAULT_SHIM"])
SHIM.fault_calls.restype = SHIM.fault_looks.restype = ctypes.c_long

Reply = dict[str, Any]


def arm(folder: Path, mode: str, at: int = 0, number: int = 0, log: str = "") -> None:
    """Let call number `at` below a folder go wrong."""
    if SHIM.fault_arm(str(folder).encode(), MODES.index(mode), ctypes.c_long(at), number, log.encode()):
        raise OSError(f"the shim cannot be armed for {folder}")


# ---------------------------------------------------------------------- jobs


def prepare(scenario: str, folder: str) -> Reply:
    """Save the old pair, and tell what the networks are by what they hold in memory."""
    place, this = Path(folder), SCENARIOS[scenario]
    if this.old is not None:
        this.saver(this.old(), place / SIDECAR)
    return {
        "old": this.old().digest() if this.old else None,
        "new": this.new(place).digest(),
        "newer": this.newer(place).digest(),
    }


def save(
    scenario: str,
    folder: str,
    which: str = "new",
    mode: str = "off",
    at: int = 0,
    number: int = 0,
    log: str = "",
    file_size: int | None = None,
) -> Reply:
    """Save, with a fault."""
    place, this = Path(folder), SCENARIOS[scenario]
    network = getattr(this, which)(place)
    if file_size is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))
    _ready()
    arm(place, mode, at, number, log)
    started = time.perf_counter()
    try:
        this.saver(network, place / SIDECAR)
    except BaseException as error:  # noqa: BLE001 - a Ctrl-C is an outcome like any other
        return _failed(error) | {"calls": SHIM.fault_calls()}
    finally:
        SHIM.fault_disarm()
    return {"seconds": time.perf_counter() - started, "calls": SHIM.fault_calls()}


def examine(scenario: str, folder: str, again: str | None = "new") -> Reply:
    """Load by either name; then save once more without a fault, and load that."""
    place, this = Path(folder), SCENARIOS[scenario]
    found = {"files": _names(place), "loaded": _load(place / SIDECAR), "by companion": _load(place / COMPANION)}
    if again is not None:
        try:
            this.saver(getattr(this, again)(place), place / SIDECAR)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            found["again"] = _failed(error)
        else:
            found["again"] = _load(place / SIDECAR)
        found["files again"] = _names(place)
    return found


def read_on(folder: str, seconds: float) -> Reply:
    """Load again and again while others write; count what came out."""
    seen: dict[str, int] = {}
    _ready()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        loaded = _load(Path(folder) / SIDECAR)
        if loaded.get("error") == "StaleFileError":
            key = f"stale while {loaded['while']}"
        else:
            key = loaded.get("digest") or f"{loaded['error']} while {loaded['while']}: {loaded['message']}"
        seen[key] = seen.get(key, 0) + 1
    return {"seen": seen}


def write_on(scenario: str, folder: str, seconds: float) -> Reply:
    """Save the old, the new and the newer network in turn."""
    place, this = Path(folder), SCENARIOS[scenario]
    assert this.old is not None
    networks = [this.new(place), this.newer(place), this.old()]
    _ready()
    until, saves = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        this.saver(networks[saves % 3], place / SIDECAR)
        saves += 1
    return {"saves": saves}


def hold(scenario: str, folder: str, touched: str | None, saves: int) -> Reply:
    """Open lazily, let another process save, and touch the rest only then."""
    place, this = Path(folder), SCENARIOS[scenario]
    network = Network.from_file(place / SIDECAR)
    if touched is not None:
        network.matrix(touched, format=None)
    other = os.fork()
    if other == 0:
        for i in range(saves):
            this.saver((this.newer if i % 2 else this.new)(place), place / SIDECAR)
        os._exit(0)
    if os.waitpid(other, 0)[1]:
        raise AssertionError("the other process could not save")
    try:
        return {"digest": network.digest()}
    except StaleFileError as error:
        return _failed(error)


def race(folder: str, prepared: str, companion_at: int, sidecar_at: int) -> Reply:
    """Load while a pair that lies ready is moved into place at given looks of the reader: 0 for never."""
    place, ready = Path(folder), Path(prepared)
    for which, (at, name) in enumerate(((companion_at, COMPANION), (sidecar_at, SIDECAR))):
        SHIM.fault_swap(which, ctypes.c_long(at), str(ready / name).encode(), str(place / name).encode())
    arm(place, "swap")
    loaded = _load(place / SIDECAR)
    SHIM.fault_disarm()
    return loaded | {"looks": SHIM.fault_looks()}


JOBS: dict[str, Callable[..., Reply]] = {
    job.__name__: job for job in (prepare, save, examine, read_on, write_on, hold, race)
}


def _load(path: Path) -> Reply:
    """Load everything; tell what it is, or in which step it failed."""
    step = "opening"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            network = Network.from_file(path)
            step = "touching"
            digest = network.digest()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            return _failed(error) | {"while": step}
    strange = [str(each.message) for each in caught if not issubclass(each.category, TvboWarning)]
    return {"digest": digest, "warned": len(caught), "strange": strange}


def _failed(error: BaseException) -> Reply:
    return {"error": type(error).__name__, "message": str(error)}


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------------- children


_to_parent = -1


def _ready() -> None:
    """Tell that the interesting part begins, so that a signal comes neither too early nor too late."""
    with contextlib.suppress(OSError):
        os.write(_to_parent, b"!")


def _child(task: dict[str, Any], pipe: int) -> None:
    global _to_parent
    _to_parent = pipe
    # A program that was started in the background may have inherited that Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    reply: Reply = {"error": "KeyboardInterrupt", "message": ""}
    try:
        try:
            reply = JOBS[task["job"]](**task["with"])
        except Exception as error:  # noqa: BLE001 - a job that goes wrong is an answer too
            reply = _failed(error)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    answer = json.dumps(reply).encode()
    while answer:
        answer = answer[os.write(pipe, answer) :]


class _Child:
    """A job that runs."""

    def __init__(self, task: dict[str, Any], others: list["_Child"]) -> None:
        self.task, self.answer, self.due = task, b"", None
        self.pipe, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            # Without this, every failure would end in a traceback on the tests' own standard error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            try:
                for end in (self.pipe, *(other.pipe for other in others)):
                    os.close(end)
                _child(task, theirs)
            finally:
                os._exit(0)
        os.close(theirs)

    def read(self) -> bool:
        """Take what there is; tell whether there will be more."""
        data = os.read(self.pipe, 1 << 16)
        self.answer += data
        if data and self.due is None and "signal" in self.task:
            self.due = time.monotonic() + self.task["after"]
        return bool(data)

    def finish(self, late: bool) -> Reply:
        """Collect the child."""
        if late:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.pipe)
        if late:
            return {"hang": True}
        if os.WIFSIGNALED(status):
            return {"signal": os.WTERMSIG(status)}
        text = self.answer.lstrip(b"!")
        return json.loads(text) if text else {"error": "no answer", "message": f"exit status {status}"}


def run(tasks: list[dict[str, Any]], limit: float) -> list[Reply]:
    """Run jobs side by side."""
    running: list[_Child] = []
    for task in tasks:
        running.append(_Child(task, running))
    children = list(running)
    until = time.monotonic() + limit
    while running and time.monotonic() < until:
        due = min([until, *(child.due for child in running if child.due is not None)])
        readable = select.select([child.pipe for child in running], [], [], max(0.0, due - time.monotonic()))[0]
        running = [child for child in running if child.pipe not in readable or child.read()]
        for child in running:
            if child.due is not None and child.due <= time.monotonic():
                os.kill(child.pid, child.task["signal"])
                child.due = float("inf")
    return [child.finish(child in running) for child in children]


_warm: set[str] = set()


def warm_up(scenario: str) -> None:
    """Import what a save and a load import, and make the networks, once for all forks."""
    if scenario in _warm:
        return
    _warm.add(scenario)
    with tempfile.TemporaryDirectory() as folder:
        prepare(scenario, folder)
        save(scenario, folder, "newer")
        examine(scenario, folder)
    # What the collector does not touch stays shared between the forks.
    gc.collect()
    gc.freeze()


def main() -> None:
    """Answer until the other end closes."""
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        asked = json.loads(line)
        for task in asked["tasks"]:
            if "scenario" in task["with"]:
                warm_up(task["with"]["scenario"])
        print(json.dumps(run(asked["tasks"], asked["limit"])), flush=True)


if __name__ == "__main__":
    main()
