"""How cost grows with size, over four decades of bytes; and the picture of it."""

from pathlib import Path
from typing import Any

import data
import numpy as np
import plain
from findings import Findings
from timing import Times, shown, take_turns

from tvbo import Network

# Two matrices of n x n float64: from 25.6 kB to 256 MB.
SIZES = (40, 126, 400, 1265, 4000)


def run(findings: Findings, folder: Path, sizes: tuple[int, ...], seconds: float) -> dict[str, dict[float, Times]]:
    """Measure networks of two matrices, weights and lengths."""
    kept: dict[str, dict[float, Times]] = {}
    rows = []
    for n in sizes:
        rng = np.random.default_rng(n)
        network = Network.from_matrix(data.weights(n, rng), data.lengths(n, rng))
        arrays = {"weight": network.matrix("weight"), "length": network.matrix("length")}
        nbytes = float(sum(values.nbytes for values in arrays.values()))
        path, gzip = folder / "n.yaml", folder / "n.h5.gzip"
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
        found = take_turns(calls, seconds=seconds)
        for what, times in found.items():
            kept.setdefault(what, {})[nbytes] = times
        rows.append([f"{n:,}", f"{nbytes / 1e6:.3g}", *map(shown, found.values())])
    findings.section(
        "Growth", "Two matrices of n x n; ms (quartiles).", "![Time against size, on logarithmic scales](images/growth.png)"
    )
    findings.table(["n", "MB", *kept], rows)
    for key in ("save", "read"):
        (small, first), (large, last) = [(size, times.median) for size, times in kept[key].items()][-2:]
        findings.measure(f"growth/{key}", float(np.log(last / first) / np.log(large / small)))
    return kept


# Okabe and Ito's colours, which people tell apart whatever colours they see.
_COLORS = {"": "#0072B2", ", h5py gzip": "#D55E00", ", numpy": "#666666"}
_NAMES = {"": "tvbo", ", h5py gzip": "h5py, gzip 4", ", numpy": "numpy, uncompressed"}


def draw(kept: dict[str, dict[float, Times]], path: Path) -> None:
    """Draw time against size on logarithmic scales, saving on the left and reading on the right."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 5), sharey=True, sharex=True, layout="constrained", dpi=150)
    for ax, verb, title in zip(axes, ("save", "read"), ("Save", "Open and read all"), strict=True):
        for ending, color in _COLORS.items():
            _line(ax, kept[verb + ending], color, _NAMES[ending], thick=not ending)
        if verb == "read":
            _line(ax, kept["open"], "#009E73", "tvbo, open only", thick=False)
        _style(ax, title, np.array(list(kept["save"])))
    axes[0].set_ylabel("time")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)


def _line(ax: Any, found: dict[float, Times], color: str, name: str, thick: bool) -> None:
    sizes = np.array(list(found))
    median = np.array([times.median for times in found.values()])
    low, high = np.array([times.quartiles for times in found.values()]).T
    ax.fill_between(sizes, low, high, color=color, alpha=0.2, linewidth=0)
    ax.plot(sizes, median, color=color, marker="o", markersize=6 if thick else 4, linewidth=2.5 if thick else 1.5)
    ax.annotate(
        name,
        (sizes[-1], median[-1]),
        xytext=(9, 0),
        textcoords="offset points",
        color=color,
        va="center",
        fontsize=11,
        fontweight="bold" if thick else "normal",
    )


def _style(ax: Any, title: str, sizes: Any) -> None:
    ax.set(xscale="log", yscale="log", title=title, xlabel="size of the arrays")
    ax.title.set_fontsize(13)
    # Room for the names beside the last points.
    ax.set_xlim(sizes[0] / 1.6, sizes[-1] * 60)
    ax.set_xticks(10.0 ** np.arange(5, 9), ["100 kB", "1 MB", "10 MB", "100 MB"])
    ax.set_yticks(10.0 ** np.arange(-4, 2), ["0.1 ms", "1 ms", "10 ms", "0.1 s", "1 s", "10 s"])
    ax.minorticks_off()
    ax.grid(color="#dddddd", linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    # A line of slope one, to hold the others against.
    ends = sizes[[1, -1]]
    start = 1.6e-4
    ax.plot(ends, start * ends / ends[0], color="#aaaaaa", linestyle=(0, (4, 3)), linewidth=1)
