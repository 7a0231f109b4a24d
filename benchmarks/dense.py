"""Dense matrices of every class: save and read, held against plain h5py, numpy and a copy in memory."""

import hashlib
from pathlib import Path

import data
import limits
import numpy as np
import plain
from findings import Findings
from timing import Prepared, Threads, Times, ratio, shown, take_turns

from tvbo import Network

NAMES = {"gzip": "h5py gzip 4", "shuffled": "h5py gzip 4 + shuffle"}
# Full mantissa: noise in nearly all bytes.
FULL = ("FC", "R")
LARGE = 64 << 20


def run(findings: Findings, folder: Path, sizes: tuple[int, ...], seconds: float) -> None:
    """Measure all classes at all sizes."""
    legend = "; ".join(f"{name}: {text}" for name, text in data.CLASSES.items())
    findings.section(
        "Dense matrices",
        '`Network.from_matrix(values).save(path, nodes="companion")` with digests, checksums and flushing to the disk, '
        f"with 1 and 2 threads; plain h5py has none of these. {legend}.",
        "Ratios are against the smaller of the two files that h5py writes (gzip 4 without or with shuffle); for "
        "reading, against h5py reading that file. Rates are of processor time, which a busy machine hardly changes; "
        "those with 2 threads are by the clock, which also waits for the disk and for others. A gain is given with its "
        "limit on this machine: what codec and SHA-256 alone gain, in memory and in as many threads.",
    )
    speeds, reads = [], []
    for n in sizes:
        for kind in data.CLASSES:
            written, size, read = _one(findings, folder, kind, n, seconds)
            speeds.append([f"{kind} {8 * n * n / 1e6:.0f} MB", *written, *size])
            reads.append([f"{kind} {8 * n * n / 1e6:.0f} MB", *read])
    findings.say("Saving, MB/s of raw data (medians):")
    header = ["data", "tvbo, 1 thread", "2 threads", "gzip 4", "gzip 4 + shuffle", "gain, 1 thread", "2 threads"]
    findings.table([*header, "size", "h5py", "size / h5py"], speeds)
    findings.say("Reading, MB/s of raw data (medians); the last columns are what the machine allows:")
    header = ["data", "tvbo, 1 thread", "2 threads", "h5py, its file", "h5py, our file", "gain, 1 thread", "2 threads"]
    findings.table([*header, "h5py: our / its file", "not compared", "np.load", "copy in memory"], reads)


def _one(findings: Findings, folder: Path, kind: str, n: int, seconds: float) -> tuple[list[str], list[str], list[str]]:
    values = data.matrix(kind, n)
    network, codec, memory = Network.from_matrix(values), limits.Codec([values]), 2 * values.nbytes
    mine, theirs = folder / "mine.yaml", {key: folder / f"{key}.h5" for key in NAMES}
    arrays = {"weight": values}
    saves = take_turns(
        {
            "1": Threads(1, lambda: network.save(mine, nodes="companion")),
            "gzip": lambda: plain.write(theirs["gzip"], arrays, plain.GZIP),
            "2": Threads(2, lambda: network.save(mine, nodes="companion")),
            "shuffled": lambda: plain.write(theirs["shuffled"], arrays, plain.SHUFFLED),
            "pack": codec.pack,
            "digest": codec.digest,
            "limit 2": codec.save,
        },
        seconds=seconds,
        memory=memory,
    )
    size = {key: path.stat().st_size / values.nbytes for key, path in theirs.items()}
    ours = mine.with_suffix(".h5").stat().st_size / values.nbytes
    best = min(size, key=lambda key: size[key])
    np.save(folder / "x.npy", values)
    reads = take_turns(
        {
            "1": Threads(1, lambda: Network.from_file(mine).matrix("weight")),
            "its": lambda: plain.read(theirs[best]),
            "2": Threads(2, lambda: Network.from_file(mine).matrix("weight")),
            "our": lambda: _plainly(mine.with_suffix(".h5")),
            "unchecked": Threads(1, lambda: Network.from_file(mine, verify=False).matrix("weight")),
            "np": lambda: np.load(folder / "x.npy"),
            "copy": plain.copier(arrays),
            "limit 1": codec.load,
            "limit 2": lambda: codec.load(2),
        },
        seconds=seconds,
        memory=memory,
    )
    if not np.array_equal(Network.from_file(mine).matrix("weight").view(np.uint64), values.view(np.uint64)):
        raise AssertionError(f"{kind} {n}: what was read is not what was saved")
    where = f"{kind}, {values.nbytes / 1e6:.0f} MB"
    gain = [saves["1"].times_less_cpu_than(saves[best]), saves["2"].times_faster_than(saves[best])]
    faster = [reads["1"].times_less_cpu_than(reads["its"]), reads["2"].times_faster_than(reads["its"])]
    most = [
        saves[best].cpu / (saves["pack"].cpu + saves["digest"].cpu),
        saves["limit 2"].times_faster_than(saves[best]),
    ]
    fastest = [reads["limit 1"].times_less_cpu_than(reads["its"]), reads["limit 2"].times_faster_than(reads["its"])]
    findings.measure("dense/write/1", gain[0], where, most[0])
    findings.measure("dense/read/1", faster[0], where, fastest[0])
    findings.measure("dense/size", ours / size[best], where)
    findings.measure("dense/h5py", reads["our"].times_less_cpu_than(reads["its"]), where)
    if values.nbytes >= LARGE:
        findings.measure("dense/write/2", gain[1], where, most[1])
        findings.measure("dense/read/2", faster[1], where, fastest[1])
        if kind in FULL:
            findings.measure("dense/write/full", gain[1], where, most[1])

    def rate(times: Times, wall: bool = False) -> str:
        return f"{values.nbytes / 1e6 / (times.median if wall else times.cpu):,.0f}"

    return (
        [*(rate(saves[key], key == "2") for key in ("1", "2", "gzip", "shuffled")), *_of(gain, most)],
        [f"{ours:.4f}", f"{size[best]:.4f}", f"{ours / size[best]:.3f}"],
        [
            *(rate(reads[key], key == "2") for key in ("1", "2", "its", "our")),
            *_of(faster, fastest),
            ratio(reads["our"].times_less_cpu_than(reads["its"])),
            *(rate(reads[key]) for key in ("unchecked", "np", "copy")),
        ],
    )


def _of(gains: list[float], limits: list[float]) -> list[str]:
    return [f"{ratio(gain)} of {ratio(limit)}" for gain, limit in zip(gains, limits, strict=True)]


def _plainly(path: Path) -> None:
    """Read only the matrix of a companion with h5py, as any program would."""
    import h5py

    found = []

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.ndim == 2 and item.size > 1000:
            found.append(item[()])

    with h5py.File(path) as file:
        file.visititems(take)
    if len(found) != 1:
        raise AssertionError(f"{len(found)} matrices in a file of one")


def uncompressed(findings: Findings, folder: Path, n: int, seconds: float) -> None:
    """Measure what ``compression="none"`` costs, and what digests do."""
    values = data.matrix("W", n)
    network = Network.from_matrix(values)
    plainly, packed = folder / "none.yaml", folder / "mine.yaml"
    network.save(plainly, compression="none", nodes="companion")
    np.save(folder / "x.npy", values)
    plain.write(folder / "x.h5", {"weight": values}, plain.NO_FILTER)
    raw = values.reshape(-1).view(np.uint8).data
    times = take_turns(
        {
            'save, compression="none"': lambda: network.save(plainly, compression="none", nodes="companion"),
            "h5py without compression, write": lambda: plain.write(
                folder / "x.h5", {"weight": values}, plain.NO_FILTER
            ),
            "np.save": lambda: np.save(folder / "x.npy", values),
            'read, compression="none"': lambda: Network.from_file(plainly).matrix("weight"),
            "the same, not compared": lambda: Network.from_file(plainly, verify=False).matrix("weight"),
            "h5py without compression, read": lambda: plain.read(folder / "x.h5"),
            "np.load": lambda: np.load(folder / "x.npy"),
            "copy in memory": plain.copier({"weight": values}),
            "SHA-256 (hashlib)": lambda: hashlib.sha256(raw).digest(),
            "digest of a network": Prepared(lambda: Network.from_matrix(values), lambda made: made.digest()),
            "save, gzip, 1 thread": Threads(1, lambda: network.save(packed, nodes="companion")),
            "diff of two networks in memory": lambda: network.diff(Network.from_matrix(values.copy())),
        },
        seconds=seconds,
        memory=2 * values.nbytes,
    )
    rows = [
        [what, shown(each), *(f"{values.nbytes / 1e9 / seconds:.2f}" for seconds in (each.median, each.cpu))]
        for what, each in times.items()
    ]
    findings.section("Without compression; digests", f"A matrix of weights of {values.nbytes / 1e6:.0f} MB.")
    findings.table(["work", "ms (quartiles)", "GB/s", "GB/s of processor time"], rows)
    read = times["np.load"].times_faster_than(times['read, compression="none"'])
    findings.measure(
        "none/read", read, f"{times['np.load'].times_faster_than(times['the same, not compared']):.2f}x not compared"
    )
    limit = values.nbytes / 1e9 / times["SHA-256 (hashlib)"].cpu
    speed = values.nbytes / 1e9 / times["digest of a network"].cpu
    findings.measure("digest", speed, f"hashlib alone reaches {limit:.2f} GB/s here")
    digest = times["SHA-256 (hashlib)"].cpu
    findings.measure("digest/share", 100 * digest / (times["save, gzip, 1 thread"].cpu - digest))
