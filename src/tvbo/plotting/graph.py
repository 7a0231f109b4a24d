"""Networks in space: the strongest connections, seen from three sides."""

from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import FAINT, HEADING, LABEL, SMALL, panels_in, settled, shorten, styled, title
from tvbo.plotting.colors import LEFT, RIGHT, UNKNOWN, strengths_map
from tvbo.plotting.edges import EdgeSelection, node_strength, strongest_edges
from tvbo.plotting.labels import name_points

Array = npt.NDArray[Any]

# Name, axis to the right, axis up, and what the four sides are called; RAS axes.
PLANES = {
    "sagittal": (1, 2, "P", "A"),
    "coronal": (0, 2, "L", "R"),
    "axial": (0, 1, "L", "R"),
}
Names = Callable[[], None]
"""Writes the names of nodes, once everything has its place on the page."""


@styled
def plot_graph(
    positions: Array | None,
    weights: Any,
    labels: Sequence[str],
    *,
    right: Array | None = None,
    count: int = 250,
    mesh: tuple[Array, Array] | None = None,
    measure: str = "strength",
    views: str | Sequence[str] | None = None,
    heading: str | None = None,
    ax: Any = None,
) -> Any:
    """
    Draw nodes and their strongest connections from three sides.

    Parameters
    ----------
    positions : array, shape (n, 3) [mm], RAS, or None
        Where the nodes are; without, they are put on a circle.
    weights : array or sparse matrix, shape (n, n), or None
        Connection strengths; without, only the nodes are drawn.
    labels : sequence of str, shape (n,)
        Names of the nodes.
    right : array, shape (n,), bool, optional
        Which nodes are in the right hemisphere.
    count : int
        How many connections to show.
    mesh : (vertices, elements), optional
        A surface whose silhouette is drawn behind, RAS.
    measure : str
        What the strengths are, for the colour bar.
    views : str or sequence of str, optional
        One or some of `PLANES`; all three unless given, and none of them for a circle.
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
    planes = chosen_views(views, PLANES)
    n = len(planes) if positions is not None else 1
    figure, axes = panels_in(ax, 1, n, *((7.0, 7.0) if positions is None else (4.7 * n, 5.4)))
    if ax is None:
        title(figure, heading)
    options: dict[str, Any] = {"right": right, "count": count, "mesh": mesh, "measure": measure, "planes": planes}
    names = draw_graph(figure, axes, positions, weights, labels, **options)
    settled(figure.canvas.figure, rounds=3)
    names()
    return figure


def chosen_views(views: str | Sequence[str] | None, known: Sequence[str] | dict[str, Any]) -> list[str]:
    """
    Give the views that are asked for, checked.

    Parameters
    ----------
    views : str, sequence of str or None
        One, some, or None for all.
    known : sequence of str
        Those that there are.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    ValueError
        If there is no such view, or none is asked for.
    """
    names = list(known) if views is None else [views] if isinstance(views, str) else list(views)
    if not names:
        raise ValueError(f"no view is asked for: expected some of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise ValueError(f"there is no view {name!r}: expected some of {', '.join(known)}")
    return names


def draw_graph(
    figure: Any,
    axes: Sequence[Any],
    positions: Array | None,
    weights: Any,
    labels: Sequence[str],
    *,
    right: Array | None = None,
    count: int = 250,
    mesh: tuple[Array, Array] | None = None,
    measure: str = "strength",
    planes: Sequence[str] = tuple(PLANES),
) -> Names:
    """
    Draw nodes and their strongest connections into axes: one for each plane in space, or one for a circle.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    axes : sequence of matplotlib.axes.Axes
        Where.
    positions, weights, labels, right, count, mesh, measure : object
        As `plot_graph` takes them.
    planes : sequence of str
        Names of planes, one for each of the axes.

    Returns
    -------
    callable
        Writes the names of the strongest nodes: call it when the page is laid out.
    """
    n = len(labels)
    note = "nodes only: there is no matrix of connections between them"
    chosen, strength = None, np.zeros(n)
    if weights is not None:
        chosen, strength = strongest_edges(weights, count), node_strength(weights)
        note = str(chosen)
    if positions is None:
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        places = np.c_[np.sin(angle), np.cos(angle), np.zeros(n)]
        views = [(" ", 0, 1, "", "")]
    else:
        places = positions
        views = [(name, *PLANES[name]) for name in planes]
        lost = int((~np.isfinite(positions).all(1)).sum())
        note += f"; {lost:,} nodes without a position are left out" if lost else ""
    for ax, (name, across, up, first, last) in zip(axes, views, strict=True):
        if mesh is not None:
            _silhouette(ax, mesh, across, up)
        if chosen is not None:
            draw_edges(ax, places[:, [across, up]], chosen)
        draw_nodes(ax, places[:, [across, up]], strength, right)
        _frame(ax, name, first, last)
    if right is not None and positions is not None:
        sides_legend(axes[-1])
    if chosen is not None:
        edges_bar(figure, axes, chosen, measure)
    # Room is kept for these two, which it is not for text inside of the axes.
    style = {"fontsize": LABEL, "color": "0.3", "parse_math": False}
    if len(axes) > 1:
        figure.supxlabel(note, **style)
    else:
        axes[0].set_xlabel(fill(note, 60), **style)
    # One vertex of many is of interest only for its connections.
    if weights is None and n >= 2000:
        return lambda: None
    flat = [(ax, places[:, [across, up]]) for ax, (_, across, up, *_) in zip(axes, views, strict=True)]
    if positions is None and n <= 80:
        _name_around(axes[0], places, labels)
        return lambda: None
    return lambda: name_strongest(flat, strength, labels, most=8 if n > 24 else n)


def draw_nodes(ax: Any, places: Array, strength: Array, right: Array | None) -> None:
    """
    Draw nodes as dots: by their hemisphere, as large as they are strong.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    places : array, shape (n, 2)
        The nodes on the page.
    strength : array, shape (n,), float64
        How strong each is.
    right : array, shape (n,), bool, or None
        Which are in the right hemisphere.
    """
    n = len(places)
    color = np.full(n, UNKNOWN, dtype=object) if right is None else np.where(right, RIGHT, LEFT)
    size, line = node_sizes(strength)
    # The vertices of a surface would cover its connections, which are short.
    level = 3 if n < 2000 else 1
    ax.scatter(*places.T, s=size, c=list(color), zorder=level, edgecolors="k", linewidths=line, rasterized=n >= 2000)


def node_sizes(strength: Array) -> tuple[Array, float]:
    """
    Say how large nodes are drawn.

    Parameters
    ----------
    strength : array, shape (n,), float64
        How strong each is.

    Returns
    -------
    sizes : array, shape (n,), float64 [square points]
        The area of each.
    line : float [points]
        The width of their edges.
    """
    n = len(strength)
    # Among many nodes the connections must still be seen.
    least, most, line = (10, 170, 0.4) if n < 200 else (2, 30, 0.1) if n < 2000 else (0.3, 5, 0.0)
    greatest = strength.max(initial=0)
    share = strength / greatest if greatest > 0 else np.full(n, 0.2)
    return least + (most - least) * share, line


def _frame(ax: Any, name: str, first: str, last: str) -> None:
    ax.set_aspect("equal")
    ax.autoscale_view()
    # Nodes in a line need room across it, and dots reach beyond their middle.
    ranges = np.array([ax.get_xlim(), ax.get_ylim()])
    middle, half = ranges.mean(axis=1), np.ptp(ranges, axis=1) / 2
    half = 1.06 * np.maximum(half, 0.5 * half.max())
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    ax.set_frame_on(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(name)
    for place, side in ((-0.02, first), (1.02, last)):
        ax.text(place, 0.5, side, transform=ax.transAxes, ha="center", va="center", color=FAINT, fontsize=HEADING)


def sides_legend(ax: Any) -> None:
    """
    Say what the colours of hemispheres are.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Beside it.
    """
    lines = require("matplotlib.lines", extra="plot", purpose="draw figures")
    style = {"marker": "o", "ls": "", "markeredgecolor": "k", "markeredgewidth": 0.4}
    handles = [lines.Line2D([], [], color=c, label=t, **style) for c, t in ((LEFT, "left"), (RIGHT, "right"))]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(1.0, 0.0), frameon=False, fontsize=SMALL)


def draw_edges(ax: Any, places: Array, chosen: EdgeSelection, shown: Array | None = None) -> None:
    """
    Draw connections as lines, the stronger ones darker, broader and on top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    places : array, shape (n, 2)
        The nodes on the page.
    chosen : EdgeSelection
        The connections.
    shown : array, shape (k,), bool, optional
        Which of them to draw.
    """
    if not len(chosen.rows):
        return
    collections = require("matplotlib.collections", extra="plot", purpose="draw figures")
    share = np.sqrt(chosen.weights / chosen.weights.max())
    ends = np.stack([places[chosen.rows], places[chosen.columns]], axis=1)
    pick = slice(None) if shown is None else shown
    style = {"array": chosen.weights[pick], "linewidths": 0.3 + 1.3 * share[pick], "alpha": 0.65}
    ax.add_collection(collections.LineCollection(ends[pick], cmap=strengths_map(), norm=_edge_norm(chosen), **style))


def edges_bar(figure: Any, axes: Sequence[Any], chosen: EdgeSelection, measure: str) -> None:
    """
    Say what the colours of connections are, if they differ.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    axes : sequence of matplotlib.axes.Axes
        Beside these.
    chosen : EdgeSelection
        The connections.
    measure : str
        What their strengths are.
    """
    if len(chosen.weights) and chosen.weights[0] < chosen.weights[-1]:
        cm = require("matplotlib.cm", extra="plot", purpose="draw figures")
        norm = _edge_norm(chosen)
        bar = figure.colorbar(cm.ScalarMappable(norm, strengths_map()), ax=list(axes), shrink=0.5, aspect=30, pad=0.03)
        bar.set_label(measure, parse_math=False)


def _edge_norm(chosen: EdgeSelection) -> Any:
    colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
    weakest, strongest = float(chosen.weights[0]), float(chosen.weights[-1])
    # By the root: strengths of connections span orders of magnitude.
    return colors.PowerNorm(0.5, weakest if weakest < strongest else 0.0, strongest)


def _silhouette(ax: Any, mesh: tuple[Array, Array], across: int, up: int) -> None:
    collections = require("matplotlib.collections", extra="plot", purpose="draw figures")
    vertices, elements = mesh
    flat = vertices[:, [across, up]]
    a, b, c = (flat[elements[:, corner]] for corner in range(3))
    # The half that faces one way covers the whole outline.
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    facing = elements[turn > 0]
    # Hundreds of thousands of triangles look like tens of thousands, and take ten times as long.
    step = max(1, len(facing) // 40_000)
    corners = flat[facing[::step]]
    grey = {"facecolors": "0.91", "edgecolors": "0.91", "linewidths": 0.5 * step, "rasterized": True, "zorder": 0}
    ax.add_collection(collections.PolyCollection(corners, **grey))


def _name_around(ax: Any, places: Array, labels: Sequence[str]) -> None:
    """Name the nodes of a circle, each outwards."""
    for (x, y, _), name in zip(places, shorten(labels, 16), strict=True):
        angle = np.degrees(np.arctan2(y, x))
        flip = abs(angle) > 90
        style = {"rotation": angle - 180 if flip else angle, "rotation_mode": "anchor", "va": "center"}
        ax.text(1.07 * x, 1.07 * y, name, ha="right" if flip else "left", fontsize=7, parse_math=False, **style)
    ax.set_xlim(-1.5, 1.5)
    ax.set_ylim(-1.5, 1.5)


def name_strongest(flat: Sequence[tuple[Any, Array]], strength: Array, labels: Sequence[str], *, most: int = 8) -> None:
    """
    Name the strongest nodes in each of some axes, where there is room.

    Parameters
    ----------
    flat : sequence of (matplotlib.axes.Axes, array of shape (n, 2))
        The axes, and the nodes in them; NaN where a node is not shown.
    strength : array, shape (n,), float64
        How strong each is.
    labels : sequence of str, shape (n,)
        Their names.
    most : int
        How many to name in each.
    """
    names = shorten(labels, 16)
    # Where none is stronger than another, nodes from all over are named: multiples of the golden ratio spread evenly.
    rank = -strength if strength.any() else np.arange(len(strength)) * 0.618034 % 1
    for ax, places in flat:
        gap = np.sqrt(node_sizes(strength)[0]) / 2 + 2
        name_points(ax, places, names, rank, most=most, gap=gap, avoid=len(labels) < 200)
