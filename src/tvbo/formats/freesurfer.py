"""
FreeSurfer: surfaces (``lh.pial``), annotations (``lh.aparc.annot``) and values of vertices (``lh.thickness``).

Each is a file of its own: ``Network.from_file("lh.pial", labels="lh.aparc.annot")``. Two hemispheres are two files and
one network, as ``right="rh.pial"`` says. FreeSurfer has float32: what that holds exactly is written, anything else only
with ``allow_lossy=True``. Vertices are in the axes of the surface (tkregister RAS): what leads from there to the
scanner, ``cras`` among it, is kept in ``extra["freesurfer"]["volume_info"]`` and not applied.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import ShapeError, UnknownFormatError, warn
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.hemispheres import joined, parted, turned, vertices_in_mm
from tvbo.model.losses import report_losses
from tvbo.model.mesh import Mesh
from tvbo.model.narrowing import narrowed
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.storage.bounded import freesurfer as binary
from tvbo.storage.bounded import read_bytes
from tvbo.storage.replacing import write_files

__all__ = ["DROPS", "EXTENSIONS", "read", "write"]

_SURFACES = (".pial", ".white", ".smoothwm", ".midthickness", ".inflated", ".sphere", ".sphere.reg")
_COLUMNS = (".curv", ".sulc", ".thickness", ".area")
_LABELS = ".annot"
EXTENSIONS = (*_SURFACES, _LABELS, *_COLUMNS)
DROPS = {
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "distance_unit": "distance_unit",
    "time_unit": "time_unit",
    "nodes.labels": "nodes.labels",
    "nodes.ids": "nodes.ids",
    "nodes.extra.*": "nodes.extra.*",
    # These, and a region mapping, have files of their own.
    "nodes.columns.*": "nodes.columns.*",
    "node_mapping_data": "node_mapping_data",
    "parent_network.*": "parent_network",
    # Types other than float64 and int64, normals, and with allow_lossy the last bits of float64.
    "nodes.positions": "nodes.positions",
    "mesh.*": "mesh.*",
    "matrices.*": "matrices.*",
    "parameters.*.value": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra": "*",
    "links.*": "links.*",
    "extra.*": "extra.*",
}
_COMMENT, _TURNED = "created by tvbo", "created by tvbo in RAS axes"
_KEYS = ("valid", "filename", "volume", "voxelsize", "xras", "yras", "zras", "cras")
_NONE = ("???", "unknown", "")


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    labels: "str | Path | tuple[str | Path, str | Path] | None" = None,
    right: "str | Path | None" = None,
    left: "str | Path | None" = None,
) -> Network:
    """
    Read a surface, an annotation, or values of vertices.

    Parameters
    ----------
    path : Path
        The file; what it is is told from its content.
    limits : Limits
        What each file may ask for.
    labels : path-like or tuple of two, optional
        The annotation of each surface.
    right, left : path-like, optional
        The other hemisphere; its vertices follow those of `path`.

    Returns
    -------
    Network
        Its vertices; if they have an annotation, the regions as `parent_network`. The region 0 named ``unknown`` or
        ``???``, and vertices without a region, are -1.

    Raises
    ------
    ShapeError
        If files do not fit one another.
    """
    other = _other(right, left)
    paths = [path] if other is None else [path, other]
    given = [] if labels is None else [labels] if isinstance(labels, (str, os.PathLike)) else list(labels)
    if labels is not None and len(given) != len(paths):
        raise ShapeError(f"labels= names {len(given)} files: expected one for each surface")
    made = []
    for index, each in enumerate(paths):
        network = _decoded(each, read_bytes(each, limits.inflated_bytes, "inflated_bytes"), limits)
        if given:
            beside = Path(given[index])
            _map(network, read_bytes(beside, limits.inflated_bytes, "inflated_bytes"), beside, limits)
        made.append(network)
    return made[0] if other is None else joined(made[0], made[1], right is not None, "freesurfer")


def _other(right: Any, left: Any) -> Path | None:
    if right is not None and left is not None:
        raise ValueError("right= and left= are both given: the path is one hemisphere, and one of them the other")
    return None if right is None and left is None else Path(left if right is None else right)


def _decoded(path: Path, data: bytes, limits: Limits) -> Network:
    if binary.is_geometry(data):
        return _of_surface(binary.geometry(data, path))
    if path.name.lower().endswith(_LABELS):
        network = Network(NodeTable(size=_vertices(data, path, limits), default_label="vertex"), descriptor=None)
        _map(network, data, path, limits)
        return network
    if not binary.is_values(data) and path.name.lower().endswith(_SURFACES):
        binary.geometry(data, path)
    numbers = binary.values(data, path).astype(np.float64)
    return Network(NodeTable(columns={_column_of(path): numbers}, default_label="vertex"), descriptor=None)


def _vertices(data: bytes, path: Path, limits: Limits) -> int:
    return len(binary.annotation(data, path, limits).values)


def _column_of(path: Path) -> str:
    """Give what a file of values is called, without its hemisphere."""
    return path.name.partition(".")[2] if path.name.lower().startswith(("lh.", "rh.")) else path.suffix[1:]


def _of_surface(found: binary.Geometry) -> Network:
    mesh = Mesh(found.vertices.astype(np.float64), found.triangles.astype(np.int64))
    network = Network(mesh=mesh, descriptor="surface")
    kept: dict[str, Any] = {}
    if found.comment == _TURNED:
        network.extra["frame"] = "RAS"
    elif found.comment != _COMMENT:
        kept["comment"] = found.comment
    if found.rest:
        info = _volume_info(found.rest)
        kept |= {"rest": np.frombuffer(found.rest, np.uint8).copy()} if info is None else {"volume_info": info}
    if kept:
        network.extra["freesurfer"] = kept
    return network


def _volume_info(rest: bytes) -> dict[str, Any] | None:
    """Give the geometry of the volume as its texts; None if it is not written as FreeSurfer does."""
    for head in ([2, 0, 20], [20]):
        start = np.array(head, ">i4").tobytes()
        if not rest.startswith(start):
            continue
        try:
            lines = rest[len(start) :].decode().split("\n")
        except UnicodeDecodeError:
            return None
        info: dict[str, Any] = {"head": head}
        for line in lines:
            key, mark, text = line.partition("=")
            if mark and key.strip() in _KEYS:
                info[key.strip()] = text[1:]
        return info if _packed_info(info) == rest else None
    return None


def _packed_info(info: dict[str, Any]) -> bytes:
    texts = [
        f"{key:6} = {info[key]}\n" if key.endswith("ras") else f"{key} = {info[key]}\n" for key in _KEYS if key in info
    ]
    return np.array(info.get("head", [2, 0, 20]), ">i4").tobytes() + "".join(texts).encode()


def _map(network: Network, data: bytes, where: Path, limits: Limits) -> None:
    """Map vertices onto the regions of an annotation."""
    found = binary.annotation(data, where, limits)
    if len(found.values) != network.number_of_nodes:
        raise ShapeError(
            f"{where} has {len(found.values):,} vertices, and the surface has {network.number_of_nodes:,}: "
            "expected the annotation of this surface"
        )
    none = {number for number, name, _ in found.regions if number == 0 and name.strip().lower() in _NONE}
    regions = [each for each in found.regions if each[0] not in none]
    packed = [red + (green << 8) + (blue << 16) for _, _, (red, green, blue, _) in regions]
    if len(set(packed)) < len(packed):
        warn(f"{where}: two regions have one colour, by which vertices name theirs: the first is taken")
    place: dict[int, int] = {}
    for row, value in enumerate(packed):
        place.setdefault(value, row)
    values, at = np.unique(found.values, return_inverse=True)
    rows = np.array([place.get(value, -1) for value in values.tolist()], np.int64)
    network.node_mapping_data = rows[at] if len(rows) else np.zeros(0, np.int64)
    numbers = [number for number, _, _ in regions]
    colors = np.array([color for _, _, color in regions], np.float64).reshape(-1, 4)
    colors[:, 3] = 255 - colors[:, 3]
    nodes = NodeTable(
        np.array([name for _, name, _ in regions], dtype=str),
        columns={"color": colors / 255},
        ids=None if numbers == list(range(1, len(numbers) + 1)) else numbers,
        default_label="region",
    )
    network.parent_network = Network(nodes, descriptor=None)
    if found.table != "NOFILE":
        network.parent().extra["freesurfer"] = {"table": found.table}


def write(
    network: Network,
    path: Path,
    *,
    strict: bool = False,
    allow_lossy: bool = False,
    frame: str | None = None,
    right: "str | Path | None" = None,
    left: "str | Path | None" = None,
) -> None:
    """
    Write a surface, its region mapping, or a column, as the ending of the name says.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        Such as ``lh.pial``, ``lh.aparc.annot`` or ``lh.thickness``, which holds the column ``thickness``.
    strict : bool
        Whether to refuse to lose anything.
    allow_lossy : bool
        Whether float64 may be rounded to float32.
    frame : {"RAS"}, optional
        Turn the vertices into these axes, which FreeSurfer expects, and triangles outwards; the comment notes it.
    right, left : path-like, optional
        The other hemisphere's file, in the same folder; `path` is then the one whose vertices come first.

    Raises
    ------
    LossyConversionError
        If numbers would be rounded and may not, or it is strict and something is lost.
    UnknownFormatError
        If the network has nothing that such a file holds.
    """
    if network.mesh is not None and frame is not None:
        network = turned(network, frame)
    other, trusted = _other(right, left), Limits(objects=1 << 62)
    if other is None:
        files = [(path, _encoded(network, path, allow_lossy))]
        back = _decoded(path, files[0][1], trusted)
    else:
        if other.absolute().parent != path.absolute().parent:
            raise UnknownFormatError(f"{path} and {other}: expected two files in one folder")
        halves = parted(network, (path.name, other.name), right is not None, "freesurfer")
        files = [(each, _encoded(half, each, allow_lossy)) for each, half in zip((path, other), halves, strict=True)]
        read_back = [_decoded(each, data, trusted) for each, data in files]
        back = joined(read_back[0], read_back[1], right is not None, "freesurfer")
    report_losses(network, back, path.name, strict)
    write_files([(each.absolute(), data) for each, data in files])


def _encoded(network: Network, path: Path, allow_lossy: bool) -> bytes:
    name = path.name.lower()
    if name.endswith(_LABELS):
        return _annotation(network, path)
    if name.endswith(_COLUMNS):
        column = _column_of(path)
        held = network.nodes.columns.get(column)
        if held is None or held.ndim != 1 or held.dtype.kind not in "biuf":
            known = ", ".join(network.nodes.columns) or "none"
            raise UnknownFormatError(
                f"{path.name} holds the column {column!r}, a number for each node; there is: {known}"
            )
        numbers = narrowed(held, "f4", f"column {column!r}", path.name, allow_lossy=allow_lossy)
        return binary.pack_values(numbers, 0 if network.mesh is None else network.mesh.number_of_elements)
    mesh = network.mesh
    if mesh is None or mesh.elements.shape[1] != 3:
        raise UnknownFormatError(f"{path.name} holds a surface of triangles, and the network has none")
    kept = network.extra.get("freesurfer", {})
    kept = kept if isinstance(kept, dict) else {}
    comment = kept.get("comment", _TURNED if network.extra.get("frame") == "RAS" else _COMMENT)
    info, rest = kept.get("volume_info"), kept.get("rest")
    behind = _packed_info(info) if isinstance(info, dict) else b"" if rest is None else np.asarray(rest).tobytes()
    vertices = narrowed(vertices_in_mm(network), "f4", "vertices", path.name, unit="mm", allow_lossy=allow_lossy)
    triangles = narrowed(mesh.elements, "i4", "triangles", path.name)
    return binary.pack_geometry(binary.Geometry(vertices, triangles, str(comment), behind))


def _annotation(network: Network, path: Path) -> bytes:
    if not network.has_node_mapping:
        raise UnknownFormatError(f"{path.name} holds a region mapping, and the network has none")
    mapping = np.asarray(network.node_mapping_data)
    parent = network.parent() if network.has_parent_network else None
    size = int(mapping.max(initial=-1)) + 1 if parent is None else parent.number_of_nodes
    if mapping.size and (int(mapping.min()) < -1 or int(mapping.max()) >= size):
        raise ShapeError(
            f"node_mapping_data names the regions {mapping.min()} to {mapping.max()}, and there are {size}: "
            "expected rows of the parent network, or -1"
        )
    names = [f"region_{row}" for row in range(size)] if parent is None else parent.nodes.labels.tolist()
    colors = _colors(parent, size)
    regions = [(0, "unknown", (25, 5, 25, 0))]
    regions += [(row + 1, name, color) for row, (name, color) in enumerate(zip(names, colors, strict=True))]
    packed = np.array([red + (green << 8) + (blue << 16) for _, _, (red, green, blue, _) in regions], np.int32)
    kept = {} if parent is None else parent.extra.get("freesurfer", {})
    table = str(kept.get("table", "NOFILE")) if isinstance(kept, dict) else "NOFILE"
    rows = mapping[: network.number_of_nodes].astype(np.int64) + 1
    return binary.pack_annotation(binary.Annotation(packed[rows], regions, table))


def _colors(parent: Network | None, size: int) -> list[tuple[int, int, int, int]]:
    """Give a colour of its own for each region: those of the network if they are bytes and differ, else others."""
    found: Array | None = None if parent is None else parent.nodes.columns.get("color")
    if found is not None and found.shape == (size, 4) and found.dtype.kind == "f":
        with np.errstate(all="ignore"):
            levels = np.round(found * 255)
        if np.isfinite(levels).all() and levels.min(initial=0) >= 0 and levels.max(initial=0) <= 255:
            shades = levels.astype(int)
            packed = {tuple(row[:3]) for row in shades.tolist()}
            # 25 5 25 stands for no region, and 0 for a vertex without one.
            if len(packed) == size and not packed & {(25, 5, 25), (0, 0, 0)}:
                return [(red, green, blue, 255 - alpha) for red, green, blue, alpha in shades.tolist()]
    # A step that has no factor in common with the number of colours meets each once.
    steps = [(1 + row * 10_368_889) % (1 << 24) for row in range(size + 2)]
    free = [value for value in steps if value not in (0, 25 + (5 << 8) + (25 << 16))]
    return [(value & 255, value >> 8 & 255, value >> 16, 0) for value in free[:size]]
