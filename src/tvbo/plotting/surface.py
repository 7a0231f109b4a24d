"""A cortex in six views, painted from back to front."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import new_figure, title
from tvbo.plotting.colors import DIVERGING, SEQUENTIAL, region_colors

Array = npt.NDArray[Any]

# The directions that point right and up on the page; RAS axes.
VIEWS: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "left": ((0, -1, 0), (0, 0, 1)),
    "right": ((0, 1, 0), (0, 0, 1)),
    "dorsal": ((1, 0, 0), (0, 1, 0)),
    "ventral": ((-1, 0, 0), (0, 1, 0)),
    "anterior": ((-1, 0, 0), (0, 0, 1)),
    "posterior": ((1, 0, 0), (0, 0, 1)),
}
_SIDES = {"x": ("L", "R"), "y": ("P", "A")}


def plot_surface(
    vertices: Array,
    elements: Array,
    *,
    regions: Array | None = None,
    values: Array | None = None,
    value_name: str | None = None,
    views: Sequence[str] | None = None,
    heading: str | None = None,
) -> Any:
    """
    Draw a surface from several sides.

    Parameters
    ----------
    vertices : array, shape (v, 3) [mm], RAS
        Positions.
    elements : array, shape (e, 3), int
        Triangles, wound so that their normals point outwards.
    regions : array, shape (v,), int, optional
        Region of each vertex, -1 for none: coloured unless `values` are given, and outlined.
    values : array, shape (v,), optional
        A value for each vertex, drawn as colour; NaN is grey.
    value_name : str, optional
        What the values are, for the colour bar.
    views : sequence of str, optional
        Some of `VIEWS`; all six unless given.
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no such view.
    """
    names = list(VIEWS if views is None else views)
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(4.3 * columns, 3.9 * rows)
    title(figure, heading)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[len(names) :]:
        ax.axis("off")
    draw_surface(figure, axes[: len(names)], vertices, elements, names, regions, values, value_name)
    return figure


def draw_surface(
    figure: Any,
    axes: Sequence[Any],
    vertices: Array,
    elements: Array,
    views: Sequence[str],
    regions: Array | None = None,
    values: Array | None = None,
    value_name: str | None = None,
) -> None:
    """
    Draw a surface into axes, one for each view.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, for the colour bar.
    axes : sequence of matplotlib.axes.Axes
        Where.
    vertices, elements, views, regions, values, value_name : object
        As `plot_surface` takes them.

    Raises
    ------
    ValueError
        If there is no such view.
    """
    for name in views:
        if name not in VIEWS:
            raise ValueError(f"there is no view {name!r}: expected some of {', '.join(VIEWS)}")
    points = np.asarray(vertices, dtype=np.float64)
    faces = np.cross(points[elements[:, 1]] - points[elements[:, 0]], points[elements[:, 2]] - points[elements[:, 0]])
    color, mappable = _face_colors(elements, regions, values, len(points))
    corners = elements.ravel()
    summed = [np.bincount(corners, np.repeat(faces[:, axis], 3), minlength=len(points)) for axis in range(3)]
    normals = np.stack(summed, axis=1)
    smooth = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    for ax, name in zip(axes, views, strict=True):
        _draw_view(ax, name, points, elements, faces, smooth, color)
    if mappable is not None:
        bar = figure.colorbar(mappable, ax=list(axes), shrink=0.6)
        bar.set_label(value_name or "value")


def _face_colors(elements: Array, regions: Array | None, values: Array | None, n: int) -> tuple[Array, Any]:
    """Colour each triangle; one that crosses a border between regions is darkened."""
    color = np.full((len(elements), 3), 0.78)
    mappable = None
    if values is not None:
        cm = require("matplotlib.cm", extra="plot", purpose="draw figures")
        colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
        shown = np.ma.masked_invalid(np.asarray(values, dtype=np.float64)[:n])
        signed = bool((shown < 0).any() and (shown > 0).any())
        limit = float(np.abs(shown).max()) if shown.count() else 1.0
        low, high = (-limit, limit) if signed else (float(shown.min()), float(shown.max())) if shown.count() else (0, 1)
        mappable = cm.ScalarMappable(colors.Normalize(low, high), DIVERGING if signed else SEQUENTIAL)
        mean = shown[elements].mean(axis=1)
        color = np.where(np.ma.getmaskarray(mean)[:, None], color, mappable.to_rgba(mean.filled(low))[:, :3])
    if regions is None:
        return color, mappable
    of_corner = np.asarray(regions)[:n][elements]
    a, b, c = of_corner.T
    majority = np.where(b == c, b, a)
    if values is None:
        palette = np.vstack([region_colors(int(max(majority.max(initial=0), 0)) + 1), [[0.78] * 3]])
        color = palette[np.where(majority < 0, len(palette) - 1, majority)]
    border = (a != b) | (b != c)
    return np.where(border[:, None], color * 0.5, color), mappable


def _draw_view(ax: Any, name: str, points: Array, elements: Array, faces: Array, normals: Array, color: Array) -> None:
    collections = require("matplotlib.collections", extra="plot", purpose="draw figures")
    across, up = (np.array(axis, dtype=np.float64) for axis in VIEWS[name])
    toward = np.cross(across, up)
    facing = np.flatnonzero(faces @ toward > 0)
    depth = (points @ toward)[elements[facing]].mean(axis=1)
    facing = facing[np.argsort(depth)]
    light = 0.85 * toward + 0.35 * up - 0.25 * across
    shade = 0.4 + 0.6 * np.clip(normals @ (light / np.linalg.norm(light)), 0, 1)
    x, y = points @ across, points @ up
    corners = np.stack([x[elements[facing]], y[elements[facing]]], axis=-1)
    painted = color[facing] * shade[elements[facing]].mean(axis=1)[:, None]
    style = {"facecolors": painted, "edgecolors": painted, "linewidths": 0.2, "rasterized": True}
    ax.add_collection(collections.PolyCollection(corners, **style))
    pad = 0.02 * max(np.ptp(x), np.ptp(y))
    ax.set_xlim(x.min() - pad, x.max() + pad)
    ax.set_ylim(y.min() - pad, y.max() + pad)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title(name)
    axis = int(np.flatnonzero(across)[0])
    sides = _SIDES["xy"[axis]][:: int(across[axis])]
    for place, side in zip((0.01, 0.99), sides, strict=True):
        ax.text(place, 0.02, side, transform=ax.transAxes, ha="center", color="0.4", fontsize=11)
