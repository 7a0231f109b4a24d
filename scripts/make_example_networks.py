"""
Make the example networks that come with tvbo: example_regions and example_surface.

They are synthetic, and no measurement of any brain: two folded ellipsoids, cut into regions around points that lie
far apart, and connections that thin out with distance. Everything is made of sums, products, quotients, square roots
and raw bits of a generator whose stream never changes, so that every machine makes the same bits.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tvbo import Mesh, Network, NodeTable, database_path, save_all

REGIONS_PER_SIDE = 20
SUBDIVISIONS = 3
SEED = 20240501
SAYS = "Synthetic: made by scripts/make_example_networks.py, no measurement of any brain."


def main(arguments: list[str] | None = None) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=database_path / "networks", help="the folder")
    options = parser.parse_args(arguments)
    regions, surface = make()
    for network, name in ((regions, "example_regions"), (surface, "example_surface")):
        # Under the name that it has, an older one is replaced.
        network.path = options.out.absolute() / f"{name}.yaml"
    for name, path in save_all([regions, surface], options.out).items():
        print(f"{name}: {path}")
    return 0


def make() -> tuple[Network, Network]:
    """Make the regions, and the surface that is mapped onto them."""
    sphere, triangles = icosphere(SUBDIVISIONS)
    # The left one is the mirror image of the right one, so that its triangles are turned to face outwards.
    right = fold(sphere)
    left = right * [1.0, -1.0, 1.0]
    vertices = np.vstack([left, right])
    elements = np.vstack([triangles[:, ::-1], triangles + len(sphere)])
    normals, areas = normals_and_areas(vertices, elements)
    seeds = far_apart(sphere, REGIONS_PER_SIDE)
    nearest = np.argmin(squares(sphere[:, None] - sphere[seeds][None]), axis=1)
    mapping = np.concatenate([nearest, nearest + REGIONS_PER_SIDE]).astype(np.int64)
    regions = make_regions(vertices, normals, areas, mapping, np.concatenate([seeds, seeds + len(sphere)]))
    surface = Network(
        mesh=Mesh(vertices, elements, normals),
        label="Example surface",
        description=SAYS,
        descriptor="surface",
        node_mapping_data=mapping,
        parent_network=regions,
    )
    surface.nodes.columns["hemisphere"] = np.repeat([False, True], len(sphere))
    return regions, surface


def make_regions(vertices: Any, normals: Any, areas: Any, mapping: Any, seeds: Any) -> Network:
    """Make a network of the regions of a surface."""
    n = len(seeds)
    members = [np.flatnonzero(mapping == region) for region in range(n)]
    # Sums are rounded once (fsum), so that their order does not count.
    centres = np.array([[math.fsum(column) / len(rows) for column in vertices[rows].T] for rows in members])
    side = np.repeat([False, True], n // 2)
    distance = np.sqrt(squares(centres[:, None] - centres[None]))
    chance, strength, bend = (symmetric(fractions(n * n, SEED + each).reshape(n, n)) for each in range(3))
    across = side[:, None] != side[None]
    twins = np.abs(np.arange(n)[:, None] - np.arange(n)[None]) == n // 2
    near = 1 / (1 + (distance / 40) * (distance / 40))
    linked = (chance < np.where(across, 0.35, 1.0) * near) | twins
    np.fill_diagonal(linked, False)
    weights = np.where(linked, (0.2 + strength) * near * 3, 0.0)
    # Tracts bend, and so are longer than the straight line.
    lengths = distance * (1.1 + 0.3 * bend)
    nodes = NodeTable(
        [f"{'right' if right else 'left'}-{number % (n // 2) + 1:02d}" for number, right in enumerate(side)],
        centres,
        {
            "area": np.array([math.fsum(areas[rows]) for rows in members]),
            "cortical": np.ones(n, dtype=bool),
            "hemisphere": side,
            "orientation": normals[seeds],
        },
        units={"area": "mm2"},
    )
    network = Network(nodes, label="Example regions", description=SAYS, descriptor="SC")
    network.conduction_speed = 3.0
    network.set_matrix("weight", weights)
    network.set_matrix("length", lengths, unit="mm")
    return network


def icosphere(subdivisions: int) -> tuple[Any, Any]:
    """Divide an icosahedron into a sphere of radius 1; triangles face outwards."""
    golden = (1 + math.sqrt(5)) / 2
    corners = [(0.0, a, b * golden) for a in (-1.0, 1.0) for b in (-1.0, 1.0)]
    points = unit(np.array([row[turn:] + row[:turn] for turn in range(3) for row in corners]))
    apart = squares(points[:, None] - points[None])
    edge = 1.01 * apart[apart > 0].min()
    faces = [
        (a, b, c)
        for a in range(12)
        for b in range(a + 1, 12)
        for c in range(b + 1, 12)
        if max(apart[a, b], apart[b, c], apart[a, c]) < edge
    ]
    triangles = np.array([face if outwards(points, face) else face[::-1] for face in faces])
    for _ in range(subdivisions):
        points, triangles = divided(points, triangles)
    return points, triangles.astype(np.int64)


def outwards(points: Any, face: tuple[int, ...]) -> bool:
    """Tell whether a triangle faces away from the origin."""
    a, b, c = points[list(face)]
    return math.fsum(cross(b - a, c - a) * a) > 0


def divided(points: Any, triangles: Any) -> tuple[Any, Any]:
    """Cut each triangle into four."""
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    known, place = np.unique(edges, axis=0, return_inverse=True)
    middles = place.reshape(-1, 3) + len(points)
    a, b, c = triangles.T
    ab, bc, ca = middles.T
    four = np.stack([[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]], axis=0)
    more = unit((points[known[:, 0]] + points[known[:, 1]]) / 2)
    return np.vstack([points, more]), four.transpose(2, 0, 1).reshape(-1, 3)


def fold(sphere: Any) -> Any:
    """Make a right hemisphere of a sphere: an ellipsoid, flat in the middle, with a few folds [mm]."""
    x, y, z = sphere.T
    # Products of coordinates fold it; sines would differ from machine to machine in the last bit.
    depth = 1 + 0.9 * x * y * z + 0.25 * (y * y - z * z) * y * z
    flat = np.where(x < 0, 0.45, 1.0)
    # Axes as those of TVB's own brain: to the front, to the left, up.
    return np.column_stack([75 * y * depth - 15, -15 - 30 * x * flat * depth, 45 * z * depth + 15])


def normals_and_areas(vertices: Any, elements: Any) -> tuple[Any, Any]:
    """Compute unit normals, and the area around each vertex: a third of its triangles [mm2]."""
    a, b, c = (vertices[elements[:, corner]] for corner in range(3))
    faces = cross(b - a, c - a)
    sizes = np.sqrt(squares(faces)) / 2
    around: list[list[int]] = [[] for _ in vertices]
    for row, element in enumerate(elements.tolist()):
        for vertex in element:
            around[vertex].append(row)
    normals = unit(np.array([[math.fsum(column) for column in faces[rows].T] for rows in around]))
    return normals, np.array([math.fsum(sizes[rows]) / 3 for rows in around])


def far_apart(points: Any, count: int) -> Any:
    """Choose points, each as far as can be from those before it."""
    chosen = [0]
    distance = squares(points - points[0])
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, squares(points - points[chosen[-1]]))
    return np.array(chosen)


def fractions(count: int, seed: int) -> Any:
    """Draw numbers from 0 to 1; of a generator, only the raw bits are promised for ever."""
    return (np.random.PCG64(seed).random_raw(count) >> np.uint64(11)) * 2.0**-53


def symmetric(values: Any) -> Any:
    """Take the upper triangle for the lower one too."""
    upper = np.triu(values, 1)
    return upper + upper.T


def squares(differences: Any) -> Any:
    """Sum the squares of three coordinates, in their order."""
    x, y, z = np.moveaxis(differences, -1, 0)
    return (x * x + y * y) + z * z


def unit(vectors: Any) -> Any:
    """Scale vectors to length 1."""
    return vectors / np.sqrt(squares(vectors))[:, None]


def cross(first: Any, second: Any) -> Any:
    """Give the cross product, of plain products and differences."""
    (a, b, c), (d, e, f) = np.moveaxis(first, -1, 0), np.moveaxis(second, -1, 0)
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


if __name__ == "__main__":
    sys.exit(main())
