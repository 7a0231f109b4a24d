"""
From the sources of a gain matrix to its regions.

A gain (lead field) says what a dipole at each source does to each sensor. A region has many sources, or none: these
functions join them, count them and say where they are. They know arrays only.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tvbo.errors import ShapeError

__all__ = [
    "REDUCTIONS",
    "average_reference",
    "count_sources",
    "orientation_norm",
    "reduce_sources",
    "region_positions",
    "vertex_areas",
]

REDUCTIONS = ("sum", "mean", "area")

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def average_reference(gain: ArrayLike) -> Floats:
    """
    Refer a gain to the average of its sensors.

    Parameters
    ----------
    gain : array, shape (n_sensors, n_sources), float64
        The gain against infinity, as forward models give it.

    Returns
    -------
    array, shape (n_sensors, n_sources), float64 [same unit]
        The gain minus the mean of each column; a new array.
    """
    values = _gain(gain)
    centred: Floats = values - values.mean(axis=0)
    return centred


def orientation_norm(gain: ArrayLike) -> Floats:
    """
    Take the length of the three gains of each freely oriented source.

    Parameters
    ----------
    gain : array, shape (n_sensors, 3 * n_sources), float64
        Gains of dipoles along three axes; the three of a source are neighbours.

    Returns
    -------
    array, shape (n_sensors, n_sources), float64 [same unit]
        The gain of the dipole that each sensor sees best: never negative.

    Raises
    ------
    ShapeError
        If the columns do not come in threes.
    """
    values = _gain(gain)
    if values.shape[1] % 3:
        raise ShapeError(f"the gain of free orientations has {values.shape[1]} columns: expected three for each source")
    lengths: Floats = np.linalg.norm(values.reshape(values.shape[0], -1, 3), axis=2)
    return lengths


def reduce_sources(
    gain: ArrayLike,
    regions: ArrayLike,
    n_regions: int,
    how: str = "sum",
    *,
    areas: ArrayLike | None = None,
) -> Floats:
    """
    Join the columns of sources into columns of regions.

    Parameters
    ----------
    gain : array, shape (n_sensors, n_sources), float64
        The gain of each source.
    regions : array, shape (n_sources,), int
        The region of each source; -1 for none.
    n_regions : int
        Number of regions.
    how : {"sum", "mean", "area"}
        The sum of a region's sources, their mean, or their mean weighted by area.
    areas : array, shape (n_sources,), float64 [any unit], optional
        The area that each source stands for; needed for ``"area"``.

    Returns
    -------
    array, shape (n_sensors, n_regions), float64 [same unit]
        The gain of each region; NaN where a region has no source (or, for ``"area"``, none with an area): nothing
        is known of it, and 0 would say that the sensors do not see it.

    Raises
    ------
    ShapeError
        If the arrays do not fit one another, or a region is out of range.
    ValueError
        If there is no such reduction, or areas are missing or negative.

    Notes
    -----
    TVB sums over vertices when it takes a projection to regions (``simulator.monitors.Projection``).
    """
    values = _gain(gain)
    index = _index(regions, n_regions, values.shape[1])
    if how not in REDUCTIONS:
        raise ValueError(f"reduction {how!r} is unknown: expected {', '.join(map(repr, REDUCTIONS))}")
    weights: Floats = np.ones(values.shape[1])
    if how == "area":
        weights = _areas(areas, values.shape[1])
        values = values * weights
    order = np.argsort(index, kind="stable")
    order = order[index[order] >= 0]
    present, starts = np.unique(index[order], return_index=True)
    joined = np.full((values.shape[0], n_regions), np.nan)
    if not present.size:
        return joined
    # reduceat sums runs of neighbours, and the sorted columns of a region are one run.
    joined[:, present] = np.add.reduceat(values[:, order], starts, axis=1)
    if how != "sum":
        share = np.bincount(index[order], weights=weights[order], minlength=n_regions)
        joined /= np.where(share > 0, share, np.nan)
    return joined


def count_sources(regions: ArrayLike, n_regions: int) -> Ints:
    """
    Count the sources of each region.

    Parameters
    ----------
    regions : array, shape (n_sources,), int
        The region of each source; -1 for none.
    n_regions : int
        Number of regions.

    Returns
    -------
    array, shape (n_regions,), int
        The numbers.

    Raises
    ------
    ShapeError
        If a region is out of range.
    """
    index = _index(regions, n_regions, None)
    counts: Ints = np.bincount(index[index >= 0], minlength=n_regions)
    return counts


def region_positions(positions: ArrayLike, regions: ArrayLike, n_regions: int) -> Floats:
    """
    Find the middle of each region.

    Parameters
    ----------
    positions : array, shape (n_sources, 3), float64 [any unit]
        Where the sources are.
    regions : array, shape (n_sources,), int
        The region of each source; -1 for none.
    n_regions : int
        Number of regions.

    Returns
    -------
    array, shape (n_regions, 3), float64 [same unit]
        The mean position of its sources; NaN for a region without any.

    Raises
    ------
    ShapeError
        If the arrays do not fit one another.

    Notes
    -----
    TVB's default region centres are the means of the mapped vertices, to 8e-7 mm.
    """
    points = np.asarray(positions, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise ShapeError(f"positions have the shape {points.shape}: expected (n_sources, 3)")
    return reduce_sources(points.T, regions, n_regions, "mean").T.copy()


def vertex_areas(vertices: ArrayLike, triangles: ArrayLike) -> Floats:
    """
    Share the area of a surface among its vertices.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3), float64 [any length]
        Vertices.
    triangles : array, shape (n_triangles, 3), int
        Triangles.

    Returns
    -------
    array, shape (n_vertices,), float64 [that length squared]
        A third of the area of the triangles at each vertex; 0 for a vertex in no triangle.

    Raises
    ------
    ShapeError
        If the arrays are of other shapes.
    """
    points, faces = np.asarray(vertices, dtype=np.float64), np.asarray(triangles)
    if points.ndim != 2 or points.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3:
        raise ShapeError(
            f"vertices have the shape {points.shape} and triangles {faces.shape}: "
            "expected (n_vertices, 3) and (n_triangles, 3)"
        )
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    shares = np.bincount(faces.ravel(), weights=np.repeat(area / 3, 3), minlength=len(points))
    return np.asarray(shares, dtype=np.float64)


def _gain(gain: ArrayLike) -> Floats:
    values = np.asarray(gain, dtype=np.float64)
    if values.ndim != 2:
        raise ShapeError(f"the gain has the shape {values.shape}: expected (n_sensors, n_sources)")
    return values


def _index(regions: ArrayLike, n_regions: int, n_sources: int | None) -> Ints:
    index = np.asarray(regions)
    if index.ndim != 1 or index.dtype.kind not in "iu" or n_sources not in (None, index.size):
        expected = "one integer" if n_sources is None else f"{n_sources} integers, one"
        raise ShapeError(
            f"regions have the shape {index.shape} and dtype {index.dtype}: expected {expected} for each source"
        )
    index = index.astype(np.intp)
    if index.size and (index.min() < -1 or index.max() >= n_regions):
        raise ShapeError(f"regions run from {index.min()} to {index.max()}: expected -1 (no region) to {n_regions - 1}")
    return index


def _areas(areas: ArrayLike | None, n_sources: int) -> Floats:
    if areas is None:
        raise ValueError("the reduction 'area' needs the area of each source: give areas=")
    values = np.asarray(areas, dtype=np.float64)
    if values.shape != (n_sources,):
        raise ShapeError(f"areas have the shape {values.shape}: expected ({n_sources},), one for each source")
    if not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("areas must be finite and not negative")
    return values
