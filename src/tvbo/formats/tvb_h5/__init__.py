"""
Files of The Virtual Brain's framework: one datatype in each HDF5 file, read and written without TVB.

Both the current layout and that of the first versions are read. Datatypes that a file refers to are read too if they
lie beside it, under the names that the framework gives them; else their gids are kept.
"""

import tempfile
from pathlib import Path

from tvbo.errors import TvboError
from tvbo.formats.tvb_h5.reader import PREFIX, Reader
from tvbo.formats.tvb_h5.writer import Files
from tvbo.limits import Limits
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.storage.companion import Companion
from tvbo.storage.replacing import write_file

__all__ = ["DROPS", "EXTENSIONS", "IF_NAMED", "can_read", "read", "write"]

EXTENSIONS = (".h5",)
DROPS = {"label": "label", "description": "description", "parameters.*.value": "*"}
# An .h5 is a companion of ours unless the caller says so.
IF_NAMED = True


def can_read(path: Path) -> bool:
    """
    Tell whether a file is one of the framework.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        True if its root says what datatype it holds.
    """
    try:
        found = Companion.attributes(path, ())[""]
    except TvboError:
        return False
    return f"{PREFIX}type" in found or f"{PREFIX}Type" in found


def read(path: Path, *, limits: Limits = Limits()) -> Network:  # noqa: B008 - it cannot be changed
    """
    Read a file.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.

    Returns
    -------
    Network
        The network, as ``Network.from_tvb`` makes it of what the framework reads.
    """
    return Reader(path.absolute(), limits).network()


def write(network: Network, path: Path, *, strict: bool = False) -> None:
    """
    Write the file of the datatype that a network is, and beside it those of the datatypes that it refers to.

    The others are called as the framework calls them; one that is there already, and holds the same, is left alone.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        The file. The framework calls it ``<class>_<gid in 32 digits>.h5``.
    strict : bool
        Whether to refuse to lose anything.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    MatrixNotFoundError
        If the network lacks what TVB needs.
    """
    files, target = Files(network), path.absolute()
    # It is ours, so that it may hold as much as it does.
    limits = Limits(inflated_bytes=1 << 62, chunk_bytes=1 << 62)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each, data in files.linked.items():
            (folder / each).write_bytes(data)
        # Not a name that another may have.
        (folder / "copy.h5").write_bytes(files.root)
        back = Reader(folder / "copy.h5", limits).network()
        report_losses(network, back, path.name, strict)
        for each, data in files.linked.items():
            if each != target.name and not _is_there(target.parent / each, Reader(folder / each, limits)):
                write_file(target.parent / each, data)
    write_file(target, files.root)


def _is_there(path: Path, made: Reader) -> bool:
    """Tell whether a file holds a datatype already; it may say more of its project than is known here."""
    try:
        return Reader(path, Limits()).content() == made.content()
    except TvboError:
        return False
