"""
Peak memory, each journey in a process of its own; matrices that are larger than what they may take.

Run as a script, this file does one journey and prints what it took.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from findings import Findings

LARGE, SMALL = 16384, 4096


def peak() -> int:
    """Give the most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would count what the parent had before the program was started.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) << 10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1 << 10)


def _blocks(n: int) -> Iterator[Any]:
    """Give rows of weights, a few at a time."""
    for start in range(0, n, 16):
        rng = np.random.default_rng(start)
        rows = rng.lognormal(size=(min(16, n - start), n))
        rows[rng.random(rows.shape) < 0.3] = 0.0
        yield rows


class Journeys:
    """What a process of its own does; each is given paths and sizes as words."""

    @staticmethod
    def nothing() -> dict[str, float]:
        """Import what all of them import."""
        import tvbo.formats.tvbo.reader
        import tvbo.formats.tvbo.writer  # noqa: F401

        return {}

    @staticmethod
    def write(path: str, n: str) -> dict[str, float]:
        """Save a matrix that comes in blocks of rows."""
        from tvbo import Network, NodeTable
        from tvbo.model.blocks import RowBlocks

        network = Network(NodeTable(size=int(n)))
        network.set_matrix("weight", RowBlocks(lambda: _blocks(int(n)), (int(n), int(n))))
        network.save(path)
        return {}

    @staticmethod
    def copy(path: str, target: str) -> dict[str, float]:
        """Save an opened network elsewhere."""
        from tvbo import Network

        Network.from_file(path).save(target)
        return {}

    @staticmethod
    def mapped(path: str, target: str) -> dict[str, float]:
        """Save a matrix that is mapped from a file of numpy."""
        import numpy as np

        from tvbo import Network

        Network.from_matrix(np.load(path, mmap_mode="r")).save(target)
        return {}

    @staticmethod
    def convert(path: str, target: str) -> dict[str, float]:
        """Convert a file on the command line's way: opened and saved without compression."""
        from tvbo import Network

        Network.from_file(path).save(target, compression="none")
        return {}

    @staticmethod
    def digest(path: str) -> dict[str, float]:
        """Compute the digest of an opened network."""
        from tvbo import Network

        Network.from_file(path).digest()
        return {}

    @staticmethod
    def row(path: str, n: str) -> dict[str, float]:
        """Read some rows, one at a time; give the median time."""
        import statistics

        import numpy as np

        from tvbo import Network

        lazy = Network.from_file(path).lazy("weight")
        times = []
        for row in np.random.default_rng(0).integers(0, int(n), 31):
            start = time.perf_counter()
            lazy[int(row)]
            times.append(time.perf_counter() - start)
        return {"row": statistics.median(times)}

    @staticmethod
    def read(path: str) -> dict[str, float]:
        """Open a network and read all of it; give the bytes of its arrays."""
        import data

        from tvbo import Network

        network = Network.from_file(path)
        arrays = data.arrays_of(network)
        return {"bytes": sum(values.nbytes for values in arrays.values())}

    @staticmethod
    def sparse(path: str, nodes: str, each: str) -> dict[str, float]:
        """Save a sparse connectome that comes in blocks of rows."""
        import data

        from tvbo import Network, NodeTable
        from tvbo.model.blocks import SparseRowBlocks

        size, step = int(nodes), 1 << 14

        def blocks() -> Iterator[Any]:
            for start in range(0, size, step):
                yield data.sparse(size, int(each), start, min(step, size - start))

        network = Network(NodeTable(size=size))
        network.set_matrix("weight", SparseRowBlocks(blocks, (size, size)))
        network.save(path)
        return {}


def child(journey: str, *words: object) -> dict[str, float]:
    """Do a journey in a process of its own; give its time, its peak, and what it found."""
    command = [sys.executable, __file__, journey, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{journey} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(findings: Findings, folder: Path, n: int) -> None:
    """Measure a matrix that is written from blocks of rows, copied, and read by the row."""
    nbytes = 8 * n * n
    matrix, copied = folder / "matrix.yaml", folder / "copied.yaml"
    base = child("nothing")["peak"]
    done = {
        "written from blocks of rows": child("write", matrix, n),
        "copied from file to file": child("copy", matrix, copied),
        "converted to uncompressed": child("convert", matrix, copied),
        "digest computed": child("digest", matrix),
        "one row read, many times": child("row", matrix, n),
    }
    mapped = np.lib.format.open_memmap(folder / "mapped.npy", "w+", np.float64, (n, n))
    start = 0
    for rows in _blocks(n):
        mapped[start : start + len(rows)] = rows
        start += len(rows)
    del mapped
    done["written from a memory map"] = child("mapped", folder / "mapped.npy", copied)
    (folder / "mapped.npy").unlink()
    row = done["one row read, many times"]["row"]
    findings.section(
        "Memory",
        f"A matrix of {n:,} x {n:,} weights, {nbytes / 2**20:,.0f} MiB; each in a process of its own. A process that "
        f"has imported everything and done nothing peaks at {base / 1e6:.0f} MB.",
    )
    table = [_row(what, each, base) for what, each in done.items()]
    findings.table(["work", "peak, MB", "on top of imports, MB", "s"], table)
    findings.say(f"One row takes {row * 1e3:.2f} ms (median of 31).")
    where = f"{nbytes / 2**20:,.0f} MiB"
    for key, what in (
        ("large/write", "written from blocks of rows"),
        ("large/copy", "copied from file to file"),
        ("large/convert", "converted to uncompressed"),
    ):
        growth = (done[what]["peak"] - base) / 1e6
        findings.measure(key, done[what]["peak"] / 1e6, f"{where}; {growth:.0f} MB on top of imports")
    findings.measure("large/row", row * 1e3, where)
    for each in folder.glob("*.h5"):
        each.unlink()


def surface(findings: Findings, path: Path) -> None:
    """Measure what reading all of a surface adds to memory."""
    base, found = child("nothing")["peak"], child("read", path)
    share = (found["peak"] - base) / found["bytes"]
    findings.say(
        f"A surface with arrays of {found['bytes'] / 1e6:.1f} MB, opened and read: "
        f"{(found['peak'] - base) / 1e6:.1f} MB on top of imports, {share:.2f} times its arrays."
    )
    findings.measure("163842/memory", share)


def sparse(findings: Findings, folder: Path, nodes: int, each: int) -> None:
    """Measure a sparse connectome that is larger than what it may take."""
    base, path = child("nothing")["peak"], folder / "sparse.yaml"
    done = {
        "written from blocks of rows": child("sparse", path, nodes, each),
        "copied from file to file": child("copy", path, folder / "copied.yaml"),
    }
    findings.say(
        f"A sparse connectome of {nodes:,} nodes and {nodes * each:,} edges, {nodes * each * 12 / 1e6:,.0f} MB:"
    )
    rows = [_row(what, found, base) for what, found in done.items()]
    findings.table(["work", "peak, MB", "on top of imports, MB", "s"], rows)
    for file in folder.glob("*.h5"):
        file.unlink()


def _row(what: str, found: dict[str, float], base: float) -> list[str]:
    return [what, f"{found['peak'] / 1e6:,.0f}", f"{(found['peak'] - base) / 1e6:,.0f}", f"{found['seconds']:.1f}"]


if __name__ == "__main__":
    began = time.perf_counter()
    answer = getattr(Journeys, sys.argv[1])(*sys.argv[2:])
    print(json.dumps({"seconds": time.perf_counter() - began, "peak": peak(), **answer}))
