"""
What safety costs: the same save without digests, checksums, flushing and renaming; listing the companion next to plain
h5py; reading the sidecar next to PyYAML; reading all with and without comparing.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import data
import h5py
import numpy as np
import objects
import yaml
from findings import Findings
from timing import shown, take_turns

from tvbo import Network
from tvbo.storage import commit, datasets, sidecar
from tvbo.storage.companion import Companion


class NoDigest:
    """Stands for a hash that costs nothing."""

    def __init__(self, data: bytes = b"") -> None:
        pass

    def update(self, data: bytes) -> None:
        """Take data, and do nothing with them."""

    def hexdigest(self) -> str:
        """Give as many digits as SHA-256 has."""
        return "0" * 64


def write_plainly(files: list[tuple[Path, Any]], look: object = None) -> None:
    """Write over what is there, as most programs do."""
    for path, content in files:
        if isinstance(content, Path):
            content.replace(path)
        else:
            path.write_bytes(b"".join(content))


def save_plainly(network: Network, path: Path) -> None:
    """Save the same content without what makes it safe."""
    without = mock.Mock(wraps=hashlib, sha256=NoDigest)
    with (
        mock.patch.object(datasets, "hashlib", without),
        mock.patch.object(commit, "hashlib", without),
        mock.patch.object(datasets, "crc32", return_value=0),
        mock.patch.object(commit, "replace_files", write_plainly),
        mock.patch.object(commit, "_replaced", return_value=[]),
        mock.patch.object(os, "fsync"),
    ):
        network.save(path)


def list_plainly(path: Path) -> None:
    """List what is in a file with plain h5py: shapes and attributes of everything, once."""
    found = {}

    def note(name: str, item: Any) -> None:
        found[name] = dict(item.attrs), getattr(item, "shape", None), getattr(item, "dtype", None)

    with h5py.File(path) as file:
        file.visititems(note)


def pairs_of(network: Network, folder: Path) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """Give what is done with one network, safely and plainly."""
    safe, plain = folder / "safe.yaml", folder / "plain.yaml"
    network.save(safe)
    companion, text = safe.with_suffix(".h5"), safe.read_text()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {
        "save; without digests, checksums, flushing, renaming": (
            lambda: network.save(safe),
            lambda: save_plainly(network, plain),
        ),
        "list the companion; plain h5py": (lambda: Companion.open(companion), lambda: list_plainly(companion)),
        "read the sidecar; PyYAML's safe loader in C": (
            lambda: sidecar.parse(text, safe),
            lambda: yaml.load(text, Loader=loader),
        ),
        "open and read all; without comparing": (
            lambda: data.arrays_of(Network.from_file(safe)),
            lambda: data.arrays_of(Network.from_file(safe, verify=False)),
        ),
    }


def run(findings: Findings, folder: Path, rounds: int) -> None:
    """Measure three networks."""
    regions, cortex = Network.from_tvb_surface(*objects.surface(16384))
    weights = data.weights(2000, np.random.default_rng(0))
    named = {"76 regions": regions, "16,384 vertices": cortex, "2,000 x 2,000": Network.from_matrix(weights)}
    findings.section("What safety costs", "ms, median (quartiles).")
    rows = []
    for label, network in named.items():
        for work, (safe, plain) in pairs_of(network, folder).items():
            found = take_turns({"safe": safe, "plain": plain}, rounds=rounds, seconds=5)
            more = 100 * (found["plain"].times_faster_than(found["safe"]) - 1)
            rows.append([f"{label}: {work}", shown(found["safe"]), shown(found["plain"]), f"{more:+.0f} %"])
    findings.table(["work; what it is compared with", "tvbo", "the other", "difference"], rows)
