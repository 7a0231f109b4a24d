"""
CIFTI-2: one matrix between regions as a parcellated connectome, ``.pconn.nii``, for Workbench and the HCP's tools.

Rows of the file are rows of the matrix: row = target, column = source. The map of dimension 0 of the standard tells the
columns, that of dimension 1 the rows; nibabel has dimension 0 first, so that its array is ``matrix.T``. Numbers keep
their type, float64 as well. ``surface=`` says which vertices are in each region; without it parcels have names alone.
"""

import struct
import warnings
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np

from tvbo._optional import require
from tvbo.errors import DamagedFileError, MatrixNotFoundError, ShapeError, UnknownFormatError
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.losses import report_losses
from tvbo.model.matrices import WEIGHTS, EdgeMatrix
from tvbo.model.narrowing import narrowed, truths
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.storage.bounded import check_xml_text, decoding, read_bytes, xml
from tvbo.storage.replacing import write_file

__all__ = ["DROPS", "EXTENSIONS", "EXTRA", "read", "write"]

EXTENSIONS = (".pconn.nii",)
EXTRA = "surfaces"
DROPS = {
    # Blanks at the ends of texts.
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "distance_unit": "distance_unit",
    "time_unit": "time_unit",
    "nodes.ids": "nodes.ids",
    "nodes.positions": "nodes.positions",
    "nodes.columns.*": "nodes.columns.*",
    "nodes.extra.*": "nodes.extra.*",
    # All but one.
    "matrices.*": "matrices.*",
    "parameters.*.value": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra": "*",
    "links.*": "links.*",
    "mesh.*": "mesh.*",
    "node_mapping_data": "node_mapping_data",
    "parent_network.*": "parent_network",
    "extra.*": "extra.*",
}

_NOTE = "tvbo:"
_TEXTS = ("label", "description", "descriptor")
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_HEADER, _MAGIC, _XML = 540, b"n+2\0\r\n\x1a\n", 32
_HEMISPHERES = ("CIFTI_STRUCTURE_CORTEX_LEFT", "CIFTI_STRUCTURE_CORTEX_RIGHT")


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    matrix: str | None = None,
) -> Network:
    """
    Read a parcellated connectome.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What it may ask for.
    matrix : str, optional
        What the matrix is to be called; ``weight`` unless the file says.

    Returns
    -------
    Network
        Its rows as regions. The vertices and voxels of each lie in ``extra["cifti"]``: for each surface the row of
        every vertex, -1 for none.

    Raises
    ------
    UnknownFormatError
        If it is another kind of CIFTI file.
    """
    return _read(path, read_bytes(path, limits.inflated_bytes, "inflated_bytes"), limits, matrix)


def _read(path: Path, data: bytes, limits: Limits, name: str | None) -> Network:
    _check(path, data, limits)
    nibabel = require("nibabel", extra="surfaces", purpose="read and write CIFTI")
    cifti = nibabel.cifti2
    errors = (
        *(ExpatError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, OSError),
        *(cifti.Cifti2HeaderError, nibabel.filebasedimages.ImageFileError, nibabel.spatialimages.HeaderDataError),
    )
    with decoding(path, "CIFTI-2", errors), warnings.catch_warnings():
        # That shapes do not fit is said below.
        warnings.simplefilter("ignore")
        image = cifti.Cifti2Image.from_bytes(data)
        maps = [image.header.matrix.get_index_map(dimension).indices_map_to_data_type for dimension in range(2)]
        if set(maps) != {"CIFTI_INDEX_TYPE_PARCELS"}:
            raise UnknownFormatError(f"{path} holds {' x '.join(maps)}: expected parcels x parcels")
        columns, rows = (image.header.get_axis(dimension) for dimension in range(2))
        values = np.ascontiguousarray(np.asarray(image.dataobj).T)
        said = {str(key): str(text) for key, text in (image.header.matrix.metadata or {}).items()}
    if values.shape != (len(rows), len(columns)):
        raise DamagedFileError(f"{path} has a matrix {values.shape}, and {len(rows)} x {len(columns)} parcels")
    network = Network(NodeTable(rows.name, size=len(rows), default_label="region"))
    for part in _TEXTS:
        if f"{_NOTE}{part}" in said:
            setattr(network, part, said[f"{_NOTE}{part}"])
    with decoding(path, "a type of numbers in its notes", (TypeError, ValueError)):
        dtype = np.dtype(said.get(f"{_NOTE}dtype", values.dtype.newbyteorder("=")))
    if dtype.kind not in "biuf" or dtype.shape:
        raise DamagedFileError(f"{path} notes {dtype} as the type of its matrix: expected numbers")
    with np.errstate(all="ignore"):
        made = EdgeMatrix(values.astype(dtype), said.get(f"{_NOTE}unit"))
    made.directed = {"true": True, "false": False}.get(said.get(f"{_NOTE}directed", ""))
    if columns.name.tolist() != rows.name.tolist():
        made.column_labels = columns.name
    network.matrices[name or said.get(f"{_NOTE}matrix") or WEIGHTS[0]] = made
    kept = _places(rows, path, limits)
    beside = _places(columns, path, limits)
    if not _alike(kept, beside):
        kept["columns"] = beside
    others = {key: text for key, text in said.items() if not key.startswith(_NOTE)}
    if others:
        kept["metadata"] = others
    if kept:
        network.extra["cifti"] = kept
    return network


def _check(path: Path, data: bytes, limits: Limits) -> None:
    """Compare what the header declares with what is there, and look through the XML, before nibabel does."""
    if len(data) < _HEADER + 4 or data[4:12] != _MAGIC:
        raise DamagedFileError(f"{path} is no NIfTI-2 file: expected its header of {_HEADER} bytes")
    order = "<" if data[:4] == struct.pack("<i", _HEADER) else ">"
    code, _ = struct.unpack_from(f"{order}2h", data, 12)
    dims = struct.unpack_from(f"{order}8q", data, 16)
    (offset,) = struct.unpack_from(f"{order}q", data, 168)
    if code not in _TYPES or dims[0] != 6 or dims[1:5] != (1, 1, 1, 1) or min(dims[5:7]) < 0:
        raise DamagedFileError(f"{path} has type {code} and dimensions {dims}: expected a matrix of numbers")
    size = dims[5] * dims[6] * np.dtype(_TYPES[code]).itemsize
    limits.check("inflated_bytes", size, path, limits.inflated(len(data)))
    if not _HEADER <= offset <= len(data) or size != len(data) - offset:
        raise DamagedFileError(
            f"{path} holds {len(data) - offset:,} bytes of numbers: expected {size:,} for {dims[6]:,} x {dims[5]:,}"
        )
    at, found = _HEADER + 4, False
    while at + 8 <= offset:
        length, kind = struct.unpack_from(f"{order}2i", data, at)
        if length < 8 or at + length > offset:
            raise DamagedFileError(f"{path}: an extension at byte {at:,} claims {length:,} bytes")
        if kind == _XML:
            xml(path, limits, data=data[at + 8 : at + length].rstrip(b"\0"))
            found = True
        at += length
    if not found:
        raise DamagedFileError(f"{path} is a NIfTI-2 file without the extension of CIFTI-2")


def _places(axis: Any, path: Path, limits: Limits) -> dict[str, Any]:
    """Give where parcels are: a row for each vertex of the surfaces, and for each voxel."""
    found: dict[str, Any] = {}
    limits.check("nodes", sum(map(int, axis.nvertices.values())), path)
    surfaces = {name: np.full(int(count), -1, np.int64) for name, count in sorted(axis.nvertices.items())}
    for row, vertices in enumerate(axis.vertices):
        for name, held in vertices.items():
            at = np.asarray(held, np.int64).ravel()
            if at.size and (at.min() < 0 or at.max() >= len(surfaces[name])):
                raise DamagedFileError(f"{path}: parcel {row} has vertices that {name} does not have")
            if (surfaces[name][at] >= 0).any():
                raise DamagedFileError(f"{path}: a vertex of {name} lies in two parcels")
            surfaces[name][at] = row
    if surfaces:
        found["surfaces"] = surfaces
    if axis.affine is not None:
        voxels = [np.asarray(each, np.int64).reshape(-1, 3) for each in axis.voxels]
        found["volume"] = {
            "shape": [int(size) for size in axis.volume_shape],
            "matrix": np.asarray(axis.affine, np.float64),
            "voxels": np.concatenate([np.zeros((0, 3), np.int64), *voxels]),
            "parcels": np.repeat(np.arange(len(voxels)), [len(each) for each in voxels]),
        }
    return found


def _alike(one: Any, two: Any) -> bool:
    if isinstance(one, dict):
        return isinstance(two, dict) and one.keys() == two.keys() and all(_alike(one[key], two[key]) for key in one)
    return np.array_equal(one, two)


def write(
    network: Network,
    path: Path,
    *,
    strict: bool = False,
    matrix: str | None = None,
    surface: Network | None = None,
) -> None:
    """
    Write one matrix as a parcellated connectome.

    Parameters
    ----------
    network : Network
        The regions.
    path : Path
        The file.
    strict : bool
        Whether to refuse to lose anything.
    matrix : str, optional
        Which matrix; without it the weights, or else the first.
    surface : Network, optional
        Vertices that are mapped onto the regions: which are in each parcel is written. Its column ``hemisphere``,
        true for the right, parts them into the surfaces of two files; without it all are of the cortex.

    Raises
    ------
    LossyConversionError
        If it is strict, and the file cannot carry something.
    MatrixNotFoundError
        If there is no such matrix.
    ShapeError
        If the surface does not fit the regions.
    """
    if not network.matrices:
        raise MatrixNotFoundError(f"{path.name} holds a matrix, and network {network.label!r} has none")
    if matrix is None:
        matrix = next((name for name in WEIGHTS if name in network.matrices), network.matrix_names[0])
    data = _encoded(network, path, matrix, surface)
    # It is ours, so that it may hold as much as it does.
    trusted = Limits(inflated_bytes=1 << 62, objects=1 << 62, nodes=1 << 62)
    report_losses(network, _read(path, data, trusted, None), path.name, strict)
    write_file(path.absolute(), data)


def _encoded(network: Network, path: Path, name: str, surface: Network | None) -> bytes:
    nibabel = require("nibabel", extra="surfaces", purpose="read and write CIFTI")
    cifti, held = nibabel.cifti2, network.matrices[name]
    given = np.asarray(network.matrix(name))
    if given.dtype.kind not in "biuf" or 0 in given.shape:
        raise UnknownFormatError(f"{path.name} holds numbers, and {name!r} is {given.dtype} {given.shape}")
    native = given.dtype.newbyteorder("=")
    target = native if native.str[1:] in _TYPES.values() else {"b": "u1", "f": "f4" if native.itemsize == 2 else "f8"}
    values = narrowed(given, target[native.kind] if isinstance(target, dict) else target, f"{name!r}", path.name)
    said = {f"{_NOTE}matrix": name}
    said |= {f"{_NOTE}{part}": text for part in _TEXTS if (text := getattr(network, part)) is not None}
    if values.dtype != given.dtype:
        said[f"{_NOTE}dtype"] = given.dtype.str
    if held.unit is not None:
        said[f"{_NOTE}unit"] = held.unit
    if held.directed is not None:
        said[f"{_NOTE}directed"] = str(held.directed).lower()
    kept = network.extra.get("cifti", {})
    kept = kept if isinstance(kept, dict) else {}
    others = kept.get("metadata", {})
    said |= {key: text for key, text in others.items() if not key.startswith(_NOTE)} if isinstance(others, dict) else {}
    if surface is not None:
        kept = {**kept, "surfaces": _surfaces(network, surface)}
    names = network.nodes.labels.tolist()
    rows = _axis(cifti, names, kept)
    if held.column_labels is None and values.shape[0] != values.shape[1]:
        raise ShapeError(f"{name!r} has {values.shape[1]} columns without names: give column_labels, or another matrix")
    columns = _axis(
        cifti,
        names if held.column_labels is None else np.asarray(held.column_labels).tolist(),
        kept.get("columns", kept if values.shape[0] == values.shape[1] else {}),
    )
    for text in [*names, *columns.name.tolist(), *said.values()]:
        check_xml_text(text)
    header = cifti.Cifti2Header.from_axes((columns, rows))
    header.matrix.metadata = cifti.Cifti2MetaData(said)
    image = cifti.Cifti2Image(np.ascontiguousarray(values.T), header, dtype=values.dtype)
    image.nifti_header.set_intent("ConnParcels")
    written: bytes = image.to_bytes()
    return written


def _surfaces(network: Network, surface: Network) -> dict[str, Array]:
    mapping = surface.node_mapping_data
    if mapping is None:
        raise ShapeError("surface= has no region mapping: set its node_mapping_data")
    rows = np.asarray(mapping)[: surface.number_of_nodes].astype(np.int64)
    if rows.size and (rows.min() < -1 or rows.max() >= network.number_of_nodes):
        raise ShapeError(
            f"the mapping of surface= names the regions {rows.min()} to {rows.max()}, and there are "
            f"{network.number_of_nodes}: expected rows of this network, or -1"
        )
    right = surface.nodes.columns.get("hemisphere")
    if right is None:
        return {"CIFTI_STRUCTURE_CORTEX": rows}
    sides = truths(right, "hemisphere")
    # Workbench takes no surface without vertices.
    return {name: rows[sides == side] for name, side in zip(_HEMISPHERES, (False, True), strict=True) if side in sides}


def _axis(cifti: Any, names: list[str], kept: Any) -> Any:
    """Make the parcels of one dimension."""
    kept = kept if isinstance(kept, dict) else {}
    vertices: list[dict[str, Array]] = [{} for _ in names]
    surfaces = kept.get("surfaces", {})
    for structure, rows in surfaces.items():
        order = np.argsort(rows, kind="stable")
        for row, at in enumerate(np.split(order, np.searchsorted(rows[order], np.arange(len(names) + 1)))[1:-1]):
            if len(at):
                vertices[row][structure] = at
    volume = kept.get("volume")
    voxels: list[Array] = [np.zeros((0, 3), np.int64) for _ in names]
    if volume is not None:
        voxels = [volume["voxels"][volume["parcels"] == row] for row in range(len(names))]
    return cifti.ParcelsAxis(
        names,
        voxels,
        vertices,
        None if volume is None else volume["matrix"],
        None if volume is None else tuple(volume["shape"]),
        {structure: len(rows) for structure, rows in surfaces.items()},
    )
