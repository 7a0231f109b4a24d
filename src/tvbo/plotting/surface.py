"""A cortex from outside and from between its halves, painted from back to front."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.errors import ShapeError
from tvbo.plotting.canvas import FAINT, HEADING, literal, panels_in, settled, styled, title
from tvbo.plotting.colors import region_colors, scale_for
from tvbo.plotting.graph import chosen_views

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
# One half alone, seen from the side where the other was.
MEDIAL = {"left medial": "right", "right medial": "left"}
PLAIN, BORDER = 0.78, 0.2
_SIDES = {"x": ("L", "R"), "y": ("P", "A")}


@styled
def plot_surface(
    vertices: Array,
    elements: Array,
    *,
    regions: Array | None = None,
    values: Array | None = None,
    value_name: str | None = None,
    views: str | Sequence[str] | None = None,
    right: Array | None = None,
    cmap: Any = None,
    heading: str | None = None,
    ax: Any = None,
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
        One or some of `VIEWS` and `MEDIAL`; the six of `VIEWS` unless given.
    right : array, shape (v,), bool, optional
        Which vertices are in the right hemisphere: needed by `MEDIAL`.
    cmap : str or matplotlib.colors.Colormap, optional
        Colours of the values, instead of those that `tvbo.plotting.colors.scale_for` chooses.
    heading : str, optional
        A title, of a new figure.
    ax : matplotlib.axes.Axes, Figure or SubFigure, optional
        Where to draw.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there is no such view, none is asked for, the views do not fit into `ax`, or hemispheres are not known that
        must be told apart.
    ShapeError
        If the arrays do not fit the vertices.
    """
    names = list(VIEWS) if views is None else chosen_views(views, [*VIEWS, *MEDIAL])
    columns = 2 if len(names) == 4 else min(3, len(names))
    rows = -(-len(names) // columns)
    figure, axes = panels_in(ax, rows, columns, 4.3 * columns, 3.9 * rows)
    if ax is None:
        title(figure, heading)
    for empty in axes[len(names) :]:
        empty.axis("off")
    options: dict[str, Any] = {"regions": regions, "values": values, "value_name": value_name, "right": right}
    draw_surface(figure, axes[: len(names)], vertices, elements, names, cmap=cmap, **options)
    settled(figure.canvas.figure)
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
    *,
    right: Array | None = None,
    cmap: Any = None,
) -> None:
    """
    Draw a surface into axes, one for each view.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, for the colour bar.
    axes : sequence of matplotlib.axes.Axes
        Where.
    vertices, elements, views, regions, values, value_name, right, cmap : object
        As `plot_surface` takes them.

    Raises
    ------
    ValueError
        If hemispheres are not known that must be told apart.
    ShapeError
        If the arrays do not fit the vertices.
    """
    points = np.asarray(vertices, dtype=np.float64)
    for what, array in (("regions", regions), ("values", values), ("hemispheres", right)):
        if array is not None and (np.ndim(array) != 1 or len(array) < len(points)):
            raise ShapeError(
                f"{what} of a surface have shape {np.shape(array)}: expected one for each of its {len(points)} vertices"
            )
    solid = shape_of(points, elements)
    pieces, mappable = _pieces(solid, regions, values, cmap)
    # A colour that is a number must be found again in the colour bar: less shadow.
    darkest = 0.4 if values is None else 0.62
    for ax, name in zip(axes, views, strict=True):
        draw_view(ax, name, solid, pieces, right, darkest=darkest)
    if mappable is not None:
        bar = figure.colorbar(mappable, ax=list(axes), shrink=0.6, aspect=30)
        bar.set_label(literal(value_name or "value"), parse_math=False)


class Shape(NamedTuple):
    """
    A surface and its normals.

    Attributes
    ----------
    points : array, shape (v, 3) [mm]
        The vertices, RAS.
    elements : array, shape (e, 3), int
        The triangles.
    faces : array, shape (e, 3) [mm^2]
        Their normals, as long as they are large.
    normals : array, shape (v, 3)
        The normals of the vertices.
    """

    points: Array
    elements: Array
    faces: Array
    normals: Array


def shape_of(vertices: Array, elements: Array) -> Shape:
    """
    Find the normals of a surface.

    Parameters
    ----------
    vertices : array, shape (v, 3) [mm], RAS
        Positions.
    elements : array, shape (e, 3), int
        Triangles, wound so that their normals point outwards.

    Returns
    -------
    Shape
        The surface.
    """
    points = np.asarray(vertices, dtype=np.float64)
    faces = np.cross(points[elements[:, 1]] - points[elements[:, 0]], points[elements[:, 2]] - points[elements[:, 0]])
    corners = elements.ravel()
    summed = [np.bincount(corners, np.repeat(faces[:, axis], 3), minlength=len(points)) for axis in range(3)]
    normals = np.stack(summed, axis=1)
    return Shape(points, elements, faces, normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


class Pieces(NamedTuple):
    """
    What a surface is painted of, each as four corners: triangles, parts of triangles, and lines between regions.

    Attributes
    ----------
    corners : array, shape (p, 4, 3) [mm]
        The corners, RAS; of a triangle the last comes twice.
    triangle : array, shape (p,), int
        The triangle that each is part of.
    colors : array, shape (p, 3)
        Red, green and blue.
    lines : array, shape (p,), bool
        Which are lines.
    """

    corners: Array
    triangle: Array
    colors: Array
    lines: Array


def whole_triangles(solid: Shape, colors: Array) -> Pieces:
    """
    Give the triangles of a surface as pieces.

    Parameters
    ----------
    solid : Shape
        The surface.
    colors : array, shape (e, 3)
        Their colours.

    Returns
    -------
    Pieces
        One for each.
    """
    n = len(solid.elements)
    return Pieces(solid.points[solid.elements[:, [0, 1, 2, 2]]], np.arange(n), colors, np.zeros(n, dtype=bool))


def _pieces(solid: Shape, regions: Array | None, values: Array | None, cmap: Any) -> tuple[Pieces, Any]:
    """Cut triangles that lie in several regions, so that each region ends in a line."""
    points, elements = solid.points, solid.elements
    n = len(points)
    vertex, mappable = np.full((n, 3), PLAIN), None
    colors = np.full((len(elements), 3), PLAIN)
    known = None if regions is None else np.asarray(regions)[:n]
    if values is not None:
        shown = np.ma.masked_invalid(np.asarray(values, dtype=np.float64)[:n])
        scale = scale_for(shown.compressed(), cmap)
        mappable = scale.mappable
        for of, mean in ((vertex, shown), (colors, shown[elements].mean(axis=1))):
            there = ~np.ma.getmaskarray(mean)
            of[there] = scale.colors(np.asarray(mean)[there])[:, :3]
    elif known is not None:
        # By rank: ids need not be small, and only those that are there need a colour.
        ids, rank = np.unique(np.maximum(known, -1), return_inverse=True)
        none = int(len(ids) > 0 and ids[0] < 0)
        vertex = np.vstack([np.full((none, 3), PLAIN), region_colors(len(ids) - none)])[rank]
        colors = vertex[elements[:, 0]]
    if known is None or not len(elements):
        return whole_triangles(solid, colors), mappable
    of_corner = known[elements]
    ends = np.array([(0, 1), (1, 2), (2, 0)])
    differ = of_corner[:, ends[:, 0]] != of_corner[:, ends[:, 1]]
    cut = np.flatnonzero(differ.any(axis=1))
    whole = np.flatnonzero(~differ.any(axis=1))
    corner = points[elements[cut]]
    halfway = (corner + corner[:, [1, 2, 0]]) / 2
    centre = corner.mean(axis=1, keepdims=True).repeat(3, axis=1)
    kites = np.stack([corner, halfway, centre, halfway[:, [2, 0, 1]]], axis=2)
    lines = np.stack([halfway, centre, centre, halfway], axis=2)[differ[cut]]
    of_line = np.repeat(cut, differ[cut].sum(axis=1))
    return Pieces(
        np.concatenate([points[elements[whole][:, [0, 1, 2, 2]]], kites.reshape(-1, 4, 3), lines]),
        np.concatenate([whole, np.repeat(cut, 3), of_line]),
        np.concatenate([colors[whole], vertex[elements[cut]].reshape(-1, 3), np.full((len(lines), 3), BORDER)]),
        np.arange(len(whole) + 3 * len(cut) + len(lines)) >= len(whole) + 3 * len(cut),
    ), mappable


def axes_of(name: str) -> tuple[Array, Array, Array]:
    """
    Say how a view looks at a brain.

    Parameters
    ----------
    name : str
        One of `VIEWS` or `MEDIAL`.

    Returns
    -------
    across, up, toward : array, shape (3,)
        What points right and up on the page, and to the one who looks; RAS.
    """
    across, up = (np.array(axis, dtype=np.float64) for axis in VIEWS[MEDIAL.get(name, name)])
    return across, up, np.cross(across, up)


def draw_view(
    ax: Any,
    name: str,
    solid: Shape,
    pieces: Pieces,
    right: Array | None = None,
    *,
    darkest: float = 0.4,
    half: str | None = None,
) -> None:
    """
    Draw a surface from one side.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    name : str
        One of `VIEWS` or `MEDIAL`.
    solid : Shape
        The surface.
    pieces : Pieces
        What it is painted of.
    right : array, shape (v,), bool, optional
        Which vertices are in the right hemisphere.
    darkest : float
        How light it is where no light falls; 1 is no shadow at all.
    half : {"left", "right"}, optional
        The only hemisphere to draw, if `right` is given; a medial view has its own.

    Raises
    ------
    ValueError
        If hemispheres are not known that must be told apart.
    """
    collections = require("matplotlib.collections", extra="plot", purpose="draw figures")
    points, elements = solid.points, solid.elements
    across, up, toward = axes_of(name)
    seen = solid.faces @ toward > 0
    if name in MEDIAL:
        half = name.split()[0]
        if right is None:
            raise ValueError(
                f"the view {name!r} shows one hemisphere, but nothing tells them apart: "
                "set nodes.columns['hemisphere'], true for the right, or ask for other views"
            )
    if half is not None and right is not None:
        seen &= (np.asarray(right)[elements] == (half == "right")).all(axis=1)
    depth = (points @ toward)[elements].mean(axis=1)
    facing = np.flatnonzero(seen[pieces.triangle])
    # A line lies on the triangle that it crosses, and on the next one.
    facing = facing[np.argsort(depth[pieces.triangle[facing]] + 1.5 * pieces.lines[facing], kind="stable")]
    light = 0.85 * toward + 0.35 * up - 0.25 * across
    bright = np.clip(solid.normals @ (light / np.linalg.norm(light)), 0, 1)[elements].mean(axis=1)
    shade = darkest + (1 - darkest) * bright[pieces.triangle[facing]]
    x, y = points @ across, points @ up
    corners = pieces.corners[facing] @ np.stack([across, up], axis=1)
    painted = pieces.colors[facing] * shade[:, None]
    widths = np.where(pieces.lines[facing], 0.8, 0.5)
    style = {"facecolors": painted, "edgecolors": painted, "linewidths": widths, "rasterized": True, "zorder": 0}
    ax.add_collection(collections.PolyCollection(corners, **style))
    frame_view(ax, name, x, y)


def frame_view(ax: Any, name: str, x: Array, y: Array) -> None:
    """
    Give axes the limits of what they show, a title, and the names of the sides.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    name : str
        One of `VIEWS` or `MEDIAL`.
    x, y : array, shape (n,)
        What is shown, on the page.
    """
    pad = 0.04 * max(np.ptp(x), np.ptp(y), 1e-9)
    ax.set_xlim(x.min() - pad, x.max() + pad)
    ax.set_ylim(y.min() - pad, y.max() + pad)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title(name)
    across = axes_of(name)[0]
    axis = int(np.flatnonzero(across)[0])
    sides = _SIDES["xy"[axis]][:: int(across[axis])]
    for place, side in zip((0.01, 0.99), sides, strict=True):
        ax.text(place, 0.02, side, transform=ax.transAxes, ha="center", color=FAINT, fontsize=HEADING)
