"""Documents of GIFTI into a network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tvbo.errors import DamagedFileError, MismatchError, ShapeError, warn
from tvbo.formats.gifti.document import LABEL, POINTSET, TRIANGLE, UNKNOWN, Document, Piece, Space, parse
from tvbo.limits import Limits
from tvbo.model.arrays import Array
from tvbo.model.hemispheres import joined
from tvbo.model.mesh import Mesh
from tvbo.model.network import Network
from tvbo.model.nodes import NodeTable
from tvbo.storage.bounded import read_bytes

SURFACE, LABELS, SHAPE = ".surf.gii", ".label.gii", ".shape.gii"
# What we say in metadata, beside names that other programs know.
NOTE = "tvbo:"
ID, PARTS, FRAME, IDS, DTYPE, UNIT, DESCRIPTOR = (
    f"{NOTE}{name}" for name in ("id", "parts", "frame", "ids", "dtype", "unit", "descriptor")
)
NAME, DESCRIPTION, STRUCTURE = "Name", "Description", "AnatomicalStructurePrimary"
# What programs call the key that stands for no region.
NONE = "???"
_NONE = (NONE, "unknown", "")


class Files:
    """
    Documents by the paths of their files.

    Parameters
    ----------
    limits : Limits
        What each may ask for.
    given : dict of Path to bytes, optional
        What files hold that are not written yet; no others are looked for then.
    """

    def __init__(self, limits: Limits, given: dict[Path, bytes] | None = None) -> None:
        self.limits, self.given = limits, given

    def exists(self, path: Path) -> bool:
        """
        Tell whether there is a file.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        bool
            True if there is.
        """
        return path.exists() if self.given is None else path in self.given

    def get(self, path: Path) -> Document:
        """
        Read a document.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        Document
            Its content.
        """
        if self.given is not None:
            return parse(self.given[path], path, self.limits)
        return parse(read_bytes(path, self.limits.inflated_bytes, "inflated_bytes"), path, self.limits)


@dataclass(slots=True)
class _Part:
    """What the files of one surface hold."""

    path: Path
    meta: dict[str, str]
    points: Piece | None = None
    triangles: Piece | None = None
    keys: Piece | None = None
    labels: list[tuple[int, str, tuple[float | None, ...]]] = field(default_factory=list)
    label_meta: dict[str, str] = field(default_factory=dict)
    columns: dict[str, Piece] = field(default_factory=dict)

    @property
    def size(self) -> int:
        pieces = [self.points, self.keys, *self.columns.values()]
        return next(len(piece.values) for piece in pieces if piece is not None)

    def kept(self) -> dict[str, Any]:
        """Give what is said that has no other place."""
        found: dict[str, Any] = {"metadata": foreign(self.meta, NAME, DESCRIPTION)}
        for name, piece in (("pointset", self.points), ("triangle", self.triangles)):
            found[name] = {} if piece is None else foreign(piece.meta)
        space = None if self.points is None else self.points.space
        if space is not None and not is_plain(space):
            found |= {"dataspace": space.data, "transformed_space": space.transformed, "matrix": space.matrix}
        return {name: value for name, value in found.items() if not isinstance(value, dict) or value}


def foreign(meta: dict[str, str], *known: str) -> dict[str, str]:
    """
    Give what metadata say that is not ours.

    Parameters
    ----------
    meta : dict of str to str
        The metadata.
    *known : str
        Names that have another place.

    Returns
    -------
    dict of str to str
        The others.
    """
    return {name: text for name, text in meta.items() if not name.startswith(NOTE) and name not in known}


def is_plain(space: Space) -> bool:
    """
    Tell whether a space says nothing.

    Parameters
    ----------
    space : Space
        The space.

    Returns
    -------
    bool
        True if it is unknown, and nothing is transformed.
    """
    return space.data == space.transformed == UNKNOWN and np.array_equal(space.matrix, np.eye(4))


def assemble(
    files: Files, path: Path, labels: list[Path | None], other: Path | None = None, other_is_right: bool = True
) -> Network:
    """
    Make a network of the files of a surface, or of two.

    Parameters
    ----------
    files : Files
        The files.
    path : Path
        The first.
    labels : list of Path or None
        The region mapping of each surface, where it is not beside it.
    other : Path, optional
        The other hemisphere.
    other_is_right : bool
        Which one that is.

    Returns
    -------
    Network
        The network.
    """
    paths = [path] if other is None else [path, other]
    parts = [_part(files, each, own) for each, own in zip(paths, labels, strict=True)]
    if len({part.meta.get(ID) for part in parts}) > 1:
        raise MismatchError(f"{path.name} and {paths[1].name} come from different saves: save both again")
    for part in parts:
        _check(part)
    made = [_network(part) for part in parts]
    # Ours have one table of regions for both.
    return (
        made[0] if other is None else joined(made[0], made[1], other_is_right, "gifti", one_table=ID in parts[0].meta)
    )


def _part(files: Files, path: Path, labels: Path | None) -> _Part:
    main = files.get(path)
    part = _Part(path, main.meta)
    documents = [(path, main)]
    if labels is not None:
        documents.append((labels, files.get(labels)))
    if path.name.lower().endswith(SURFACE):
        own, stem = main.meta.get(ID), path.name[: -len(SURFACE)]
        for ending in (LABELS, SHAPE):
            beside = path.with_name(stem + ending)
            if ending == LABELS and labels is not None:
                continue
            if own is not None and ending.split(".")[1] in main.meta.get(PARTS, "").split():
                # A surface may be given to somebody without them; a crash leaves none away, since they come first.
                if files.exists(beside):
                    documents.append((beside, _belonging(files, beside, path, own)))
                else:
                    warn(f"{path} was saved with {beside.name}, which is not there: it is read without")
            elif own is None and ending == LABELS and files.exists(beside):
                documents.append((beside, files.get(beside)))
    for where, document in documents:
        _take(part, where, document)
    return part


def _belonging(files: Files, beside: Path, path: Path, own: str) -> Document:
    found = files.get(beside)
    if found.meta.get(ID) != own:
        raise MismatchError(
            f"{beside} and {path.name} come from different saves: save the network again, or move {beside.name} away "
            "(labels= takes a region mapping that you trust)"
        )
    return found


def _take(part: _Part, where: Path, document: Document) -> None:
    for piece in document.pieces:
        if piece.intent == POINTSET and part.points is None:
            part.points = piece
        elif piece.intent == TRIANGLE and part.triangles is None:
            part.triangles = piece
        elif piece.intent == LABEL and part.keys is None:
            part.keys, part.labels, part.label_meta = piece, document.labels, document.meta
        elif piece.intent in (POINTSET, TRIANGLE, LABEL):
            warn(f"{where} has several arrays of intent {piece.intent}: the first is taken")
        else:
            name = piece.meta.get(NAME) or "values"
            number = 1
            while name in part.columns:
                number += 1
                name = f"{piece.meta.get(NAME) or 'values'}_{number}"
            part.columns[name] = piece


def _check(part: _Part) -> None:
    if (part.points is None) != (part.triangles is None):
        raise DamagedFileError(f"{part.path} has points or triangles alone: expected both for a surface")
    if part.points is None and part.keys is None and not part.columns:
        raise DamagedFileError(f"{part.path} holds no arrays: expected a surface, labels or values of its vertices")
    for name, piece in {"points": part.points, "labels": part.keys, **part.columns}.items():
        if piece is not None and len(piece.values) != part.size:
            raise ShapeError(
                f"{part.path}: {name} has {len(piece.values)} rows, and there are {part.size} vertices: "
                "expected one for each"
            )
    if part.keys is not None and (part.keys.values.size != part.size or part.keys.values.dtype.kind not in "iu"):
        raise ShapeError(
            f"{part.path}: labels have shape {part.keys.values.shape}: expected one integer for each vertex"
        )
    if part.points is not None and part.triangles is not None:
        points, triangles = part.points.values, part.triangles.values
        if points.ndim != 2 or points.shape[1] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3:
            raise ShapeError(
                f"{part.path} has points {points.shape} and triangles {triangles.shape}: expected (v, 3) and (e, 3)"
            )
        if triangles.dtype.kind not in "iu" or (
            triangles.size and (triangles.min() < 0 or triangles.max() >= len(points))
        ):
            raise ShapeError(f"{part.path}: triangles refer to vertices that are not there; it has {len(points)}")


def _restored(piece: Piece, where: Path) -> Array:
    """Give an array in the type that it was written from; other programs' floats become float64, integers int64."""
    noted = piece.meta.get(DTYPE)
    plain = "f8" if piece.values.dtype.kind == "f" else "i8"
    try:
        dtype = np.dtype(noted or plain)
    except (TypeError, ValueError, SyntaxError) as error:
        raise DamagedFileError(f"{where} notes {str(noted)[:40]!r} as the type of an array: {error}") from error
    if dtype.kind not in "biuf" or dtype.shape:
        raise DamagedFileError(f"{where} notes {str(noted)[:40]!r} as the type of an array: expected numbers")
    with np.errstate(all="ignore"):
        return piece.values.astype(dtype)


def _network(part: _Part) -> Network:
    columns, units = {}, {}
    for name, piece in part.columns.items():
        values = _restored(piece, part.path)
        columns[name] = values[:, 0] if values.shape[1:] == (1,) else values
        if UNIT in piece.meta:
            units[name] = piece.meta[UNIT]
    mesh = None
    if part.points is not None and part.triangles is not None:
        mesh = Mesh(_restored(part.points, part.path), _restored(part.triangles, part.path))
    nodes = NodeTable(columns=columns, size=part.size, units=units, default_label="vertex")
    network = Network(nodes, mesh=mesh, descriptor=part.meta.get(DESCRIPTOR, "surface" if mesh else None))
    network.label, network.description = part.meta.get(NAME), part.meta.get(DESCRIPTION)
    if FRAME in part.meta:
        network.extra["frame"] = part.meta[FRAME]
    if part.keys is not None:
        _map(network, part, part.keys)
    kept = part.kept()
    if kept:
        network.extra["gifti"] = kept
    return network


def _map(network: Network, part: _Part, held: Piece) -> None:
    """Map vertices onto the regions that labels name."""
    regions = _regions(part)
    keys = [key for key, _, _ in regions]
    # What was noted is the type of rows.
    network.node_mapping_data = _rows(part, keys).astype(
        _restored(Piece(LABEL, held.values[:0], held.meta), part.path).dtype
    )
    columns = {}
    if any(value is not None for _, _, color in regions for value in color):
        shades = [[np.nan if value is None else float(value) for value in color] for _, _, color in regions]
        columns["color"] = np.array(shades, np.float64)
    # The usual keys say nothing of their own.
    told = part.label_meta.get(IDS) == "keys" or keys != list(range(1, len(keys) + 1))
    names = np.array([name for _, name, _ in regions], dtype=str)
    parent = Network(
        NodeTable(names, columns=columns, ids=keys if told else None, size=len(regions), default_label="region"),
        label=held.meta.get(NAME),
        description=held.meta.get(DESCRIPTION),
        descriptor=held.meta.get(DESCRIPTOR),
    )
    kept = {
        "metadata": foreign(part.label_meta, NAME, DESCRIPTION, STRUCTURE),
        "labels": foreign(held.meta, NAME, DESCRIPTION),
    }
    if any(kept.values()):
        parent.extra["gifti"] = {name: value for name, value in kept.items() if value}
    network.parent_network = parent


def _regions(part: _Part) -> list[tuple[int, str, tuple[float | None, ...]]]:
    keys = [key for key, _, _ in part.labels]
    if len(set(keys)) < len(keys):
        raise DamagedFileError(f"{part.path}: two labels have one key: expected a key for each")
    regions = [each for each in part.labels if each[0] != 0 or each[1].strip().lower() not in _NONE]
    used = [] if part.keys is None else np.unique(part.keys.values).tolist()
    unnamed = [key for key in used if key > 0 and key not in set(keys)]
    if unnamed:
        warn(
            f"{part.path}: {len(unnamed)} keys have no label, such as {unnamed[0]}: they become regions that are "
            f"called label_{unnamed[0]}"
        )
    return regions + [(key, f"label_{key}", (None,) * 4) for key in unnamed]


def _rows(part: _Part, keys: list[int]) -> Array:
    """Give the rows of regions that keys stand for; -1 for what stands for none."""
    values = np.asarray([] if part.keys is None else part.keys.values, np.int64).ravel()
    if not keys:
        return np.full(len(values), -1, np.int64)
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(np.asarray(keys)[order], values), len(keys) - 1)
    return np.where(np.asarray(keys)[order][at] == values, order[at], -1).astype(np.int64)
