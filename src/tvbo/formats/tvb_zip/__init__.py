"""
Archives of The Virtual Brain: a connectivity or a surface as texts in a zip, read and written without TVB.

What is read is what ``Network.from_tvb`` makes of the object that TVB reads from the same file; where TVB's own readers
lose something, it is kept, with a warning. The gid follows the content, since an archive has none.
"""

from pathlib import Path

from tvbo.errors import TvboError, UnknownFormatError
from tvbo.formats.tvb_zip import connectivity, surface
from tvbo.formats.tvb_zip.members import Members, archive, listed
from tvbo.limits import Limits
from tvbo.model.datatypes import root_note
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.model.tvb_traits import SURFACES
from tvbo.storage.replacing import write_file

__all__ = ["DROPS", "EXTENSIONS", "can_read", "read", "write"]

EXTENSIONS = (".zip",)
DROPS = {"label": "label", "description": "description", "parameters.*.value": "*"}


def can_read(path: Path) -> bool:
    """
    Tell whether a file is such an archive.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        True if it has members for weights and centres, or for vertices and triangles.
    """
    try:
        names = listed(path, Limits())
    except TvboError:
        return False
    return connectivity.is_connectivity(names) or surface.is_surface(names)


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    kind: str = "CorticalSurface",
    zero_based: bool = True,
) -> Network:
    """
    Read an archive.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.
    kind : str
        The class of TVB that a surface is to be; the archive does not say.
    zero_based : bool
        Whether the vertices of a surface's triangles are counted from 0.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnknownFormatError
        If it holds neither a connectivity nor a surface.
    """
    return _read(Members(path, limits, path), kind, zero_based)


def _read(members: Members, kind: str, zero_based: bool = True) -> Network:
    if connectivity.is_connectivity(members.names):
        return connectivity.read(members)
    if surface.is_surface(members.names):
        return surface.read(members, kind, zero_based)
    raise UnknownFormatError(
        f"{members.where} holds {', '.join(members.names[:5]) or 'no tables'}: expected members for weights and "
        "centres, or for vertices and triangles, each .txt, .txt.bz2 or .npy"
    )


def write(network: Network, path: Path, *, strict: bool = False, split: bool = False) -> None:
    """
    Write an archive that TVB reads.

    Parameters
    ----------
    network : Network
        The network: a surface if it has a mesh, else a connectivity.
    path : Path
        The file.
    strict : bool
        Whether to refuse to lose anything.
    split : bool
        Whether each hemisphere of a surface gets members of its own, as tvb-framework has them.

    Raises
    ------
    LossyConversionError
        If it is strict, and the archive cannot carry something.
    ValueError
        If labels cannot be written.
    """
    of_surface = network.mesh is not None
    files, hint = surface.write(network, split) if of_surface else connectivity.write(network)
    data = archive(files)
    kind = str(root_note(network).get("class"))
    # It is ours, so that it may hold as much as it does.
    trusted = Limits(inflated_bytes=1 << 62, sidecar_bytes=1 << 62, sidecar_values=1 << 62)
    back = _read(Members(data, trusted, path), kind if kind in SURFACES else "CorticalSurface")
    report_losses(network, back, path.name, strict, hint)
    write_file(path.absolute(), data)
