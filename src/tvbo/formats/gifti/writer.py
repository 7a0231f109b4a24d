"""A network into documents of GIFTI."""

import copy
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import ShapeError, UnknownFormatError
from tvbo.formats.gifti.document import LABEL, POINTSET, TRIANGLE, UNKNOWN, Document, Piece, Space, dump
from tvbo.formats.gifti.reader import (
    DESCRIPTION,
    DESCRIPTOR,
    DTYPE,
    FRAME,
    ID,
    IDS,
    LABELS,
    NAME,
    NONE,
    PARTS,
    SHAPE,
    SURFACE,
    UNIT,
    foreign,
)
from tvbo.model.arrays import Array
from tvbo.model.frames import to_ras
from tvbo.model.mesh import Mesh
from tvbo.model.narrowing import narrowed
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable

FUNCTION = ".func.gii"
_STRUCTURE = "AnatomicalStructurePrimary"
_SIDES = {"left": "CortexLeft", "right": "CortexRight"}
_PLAIN = {"f": np.dtype("f8"), "i": np.dtype("i8"), "u": np.dtype("i8"), "b": np.dtype("i8")}


def turned(network: Network, frame: str) -> Network:
    """
    Give a network whose mesh is as display programs want it.

    Parameters
    ----------
    network : Network
        The network, which stays as it is.
    frame : {"RAS"}
        The axes.

    Returns
    -------
    Network
        The same in these axes, with triangles that face outwards.

    Raises
    ------
    ValueError
        If it is another frame.
    """
    if frame != "RAS":
        raise ValueError(f"frame {frame!r} cannot be written: expected 'RAS', or none to leave arrays as they are")
    display, mesh, nodes = network.display_mesh(), network.need_mesh(), network.nodes
    normals = None if mesh.normals is None else to_ras(mesh.normals, network.frame.frame)
    made = copy.copy(network)
    made.mesh = Mesh(display.vertices, display.elements, normals, element_type=mesh.element_type)
    made.nodes = NodeTable(
        nodes.labels if nodes.has_labels else None,
        display.vertices,
        dict(nodes.columns),
        size=len(nodes),
        ids=nodes.ids if nodes.has_ids else None,
        units=nodes.units,
        default_label=nodes.default_label,
        extra=nodes.extra,
    )
    made.extra = {**network.extra, "frame": frame}
    return made


class Writer:
    """
    Lays a network into documents.

    Parameters
    ----------
    network : Network
        The network.
    target : str
        What the file is called, for messages.
    allow_lossy : bool
        Whether numbers may be rounded.
    structure : str, optional
        What part of the brain it is.
    """

    def __init__(self, network: Network, target: str, allow_lossy: bool, structure: str | None) -> None:
        self.network, self.target, self.allow_lossy, self.structure = network, target, allow_lossy, structure
        # Both halves of an interrupted save would have different ones.
        self.own = network.digest().removeprefix("sha256:")[:32]

    def files(self, path: Path, rows: Array | None = None, side: str | None = None) -> list[tuple[Path, bytes]]:
        """
        Write the files of a surface, its own last.

        Parameters
        ----------
        path : Path
            The file.
        rows : array, shape (k,), int, optional
            The nodes that it is to hold; all without.
        side : {"left", "right"}, optional
            Which hemisphere they are.

        Returns
        -------
        list of (Path, bytes)
            The files and what they are to hold.

        Raises
        ------
        UnknownFormatError
            If the network has nothing that such a file holds.
        """
        name = path.name.lower()
        rows = np.arange(self.network.number_of_nodes) if rows is None else rows
        if name.endswith(SURFACE):
            return self._surface(path, rows, side)
        if name.endswith(LABELS):
            if not self.network.has_node_mapping:
                raise UnknownFormatError(f"{path.name} holds a region mapping, and the network has none")
            return [(path, dump(self._labels(rows, side)))]
        made = self._columns(rows, side, "NIFTI_INTENT_NONE" if name.endswith(FUNCTION) else "NIFTI_INTENT_SHAPE")
        if not made.pieces:
            raise UnknownFormatError(f"{path.name} holds columns of numbers, one for each node: the network has none")
        return [(path, dump(made))]

    def _surface(self, path: Path, rows: Array, side: str | None) -> list[tuple[Path, bytes]]:
        mesh = self.network.mesh
        if mesh is None or mesh.elements.shape[1] != 3:
            raise UnknownFormatError(f"{path.name} holds a surface of triangles, and the network has none")
        stem = path.name[: -len(SURFACE)]
        beside = {}
        if self.network.has_node_mapping:
            beside[LABELS] = self._labels(rows, side)
        columns = self._columns(rows, side, "NIFTI_INTENT_SHAPE")
        if columns.pieces:
            beside[SHAPE] = columns
        kept = self._kept(side)
        document = Document(self._meta(kept.get("metadata", {})))
        document.meta[PARTS] = " ".join(ending.split(".")[1] for ending in beside)
        place = np.full(mesh.number_of_vertices, -1, np.int64)
        place[rows] = np.arange(len(rows))
        elements = place[mesh.elements] if mesh.elements.size else mesh.elements
        elements = elements[(elements >= 0).any(axis=1)].astype(mesh.elements.dtype)
        if (elements < 0).any():
            raise ShapeError("triangles reach from one hemisphere to the other: expected each to lie in one")
        points = self._piece(POINTSET, mesh.vertices[rows], "vertices", kept.get("pointset", {}), "mm")
        points.space = _space(kept)
        self._name_structure(points.meta, side)
        document.pieces = [points, self._piece(TRIANGLE, elements, "triangles", kept.get("triangle", {}))]
        made = [(path.with_name(stem + ending), dump(each)) for ending, each in beside.items()]
        return [*made, (path, dump(document))]

    def _name_structure(self, meta: dict[str, str], side: str | None) -> None:
        """Say what part of the brain it is, if that is given; else what the file said before, or its side."""
        if self.structure is not None:
            meta[_STRUCTURE] = self.structure
        elif side is not None:
            meta.setdefault(_STRUCTURE, _SIDES[side])

    def _kept(self, side: str | None) -> dict[str, Any]:
        held = self.network.extra.get("gifti", {})
        held = held.get(side, {}) if side is not None and isinstance(held, dict) else held
        return held if isinstance(held, dict) else {}

    def _meta(self, kept: Any, network: Network | None = None) -> dict[str, str]:
        network = self.network if network is None else network
        made = {**_texts(kept), ID: self.own}
        said = {NAME: network.label, DESCRIPTION: network.description, FRAME: network.extra.get("frame")}
        made |= {name: str(text) for name, text in said.items() if text is not None}
        if network.descriptor is not None:
            made[DESCRIPTOR] = network.descriptor
        return made

    def _piece(self, intent: str, values: Any, what: str, meta: Any, unit: str = "") -> Piece:
        kind = values.dtype.kind
        dtype = {"f": "f4", "b": "u1"}.get(kind, "i4")
        made = narrowed(values, dtype, what, self.target, unit=unit, allow_lossy=self.allow_lossy and kind == "f")
        said = _texts(meta)
        if values.dtype != _PLAIN[kind]:
            said[DTYPE] = values.dtype.str
        return Piece(intent, made, said)

    def _columns(self, rows: Array, side: str | None, intent: str) -> Document:
        document = Document({ID: self.own})
        self._name_structure(document.meta, side)
        nodes = self.network.nodes
        for name in nodes.columns:
            values = np.asarray(nodes.columns[name])
            if values.ndim != 1 or values.dtype.kind not in "biuf" or not name:
                continue
            unit = nodes.units.get(name)
            piece = self._piece(intent, values[rows], f"column {name!r}", {}, unit or "")
            piece.meta[NAME] = name
            if unit is not None:
                piece.meta[UNIT] = unit
            document.pieces.append(piece)
        return document

    def _labels(self, rows: Array, side: str | None) -> Document:
        network = self.network
        mapping = np.asarray(network.node_mapping_data)
        parent = network.parent() if network.has_parent_network else None
        size = int(mapping.max(initial=-1)) + 1 if parent is None else parent.number_of_nodes
        if mapping.size and (int(mapping.min()) < -1 or int(mapping.max()) >= size):
            raise ShapeError(
                f"node_mapping_data names the regions {mapping.min()} to {mapping.max()}, and there are {size}: "
                "expected rows of the parent network, or -1"
            )
        keys, own = np.arange(1, size + 1), False
        if parent is not None and parent.nodes.has_ids and _are_keys(parent.nodes.ids):
            keys, own = np.asarray(parent.nodes.ids, np.int64), True
        kept = {} if parent is None else parent.extra.get("gifti", {})
        kept = kept if isinstance(kept, dict) else {}
        document = Document({**_texts(kept.get("metadata", {})), ID: self.own})
        if own:
            document.meta[IDS] = "keys"
        self._name_structure(document.meta, side)
        names = [f"region_{row}" for row in range(size)] if parent is None else parent.nodes.labels.tolist()
        colors = _colors(parent, size)
        document.labels = [(0, NONE, (1.0, 1.0, 1.0, 0.0)), *zip(keys.tolist(), names, colors, strict=True)]
        values = np.concatenate([[0], keys])[mapping[rows].astype(np.int64) + 1].astype(np.int32)
        piece = Piece(LABEL, values, _texts(kept.get("labels", {})))
        if mapping.dtype != np.int64:
            piece.meta[DTYPE] = mapping.dtype.str
        if parent is not None:
            said = {NAME: parent.label, DESCRIPTION: parent.description, DESCRIPTOR: parent.descriptor}
            piece.meta |= {name: text for name, text in said.items() if text is not None}
        document.pieces = [piece]
        return document


def _texts(meta: Any) -> dict[str, str]:
    """Give those metadata that can be written again."""
    if not isinstance(meta, dict):
        return {}
    return foreign({name: text for name, text in meta.items() if isinstance(name, str) and isinstance(text, str)})


def _space(kept: dict[str, Any]) -> Space:
    known = [f"NIFTI_XFORM_{name}" for name in ("SCANNER_ANAT", "ALIGNED_ANAT", "TALAIRACH", "MNI_152")]
    names = [kept.get(name) for name in ("dataspace", "transformed_space")]
    data, after = (name if name in (*known, "NIFTI_XFORM_TEMPLATE_OTHER") else UNKNOWN for name in names)
    matrix = np.asarray(kept.get("matrix", np.eye(4)))
    fits = matrix.shape == (4, 4) and matrix.dtype.kind in "iuf"
    return Space(str(data), str(after), matrix if fits else np.eye(4))


def _are_keys(ids: Array) -> bool:
    """Tell whether identifiers may be keys: 0 stands for no region, and GIFTI has no others below."""
    values = np.asarray(ids)
    whole = values.dtype.kind in "iu" and (not values.size or (values.min() > 0 and values.max() < 1 << 31))
    return bool(whole) and len(np.unique(values)) == len(values)


def _colors(parent: Network | None, size: int) -> list[tuple[float | None, ...]]:
    found = None if parent is None else parent.nodes.columns.get("color")
    if found is None or found.shape != (size, 4) or found.dtype != np.float64:
        return [(None,) * 4] * size
    return [tuple(None if np.isnan(value) else value for value in row) for row in found.tolist()]


def sides(network: Network, path: Path, other: Path, other_is_right: bool) -> tuple[Array, Array]:
    """
    Part the nodes of a network by hemispheres.

    Parameters
    ----------
    network : Network
        The network; its column ``hemisphere`` is true for the right.
    path, other : Path
        The two files.
    other_is_right : bool
        Which hemisphere goes into the other.

    Returns
    -------
    first, second : array, shape (k,), int
        The nodes for each file.

    Raises
    ------
    ShapeError
        If the nodes do not lie side by side in this order.
    """
    if "hemisphere" not in network.nodes.columns:
        raise ShapeError("two files need to know the side of each vertex: set net.nodes.columns['hemisphere']")
    of_other = np.asarray(network.nodes.columns["hemisphere"]).astype(bool) == other_is_right
    if (np.diff(of_other.astype(np.int8)) < 0).any():
        option = "left" if other_is_right else "right"
        raise ShapeError(
            f"the vertices of {other.name} do not follow those of {path.name}, so that another order would come back: "
            f"swap the two files, save({other.name!r}, {option}={path.name!r}), or sort the nodes"
        )
    return np.flatnonzero(~of_other), np.flatnonzero(of_other)
