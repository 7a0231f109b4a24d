"""A brain of glass: nodes and their strongest connections within a cortex that is seen through, or an outline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import LABEL, literal, panels_in, settled, styled, title
from tvbo.plotting.colors import Scale, scale_for
from tvbo.plotting.edges import node_strength, strongest_edges
from tvbo.plotting.graph import (
    chosen_views,
    draw_edges,
    draw_nodes,
    edges_bar,
    name_strongest,
    node_sizes,
    sides_legend,
)
from tvbo.plotting.surface import VIEWS, Shape, axes_of, draw_view, frame_view, shape_of, whole_triangles

Array = npt.NDArray[Any]
GLASS_VIEWS = ("left", "posterior", "dorsal", "right")
_HALVES = ("left", "right")


@styled
def plot_brain(
    positions: Array,
    weights: Any,
    labels: Sequence[str],
    *,
    right: Array | None = None,
    mesh: tuple[Array, Array] | None = None,
    mesh_right: Array | None = None,
    values: Array | None = None,
    value_name: str | None = None,
    cmap: Any = None,
    count: int = 250,
    measure: str = "strength",
    views: str | Sequence[str] | None = None,
    heading: str | None = None,
    ax: Any = None,
) -> Any:
    """
    Draw nodes and their strongest connections within a cortex of glass.

    Parameters
    ----------
    positions : array, shape (n, 3) [mm], RAS
        Where the nodes are.
    weights : array or sparse matrix, shape (n, n), or None
        Connection strengths; without, only the nodes are drawn.
    labels : sequence of str, shape (n,)
        Names of the nodes.
    right : array, shape (n,), bool, optional
        Which nodes are in the right hemisphere: the views from the left and the right then show one hemisphere each.
    mesh : (vertices, elements), optional
        The cortex, RAS and wound outwards; without, an outline about the nodes is drawn.
    mesh_right : array, shape (v,), bool, optional
        Which of its vertices are in the right hemisphere.
    values : array, shape (n,), optional
        A value for each node, drawn as colour; NaN is white.
    value_name : str, optional
        What the values are, for the colour bar.
    cmap : str or matplotlib.colors.Colormap, optional
        Colours of the values, instead of those that `tvbo.plotting.colors.scale_for` chooses.
    count : int
        How many connections to show.
    measure : str
        What the strengths are, for the colour bar.
    views : str or sequence of str, optional
        One or some of `tvbo.plotting.surface.VIEWS`; left, posterior, dorsal and right unless given.
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
        If there is no such view, or the views do not fit into `ax`.
    """
    names = list(GLASS_VIEWS) if views is None else chosen_views(views, VIEWS)
    rows = -(-len(names) // 4)
    columns = -(-len(names) // rows)
    figure, axes = panels_in(ax, rows, columns, 4.0 * columns + 1.0, 4.2 * rows + 0.4)
    if ax is None:
        title(figure, heading)
    for empty in axes[len(names) :]:
        empty.axis("off")
    axes = axes[: len(names)]
    note, chosen, strength = "nodes only: there is no matrix of connections between them", None, np.zeros(len(labels))
    if weights is not None:
        chosen, strength = strongest_edges(weights, count), node_strength(weights)
        note = f"{chosen}; a node is as large as the sum of its connections"
    lost = int((~np.isfinite(positions).all(1)).sum())
    note += f"; {lost:,} nodes without a position are left out" if lost else ""
    solid = None if mesh is None else shape_of(*mesh)
    scale = None if values is None else scale_for(values, cmap)
    flat = []
    for ax_, name in zip(axes, names, strict=True):
        half = name if right is not None and name in _HALVES else None
        here = np.array(positions, dtype=np.float64)
        if half is not None and right is not None:
            here[np.asarray(right) != (half == "right")] = np.nan
        across, up, _ = axes_of(name)
        places = here @ np.stack([across, up], axis=1)
        if solid is not None:
            draw_glass(ax_, name, solid, mesh_right, half)
        else:
            _draw_outline(ax_, name, positions)
        if half is not None:
            ax_.set_title(f"{half} hemisphere")
        if chosen is not None:
            within = np.isfinite(places[chosen.rows]).all(1) & np.isfinite(places[chosen.columns]).all(1)
            draw_edges(ax_, places, chosen, within)
        if scale is None:
            draw_nodes(ax_, places, strength, right)
        else:
            _draw_valued(ax_, places, strength, np.asarray(values, dtype=np.float64), scale)
        flat.append((ax_, places))
    if chosen is not None:
        edges_bar(figure, axes, chosen, measure)
    if scale is not None:
        bar = figure.colorbar(scale.mappable, ax=axes, shrink=0.5, aspect=30, pad=0.03)
        bar.set_label(literal(value_name or "value"), parse_math=False)
    elif right is not None and set(names) - set(_HALVES):
        sides_legend(axes[max(i for i, name in enumerate(names) if name not in _HALVES)])
    figure.supxlabel(note, fontsize=LABEL, color="0.3", parse_math=False)
    settled(figure.canvas.figure, rounds=3)
    if weights is not None or len(labels) < 2000:
        name_strongest(flat, strength, labels, most=6 if len(labels) > 24 else len(labels))
    return figure


def draw_glass(ax: Any, name: str, solid: Shape, right: Array | None = None, half: str | None = None) -> None:
    """
    Draw a surface as if of glass: light, and darker to its rims.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    name : str
        One of `tvbo.plotting.surface.VIEWS`.
    solid : Shape
        The surface.
    right : array, shape (v,), bool, optional
        Which vertices are in the right hemisphere.
    half : {"left", "right"}, optional
        The only hemisphere to draw, if `right` is given.
    """
    toward = axes_of(name)[2]

    # What is seen from aslant is dark, as the rim of a glass is.
    slant = 1 - np.abs(solid.normals[solid.elements].mean(axis=1) @ toward)
    grey = np.repeat(0.965 - 0.24 * np.clip(slant, 0, 1)[:, None] ** 1.5, 3, axis=1)
    draw_view(ax, name, solid, whole_triangles(solid, grey), right, darkest=1.0, half=half)


def _draw_outline(ax: Any, name: str, positions: Array) -> None:
    """Draw the smooth convex outline of points: how far they reach in each direction, and a margin."""
    patches = require("matplotlib.patches", extra="plot", purpose="draw figures")
    across, up, _ = axes_of(name)
    seen = positions[np.isfinite(positions).all(1)] @ np.stack([across, up], axis=1)
    if not len(seen):
        seen = np.zeros((1, 2))
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    middle = (seen.min(axis=0) + seen.max(axis=0)) / 2
    size = float(np.ptp(seen, axis=0).max()) or 1.0
    reach = ((seen - middle) @ ray.T).max(axis=0)
    # No narrower than an ellipse: few nodes make no head.
    half = np.maximum(np.ptp(seen, axis=0) / 2, 0.3 * size)
    reach = np.maximum(reach, np.hypot(*(half * ray).T)) + 0.09 * size
    # The mean of an outline that is turned a little is convex where the outline is.
    window = np.hanning(47)
    window /= window.sum()
    reach = np.convolve(np.concatenate([reach[-23:], reach, reach[:23]]), window, mode="valid")
    slope = np.gradient(np.concatenate([reach[-1:], reach, reach[:1]]), angle[1])[1:-1]
    outline = middle + reach[:, None] * ray + slope[:, None] * np.stack([-ray[:, 1], ray[:, 0]], axis=1)
    ax.add_patch(patches.Polygon(outline, facecolor="0.96", edgecolor="0.75", linewidth=1.0, zorder=0))
    frame_view(ax, name, *outline.T)


def _draw_valued(ax: Any, places: Array, strength: Array, values: Array, scale: Scale) -> None:
    size, line = node_sizes(strength)
    color = scale.colors(np.where(np.isfinite(values), values, scale.norm.vmin))
    color[~np.isfinite(values)] = (1, 1, 1, 1)
    ax.scatter(*places.T, s=np.maximum(size, 12), c=color, zorder=3, edgecolors="k", linewidths=line)
