"""Networks to look at: TVB's default brain, and synthetic ones of the other kinds."""

import warnings

import numpy as np
from tvb.datatypes.connectivity import Connectivity
from tvb.datatypes.region_mapping import RegionMapping
from tvb.datatypes.surfaces import CorticalSurface

from tvbo import Network, NodeTable
from tvbo.model.mesh import Mesh


def default_brain() -> Network:
    """TVB's 16,384 vertices with their 76 regions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        connectivity, surface, mapping = (
            Connectivity.from_file(),
            CorticalSurface.from_file(),
            RegionMapping.from_file(),
        )
        connectivity.configure()
    mapping.connectivity, mapping.surface = connectivity, surface
    network = Network.from_tvb_surface(connectivity, surface, mapping)[1]
    network.label = "TVB's default brain"
    return network


def icosphere(times: int) -> tuple[np.ndarray, np.ndarray]:
    """A sphere of 10 * 4**times + 2 vertices."""
    phi = (1 + 5**0.5) / 2
    corners = [[0, s, t * phi] for s in (-1, 1) for t in (-1, 1)]
    points = np.array([np.roll(corner, k) for k in range(3) for corner in corners], dtype=float)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    near = points @ points.T > 0.4
    faces = [
        (a, b, c) for a in range(12) for b in range(a) for c in range(b) if near[a, b] and near[b, c] and near[a, c]
    ]
    triangles = np.array([f if np.linalg.det(points[list(f)]) > 0 else f[::-1] for f in faces])
    for _ in range(times):
        sides = np.sort(np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
        unique, which = np.unique(sides, axis=0, return_inverse=True)
        middle = points[unique].mean(axis=1)
        ab, bc, ca = (len(points) + which.reshape(3, -1)[k] for k in range(3))
        points = np.concatenate([points, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        a, b, c = triangles.T
        triangles = np.concatenate([np.c_[a, ab, ca], np.c_[ab, b, bc], np.c_[ca, bc, c], np.c_[ab, bc, ca]])
    return points, triangles


def folded_brain(times: int = 3, per_side: int = 20) -> Network:
    """Two folded halves; 7 gives the 327,684 vertices of fsaverage, as many as there are."""
    sphere, triangles = icosphere(times)
    x, y, z = sphere.T
    folds = 1 + 0.06 * np.sin(9 * x + 3 * np.sin(7 * y)) * np.sin(11 * z + 2 * np.cos(8 * x)) + 0.03 * np.sin(25 * y)
    half = sphere * folds[:, None] * [32, 75, 55] + [36, 0, 0]
    vertices = np.concatenate([half * [-1, 1, 1], half])
    rng = np.random.default_rng(0)
    seeds = sphere[rng.choice(len(sphere), per_side, replace=False)]
    own = np.argmax(sphere @ seeds.T, axis=1)
    mapping = np.concatenate([own, own + per_side])
    centres = np.array([vertices[mapping == i].mean(axis=0) for i in range(2 * per_side)])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    weights = rng.lognormal(size=apart.shape) * np.exp(-apart / 25)
    np.fill_diagonal(weights, 0)
    labels = [f"{side}_{i}_ROI" for side in "LR" for i in range(per_side)]
    regions = Network.from_matrix(weights, labels=labels, positions=centres)
    mesh = Mesh(vertices, np.concatenate([triangles, triangles + len(sphere)]))
    surface = Network(mesh=mesh, node_mapping_data=mapping, parent_network=regions, descriptor="surface")
    surface.label = f"{len(vertices):,} vertices, {2 * per_side} regions"
    return surface


def electrodes(n: int = 32) -> Network:
    """Electrodes over a folded brain, and what each sees of it; of one nothing is known."""
    brain = folded_brain(4)
    steps = np.arange(n) + 0.5
    height, angle = 1 - 1.3 * steps / n, np.pi * (1 + 5**0.5) * steps
    flat = np.sqrt(1 - height**2)
    places = np.c_[flat * np.cos(angle) * 85, flat * np.sin(angle) * 100, height * 90]
    assert brain.mesh is not None
    vertices = brain.mesh.vertices
    away = places[:, None] - vertices[None]
    outwards = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    gain = 1e5 * (away * outwards).sum(axis=2) / np.linalg.norm(away, axis=2) ** 3
    gain[5] = np.nan
    network = Network(
        NodeTable([f"E{i + 1}" for i in range(n)], places), descriptor="projection", label="32 electrodes"
    )
    network.frame = "RAS"
    network.set_matrix("gain", gain, unit="V/(A*m)", target_network=brain)
    return network


def nodes_only() -> Network:
    """Regions in space with correlations, and one without a place."""
    brain = folded_brain(3)
    regions = brain.parent()
    rng = np.random.default_rng(3)
    series = rng.normal(size=(40, 200)) + 0.8 * rng.normal(size=(2, 200)).repeat(20, axis=0)
    network = Network(NodeTable(regions.nodes.labels, regions.nodes.positions), label="correlations", descriptor="FC")
    network.set_matrix("correlation", np.corrcoef(series) - np.eye(40))
    places = np.array(network.nodes.positions)
    places[7] = np.nan
    network.nodes.positions = places
    return network
