"""A cortex in six views, painted from back to front."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.errors import ShapeError
from tvbo.plotting.canvas import new_figure, settled, title
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
    views: str | Sequence[str] | None = None,
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
    views : str or sequence of str, optional
        One or some of `VIEWS`; all six unless given.
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no such view, or none is asked for.
    ShapeError
        If the arrays do not fit the vertices.
    """
    names = _view_names(views)
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(4.3 * columns, 3.9 * rows)
    title(figure, heading)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[len(names) :]:
        ax.axis("off")
    draw_surface(figure, axes[: len(names)], vertices, elements, names, regions, values, value_name)
    return settled(figure)


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
    ShapeError
        If the arrays do not fit the vertices.
    """
    points = np.asarray(vertices, dtype=np.float64)
    for what, array in (("regions", regions), ("values", values)):
        if array is not None and (np.ndim(array) != 1 or len(array) < len(points)):
            raise ShapeError(
                f"{what} of a surface have shape {np.shape(array)}: expected one for each of its {len(points)} vertices"
            )
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


def _view_names(views: str | Sequence[str] | None) -> list[str]:
    names = list(VIEWS) if views is None else [views] if isinstance(views, str) else list(views)
    if not names:
        raise ValueError(f"no view is asked for: expected some of {', '.join(VIEWS)}")
    for name in names:
        if name not in VIEWS:
            raise ValueError(f"there is no view {name!r}: expected some of {', '.join(VIEWS)}")
    return names


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
        # By rank: ids need not be small, and only those that are there need a colour.
        ids, rank = np.unique(np.maximum(majority, -1), return_inverse=True)
        none = int(len(ids) > 0 and ids[0] < 0)
        color = np.vstack([np.full((none, 3), 0.78), region_colors(len(ids) - none)])[rank]
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
