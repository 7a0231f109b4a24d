"""What was measured: tables in sections, and the targets that they are held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at: a value that must be reached, or that must not be passed."""

    what: str
    limit: float
    unit: str
    at_least: bool

    def is_met(self, value: float) -> bool:
        """Tell whether a measured value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def words(self) -> str:
        """Say what is aimed at."""
        unit = self.unit if self.unit == "x" else f" {self.unit}".rstrip()
        return f"{'at least' if self.at_least else 'at most'} {self.limit:,g}{unit}"


def at_least(what: str, limit: float, unit: str = "x") -> Target:
    """Give a target that a value must reach."""
    return Target(what, limit, unit, True)


def at_most(what: str, limit: float, unit: str = "ms") -> Target:
    """Give a target that a value must not pass."""
    return Target(what, limit, unit, False)


TARGETS = {
    "import": at_most("`import tvbo`, on top of a bare interpreter", 25),
    "cold": at_most("fresh process to the metadata of a file", 60),
    "76/save/peer": at_least("76 regions: save, against tvbo 0.5.3", 20),
    "76/open/peer": at_least("76 regions: open, against tvbo 0.5.3", 100),
    "76/read/peer": at_least("76 regions: open and read all, against tvbo 0.5.3", 18),
    "76/from_tvb/peer": at_least("76 regions: from_tvb, against tvbo 0.5.3", 30),
    "76/execute/peer": at_least("76 regions: execute, against tvbo 0.5.3", 1),
    "76/size": at_most("76 regions: size of the pair, against tvbo 0.5.3", 1, "x"),
    "16384/save/peer": at_least("16,384 vertices: save, against tvbo 0.5.3", 800),
    "16384/open/peer": at_least("16,384 vertices: open, against tvbo 0.5.3", 5000),
    "16384/read/peer": at_least("16,384 vertices: open and read all, against tvbo 0.5.3", 1500),
    "16384/save/h5py": at_least("16,384 vertices: save, against plain h5py gzip 4", 2),
    "16384/read/h5py": at_least("16,384 vertices: open and read all, against plain h5py gzip 4", 2),
    "16384/size": at_most("16,384 vertices: size of the pair, against plain h5py gzip 4", 1, "x"),
    "163842/save": at_most("163,842 vertices: save", 100),
    "163842/read": at_most("163,842 vertices: open and read all", 60),
    "163842/memory": at_most("163,842 vertices: memory that opening and reading adds, in sizes of the data", 1.5, "x"),
    "dense/write/1": at_least(
        "dense, every class and size: save with 1 thread, against h5py gzip 4, processor time", 5
    ),
    "dense/write/2": at_least("dense, every class from 64 MB: save with 2 threads, against h5py gzip 4", 8),
    "dense/write/full": at_least("dense, full mantissa (FC, R) from 64 MB: save with 2 threads", 15),
    "dense/size": at_most("dense, every class: size, against the smaller of h5py's two", 1.025, "x"),
    "dense/read/1": at_least(
        "dense, every class and size: read with 1 thread, against h5py on its own file, processor time", 1.8
    ),
    "dense/read/2": at_least("dense, every class from 64 MB: read with 2 threads", 2.8),
    "dense/h5py": at_least("our file read by plain h5py, against h5py on its own file", 1),
    "none/read": at_most('`compression="none"`: read, against np.load', 1.2, "x"),
    "sparse/write": at_least("sparse: save, against h5py gzip 4 with shuffle", 10),
    "sparse/size": at_most("sparse: size, against h5py gzip 4 with shuffle", 1.01, "x"),
    "sparse/row": at_most("sparse: one row from disk", 1.5),
    "large/write": at_most("matrix from blocks of rows: peak memory of writing it", 100, "MB"),
    "large/copy": at_most("matrix from file to file: peak memory of copying it", 100, "MB"),
    "large/convert": at_most("matrix from file to file: peak memory of converting it", 100, "MB"),
    "large/row": at_most("matrix: one row", 3),
    "digest": at_least("digest of an array in memory, one thread, processor time", 1, "GB/s"),
    "digest/share": at_most("what digests add to a save of weights, one thread, processor time", 25, "%"),
    "growth/save": at_most("growth of save over the two largest of four decades: exponent", 1.1, ""),
    "growth/read": at_most("growth of open and read over the same: exponent", 1.1, ""),
}


@dataclass(slots=True)
class Findings:
    """Tables in their order; the measured value of each target, where, and what the machine allows there."""

    text: list[str] = field(default_factory=list)
    values: dict[str, tuple[float, str, float | None]] = field(default_factory=dict)

    def section(self, title: str, *sentences: str) -> None:
        """Begin a section."""
        self._say(f"## {title}\n")
        for sentence in sentences:
            self._say(f"{sentence}\n")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; columns after the first are numbers."""
        lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        self._say("\n".join(lines) + "\n")

    def say(self, sentence: str) -> None:
        """Add a sentence."""
        self._say(f"{sentence}\n")

    def measure(self, key: str, value: float, where: str = "", limit: float | None = None) -> None:
        """Note what was measured for a target, and what would be without anything but codec and digest; the worst."""
        target = TARGETS[key]
        if key in self.values:
            known = self.values[key][0]
            if (value >= known) if target.at_least else (value <= known):
                return
        self.values[key] = (value, where, limit)

    def targets(self) -> None:
        """Add the table of targets."""
        self.section(
            "Targets",
            "Of several sizes or classes, the worst is held against the target. The limit is what codec and digest "
            "alone reach on this machine, in memory, on the same data and with as many threads: without files, "
            "checksums, flags, flushing and renaming.",
        )
        rows = []
        for key, target in TARGETS.items():
            if key not in self.values:
                rows.append([target.what, target.words(), "not measured", "", ""])
                continue
            value, where, limit = self.values[key]
            said = f"{number(value, target.unit)} ({where})" if where else number(value, target.unit)
            verdict = "met" if target.is_met(value) else "**missed**"
            share = ""
            if limit is not None:
                share = f"{number(limit, target.unit)}; {100 * value / limit:.0f} % of it reached"
            rows.append([target.what, target.words(), said, share, verdict])
        met = sum(TARGETS[key].is_met(value) for key, (value, _, _) in self.values.items())
        self.table(["target", "aimed at", "measured", "limit", ""], rows)
        self.say(f"{met} of {len(self.values)} measured targets are met.")
        self.say(
            "What stands between us and a target: SHA-256, which is computed of every array and cannot be split, where "
            "gzip itself is fast (counts, matrices with many zeros); what a durable save does beside compressing, at "
            "8 MB; giving numbers of full mantissa their bytes back in numpy, where zlib has little to inflate."
        )

    def _say(self, text: str) -> None:
        self.text.append(text)
        print(text, flush=True)


def number(value: float, unit: str) -> str:
    """Give a value with its unit, to three digits."""
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if unit == "x" and 0.9 < value < 1.1:
        digits = f"{value:.3f}"
    return f"{digits}{unit}" if unit == "x" else f"{digits} {unit}".strip()
