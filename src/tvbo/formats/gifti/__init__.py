"""
GIFTI: surfaces, region mappings with names and colours, and columns of vertices, for Workbench, FreeSurfer and nilearn.

A surface ``lh.surf.gii`` has its region mapping beside it, ``lh.label.gii``, and its columns, ``lh.shape.gii``; each
may be written and read alone. Two hemispheres are two files and one network, whose column ``hemisphere`` is true for
the right; ``right="rh.surf.gii"`` names the other file, for ``Network.from_file`` and for ``net.save``.

GIFTI has numbers of 32 bits: what they hold exactly is written, anything else only with ``allow_lossy=True``. What is
read becomes float64 and int64, or what the network had. Arrays are not turned, unless ``frame="RAS"`` asks for it.
"""

import os
from pathlib import Path
from typing import Any

from tvbo.errors import ShapeError, UnknownFormatError
from tvbo.formats.gifti.reader import SURFACE, Files, assemble
from tvbo.formats.gifti.writer import Writer
from tvbo.limits import Limits
from tvbo.model.hemispheres import parted, side_names, turned
from tvbo.model.losses import report_losses
from tvbo.model.network import Network
from tvbo.storage.replacing import write_files

__all__ = ["DROPS", "EXTENSIONS", "EXTRA", "WRITES", "read", "write"]

EXTENSIONS = (".surf.gii", ".label.gii", ".shape.gii", ".func.gii", ".gii")
WRITES = EXTENSIONS[:-1]
EXTRA = "surfaces"
DROPS = {
    # Blanks at the ends of texts.
    "label": "label",
    "description": "description",
    "descriptor": "descriptor",
    "parent_network.label": "parent_network",
    "parent_network.description": "parent_network",
    "parent_network.nodes.labels": "parent_network",
    "distance_unit": "distance_unit",
    "time_unit": "time_unit",
    "nodes.labels": "nodes.labels",
    "nodes.ids": "nodes.ids",
    "nodes.extra.*": "nodes.extra.*",
    # Those of several numbers; with allow_lossy the last bits of float64, as of the vertices.
    "nodes.columns.*": "nodes.columns.*",
    "nodes.positions": "nodes.positions",
    "mesh.vertices": "mesh.vertices",
    "mesh.normals": "mesh.normals",
    # The order of an array in memory.
    "mesh.elements": "mesh.elements",
    # Rows beyond the vertices, which TVB appends.
    "node_mapping_data": "node_mapping_data",
    "matrices.*": "matrices.*",
    "parameters.*.value": "*",
    "parameters.*.unit": "*",
    "parameters.*.label": "*",
    "parameters.*.extra": "*",
    "links.*": "links.*",
    "extra.*": "extra.*",
    # Regions have names, colours and keys.
    "parent_network.distance_unit": "parent_network",
    "parent_network.time_unit": "parent_network",
    "parent_network.nodes.ids": "parent_network",
    "parent_network.nodes.extra.*": "parent_network",
    "parent_network.nodes.columns.*": "parent_network",
    "parent_network.nodes.positions": "parent_network",
    "parent_network.matrices.*": "parent_network",
    "parent_network.parameters.*": "parent_network",
    "parent_network.extra.*": "parent_network",
    "parent_network.links.*": "parent_network",
}


def read(
    path: Path,
    *,
    limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    labels: "str | Path | tuple[str | Path, str | Path] | None" = None,
    right: "str | Path | None" = None,
    left: "str | Path | None" = None,
) -> Network:
    """
    Read a surface, a region mapping, or columns of vertices.

    Parameters
    ----------
    path : Path
        The file.
    limits : Limits
        What each file may ask for.
    labels : path-like or tuple of two, optional
        The region mapping; without it, the one that lies beside a surface, ``lh.label.gii`` beside ``lh.surf.gii``.
    right, left : path-like, optional
        The other hemisphere; its vertices follow those of `path`. Names of regions that both have become ``lh.NAME``
        and ``rh.NAME``.

    Returns
    -------
    Network
        Its vertices; if they have labels, the regions as `parent_network`. Key 0 named ``???`` or ``unknown``, and
        keys below 0, stand for no region: -1.

    Raises
    ------
    MismatchError
        If files come from different saves.
    ShapeError
        If they do not fit one another.
    """
    other = _other(right, left)
    count = 1 if other is None else 2
    wanted: list[Path | None] = [None] * count
    if labels is not None:
        wanted = [Path(each) for each in ([labels] if isinstance(labels, (str, os.PathLike)) else labels)]
    if len(wanted) != count:
        raise ShapeError(f"labels= names {len(wanted)} files: expected one for each surface")
    return assemble(Files(limits), path, wanted, other, right is not None)


def _other(right: Any, left: Any) -> Path | None:
    if right is not None and left is not None:
        raise ValueError("right= and left= are both given: the path is one hemisphere, and one of them the other")
    return None if right is None and left is None else Path(left if right is None else right)


def write(
    network: Network,
    path: Path,
    *,
    strict: bool = False,
    allow_lossy: bool = False,
    frame: str | None = None,
    structure: str | None = None,
    right: "str | Path | None" = None,
    left: "str | Path | None" = None,
) -> None:
    """
    Write a surface with what lies beside it, or a region mapping or columns alone.

    Parameters
    ----------
    network : Network
        The network.
    path : Path
        ``.surf.gii``, ``.label.gii``, ``.shape.gii`` or ``.func.gii``. A region mapping goes beside a surface, and so
        do columns; files of these names are replaced.
    strict : bool
        Whether to refuse to lose anything.
    allow_lossy : bool
        Whether float64 may be rounded to float32.
    frame : {"RAS"}, optional
        Turn the vertices into these axes, and triangles outwards, as display programs want them; that is noted.
    structure : str, optional
        Which part of the brain it is, such as ``CortexLeft``, for Workbench.
    right, left : path-like, optional
        The other hemisphere's file, in the same folder; `path` is then the one whose vertices come first.

    Raises
    ------
    LossyConversionError
        If numbers would be rounded and may not, or it is strict and something is lost.
    UnknownFormatError
        If the network has nothing that such a file holds.
    ShapeError
        If the vertices of the hemispheres are mixed.
    """
    if network.mesh is not None and frame is not None:
        network = turned(network, frame)
    other, own = _other(right, left), network.digest().removeprefix("sha256:")[:32]
    if other is None:
        files = Writer(network, path.name, allow_lossy, own, structure).files(path)
    else:
        if other.absolute().parent != path.absolute().parent or not all(
            each.name.lower().endswith(SURFACE) for each in (path, other)
        ):
            raise UnknownFormatError(f"{path} and {other}: expected two surfaces, {SURFACE}, in one folder")
        files = []
        halves = parted(network, (path.name, other.name), right is not None, "gifti")
        # The path comes last.
        for half, side, each in reversed(list(zip(halves, side_names(right is not None), (path, other), strict=True))):
            files += Writer(half, each.name, allow_lossy, own, structure, side).files(each)
    # They are ours, so that they may hold as much as they do.
    trusted = Limits(inflated_bytes=1 << 62, objects=1 << 62, depth=1 << 20)
    none: list[Path | None] = [None] * (1 if other is None else 2)
    back = assemble(Files(trusted, dict(files)), path, none, other, right is not None)
    report_losses(network, back, path.name, strict)
    write_files([(each.absolute(), data) for each, data in files])
