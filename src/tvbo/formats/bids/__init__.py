"""
Datasets of BIDS: relationship matrices and their nodes after the draft BEP017, as of pull request 1902.

A network is all matrices whose files differ in nothing but ``meas``. What is written reads back to the bit; what is
read may be in the forms of giga_connectome, xcp_d and tvbo 0.5.3 as well.
"""

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tvbo.formats.bids import files
from tvbo.formats.bids.dataset import BidsNetwork, chosen, is_matrix, list_networks
from tvbo.formats.bids.names import NODES, RELMAT, parsed
from tvbo.formats.bids.reader import network_of
from tvbo.formats.bids.writer import Laid, laid_out
from tvbo.limits import Limits
from tvbo.model.losses import report_losses
from tvbo.model.network import Network

__all__ = [
    "DROPS",
    "EXTENSIONS",
    "EXTRA",
    "IF_NAMED",
    "WRITES",
    "BidsNetwork",
    "can_read",
    "list_networks",
    "read",
    "write",
]

_KINDS = (".dense.tsv", ".sparse.tsv", ".tsv", ".dense.h5", ".sparse.h5", ".h5", ".json")
# "/" is a folder.
EXTENSIONS = ("/", *(f"_{RELMAT}{kind}" for kind in _KINDS))
WRITES = ("/",)
# A folder may be anything.
IF_NAMED = True
EXTRA: str | None = None
DROPS = {
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "parent_network.*": "parent_network",
    "links.*": "links.*",
    # Traits of TVB have names of their own.
    "extra.tvb.*": "",
    # That which holds arrays.
    "extra.*": "extra.",
    "parameters.*.value*": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra*": "*",
    # Complex numbers, unless in HDF5, and the layouts bsr and dia.
    "nodes.columns.*": "nodes.columns.*",
    "matrices.*": "matrices.*",
}


def can_read(path: Path) -> bool:
    """
    Tell whether there are relationship matrices.

    Parameters
    ----------
    path : Path
        A folder or a file.

    Returns
    -------
    bool
        True for a folder that holds one, and for a file that is called as one.
    """
    if path.is_dir():
        return bool(list_networks(path))
    name = parsed(path.name)
    return is_matrix(path) or (name is not None and name.suffix in (RELMAT, NODES) and name.extension == ".json")


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    subject: str | None = None,
    session: str | None = None,
    datatype: str | None = None,
    entities: Mapping[str, str] | None = None,
) -> Network:
    """
    Read one network of a dataset.

    Parameters
    ----------
    path : Path
        The dataset, or a file of the network: any of its matrices or their sidecars.
    limits : Limits
        What each file may ask for.
    subject, session, datatype : str, optional
        Which network, where there are several.
    entities : mapping of str to str, optional
        Further entities that tell it, such as ``{"atlas": "DesikanKilliany"}``.

    Returns
    -------
    Network
        The network. Entities are in ``extra["sidecar"]["bids"]``, where sidecars of tvbo have them; other keys of JSON
        files in ``extra["bids"]``.

    Raises
    ------
    NetworkNotFoundError
        If there is none.
    DuplicateNameError
        If there are several; the message lists them.
    """
    told = {"subject": subject, "session": session, "datatype": datatype}
    wanted = {**(entities or {}), **{name: value for name, value in told.items() if value is not None}}
    return network_of(chosen(path, wanted, limits), limits)


def write(
    network: Network,
    path: Path,
    *,
    strict: bool = False,
    subject: str | None = None,
    session: str | None = None,
    datatype: str | None = None,
    entities: Mapping[str, str] | None = None,
    storage: str = "tsv",
) -> None:
    """
    Write a network into a dataset, beside those that are there.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        The folder of the dataset; it is made if it is not there.
    strict : bool
        Whether to refuse to lose anything.
    subject, session : str, optional
        Whose it is; those that the network has unless given. Without a subject the files lie at the root,
        or in the folder of their template.
    datatype : str, optional
        The folder within the subject; ``func`` for a functional network, else ``dwi``.
    entities : mapping of str to str, optional
        Further entities of the names, such as ``{"atlas": "DesikanKilliany"}``.
    storage : {"tsv", "h5"}
        Whether matrices become tables of text or HDF5.

    Raises
    ------
    LossyConversionError
        If it is strict, and the dataset cannot carry something.
    FileExistsError
        If the folder is something else, or files that tvbo did not write have these names.
    UnknownFormatError
        If the network has no matrices.
    """
    if storage not in ("tsv", "h5"):
        raise ValueError(f"storage={storage!r} is not known: expected 'tsv' or 'h5'")
    root = path.absolute()
    files.check_target(root)
    given: dict[str, Any] = {**(entities or {})}
    given |= {name: value for name, value in (("subject", subject), ("session", session)) if value is not None}
    laid = laid_out(network, given, datatype, storage)
    _report(network, laid, root, strict)
    files.put(root, laid)


def _report(network: Network, laid: Laid, root: Path, strict: bool) -> None:
    """Name what is lost: what has just been laid out is read back."""
    meant = copy.copy(network)
    sidecar = {name: value for name, value in network.extra.get("sidecar", {}).items() if name != "bids"}
    sidecar |= {"bids": laid.bids} if laid.bids else {}
    meant.extra = {name: value for name, value in network.extra.items() if name != "sidecar"}
    meant.extra |= {"sidecar": sidecar} if sidecar else {}
    with tempfile.TemporaryDirectory() as temporary:
        trial = Path(temporary) / "dataset"
        (trial / laid.folder).mkdir(parents=True)
        for name, data in laid.files.items():
            (trial / laid.folder / name).write_bytes(data)
        # It is ours, so that it may hold as much as it does.
        largest = max(map(len, laid.files.values()))
        limits = Limits(
            sidecar_bytes=largest,
            inflated_bytes=largest << 6,
            sidecar_values=1 << 62,
            nodes=1 << 62,
            depth=1000,
            chunk_bytes=1 << 62,
        )
        back = network_of(chosen(trial, {}, limits), limits)
        report_losses(meant, back, root.name, strict)
