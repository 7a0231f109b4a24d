"""
NumPy's ``.npz``: every array exactly as it is, under its own name, and all the rest as JSON in the array ``tvbo``.

``np.load(path)["weight"]`` is the matrix; ``labels``, ``positions`` and columns of nodes lie beside it. Sparse matrices
are the arrays that make them up. Nothing is pickled. In files of others, names tell what is what: ``weights``, ``sc``,
``tract_lengths``, ``region_labels``, ``centres``, ...
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.limits import Limits
from tvbo.model.losses import report_losses
from tvbo.model.named_arrays import network_of_arrays
from tvbo.model.network import Network
from tvbo.model.plain import Leaf, dumped, loaded, put_together, shaped, taken_apart
from tvbo.storage.bounded import npz
from tvbo.storage.replacing import write_file

__all__ = ["EXTENSIONS", "read", "write"]

EXTENSIONS = (".npz",)
_RECORD = "tvbo"


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
        The array that is the weights, in a file of others whose names do not tell.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnsafeFileError
        If it holds Python objects.
    UnknownFormatError
        If it cannot be told which array is what.
    """
    return _network(npz(path, limits), path, limits, variable)


def _network(found: dict[str, Any], path: Path, limits: Limits, variable: str | None) -> Network:
    text = found.pop(_RECORD, None)
    if text is None or text.dtype.kind != "U" or text.ndim:
        return network_of_arrays(found, path, variable)

    def give(leaf: Leaf) -> Any:
        return shaped(found[leaf["name"]], leaf)

    return put_together(loaded(str(text), limits, path), give, limits, path)


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
    record, arrays = taken_apart(network)
    held: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items()}
    image = io.BytesIO()
    np.savez_compressed(image, **held, tvbo=np.array(dumped(record)))
    data = image.getvalue()
    report_losses(network, _network(npz(path, limits, data), path, limits, None), path.name, strict)
    write_file(path.absolute(), data)
