"""A network into documents of GIFTI."""

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
    STRUCTURE,
    SURFACE,
    UNIT,
    foreign,
)
from tvbo.model.arrays import Array
from tvbo.model.hemispheres import vertices_in_mm
from tvbo.model.narrowing import narrowed
from tvbo.model.network import Network

FUNCTION = ".func.gii"
_SIDES = {"left": "CortexLeft", "right": "CortexRight"}
_PLAIN = {"f": np.dtype("f8"), "i": np.dtype("i8"), "u": np.dtype("i8"), "b": np.dtype("i8")}


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
    own : str
        What all files of one save say, so that those of an interrupted one are told.
    structure : str, optional
        What part of the brain it is.
    side : {"left", "right"}, optional
        Which hemisphere it is, if it is one of two.
    """

    def __init__(
        self, network: Network, target: str, allow_lossy: bool, own: str, structure: str | None, side: str | None = None
    ) -> None:
        self.network, self.target, self.allow_lossy = network, target, allow_lossy
        self.own, self.structure, self.side = own, structure, side

    def files(self, path: Path) -> list[tuple[Path, bytes]]:
        """
        Write the files of a surface, its own last.

        Parameters
        ----------
        path : Path
            The file.

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
        if name.endswith(SURFACE):
            return self._surface(path)
        if name.endswith(LABELS):
            if not self.network.has_node_mapping:
                raise UnknownFormatError(f"{path.name} holds a region mapping, and the network has none")
            made = self._labels()
        else:
            made = self._columns("NIFTI_INTENT_NONE" if name.endswith(FUNCTION) else "NIFTI_INTENT_SHAPE")
        if not made.pieces:
            raise UnknownFormatError(f"{path.name} holds columns of numbers, one for each node: the network has none")
        made.meta |= self._meta(self._kept().get("metadata", {}))
        self._name_structure(made.meta)
        return [(path, dump(made))]

    def _surface(self, path: Path) -> list[tuple[Path, bytes]]:
        mesh = self.network.mesh
        if mesh is None or mesh.elements.shape[1] != 3:
            raise UnknownFormatError(f"{path.name} holds a surface of triangles, and the network has none")
        stem = path.name[: -len(SURFACE)]
        beside = {}
        if self.network.has_node_mapping:
            beside[LABELS] = self._labels()
        columns = self._columns("NIFTI_INTENT_SHAPE")
        if columns.pieces:
            beside[SHAPE] = columns
        kept = self._kept()
        document = Document(self._meta(kept.get("metadata", {})))
        document.meta[PARTS] = " ".join(ending.split(".")[1] for ending in beside)
        points = self._piece(POINTSET, vertices_in_mm(self.network), "vertices", kept.get("pointset", {}), "mm")
        points.space = _space(kept)
        self._name_structure(points.meta)
        document.pieces = [points, self._piece(TRIANGLE, mesh.elements, "triangles", kept.get("triangle", {}))]
        made = [(path.with_name(stem + ending), dump(each)) for ending, each in beside.items()]
        return [*made, (path, dump(document))]

    def _name_structure(self, meta: dict[str, str]) -> None:
        """Say what part of the brain it is, if that is given; else what a file said before, or its side."""
        kept = self._kept()
        before = [_texts(kept.get(name, {})).get(STRUCTURE) for name in ("pointset", "metadata")]
        found = self.structure or before[0] or before[1] or (_SIDES[self.side] if self.side else None)
        if found is not None:
            meta[STRUCTURE] = found

    def _kept(self) -> dict[str, Any]:
        held = self.network.extra.get("gifti", {})
        return held if isinstance(held, dict) else {}

    def _meta(self, kept: Any) -> dict[str, str]:
        network = self.network
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

    def _columns(self, intent: str) -> Document:
        document = Document({ID: self.own})
        self._name_structure(document.meta)
        nodes = self.network.nodes
        for name in nodes.columns:
            values = np.asarray(nodes.columns[name])
            if values.ndim != 1 or values.dtype.kind not in "biuf" or not name:
                continue
            unit = nodes.units.get(name)
            piece = self._piece(intent, values, f"column {name!r}", {}, unit or "")
            piece.meta[NAME] = name
            if unit is not None:
                piece.meta[UNIT] = unit
            document.pieces.append(piece)
        return document

    def _labels(self) -> Document:
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
        self._name_structure(document.meta)
        names = [f"region_{row}" for row in range(size)] if parent is None else parent.nodes.labels.tolist()
        colors = _colors(parent, size)
        document.labels = [(0, NONE, (1.0, 1.0, 1.0, 0.0)), *zip(keys.tolist(), names, colors, strict=True)]
        values = np.concatenate([[0], keys])[mapping[: network.number_of_nodes].astype(np.int64) + 1].astype(np.int32)
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
