"""
Region mappings, sensors, projections and local connectivities of The Virtual Brain: texts, ``.npy`` and ``.mat``.

What a file holds is told from its content; its class may be given (``kind="SensorsEEG"``), since no file says it. What
is read is what ``Network.from_tvb`` makes of the object that TVB reads from the same file.
"""

import bz2
import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from tvbo.errors import DamagedFileError, ShapeError, TvboError, UnknownFormatError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import is_sparse
from tvbo.model.datatypes import Datatype, datatype_of, network_of, root_note
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.model.tvb_traits import PROJECTIONS, SENSORS, family
from tvbo.storage.bounded import bunzip2, column, mat, npy, numbers, read_bytes, words
from tvbo.storage.replacing import write_file

__all__ = ["DROPS", "EXTENSIONS", "can_read", "read", "write"]

EXTENSIONS = (".txt", ".bz2", ".npy", ".mat")
# Each file holds one thing alone; names, places and directions of sensors are kept by texts of them.
DROPS = {
    "label": "label",
    "description": "description",
    "matrices.*": "matrices.*",
    "nodes.labels": "nodes.labels",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "parameters.*.value": "*",
    "mesh.*": "mesh.*",
    "parent_network*": "parent_network",
    "links*": "links",
    "extra.*": "extra",
}
KINDS = ("RegionMapping", *SENSORS, *PROJECTIONS, "LocalConnectivity")
_LONGEST_LABEL = 128
# Names of variables: TVB's own, and those of Brainstorm.
_COUPLING, _PROJECTION = "LocalCoupling", "ProjectionMatrix"
# What the format ``mat`` adds, which keeps all of a network and has TVB's own names as well.
_RECORD = "tvbo"
_BRAINSTORM = ("Gain", "GridLoc", "GridOrient")

Array = npt.NDArray[Any]


def can_read(path: Path) -> bool:
    """
    Tell whether a file is one of these.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        True for a column of integers, rows of a label and three or more numbers, a rectangular array of real numbers,
        and MATLAB's variables of TVB and Brainstorm, unless they are part of a whole network.
    """
    try:
        data = _content(path, Limits())
        if path.suffix.lower() == ".mat" and _RECORD in mat(path, Limits(), data=data):
            return False
        datatype = _read(path, data, Limits(), None, None)
    except (TvboError, ValueError):
        return False
    values = datatype.traits.get("projection_data")
    return values is None or path.suffix.lower() != ".npy" or values.shape[0] != values.shape[1]


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    kind: str | None = None,
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
    kind : str, optional
        The class of TVB that it is to be, such as ``"SensorsEEG"`` or ``"ProjectionSurfaceMEG"``. Without it a region
        mapping, a local connectivity, the base class of sensors and projections, or ``SensorsMEG`` where there are
        orientations.
    variable : str, optional
        The variable of MATLAB that is the projection, if it is not called ``ProjectionMatrix``.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    UnknownFormatError
        If it is something else.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind={kind!r} is not known: expected one of {', '.join(KINDS)}")
    return network_of(_read(path, _content(path, limits), limits, kind, variable))


def _content(path: Path, limits: Limits) -> bytes:
    return read_bytes(path, limits.inflated_bytes, "inflated_bytes")


def _read(path: Path, data: bytes, limits: Limits, kind: str | None, variable: str | None) -> Datatype:
    suffix = path.suffix.lower()
    if suffix == ".mat":
        return _of_matlab(path, data, limits, kind, variable)
    if suffix == ".npy":
        return _projection(npy(data, path), kind, path)
    if suffix == ".bz2":
        data = bunzip2(data, limits.inflated(len(data)), path)
    base = family(kind) if kind else _told(data, limits, path)
    if base == "RegionMapping":
        found = numbers(data, limits, path, np.int64)
        if found.ndim > 1 or not found.size:
            raise ShapeError(f"{path} has shape {found.shape}: expected one region for each vertex")
        return Datatype("RegionMapping", {"array_data": found.reshape(-1)})
    if base == "Sensors":
        return _sensors(words(data, limits, path), kind, path, limits)
    what = f"a text, which holds no {kind}" if kind else "no text of TVB"
    raise UnknownFormatError(
        f"{path} is {what}: expected a region mapping (a number for each vertex) or sensors (a name and three numbers "
        "in each row); for a table of weights say format='csv'"
    )


def _told(data: bytes, limits: Limits, path: Path) -> str:
    """Tell what a text holds from its first row."""
    first: list[str] = []
    for line in io.BytesIO(data):
        # Lines may end as on old systems, so that this may hold several.
        first = next(iter(words(line, limits, path)), [])
        if first:
            break
    if len(first) == 1 or (len(first) > 7 and all(_is_integer(word) for word in first)):
        return "RegionMapping" if _is_integer(first[0]) else ""
    return "Sensors" if len(first) >= 4 else ""


def _is_integer(word: str) -> bool:
    return word.removeprefix("-").isdecimal() and word.isascii()


def _sensors(rows: list[list[str]], kind: str | None, path: Path, limits: Limits) -> Datatype:
    width = min((len(row) for row in rows), default=0)
    longest = max((len(row[0]) for row in rows), default=0)
    if longest > _LONGEST_LABEL:
        raise DamagedFileError(f"{path} has a label of {longest:,} characters: TVB takes {_LONGEST_LABEL}")
    limits.check("inflated_bytes", len(rows) * _LONGEST_LABEL * 4, path)
    kind = kind or ("SensorsMEG" if width >= 7 else "Sensors")
    traits = {"labels": np.array([row[0] for row in rows], dtype=f"U{_LONGEST_LABEL}")}
    traits["locations"] = column(rows, slice(1, 4), path)
    if kind == "SensorsMEG":
        traits["orientations"] = column(rows, slice(4, 7), path)
    elif width >= 7:
        warn(f"{path} has orientations as well: {kind} is read without them, as TVB does")
    return Datatype(kind, traits)


def _of_matlab(path: Path, data: bytes, limits: Limits, kind: str | None, variable: str | None) -> Datatype:
    found = mat(path, limits, data=data)
    if variable is None and _COUPLING in found and kind in (None, "LocalConnectivity"):
        matrix = found[_COUPLING]
        if getattr(matrix, "ndim", 0) != 2 or matrix.shape[0] != matrix.shape[1]:
            raise ShapeError(f"{path}: {_COUPLING} has shape {np.shape(matrix)}: expected a square matrix")
        # TVB takes the older classes of scipy only.
        rows: Any = matrix.tocsr() if is_sparse(matrix) else matrix
        return Datatype("LocalConnectivity", {"matrix": sp.csr_matrix(rows)})
    if kind == "LocalConnectivity":
        raise UnknownFormatError(f"{path} holds {', '.join(found)[:200] or 'nothing'}: expected {_COUPLING}")
    if variable is None and all(name in found for name in _BRAINSTORM):
        gain, _, orientation = (found[name] for name in _BRAINSTORM)
        if gain.ndim != 2 or gain.shape[1] % 3 or orientation.shape != (gain.shape[1] // 3, 3):
            raise ShapeError(
                f"{path}: Gain has shape {gain.shape} and GridOrient {orientation.shape}: expected three "
                "columns of gain for each source"
            )
        return _projection((gain.reshape((gain.shape[0], -1, 3)) * orientation).sum(axis=-1), kind, path)
    name = variable or _PROJECTION
    if name not in found:
        raise UnknownFormatError(
            f"{path} holds {', '.join(found)[:200] or 'nothing'}: expected {_COUPLING}, {_PROJECTION}, or "
            f"{', '.join(_BRAINSTORM)} of Brainstorm; give variable= for another name"
        )
    return _projection(found[name], kind, path)


def _projection(values: Any, kind: str | None, path: Path) -> Datatype:
    if not isinstance(values, np.ndarray) or values.ndim != 2 or not np.can_cast(values.dtype, np.float64, "safe"):
        raise ShapeError(f"{path} holds {type(values).__name__} {np.shape(values)}: expected sensors x vertices, real")
    if kind is not None and kind not in PROJECTIONS:
        raise UnknownFormatError(
            f"{path} holds a projection, and kind={kind!r} is none: expected {', '.join(PROJECTIONS)}"
        )
    return Datatype(kind or "ProjectionMatrix", {"projection_data": values.astype(np.float64)})


def write(network: Network, path: Path, *, strict: bool = False) -> None:
    """
    Write the file that TVB reads.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        ``.txt`` and ``.txt.bz2`` for a region mapping or sensors, ``.npy`` and ``.mat`` for a projection, ``.mat`` for
        a local connectivity.
    strict : bool
        Whether to refuse to lose anything.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    UnknownFormatError
        If the network has nothing that such a file holds.
    """
    own = str(root_note(network).get("class"))
    suffix = path.suffix.lower()
    if suffix in (".txt", ".bz2"):
        base = "RegionMapping" if network.has_node_mapping else "Sensors"
        data = _text_of_mapping(network) if network.has_node_mapping else _text_of_sensors(network)
        data = bz2.compress(data) if suffix == ".bz2" else data
    else:
        base = "ProjectionMatrix" if "gain" in network.matrices or suffix == ".npy" else "LocalConnectivity"
        data = _arrays(network, base, suffix)
    kind = own if family(own) == base else None
    trusted = Limits(inflated_bytes=1 << 62, sidecar_bytes=1 << 62, sidecar_values=1 << 62)
    report_losses(network, network_of(_read(path, data, trusted, kind, None)), path.name, strict)
    write_file(path.absolute(), data)


def _text_of_mapping(network: Network) -> bytes:
    return "".join(
        f"{region}\n" for region in datatype_of(network, "RegionMapping").traits["array_data"].tolist()
    ).encode()


def _text_of_sensors(network: Network) -> bytes:
    if network.descriptor not in ("sensors", "projection"):
        raise UnknownFormatError(
            f"a text holds a region mapping or sensors, and this network is a {network.descriptor}: "
            "save it as .yaml or .zip"
        )
    traits = datatype_of(network, "Sensors").traits
    if "locations" not in traits:
        raise ShapeError("the sensors have no positions: give net.nodes.positions")
    labels = traits["labels"].tolist()
    bad = [label for label in labels if label.split() != [label] or "#" in label or len(label) > _LONGEST_LABEL]
    if bad:
        raise ValueError(f"{len(bad)} labels cannot be written, such as {bad[0]!r}: blanks part columns; rename them")
    parts = [traits["locations"], *([traits["orientations"]] if "orientations" in traits else [])]
    rows = np.hstack(parts).astype(np.float64).tolist()
    return "".join(f"{label} {' '.join(map(repr, row))}\n" for label, row in zip(labels, rows, strict=True)).encode()


def _arrays(network: Network, base: str, suffix: str) -> bytes:
    traits = datatype_of(network, base).traits
    name, variable = {
        "ProjectionMatrix": ("projection_data", _PROJECTION),
        "LocalConnectivity": ("matrix", _COUPLING),
    }[base]
    if name not in traits:
        raise UnknownFormatError(
            f"the network has no matrix {'gain' if base != 'LocalConnectivity' else 'local_connectivity'}"
        )
    held = io.BytesIO()
    if suffix == ".npy":
        np.save(held, traits[name], allow_pickle=False)
    else:
        # Not needed to read.
        from scipy.io import savemat

        values: Any = traits[name]
        if is_sparse(values):
            values = values.tocsc()
        savemat(held, {variable: values})  # type: ignore[arg-type]
    return held.getvalue()
