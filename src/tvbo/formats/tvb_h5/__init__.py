"""
Files of The Virtual Brain's framework: one datatype in each HDF5 file, read and written without TVB.

Both the current layout and that of the first versions are read. Datatypes that a file refers to are read too if they
lie beside it, under the names that the framework gives them; else their gids are kept.
"""

import tempfile
from pathlib import Path

from tvbo.errors import TvboError
from tvbo.formats.tvb_h5.reader import PREFIX, Reader
from tvbo.formats.tvb_h5.writer import image
from tvbo.limits import Limits
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.storage.commit import write_file
from tvbo.storage.companion import Companion

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
    Write the file of the datatype that a network is; those that it refers to are named by their gids.

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
    data, _ = image(network)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.h5"
        copy.write_bytes(data)
        # It is ours, so that it may hold as much as it does.
        limits = Limits(inflated_bytes=1 << 62, chunk_bytes=1 << 62)
        back = Reader(copy, limits, path.absolute().parent).network()
        report_losses(network, back, path.name, strict)
    write_file(path.absolute(), data)
