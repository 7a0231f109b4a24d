"""The files that a network is made of: its pair, and those of the networks that it is linked to by their names."""

from pathlib import Path
from typing import Any

from tvbo.formats.tvbo.reader import read
from tvbo.limits import Limits
from tvbo.model.network import Network
from tvbo.storage import pair


def files_of(path: Path, *, limits: Limits = Limits(), **options: Any) -> list[Path]:  # noqa: B008
    """
    List the files that a network is read from.

    Parameters
    ----------
    path : Path
        The sidecar, or the companion.
    limits : Limits
        What the files may ask for.
    **options : object
        As `read` takes them.

    Returns
    -------
    list of Path
        Its own files, then those of its parent and its links; no array is read.
    """
    found: dict[Path, None] = {}
    _add(read(path, limits=limits, **options), found, limits)
    return list(found)


def _add(network: Network, found: dict[Path, None], limits: Limits) -> None:
    if network.path is not None:
        if network.path in found:
            return
        own = pair.open_pair(network.path, limits)
        found[own.path] = None
        if own.companion is not None:
            found[own.companion.path] = None
    linked = [network.parent()] if network.has_parent_network else []
    for other in [*linked, *(network.links[name] for name in network.links)]:
        _add(other, found, limits)
