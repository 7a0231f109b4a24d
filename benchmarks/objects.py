"""TVB objects of many sizes: connectivities, and surfaces with their mappings."""

import logging
import warnings
from typing import Any

import data
import numpy as np
from data import Array

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tvb.datatypes.connectivity import Connectivity
    from tvb.datatypes.region_mapping import RegionMapping
    from tvb.datatypes.surfaces import CorticalSurface

logging.getLogger("tvb").setLevel(logging.ERROR)


def connectivity(n: int) -> Any:
    """Give a connectivity with so many regions; TVB's own for 76."""
    if n == 76:
        found = Connectivity.from_file()
    else:
        rng = np.random.default_rng(n)
        found = Connectivity(
            weights=data.weights(n, rng),
            tract_lengths=data.lengths(n, rng),
            region_labels=np.array([f"{'LR'[index % 2]}_area_{index // 2}" for index in range(n)]),
            centres=rng.normal(0.0, 40.0, (n, 3)),
            areas=rng.uniform(100.0, 2000.0, n),
            orientations=rng.normal(size=(n, 3)),
            hemispheres=np.arange(n) % 2 == 1,
            cortical=np.ones(n, bool),
        )
    found.configure()
    return found


def sphere(times: int) -> tuple[Array, Array]:
    """Cut the triangles of an icosahedron into four so many times: 10 * 4**times + 2 vertices."""
    golden = (1 + 5**0.5) / 2
    corners = [(0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    vertices = np.array([np.roll(corner, shift) for shift in range(3) for corner in corners], float)
    distance = np.linalg.norm(vertices[:, None] - vertices[None], axis=2)
    near = np.abs(distance - 2) < 1e-9
    triangles = np.array(
        [(a, b, c) for a in range(12) for b in range(a) for c in range(b) if near[a, b] and near[b, c] and near[a, c]]
    )
    for _ in range(times):
        edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        keys, which = np.unique(edges[:, 0] * len(vertices) + edges[:, 1], return_inverse=True)
        low, high = np.divmod(keys, len(vertices))
        middle = which.reshape(3, -1).T + len(vertices)
        a, b, c = triangles.T
        ab, bc, ca = middle.T
        parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        vertices = np.concatenate([vertices, (vertices[low] + vertices[high]) / 2])
        triangles = np.concatenate([np.stack(part, axis=1) for part in parts])
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    outward = np.cross(*(vertices[triangles[:, corner]] - vertices[triangles[:, 0]] for corner in (1, 2)))
    inside = (outward * vertices[triangles[:, 0]]).sum(1) < 0
    triangles[inside] = triangles[inside][:, [0, 2, 1]]
    return vertices, triangles


def surface(n: int) -> tuple[Any, Any, Any]:
    """
    Give a connectivity, a cortex and the mapping between them.

    TVB's own for 16,384 vertices; folded spheres for 163,842 (one) and 327,684 (two hemispheres).
    """
    regions = connectivity(76)
    if n == 16384:
        cortex, mapping = CorticalSurface.from_file(), RegionMapping.from_file()
        cortex.configure()
        mapping.connectivity, mapping.surface = regions, cortex
        return regions, cortex, mapping
    times, halves = {163842: (7, 1), 327684: (7, 2)}[n]
    around, triangles = sphere(times)
    folds = 1 + 0.08 * np.sin(7 * around).prod(1, keepdims=True) + 0.03 * np.sin(23 * around).sum(1, keepdims=True)
    half = around * folds * np.array([45.0, 70.0, 50.0])
    vertices = np.concatenate([half + [(2 * side - halves + 1) * 50.0, 0, 0] for side in range(halves)])
    elements = np.concatenate([triangles + side * len(half) for side in range(halves)])
    normals = np.cross(*(vertices[elements[:, corner]] - vertices[elements[:, 0]] for corner in (1, 2)))
    at_vertices = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(at_vertices, elements[:, corner], normals)
    cortex = CorticalSurface(
        vertices=vertices,
        triangles=elements.astype(np.int64),
        vertex_normals=at_vertices / np.linalg.norm(at_vertices, axis=1, keepdims=True),
        triangle_normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
        zero_based_triangles=True,
    )
    seeds = vertices[np.random.default_rng(0).integers(0, len(vertices), 76)]
    nearest = np.concatenate(
        [((part[:, None] - seeds[None]) ** 2).sum(2).argmin(1) for part in np.array_split(vertices, 64)]
    )
    return regions, cortex, RegionMapping(connectivity=regions, surface=cortex, array_data=nearest.astype(np.int64))
