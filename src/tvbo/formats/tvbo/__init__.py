"""
YAML sidecar and HDF5 companion: lossless, lazy, readable by people.

The layout is that of ``tvb-datamodel/0.7.0``. What it has no place for lies in the companion below ``/tvbo``,
where other readers ignore it.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tvbo.formats.tvbo import links
from tvbo.formats.tvbo.check import validate
from tvbo.formats.tvbo.constituents import files_of
from tvbo.formats.tvbo.reader import read
from tvbo.formats.tvbo.writer import write
from tvbo.model.network import Network
from tvbo.storage.repair import repair

__all__ = [
    "EXTENSIONS",
    "SOLE",
    "WRITES",
    "files_of",
    "from_object",
    "read",
    "repair",
    "takes",
    "validate",
    "write",
    "write_all",
]

EXTENSIONS = (".yaml", ".yml", ".json", ".h5", ".hdf5")
# A companion is called .h5; those of others that are called .hdf5 are read.
WRITES = (".yaml", ".yml", ".h5")
SOLE = (".yaml", ".yml")


def takes(obj: object) -> bool:
    """
    Tell whether an object is one that this format makes a network of.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    bool
        True for a path.
    """
    return isinstance(obj, (str, os.PathLike)) and Path(obj).suffix.lower() in EXTENSIONS


def from_object(obj: "str | os.PathLike[str]") -> Network:
    """
    Open a path.

    Parameters
    ----------
    obj : path-like
        The sidecar.

    Returns
    -------
    Network
        The network.
    """
    return read(Path(obj))


def write_all(networks: Iterable[Network], folder: Path, **options: Any) -> dict[str, Path]:
    """
    Write networks, and all that they are linked to, as a pair of files each.

    Parameters
    ----------
    networks : iterable of Network
        The networks.
    folder : Path
        Where; it is made if it is not there.
    **options : object
        As `write` takes them.

    Returns
    -------
    dict of str to Path
        The sidecars by name: those of the networks given first, then those of what they are linked to.
    """
    return links.write_all(networks, folder, write, carry=False, **options)
