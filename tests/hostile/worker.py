"""
A child process that opens hostile pairs, and a `Worker` that starts it, asks it, and tells how it died.

The child imports once and then answers one case after the other. Its address space is limited, and an alarm that
nothing in the process can hold up ends a case that takes too long. So a crash, a hang or a greedy file costs one
child, and the case in flight is known.
"""

import contextlib
import faulthandler
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import mutate

MEMORY = 2 << 30
SECONDS = 10.0
# What a case may end in, other than by the death of the child (crash, hang).
REFUSED, EXACT, CARRIED, EDITED, LOADED, WRONG = "refused", "exact", "carried", "edited", "loaded", "wrong"
_ALARMS = (signal.SIGALRM, signal.SIGPROF)
# How much longer than the processor the clock may take, on a machine that others use as well.
_PATIENCE = 6
FOREIGN, GREEDY, LEAK, CRASH, HANG = "foreign", "memory", "leak", "crash", "hang"
_EVENTS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "pty.spawn")


# ---------------------------------------------------------------------- the child


class _Audit:
    """Notes what is opened outside of the folders that a case may read, and programs that are started."""

    def __init__(self) -> None:
        self.active = False
        self.inside: tuple[str, ...] = ()
        self.seen: list[str] = []
        own = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(__file__).parents[2] / "src")]
        # Tracebacks and lazy imports read source files; the zone of a date is looked up by the C library.
        self.python = tuple({f"{os.path.realpath(each)}/" for each in own} | {f"{each}/" for each in own})
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event in _EVENTS:
            self.seen.append(f"{event} {args[:1]!r}")
        elif event in ("open", "os.scandir", "os.listdir") and isinstance(args[0], (str, bytes)):
            # Not resolved: what a link in the folder points at is for the reader to judge.
            path = os.path.abspath(os.fsdecode(args[0]))  # noqa: PTH100
            if not f"{path}/".startswith((*self.inside, *self.python)):
                self.seen.append(f"{event} {path}")


def _limit(memory: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _touch(network: Any) -> None:
    """Read every array through the doors that users take; the digest alone could miss one."""
    for name in network.matrix_names:
        lazy = network.lazy(name)
        # Before the whole is read and kept; some sparse layouts of scipy have no rows to give.
        if not hasattr(lazy, "format") and min(lazy.shape):
            lazy[0], lazy[-1:, 0]
        repr(network.matrix(name, format=None))
    nodes = network.nodes
    _ = nodes.labels, nodes.ids, nodes.positions, [nodes.columns[name] for name in nodes.columns]
    if len(nodes):
        repr(nodes[0])
    for parameter in network.parameters.values():
        repr(parameter.value)
    if network.mesh is not None:
        _ = network.mesh.vertices, network.mesh.elements
    _ = network.node_mapping_data
    repr(network)


def _misbehave(how: str, network: Any) -> None:
    """Do on purpose what must never happen, to see that it is noticed."""
    if how == "crash":
        import ctypes

        ctypes.string_at(0)
    elif how == "hang":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        while True:
            time.sleep(1)
    elif how == "memory":
        bytearray(2 * MEMORY)
    elif how == "swallowed memory":
        from tvbo.errors import CompanionError

        try:
            bytearray(2 * MEMORY)
        except MemoryError as error:
            raise CompanionError("no room") from error
    elif how == "wrong":
        values = network.weights_matrix.copy()
        values[0, 0] += 1
        network.set_matrix("weight", values)
    elif how == "open":
        with contextlib.suppress(OSError):
            Path("/etc/hostname").read_bytes()
    elif how == "run":
        os.system("true")
    elif how == "foreign":
        raise KeyError("not one of ours")


def _without_foreign(network: Any) -> str:
    """Give the digest without what is not ours: it is carried along, and changes no number."""
    if not isinstance(network.extra, dict):
        return ""
    foreign = network.extra.pop("hdf5", None)
    try:
        return network.digest()
    finally:
        if foreign is not None:
            network.extra["hdf5"] = foreign


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _place(error: BaseException) -> str:
    """Tell where in tvbo an exception came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "/tvbo/" in each.filename]
    last = ours[-1] if ours else frames[-1]
    inner = frames[-1]
    place = f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno} in {last.name}"
    return place if inner is last else f"{place} (through {Path(inner.filename).name} in {inner.name})"


def _copy(network: Any, folder: Path, case: dict[str, Any], digest: str, result: dict[str, Any]) -> None:
    from tvbo import Network

    network.save(folder / "copy.yaml", compression="none")
    # What is exactly as it was saved is known to be saved exactly.
    if result["outcome"] != EXACT and Network.from_file(folder / "copy.yaml").digest() != digest:
        result["outcome"], result["error"] = WRONG, "the copy that was saved is another network"


def _open(case: dict[str, Any], audit: _Audit, result: dict[str, Any], copies: Path) -> None:
    """Read everything, and say what came of it."""
    from tvbo import Limits, Network
    from tvbo.errors import TvboWarning

    options = {"limits": Limits(**case["limits"])} if case.get("limits") else {}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            audit.active = True
            network = Network.from_file(case["path"], **options)
            if case.get("misbehave"):
                _misbehave(case["misbehave"], network)
            if case.get("touch", True):
                _touch(network)
            digest = result["digest"] = network.digest()
            expected = case.get("expected")
            edited = any(issubclass(each.category, TvboWarning) and "edited" in str(each.message) for each in said)
            if digest == expected:
                result["outcome"] = EXACT
            elif expected is not None and _without_foreign(network) == expected:
                result["outcome"] = CARRIED
            else:
                result["outcome"] = EDITED if edited else LOADED if expected is None else WRONG
            if case.get("save", True):
                _copy(network, copies, case, digest, result)
        finally:
            audit.active = False
            result["said"] = [str(each.message) for each in said if issubclass(each.category, TvboWarning)]
            result["noise"] = [
                f"{each.category.__name__}: {each.message} ({Path(each.filename).name}:{each.lineno})"
                for each in said
                if not issubclass(each.category, TvboWarning)
            ]


def _answer(case: dict[str, Any], audit: _Audit, scratch: Path) -> dict[str, Any]:
    from tvbo.errors import TvboError

    copies = scratch / "copies"
    copies.mkdir()
    if "mutation" in case:
        pair = scratch / "pair"
        pair.mkdir()
        case["path"] = str(mutate.write(case["mutation"], pair))
    folder = Path(case.get("folder") or Path(case["path"]).parent)
    audit.inside = tuple({f"{each}/" for each in (folder, folder.resolve(), copies, copies.resolve())})
    audit.seen = []
    result: dict[str, Any] = {"outcome": None, "error": ""}
    began = time.perf_counter()
    try:
        _open(case, audit, result, copies)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the result
        chain = _chain(error)
        result["error"] = f"{type(error).__name__}: {str(error)[:500]}"
        result["place"] = _place(error)
        short = any(isinstance(each, MemoryError) for each in chain)
        result["outcome"] = GREEDY if short else REFUSED if isinstance(error, TvboError) else FOREIGN
        if case.get("secrets"):
            result["message"] = "\n".join(str(each) for each in chain)
    result["seconds"] = time.perf_counter() - began
    leaks = list(audit.seen)
    for secret in map(bytes.fromhex, case.get("secrets", ())):
        for path in copies.glob("*"):
            if secret in path.read_bytes():
                leaks.append(f"the secret stands in {path.name}")
        if secret in result.get("message", "").encode("utf-8", "surrogatepass"):
            leaks.append("the secret stands in the message")
    result.pop("message", None)
    for path in map(Path, case.get("forbidden", ())):
        if path.exists():
            leaks.append(f"{path.name} was made")
    if leaks:
        result["outcome"], result["leaks"] = LEAK, leaks
    return result


def _peak() -> int:
    """Give the largest resident size since the last call [bytes]."""
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) << 10
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak


def _main() -> None:
    # The answers have a channel of their own, that nothing a library prints can spoil.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    faulthandler.enable()
    for number in _ALARMS:
        faulthandler.register(number, all_threads=False, chain=True)
    audit = _Audit()
    _warm_up()
    _limit(MEMORY)
    base = _peak()
    # In memory where there is such a folder: a save flushes its files, which takes long on a disk.
    fast = Path("/dev/shm")
    scratch = Path(tempfile.mkdtemp(prefix="hostile-", dir=fast if fast.is_dir() else None))
    print("ready", scratch, file=answers, flush=True)
    for line in sys.stdin:
        case = json.loads(line)
        place = scratch / "case"
        place.mkdir()
        seconds = case.get("seconds", SECONDS)
        # Time of the processor counts, which others cannot take away; the clock is for what waits.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE * seconds)
        result = _answer(case, audit, place)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        result["peak"] = max(0, _peak() - base)
        shutil.rmtree(place, ignore_errors=True)
        print(json.dumps(result), file=answers, flush=True)
    shutil.rmtree(scratch, ignore_errors=True)


def _warm_up() -> None:
    """Import all that a load and a save need, so that no case is charged with it."""
    import numpy as np
    import scipy.sparse as sp

    from tvbo import Mesh, Network

    with tempfile.TemporaryDirectory() as folder:
        network = Network.from_matrix(np.eye(2), sparse=sp.csr_array(np.eye(2)))
        network.mesh = Mesh(np.eye(3)[:2], np.zeros((1, 3), int))
        network.save(Path(folder) / "a.yaml")
        found = Network.from_file(Path(folder) / "a.yaml")
        _touch(found)
        found.digest()
        found.save(Path(folder) / "b.yaml")


# ---------------------------------------------------------------------- the parent


class Worker:
    """Asks a child, and starts another when it died."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.complaints: Any = None
        self.scratch: Path | None = None
        self.asked: list[str] = []

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the child."""
        if self.child is not None:
            if self.child.stdin is not None:
                with contextlib.suppress(OSError):
                    self.child.stdin.close()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
            if self.child.stdout is not None:
                self.child.stdout.close()
            self.complaints.close()
        self.child = None
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch = None

    def _start(self) -> None:
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self.child = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
        )
        hello = self._line(120)
        if not hello.startswith(b"ready "):
            complaint = self._complaint()
            self.stop()
            raise RuntimeError(f"the worker does not start: {complaint}")
        self.scratch = Path(hello.decode().strip().removeprefix("ready "))

    def _line(self, seconds: float) -> bytes:
        assert self.child is not None
        assert self.child.stdout is not None
        ready, _, _ = select.select([self.child.stdout], [], [], seconds)
        # One answer for one question: a line is never split over two reads for long.
        return self.child.stdout.readline() if ready else b""

    def _complaint(self) -> str:
        self.complaints.seek(0)
        return self.complaints.read().decode("utf-8", "replace")[-3000:]

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        """Give what became of a case: ``outcome``, ``error``, ``place``, ``said``, ``seconds``, ``peak``."""
        if self.child is None:
            self._start()
        assert self.child is not None
        assert self.child.stdin is not None
        self.asked = [*self.asked[-3:], str(case.get("name") or case.get("mutation") or case.get("path"))]
        began = time.perf_counter()
        self.child.stdin.write(json.dumps(case).encode() + b"\n")
        self.child.stdin.flush()
        # The child's own alarm comes first; this is for one that cannot even die.
        answer = self._line(_PATIENCE * case.get("seconds", SECONDS) + 20)
        if answer:
            result: dict[str, Any] = json.loads(answer)
            if result["outcome"] == GREEDY:
                # What it still holds would be charged to the next case.
                self.stop()
            return result
        if self.child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(1)
        code = self.child.poll()
        if code is None:
            self.child.kill()
            self.child.wait()
        outcome = HANG if code is None or -code in _ALARMS else CRASH
        place = self._complaint()
        self.stop()
        return {
            "outcome": outcome,
            "error": f"the child ended with {code}",
            "place": place,
            # Memory that one case spoilt may bring down the next.
            "before": self.asked[:-1],
            "seconds": time.perf_counter() - began,
            "peak": 0,
        }


if __name__ == "__main__":
    _main()
