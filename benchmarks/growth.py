"""How cost grows with size, over four decades of bytes; and the picture of it."""

import contextlib
from pathlib import Path
from typing import Any

import data
import numpy as np
import peer
import plain
from findings import Findings
from timing import Times, shown, take_turns

from tvbo import Network

# Two matrices of n x n float64: from 25.6 kB to 256 MB.
SIZES = (40, 126, 400, 1265, 4000)


# Above this the other tvbo takes minutes.
_PEER = 400


def run(
    findings: Findings, folder: Path, sizes: tuple[int, ...], seconds: float, theirs: bool
) -> dict[str, dict[float, Times]]:
    """Measure networks of two matrices, weights and lengths."""
    with peer.Worker() if theirs else contextlib.nullcontext() as worker:
        return _run(findings, folder, sizes, seconds, worker)


def _run(
    findings: Findings, folder: Path, sizes: tuple[int, ...], seconds: float, worker: peer.Worker | None
) -> dict[str, dict[float, Times]]:
    kept: dict[str, dict[float, Times]] = {}
    rows = []
    path, gzip = folder / "n.yaml", folder / "n.h5.gzip"
    for n in sizes:
        rng = np.random.default_rng(n)
        network = Network.from_matrix(data.weights(n, rng), data.lengths(n, rng))
        arrays = {"weight": network.matrix("weight"), "length": network.matrix("length")}
        nbytes = float(sum(values.nbytes for values in arrays.values()))
        network.save(path)
        plain.write(gzip, arrays, plain.GZIP)
        plain.np_save(folder / "n.npy", arrays)
        calls: dict[str, Any] = {
            "save": lambda network=network: network.save(path),
            "save, h5py gzip": lambda arrays=arrays: plain.write(gzip, arrays, plain.GZIP),
            "save, numpy": lambda arrays=arrays: plain.np_save(folder / "n.npy", arrays),
            "read": lambda: data.arrays_of(Network.from_file(path)),
            "read, h5py gzip": lambda: plain.read(gzip),
            "read, numpy": lambda: plain.np_load(folder / "n.npy", 2),
            "open": lambda: Network.from_file(path),
        }
        if worker is not None and n <= _PEER:
            np.savez(folder / "given.npz", weights=arrays["weight"], tract_lengths=arrays["length"], **_about(n))
            worker.ask("prepare", f"n{n}", str(folder / "given.npz"), str(folder))
            calls |= {f"{verb}, other": peer.Journey(worker, f"n{n}", verb) for verb in ("save", "read")}
        found = take_turns(calls, seconds=seconds, memory=2 * int(nbytes))
        for what, times in found.items():
            kept.setdefault(what, {})[nbytes] = times
        rows.append((f"{n:,}", f"{nbytes / 1e6:.3g}", found))
    findings.section(
        "Growth",
        "Two matrices of n x n; ms (quartiles).",
        "![Time against size, on logarithmic scales](images/growth.png)",
    )
    header = [what.replace("other", f"tvbo {peer.VERSION}") for what in kept]
    findings.table(
        ["n", "MB", *header], [[n, size, *(shown(found.get(what)) for what in kept)] for n, size, found in rows]
    )
    for key in ("save", "read"):
        (small, first), (large, last) = [(size, times.median) for size, times in kept[key].items()][-2:]
        findings.measure(f"growth/{key}", float(np.log(last / first) / np.log(large / small)))
    return kept


def _about(n: int) -> dict[str, Any]:
    """Give what TVB wants to know of regions besides."""
    return {"region_labels": np.array([f"region_{index}" for index in range(n)]), "centres": np.zeros((n, 3))}


# Okabe and Ito's colours, which people tell apart whatever colours they see.
_LINES = {
    "": ("tvbo", "#0072B2"),
    ", other": (f"tvbo {peer.VERSION}", "#CC79A7"),
    ", h5py gzip": ("h5py, gzip 4", "#D55E00"),
    ", numpy": ("numpy, uncompressed", "#666666"),
}
_OPEN = ("tvbo, open only", "#009E73")


def draw(kept: dict[str, dict[float, Times]], path: Path) -> None:
    """Draw time against size on logarithmic scales, saving on the left and reading on the right."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(12.5, 5.6), sharey=True, sharex=True, layout="constrained", dpi=150)
    sizes = np.array(list(kept["save"]))
    for ax, verb, title in zip(axes, ("save", "read"), ("Save", "Open and read all"), strict=True):
        lines = [(kept[verb + ending], *said) for ending, said in _LINES.items() if verb + ending in kept]
        if verb == "read":
            lines.append((kept["open"], *_OPEN))
        for found, name, color in lines:
            _line(ax, found, color, thick=name == "tvbo")
        _style(ax, title, sizes)
        _name(ax, lines, sizes)
    axes[0].set_ylabel("time", fontsize=12)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)


def _line(ax: Any, found: dict[float, Times], color: str, thick: bool) -> None:
    sizes = np.array(list(found))
    median = np.array([times.median for times in found.values()])
    low, high = np.array([times.quartiles for times in found.values()]).T
    ax.fill_between(sizes, low, high, color=color, alpha=0.18, linewidth=0)
    ax.plot(sizes, median, color=color, marker="o", markersize=6 if thick else 4, linewidth=2.8 if thick else 1.6)


def _name(ax: Any, lines: list[tuple[dict[float, Times], str, str]], sizes: Any) -> None:
    """Put the names beside the last points, and apart where those are close."""
    ends = sorted(
        ((list(found.items())[-1], name, color) for found, name, color in lines), key=lambda end: end[0][1].median
    )
    lowest = 0.0
    for (size, times), name, color in ends:
        height = max(times.median, lowest)
        if size == sizes[-1]:
            lowest = height * _APART
        seconds = times.median
        said = (
            f"{seconds:.2g} s"
            if seconds >= 1
            else f"{seconds * 1e3:.0f} ms"
            if seconds >= 0.01
            else f"{seconds * 1e3:.1f} ms"
        )
        bold = "bold" if name == "tvbo" else "normal"
        ax.text(size * 1.35, height, f"{name}: {said}", color=color, va="center", fontsize=11, fontweight=bold)


# Names that are closer than this ratio would lie upon one another.
_APART = 1.75


def _style(ax: Any, title: str, sizes: Any) -> None:
    ax.set(xscale="log", yscale="log")
    ax.set_title(title, fontsize=14, loc="left", fontweight="bold")
    ax.set_xlabel("size of the arrays", fontsize=12)
    # Room for the names beside the last points.
    ax.set_xlim(sizes[0] / 1.6, sizes[-1] * 400)
    ax.set_ylim(1e-4, 40)
    ax.set_xticks([1e5, 1e6, 1e7, 1e8], ["100 kB", "1 MB", "10 MB", "100 MB"])
    ax.set_yticks(10.0 ** np.arange(-4, 2), ["0.1 ms", "1 ms", "10 ms", "0.1 s", "1 s", "10 s"])
    ax.tick_params(labelsize=11)
    ax.minorticks_off()
    ax.grid(color="#e3e3e3", linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    # What is proportional to size has this slope.
    start, end = 2.5e5, sizes[-1]
    ax.plot([start, end], [1.3e-4, 1.3e-4 * end / start], color="#999999", linestyle=(0, (4, 3)), linewidth=1)
    ax.annotate(
        "proportional to size",
        (6e5, 3.1e-4),
        xytext=(6, -4),
        textcoords="offset points",
        color="#777777",
        fontsize=10,
        va="top",
    )
