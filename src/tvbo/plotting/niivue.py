"""Files for NiiVue: the surface as .mz3, nodes and connections as .jcon."""

import gzip
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.plotting.canvas import literal
from tvbo.plotting.edges import node_strength, strongest_edges

Array = npt.NDArray[Any]

# NiiVue draws an n x n list of connections: beyond this the text is tens of megabytes.
_MOST_NODES = 2000
_MOST_EDGES = 20_000
_MAGIC = 0x5A4D
_FACES, _VERTICES = 1, 2


def write_niivue(
    folder: Path,
    name: str,
    mesh: tuple[Array, Array] | None,
    positions: Array | None,
    labels: Sequence[str],
    weights: Any,
) -> list[Path]:
    """
    Write ``mesh.mz3`` and ``connectome.jcon``.

    Parameters
    ----------
    folder : Path
        Where; it is made if it is not there.
    name : str
        What the connectome is called.
    mesh : tuple of array, or None
        Vertices, shape (v, 3) [mm], RAS, and triangles, shape (e, 3), wound outwards.
    positions : array, shape (n, 3) [mm], RAS, or None
        Where the nodes are; those that are not finite are left out.
    labels : sequence of str, shape (n,)
        Names of the nodes.
    weights : array or sparse matrix, shape (n, n), or None
        Connection strengths.

    Returns
    -------
    list of Path
        What was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    if mesh is not None:
        written.append(folder / "mesh.mz3")
        written[-1].write_bytes(mz3(*mesh))
    if positions is not None:
        written.append(folder / "connectome.jcon")
        text = json.dumps(_connectome(name, positions, labels, weights), allow_nan=False, ensure_ascii=False)
        written[-1].write_text(text, encoding="utf-8")
    return written


def mz3(vertices: npt.ArrayLike, triangles: npt.ArrayLike) -> bytes:
    """
    Lay a mesh out as Surfice's MZ3.

    Parameters
    ----------
    vertices : array, shape (v, 3)
        Positions; stored as float32.
    triangles : array, shape (e, 3), int
        Their corners; stored as int32.

    Returns
    -------
    bytes
        The file.

    Notes
    -----
    https://github.com/neurolabusc/surf-ice/tree/master/mz3: magic, attributes, numbers of faces and vertices, bytes
    to skip; then faces and vertices; little-endian, the whole in gzip.
    """
    points, faces = np.asarray(vertices, "<f4"), np.asarray(triangles, "<i4")
    head = struct.pack("<HHIII", _MAGIC, _FACES | _VERTICES, len(faces), len(points), 0)
    return gzip.compress(head + faces.tobytes() + points.tobytes(), mtime=0)


def _connectome(name: str, positions: Array, labels: Sequence[str], weights: Any) -> dict[str, Any]:
    strength = np.zeros(len(labels)) if weights is None else node_strength(weights)
    there = np.flatnonzero(np.isfinite(positions).all(axis=1))
    row_of = np.full(len(labels), -1)
    row_of[there] = np.arange(len(there))
    edges: list[dict[str, Any]] = []
    least = greatest = 0.0
    if weights is not None:
        chosen = strongest_edges(weights, _MOST_EDGES)
        for i, j, weight in zip(*(part.tolist() for part in chosen[:3]), strict=True):
            if row_of[i] >= 0 and row_of[j] >= 0:
                edges.append({"first": int(row_of[i]), "second": int(row_of[j]), "colorValue": weight})
        if len(chosen.weights):
            greatest = float(chosen.weights[-1])
            # The 250 strongest are shown at first.
            least = float(chosen.weights[-min(250, len(chosen.weights))])
    largest = float(strength.max(initial=0.0)) or 1.0
    nodes = [
        {
            "name": literal(labels[i], 200),
            "x": float(positions[i, 0]),
            "y": float(positions[i, 1]),
            "z": float(positions[i, 2]),
            "colorValue": float(strength[i]),
            "sizeValue": float(1 + 2 * np.sqrt(strength[i] / largest)),
        }
        for i in there.tolist()
    ]
    return {
        "name": literal(name, 200),
        "nodeColormap": "viridis",
        "nodeColormapNegative": "viridis",
        "nodeMinColor": 0,
        "nodeMaxColor": largest,
        "nodeScale": 2,
        "edgeColormap": "inferno",
        "edgeColormapNegative": "inferno",
        "edgeMin": least,
        "edgeMax": greatest,
        "edgeScale": 0.5,
        "legendLineThickness": 0,
        "showLegend": False,
        "nodes": nodes,
        "edges": edges,
    }
