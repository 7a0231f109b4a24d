"""The matrices of a network, laid into a sidecar and a companion."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.formats.tvbo.absent import stays_absent
from tvbo.formats.tvbo.flags import WatchedEntries, WatchedRows, flags_found, is_streamed
from tvbo.formats.tvbo.layout import ORIGINAL
from tvbo.model.arrays import is_sparse
from tvbo.model.blocks import SparseRowBlocks
from tvbo.model.matrices import EdgeMatrix
from tvbo.model.network import Network
from tvbo.storage.foreign import Foreign
from tvbo.storage.image import Image
from tvbo.storage.pool import Beside
from tvbo.storage.reopening import refused


def put_edges(
    network: Network,
    image: Image,
    below: str,
    record: dict[str, Any],
    private: dict[str, Any],
    target: Path,
    strict: bool = False,
) -> Callable[[], None]:
    """
    Lay the matrices of a network into an image.

    Parameters
    ----------
    network : Network
        The network.
    image : Image
        The companion that is being put together.
    below : str
        Where in it.
    record, private : dict
        The sidecar, and what is said in the companion; both get a row for each matrix.
    target : Path
        The sidecar, for messages.
    strict : bool
        Whether all matrices must be there.

    Returns
    -------
    callable
        To be called when all arrays have been seen: puts in what their values say.
    """
    rows: list[dict[str, Any]] = []
    notes: dict[str, Any] = {}
    later: list[Callable[[], None]] = []
    beside = Beside()
    for name, matrix in network.matrices.items():
        group = f"{below}edges/{name}"
        row, note = _said_of(name, matrix, image, target)
        rows.append(row)
        notes[name] = note
        if stays_absent(matrix.values, group, private, target, strict):
            note["shown"] = {}
            row |= matrix.extra | ({} if matrix.directed is None else {"directed": matrix.directed})
            continue
        image.attrs[group], flags = _put_values(matrix, image, group, target.parent, beside)
        later.append(_complete(row, note, image.attrs[group], matrix, flags))
    private["edges"] = notes
    rows += network.extra.get("sidecar", {}).get("edges", [])
    foreign = network.extra.get("hdf5")
    carried = isinstance(foreign, Foreign) and any(name.startswith(f"{below}edges/") for name in foreign.names)
    if rows or carried:
        # Without a list, every group below /edges is a matrix.
        record["edges"] = rows

    def close() -> None:  # numpydoc ignore=GL08
        for each in later:
            each()

    return close


def _put_values(
    matrix: EdgeMatrix, image: Image, group: str, folder: Path, beside: Beside
) -> tuple[dict[str, Any], Callable[[], dict[str, bool]]]:
    """Lay the numbers of a matrix into an image; give the attributes of its group, and what gives its flags."""
    values: Any = matrix.values
    attrs: dict[str, Any] = {"tvbo_class": "tvbo:Matrix", "format": "dense"}
    streamed = is_streamed(values)
    if not streamed:
        values = matrix.load()
    elif isinstance(values, SparseRowBlocks):
        values = values.spooled(folder)
    if not is_sparse(values):
        image.arrays[f"{group}/data"] = values
    elif hasattr(values, "parts") and values.format not in ORIGINAL:
        image.arrays |= {f"{group}/{name}": part for name, part in values.parts.items()}
        attrs |= {"kind": values.kind, "layout": values.format, "format": values.source}
    else:
        attrs |= image.add_sparse(group, values)
    attrs["shape"] = np.array(values.shape, dtype=np.int64)
    if not streamed:
        return attrs, flags_found(values, beside)
    watch = WatchedEntries(values) if is_sparse(values) else WatchedRows(values)
    image.watches[f"{group}/data"] = watch
    return attrs, watch.flags


def _said_of(name: str, matrix: EdgeMatrix, image: Image, target: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what somebody said of a matrix, for the sidecar and for the companion."""
    row: dict[str, Any] = {}
    note: dict[str, Any] = {"directed": matrix.directed, "extra": sorted(matrix.extra)}
    if matrix.unit is not None:
        row["unit"] = matrix.unit
    if matrix.target_network is not None:
        row["target_network"] = matrix.target_network
    if matrix.column_labels is not None:
        row["dimension_labels"] = checked_text(matrix.column_labels, image, f"{target}: labels of {name!r}").tolist()
        note["column_labels"] = matrix.column_labels.dtype.str
    return {"label": name, **row}, note


def _complete(
    row: dict[str, Any],
    note: dict[str, Any],
    attrs: dict[str, Any],
    matrix: EdgeMatrix,
    flags: Callable[[], dict[str, bool]],
) -> Callable[[], None]:
    """Give what puts the flags of a matrix into its row, its note and the attributes of its group."""

    def complete() -> None:
        said, shown = dict(row), flags()
        note["shown"] = shown
        row.clear()
        # The layout of a matrix that was missing is not that of one which took its place.
        others = {key: value for key, value in matrix.extra.items() if key != "format"}
        row.update({"label": said.pop("label"), "format": attrs["format"], **shown, **others})
        if matrix.directed is not None:
            row["directed"] = matrix.directed
        row.update(said)
        attrs["directed"] = np.bool_(row["directed"])
        if matrix.unit is not None:
            attrs["unit"] = matrix.unit

    return complete


def checked_text(values: Any, image: Image, where: str) -> Any:
    """
    Give text that goes into the sidecar, unless it takes more in memory than a reader allows.

    Parameters
    ----------
    values : array
        The text.
    image : Image
        The companion that is being put together.
    where : str
        What it is.

    Returns
    -------
    array
        The same.

    Raises
    ------
    LimitError
        If it takes too much.
    """
    with refused("shorten the longest text, or nodes='companion'"):
        image.limits.check("inflated_bytes", values.nbytes, where)
    return values
