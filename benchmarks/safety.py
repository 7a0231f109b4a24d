"""
What safety costs, side by side in one run: the same save without digests, checksums, flushing and renaming; listing
the companion next to plain h5py; reading the sidecar next to PyYAML; reading all with and without comparing.
"""

import hashlib
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np
import yaml

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network
from tvbo.storage import commit, image, sidecar
from tvbo.storage.companion import Companion

RUNS = 21


def side_by_side(safe: Callable[[], Any], plain: Callable[[], Any]) -> tuple[float, float]:
    """Give the median times of two calls that take turns, so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS + 1):
        for call, kept in zip((safe, plain), times, strict=True):
            start = time.perf_counter()
            call()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


class NoDigest:
    """Stands for a hash that costs nothing."""

    def __init__(self, data: bytes = b"") -> None:
        pass

    def update(self, data: bytes) -> None:
        """Take data, and do nothing with them."""

    def hexdigest(self) -> str:
        """Give as many digits as SHA-256 has."""
        return "0" * 64


def write_plainly(files: list[tuple[Path, bytes]], look: object = None) -> None:
    """Write over what is there, as most programs do."""
    for path, data in files:
        path.write_bytes(data)


def save_plainly(network: Network, path: Path) -> None:
    """Save the same content without what makes it safe."""
    without = mock.Mock(wraps=hashlib, sha256=NoDigest)
    with (
        mock.patch.object(image, "hashlib", without),
        mock.patch.object(commit, "hashlib", without),
        mock.patch.object(image, "checksums", return_value=np.zeros(1, np.uint32)),
        mock.patch.object(commit, "replace_files", write_plainly),
        mock.patch.object(commit, "_replaced", return_value=[]),
    ):
        network.save(path)


def read_all(network: Network) -> None:
    """Touch every array of a network."""
    for name in network.matrix_names:
        network.matrix(name, format=None)
    if network.mesh is not None:
        _ = network.mesh.vertices, network.mesh.elements, network.mesh.normals, network.node_mapping_data


def list_plainly(path: Path) -> None:
    """List what is in a file with plain h5py: shapes and attributes of everything, once."""
    found = {}

    def note(name: str, item: Any) -> None:
        found[name] = dict(item.attrs), getattr(item, "shape", None), getattr(item, "dtype", None)

    with h5py.File(path) as file:
        file.visititems(note)


def rows_of(network: Network, folder: Path) -> dict[str, tuple[float, float]]:
    """Time what is done with one network, safely and plainly."""
    safe, plain = folder / "safe.yaml", folder / "plain.yaml"
    network.save(safe)
    companion, text = safe.with_suffix(".h5"), safe.read_text()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {
        "save; without digests, checksums, flushing, renaming": side_by_side(
            lambda: network.save(safe), lambda: save_plainly(network, plain)
        ),
        "list the companion; plain h5py": side_by_side(
            lambda: Companion.open(companion), lambda: list_plainly(companion)
        ),
        "read the sidecar; PyYAML's safe loader in C": side_by_side(
            lambda: sidecar.parse(text, safe), lambda: yaml.load(text, Loader=loader)
        ),
        "open and read all; without comparing": side_by_side(
            lambda: read_all(Network.from_file(safe)), lambda: read_all(Network.from_file(safe, verify=False))
        ),
    }


def main() -> int:
    """Run the benchmark."""
    logging.getLogger("tvb").setLevel(logging.ERROR)
    connectivity, surface, mapping = Connectivity.from_file(), CorticalSurface.from_file(), RegionMapping.from_file()
    connectivity.configure()
    surface.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    regions, cortex = Network.from_tvb_surface(connectivity, surface, mapping)
    rng = np.random.default_rng(0)
    weights = rng.lognormal(size=(2000, 2000)) * (rng.random((2000, 2000)) > 0.3)
    networks = {"76 regions": regions, "16,384 vertices": cortex, "2,000 x 2,000": Network.from_matrix(weights)}
    print(f"medians of {RUNS} runs that take turns, ms\n")
    print("| work; what it is compared with | tvbo | the other | difference |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for label, network in networks.items():
            for work, (mine, other) in rows_of(network, Path(name)).items():
                print(f"| {label}: {work} | {mine * 1e3:.2f} | {other * 1e3:.2f} | {100 * (mine / other - 1):+.0f} % |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
