"""Sparse connectomes: save, read, one row from disk; plain h5py and scipy beside."""

from pathlib import Path

import data
import h5py
import limits
import numpy as np
import plain
import scipy.sparse as sp
from findings import Findings
from timing import Threads, ratio, shown, take_turns

from tvbo import Network


def run(findings: Findings, folder: Path, nodes: int, each: int, seconds: float) -> None:
    """Measure a connectome of so many nodes with so many edges each."""
    matrix = data.sparse(nodes, each)
    network = Network.from_matrix(matrix)
    arrays = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    nbytes = sum(values.nbytes for values in arrays.values())
    codec = limits.Codec([matrix.data, matrix.indices, matrix.indptr])
    path, gzip, shuffled = folder / "sparse.yaml", folder / "gzip.h5", folder / "shuffled.h5"
    slow = {} if matrix.nnz > 1 << 22 else {"scipy save_npz": lambda: sp.save_npz(folder / "s.npz", matrix)}
    saves = take_turns(
        {
            "tvbo": lambda: network.save(path),
            "tvbo, 1 thread": Threads(1, lambda: network.save(path)),
            "h5py gzip 4 + shuffle": lambda: plain.write(shuffled, arrays, plain.SHUFFLED),
            "h5py gzip 4": lambda: plain.write(gzip, arrays, plain.GZIP),
            "np.savez": lambda: np.savez(folder / "s-raw.npz", **arrays),
            "codec in memory, with SHA-256 to save": codec.save,
            **slow,
        },
        rounds=5,
        seconds=seconds,
        memory=2 * nbytes,
    )
    reads = take_turns(
        {
            "tvbo": lambda: Network.from_file(path).matrix("weight", format="csr"),
            "tvbo, 1 thread": Threads(1, lambda: Network.from_file(path).matrix("weight", format="csr")),
            "h5py gzip 4 + shuffle": lambda: plain.read(shuffled),
            "h5py gzip 4": lambda: plain.read(gzip),
            "np.savez": lambda: dict(np.load(folder / "s-raw.npz")),
            "copy in memory": plain.copier(arrays),
            "codec in memory, with SHA-256 to save": lambda: codec.load(2),
        },
        rounds=5,
        seconds=seconds / 3,
        memory=2 * nbytes,
    )
    back = Network.from_file(path).matrix("weight", format="csr")
    if not all(np.array_equal(getattr(back, name), values) for name, values in arrays.items()):
        raise AssertionError("what was read is not what was saved")
    size = {"h5py gzip 4": gzip, "h5py gzip 4 + shuffle": shuffled}
    sizes = {name: each.stat().st_size for name, each in size.items()}
    sizes["tvbo"] = path.with_suffix(".h5").stat().st_size
    findings.section(
        "Sparse",
        f"A CSR matrix of {nodes:,} nodes and {matrix.nnz:,} edges, float64, {nbytes / 1e6:,.0f} MB; ms (quartiles).",
    )
    rows = []
    for name in [*saves, *(name for name in reads if name not in saves)]:
        share = f"{sizes[name] / nbytes:.4f}" if name in sizes else ""
        faster = ratio(saves["tvbo"].times_faster_than(saves[name])) if name in saves else ""
        rows.append([name, shown(saves.get(name)), faster, shown(reads.get(name)), share])
    findings.table(["by", "save", "tvbo is faster by", "open and read", "size"], rows)
    slower = saves["h5py gzip 4 + shuffle"]
    most = saves["codec in memory, with SHA-256 to save"].times_faster_than(slower)
    findings.measure("sparse/write", saves["tvbo"].times_faster_than(slower), limit=most)
    findings.measure("sparse/size", sizes["tvbo"] / sizes["h5py gzip 4 + shuffle"])
    _row(findings, path, shuffled, matrix)


def _row(findings: Findings, path: Path, shuffled: Path, matrix: sp.csr_array) -> None:
    """Measure one row from disk, if the matrix can be sliced there."""
    lazy = Network.from_file(path).lazy("weight")
    starts = matrix.indptr
    rng = np.random.default_rng(0)

    def some() -> int:
        return int(rng.integers(0, matrix.shape[0]))

    def with_h5py() -> None:
        row = some()
        with h5py.File(shuffled) as file:
            _ = [file[name][starts[row] : starts[row + 1]] for name in ("data", "indices")]

    calls = {"h5py, gzip 4 + shuffle, offsets in memory": with_h5py}
    if hasattr(lazy, "__getitem__"):
        held = Network.from_file(path).lazy("weight")
        calls = {
            "tvbo, file just opened": lambda: Network.from_file(path).lazy("weight")[some()],
            "tvbo": lambda: held[some()],
        } | calls
    times = take_turns(calls, rounds=31, seconds=5)
    findings.say("One row from disk, ms (quartiles):")
    findings.table(["by", "one row"], [[name, shown(found)] for name, found in times.items()])
    if "tvbo" in times:
        findings.measure("sparse/row", times["tvbo"].median * 1e3)
    else:
        findings.say("tvbo does not slice sparse matrices on disk in this version.")
