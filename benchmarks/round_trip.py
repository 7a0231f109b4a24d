"""
The page's journey, side by side in one run: tvbo, the other tvbo (0.5.3), plain h5py, numpy, and TVB's own readers.

Prints a Markdown table of medians and ratios. ``--no-peer`` leaves the other tvbo out, which takes two minutes.
"""

import argparse
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import peer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network

RUNS = 9


def median(call: Callable[[], Any]) -> float:
    """Give the median time of several calls, after one that does not count."""
    call()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def h5_write(path: Path, arrays: dict[str, Any]) -> None:
    """Write arrays as plain h5py does, with its gzip."""
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values, compression="gzip", compression_opts=4)


def h5_read(path: Path) -> None:
    """Read all arrays of a file."""
    with h5py.File(path) as file:
        for name in file:
            file[name][()]


def read_all(network: Network) -> None:
    """Touch every array of a network."""
    for name in network.matrix_names:
        network.matrix(name, format=None)
    if network.mesh is not None:
        _ = network.mesh.vertices, network.mesh.elements, network.mesh.normals, network.node_mapping_data


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    logging.getLogger("tvb").setLevel(logging.ERROR)
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    surface.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    ours: dict[str, float] = {}
    plain: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        theirs = {} if options.no_peer else peer.run("write", name)
        regions, cortex = Network.from_tvb_surface(connectivity, surface, mapping)
        ours["from_tvb 76"] = median(lambda: Network.from_tvb(connectivity))
        ours["save 76"] = median(lambda: regions.save(folder / "r.yaml"))
        ours["open and read 76"] = median(lambda: read_all(Network.from_file(folder / "r.yaml")))
        ours["execute 76"] = median(lambda: regions.execute(format="tvb"))
        ours["from_tvb_surface 16384"] = median(lambda: Network.from_tvb_surface(connectivity, surface, mapping))
        ours["save 16384"] = median(lambda: cortex.save(folder / "s.yaml"))
        ours["open and read 16384"] = median(lambda: read_all(Network.from_file(folder / "s.yaml")))
        two = {"w": connectivity.weights, "l": connectivity.tract_lengths}
        mesh = {"v": surface.vertices, "t": surface.triangles, "n": surface.vertex_normals, "m": mapping.array_data}
        mesh["tn"] = surface.triangle_normals
        for key, arrays in (("76", two), ("16384", mesh)):
            plain[f"save {key}"] = median(lambda arrays=arrays: h5_write(folder / "p.h5", arrays))
            plain[f"open and read {key}"] = median(lambda: h5_read(folder / "p.h5"))
    print(f"medians of {RUNS} runs, ms; the other tvbo once, as it is that slow\n")
    print("| journey | tvbo | tvbo 0.5.3 | ratio | plain h5py, gzip 4 |")
    print("|---|---|---|---|---|")
    for key, mine in ours.items():
        other = theirs.get(key)
        cells = [f"{other * 1e3:.1f}", f"{other / mine:.0f}x"] if other else ["", ""]
        cells.append(f"{plain[key] * 1e3:.2f}" if key in plain else "")
        print(f"| {key} | {mine * 1e3:.2f} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
