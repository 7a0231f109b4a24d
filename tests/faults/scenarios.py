"""The saves under test: what is there before, what is saved over it, and how."""

import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy.sparse as sp

from tvbo import Mesh, Network, NodeTable, Parameter, RowBlocks

SIDECAR, COMPANION = "net.yaml", "net.h5"
REGIONS = 76


def regions(seed: int, more: int | None = None) -> Network:
    """Give a region network; everything in it depends on the seed, so that a mix of two is seen."""
    rng = np.random.default_rng(seed)
    size = REGIONS
    network = Network.from_matrix(
        rng.lognormal(size=(size, size)),
        rng.random((size, size)) * 200,
        labels=[f"region {seed}.{i}" for i in range(size)],
        positions=rng.normal(size=(size, 3)) * 50,
    )
    network.label = f"network {seed}"
    network.description = "before and after differ in length " * seed
    network.nodes.columns["area"] = rng.random(size) * 1000
    network.parameters["conduction_speed"] = Parameter(float(seed), "mm_per_ms", "v")
    # Later networks are larger, so that a disk that holds one need not hold the next.
    for extra in range(seed if more is None else more):
        network.set_matrix(f"extra_{extra}", rng.normal(size=(size, size)))
    return network


def surface(seed: int, side: int) -> Network:
    """Give a torus of ``side * side`` vertices, mapped onto regions."""
    rng = np.random.default_rng(seed)
    number = np.arange(side * side).reshape(side, side)
    u, v = (angle.reshape(-1) * 2 * np.pi / side for angle in np.mgrid[:side, :side])
    ring = 40 + 15 * np.cos(v)
    vertices = np.stack([ring * np.cos(u), ring * np.sin(u), 15 * np.sin(v)], axis=1) + rng.normal(size=(side**2, 3))
    right, below, across = (np.roll(number, step, axis) for step, axis in ((-1, 1), (-1, 0), ((-1, -1), (0, 1))))
    elements = np.concatenate(
        [np.stack([a.reshape(-1) for a in half], axis=1) for half in ((number, right, across), (number, across, below))]
    )
    mesh = Mesh(vertices, elements, rng.normal(size=(side**2, 3)))
    network = Network(
        NodeTable(size=side**2, columns={"thickness": rng.random(side**2)}, default_label="vertex"),
        label=f"surface {seed}",
        descriptor="surface",
        mesh=mesh,
        node_mapping_data=rng.integers(0, REGIONS, side**2),
        parent_network=regions(seed),
    )
    edges = (elements[:, 0], elements[:, 1])
    network.set_matrix("local", sp.csr_matrix((rng.random(len(elements)), edges), shape=(side**2, side**2)))
    return network


def streamed(seed: int) -> Network:
    """Give a region network whose weights come in blocks of rows, so that its companion is written piece by piece."""
    network = regions(seed)
    values = network.weights_matrix
    network.set_matrix(
        "weight", RowBlocks(lambda: (values[low : low + 20] for low in range(0, REGIONS, 20)), values.shape)
    )
    return network


def _changed_matrix(folder: Path, value: float) -> Network:
    """Open the pair lazily, and change one matrix of it; the others are still in the file."""
    network = Network.from_file(folder / SIDECAR)
    network.set_matrix("weight", np.full((REGIONS, REGIONS), value))
    return network


def _changed_metadata(folder: Path, text: str) -> Network:
    network = Network.from_file(folder / SIDECAR)
    network.label = text
    network.parameters["conduction_speed"] = Parameter(float(len(text)), "mm_per_ms", "v")
    return network


def save(network: Network, path: Path) -> None:
    """Save as users do."""
    network.save(path)


# ---------------------------------------------------------------------- savers that must be found out


def _bytes_of(network: Network, path: Path, *, identified: bool) -> list[tuple[Path, bytes]]:
    """Give both files of a pair, made elsewhere."""
    with tempfile.TemporaryDirectory() as elsewhere:
        made = Path(elsewhere) / path.name
        if identified:
            # So that the new pair names the old one as what it replaces.
            shutil.copytree(path.parent, elsewhere, dirs_exist_ok=True)
        network.save(made)
        if not identified:
            made.write_text(re.sub(r"^# content: .*\n", "", made.read_text(encoding="utf-8")), encoding="utf-8")
            with h5py.File(made.with_suffix(".h5"), "r+") as file:
                for name in ("content", "replaces"):
                    del file["tvbo"].attrs[name]
        return [(path.parent / name.name, name.read_bytes()) for name in (made, made.with_suffix(".h5"))]


def overwrite(network: Network, path: Path) -> None:
    """Do what a naive writer does: truncate both files and write them anew."""
    for target, data in _bytes_of(network, path, identified=False):
        target.write_bytes(data)


def rename_unflushed(network: Network, path: Path) -> None:
    """Move complete files into place, but never flush them: safe from a crash of the program alone, at most."""
    for target, data in reversed(_bytes_of(network, path, identified=True)):
        beside = target.with_name(f".{target.name}.tmp")
        beside.write_bytes(data)
        beside.replace(target)


# ---------------------------------------------------------------------- the list


@dataclass(frozen=True)
class Scenario:
    """
    A save under test.

    Attributes
    ----------
    old : callable or None
        Makes the network that is there before; None if there is none.
    new : callable
        Makes the network to save, perhaps of what lies in the folder that it is given.
    newer : callable
        The same, for a second save.
    saver : callable
        Saves a network to a path.
    """

    old: Callable[[], Network] | None
    new: Callable[[Path], Network]
    newer: Callable[[Path], Network]
    saver: Callable[[Network, Path], None] = save


def _of(
    make: Callable[[int], Network], *, first: bool = False, saver: Callable[[Network, Path], None] = save
) -> Scenario:
    kept: dict[int, Network] = {}

    def held(seed: int) -> Network:
        # Made once in the server, so that a fork has it at no cost.
        if seed not in kept:
            kept[seed] = make(seed)
        return kept[seed]

    return Scenario(None if first else lambda: held(1), lambda _: held(2), lambda _: held(3), saver)


SCENARIOS = {
    "regions": _of(regions),
    "first save": _of(regions, first=True),
    "onto itself": Scenario(
        lambda: regions(1), lambda folder: _changed_matrix(folder, 2.0), lambda folder: _changed_matrix(folder, 3.0)
    ),
    "metadata": Scenario(
        lambda: regions(1),
        lambda folder: _changed_metadata(folder, "changed"),
        lambda folder: _changed_metadata(folder, "changed again"),
    ),
    # Made anew each time: what was saved is read from its file.
    "streamed": Scenario(lambda: streamed(1), lambda _: streamed(2), lambda _: streamed(3)),
    "small surface": _of(lambda seed: surface(seed, 14)),
    "surface": _of(lambda seed: surface(seed, 128)),
    # For the tests of the tests.
    "naive": _of(lambda seed: regions(seed, more=0), saver=overwrite),
    "unflushed": _of(regions, saver=rename_unflushed),
}
