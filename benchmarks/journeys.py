"""
What tvbo costs, side by side in one run with tvbo 0.5.3, plain h5py, numpy, TVB's own readers and a copy in memory.

Everything takes turns, in blocks of short calls, so that a busy machine slows all of it. Prints Markdown, and writes
docs/benchmarks.md and its picture. ``--quick`` takes two minutes and leaves the other tvbo out; ``--large`` adds a
matrix of 2 GiB and a connectome of 100 million edges.
"""

import argparse
import datetime
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import dense
import growth
import memory
import networks
import newer
import safety
import sparse_matrices
import startup
from findings import Findings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("tvbo", "numpy", "h5py", "scipy", "PyYAML", "isal", "deflate", "tvb-library")


def machine() -> str:
    """Say what kind of machine this is."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    load = f"; load when it began {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{platform.system()} on {platform.machine()}, {count} cores, {gigabytes:.0f} GiB{load}; "
        f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    )


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two minutes, small sizes, without the other tvbo")
    parser.add_argument("--large", action="store_true", help="add 2 GiB and 100 million edges")
    parser.add_argument("--no-peer", action="store_true", help="leave the other tvbo out")
    parser.add_argument("--only", default="", help="sections, by comma: " + ", ".join(SECTIONS))
    parser.add_argument("--page", type=Path, help="where the page goes; docs/benchmarks.md for a whole run")
    options = parser.parse_args()
    wanted = [name for name in SECTIONS if not options.only or name in options.only.split(",")]
    if not options.quick and not options.only and options.page is None:
        options.page = ROOT / "docs" / "benchmarks.md"
    findings = Findings()
    findings.say("# Benchmarks\n")
    findings.say(
        "Written by `make bench`. All that is compared takes turns in one run, in blocks: a short call is made up "
        "to ten times in its turn, after one that does not count, so that each is timed with its own data in the "
        "caches of the processor, as in a loop, and not with those of the others; one of more than a tenth of a "
        "second is made once. Before each turn memory is touched and let go: the host of a virtual machine takes "
        "away what is free. That is the same for all. Times are medians of all calls with quartiles, ratios are "
        "medians over the turns. A save of tvbo includes digests of all arrays, checksums, flushing to the disk "
        "and replacing both files at once; the others do none of that."
    )
    findings.say(f"{datetime.date.today():%d %B %Y}. {machine()}.")
    began = time.perf_counter()
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="tvbo-bench-") as folder:
            SECTIONS[name](findings, Path(folder), options)
        print(f"<!-- {name}: {time.perf_counter() - began:.0f} s so far -->\n", file=sys.stderr, flush=True)
    findings.targets()
    findings.say(f"The run took {(time.perf_counter() - began) / 60:.0f} minutes.")
    if options.page is not None:
        options.page.write_text("\n".join(findings.text).rstrip() + "\n", encoding="utf-8")
    return 0


Section = Callable[[Findings, Path, argparse.Namespace], None]


def _startup(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    startup.run(findings, folder, 5 if options.quick else 15)


def _networks(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    regions, surfaces = networks.REGIONS, networks.SURFACES
    if options.quick:
        regions, surfaces = regions[:2], surfaces[:2]
    theirs = not (options.quick or options.no_peer)
    networks.run(findings, folder, regions, surfaces, 0.5 if options.quick else 3, theirs)
    memory.surface(findings, folder / "163842" / "network.yaml")


def _newer(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    newer.run(findings, folder, 1 if options.quick else 4)


def _dense(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    dense.run(findings, folder, (1000,) if options.quick else (1000, 2000, 4000), 1 if options.quick else 5)
    dense.uncompressed(findings, folder, 1000 if options.quick else 4000, 2 if options.quick else 10)


def _sparse(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    nodes, each = (100_000, 20) if options.quick else (1_000_000, 20)
    sparse_matrices.run(findings, folder, nodes, each, 3 if options.quick else 20)


def _memory(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    memory.run(findings, folder, memory.LARGE if options.large else 2048 if options.quick else memory.SMALL)
    if options.large:
        memory.sparse(findings, folder, 1_000_000, 100)


def _safety(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    safety.run(findings, folder, 5 if options.quick else 15)


def _growth(findings: Findings, folder: Path, options: argparse.Namespace) -> None:
    sizes, seconds = (growth.SIZES[:4], 1) if options.quick else (growth.SIZES, 5)
    kept = growth.run(findings, folder, sizes, seconds, not (options.quick or options.no_peer))
    if options.page is not None:
        growth.draw(kept, options.page.parent / "images" / "growth.png")


SECTIONS: dict[str, Section] = {
    "startup": _startup,
    "networks": _networks,
    "newer": _newer,
    "dense": _dense,
    "sparse": _sparse,
    "memory": _memory,
    "safety": _safety,
    "growth": _growth,
}


if __name__ == "__main__":
    sys.exit(main())
