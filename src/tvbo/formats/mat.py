"""
MATLAB's ``.mat`` (version 5): every array exactly, under its own name, and all the rest as JSON in the text ``tvbo``.

``weight``, ``length``, ``positions``, ... are matrices as MATLAB has them, ``labels`` is a cell array of texts, and
sparse matrices of real numbers are sparse. TVB finds a gain matrix as ``ProjectionMatrix``, and a local connectivity as
``LocalCoupling``. In files of others, names tell what is what, as those of the Brain Connectivity Toolbox do: ``CIJ``,
``connectivity``, ``names``, ``coords``, ``xyz``, ...
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from tvbo.limits import Limits
from tvbo.model.arrays import Array, is_sparse
from tvbo.model.losses import report_losses
from tvbo.model.named_arrays import network_of_arrays
from tvbo.model.network import Network
from tvbo.model.plain import Leaf, dumped, leaves, loaded, put_together, shaped, taken_apart, whole_sparse
from tvbo.storage.bounded import mat
from tvbo.storage.replacing import write_file
from tvbo.storage.sparse import sparse_kind, sparse_parts

__all__ = ["EXTENSIONS", "read", "write"]

EXTENSIONS = (".mat",)
_RECORD = "tvbo"
# What TVB's own readers look for.
_OF_TVB = {"gain": "ProjectionMatrix", "local_connectivity": "LocalCoupling"}
_TYPES = ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c16", "?")


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    variable: str | None = None,
) -> Network:
    """
    Read a file.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.
    variable : str, optional
        The variable that is the weights, in a file of others whose names do not tell.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnknownFormatError
        If it cannot be told which variable is what.
    """
    return _network(mat(path, limits, structs=True), path, limits, variable)


def _network(found: dict[str, Any], path: Path, limits: Limits, variable: str | None) -> Network:
    text = found.get(_RECORD)
    if not isinstance(text, np.ndarray) or text.dtype.kind != "U" or text.size != 1:
        plain = {name: each for name, each in found.items() if not isinstance(each, dict)}
        return network_of_arrays(plain, path, variable)

    def give(leaf: Leaf) -> Any:
        if "texts" in leaf:
            return np.array(leaf["texts"], dtype=leaf["dtype"]).reshape(leaf["shape"])
        return _carried(found[leaf["name"]], leaf)

    return put_together(loaded(str(text.reshape(-1)[0]), limits, path), give, limits, path)


def write(
    network: Network,
    path: Path,
    *,
    strict: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
) -> None:
    """
    Write a file.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        The file.
    strict : bool
        Whether to refuse to lose anything.
    limits : Limits
        Within which it must be readable.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    LimitError
        If it could not be read again.
    """
    # Not needed to read.
    from scipy.io import savemat

    record, arrays = taken_apart(network, _OF_TVB, _is_carried)
    held: dict[str, Any] = {}
    for leaf in leaves(record):
        values = arrays[leaf["name"]]
        if not is_sparse(values):
            values = np.asarray(values)
            if values.dtype.kind in "US":
                # As cells they are for people; a text of MATLAB has no halves of characters.
                leaf["texts"] = values.reshape(-1).tolist() if values.dtype.kind == "U" else None
        held[leaf["name"]] = _laid_out(values)
    image = io.BytesIO()
    held[_RECORD] = dumped(record)
    savemat(image, held, long_field_names=True, do_compression=True, oned_as="column")  # type: ignore[arg-type]
    data = image.getvalue()
    report_losses(network, _network(mat(path, limits, True, data), path, limits, None), path.name, strict)
    write_file(path.absolute(), data)


def _laid_out(values: Any) -> Any:
    """Give an array as MATLAB can have it."""
    if is_sparse(values):
        # scipy sorts what it writes, in place.
        return sp.csc_matrix(values, copy=True)
    if values.dtype.kind == "U":
        cells = np.empty(values.size, object)
        cells[:] = [each.encode("utf-16", "replace").decode("utf-16") for each in values.reshape(-1).tolist()]
        return cells
    if values.dtype.newbyteorder("=") in [np.dtype(each) for each in _TYPES]:
        return values.astype(values.dtype.newbyteorder("="))
    # Kinds that MATLAB does not have, as their bytes.
    return np.frombuffer(values.tobytes(), np.uint8)


def _carried(values: Any, leaf: Leaf) -> Any:
    """Give the array of a variable."""
    if leaf["$"] == "whole":
        return values
    wanted = np.dtype(leaf["dtype"])
    if wanted.newbyteorder("=") not in [np.dtype(each) for each in _TYPES]:
        values = np.frombuffer(np.asarray(values).tobytes(), wanted)
    return shaped(np.asarray(values), leaf)


def _is_carried(matrix: Any) -> bool:
    """Tell whether a sparse matrix comes back to the bit from one of MATLAB, which has columns of sorted entries."""
    if matrix.dtype != np.float64 or matrix.format == "bsr":
        return False
    parts: dict[str, Array] = sparse_parts(matrix)
    index = next(each.dtype.str for each in parts.values() if each.dtype.kind == "i")
    leaf = {"dtype": "<f8", "index": index, "layout": matrix.format, "kind": sparse_kind(matrix)}
    columns = sp.csc_array(matrix, copy=True)
    columns.sort_indices()
    back = sparse_parts(whole_sparse(columns, leaf))
    return all(
        each.dtype == back[name].dtype and each.shape == back[name].shape and each.tobytes() == back[name].tobytes()
        for name, each in parts.items()
    )
