"""Lines of target, source and weight, and of nothing else."""

from pathlib import Path

import numpy as np

from tvbo import Network
from tvbo.errors import DamagedFileError, NetworkNotFoundError
from tvbo.model.losses import report_losses
from tvbo.storage.replacing import write_file

EXTENSIONS = (".edges",)
DROPS = {
    "label": "label",
    "description": "description",
    "nodes.*": "nodes.*",
    "matrices.length*": "matrices.length",
    "parameters.*.*": "*",
}


def read(path: Path) -> Network:
    """Read a file: its first line is the number of nodes."""
    if not path.exists():
        raise NetworkNotFoundError(f"there is no {path}")
    return _network(path.read_text(), path)


def write(network: Network, path: Path, *, strict: bool = False) -> None:
    """Write the weights."""
    weights = network.matrix("weight")
    places = np.argwhere((weights != 0) | np.signbit(weights))
    lines = [str(len(weights)), *(f"{i} {j} {weights[i, j].item()!r}" for i, j in places.tolist()), "end"]
    text = "\n".join(lines) + "\n"
    report_losses(network, _network(text, path), path.name, strict)
    # Whatever fails, the old file or the new one is there.
    write_file(path, text.encode())


def _network(text: str, path: Path) -> Network:
    first, *lines = text.split("\n")
    if lines[-2:] != ["end", ""]:
        raise DamagedFileError(f"{path} ends too early: expected a line 'end'")
    weights = np.zeros((int(first), int(first)))
    for line in lines[:-2]:
        target, source, weight = line.split()
        weights[int(target), int(source)] = float(weight)
    return Network.from_matrix(weights)
