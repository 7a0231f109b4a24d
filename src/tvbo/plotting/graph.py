"""Networks in space: the strongest connections, seen from three sides."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import new_figure, settled, shorten, title
from tvbo.plotting.colors import LEFT, RIGHT, UNKNOWN
from tvbo.plotting.edges import EdgeSelection, node_strength, strongest_edges

Array = npt.NDArray[Any]

# Name, axis to the right, axis up, and what the four sides are called; RAS axes.
_VIEWS = (
    ("sagittal", 1, 2, "P", "A"),
    ("coronal", 0, 2, "L", "R"),
    ("axial", 0, 1, "L", "R"),
)


def plot_graph(
    positions: Array | None,
    weights: Any,
    labels: Sequence[str],
    *,
    right: Array | None = None,
    count: int = 250,
    mesh: tuple[Array, Array] | None = None,
    heading: str | None = None,
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
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(14, 5.4) if positions is not None else new_figure(7, 7)
    title(figure, heading)
    axes = figure.subplots(1, 3 if positions is not None else 1, squeeze=False)[0]
    draw_graph(figure, axes, positions, weights, labels, right=right, count=count, mesh=mesh)
    return settled(figure)


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
) -> None:
    """
    Draw nodes and their strongest connections into axes: three for positions in space, one for a circle.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    axes : sequence of matplotlib.axes.Axes
        Where.
    positions, weights, labels, right, count, mesh : object
        As `plot_graph` takes them.
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
        views: tuple[tuple[str, int, int, str, str], ...] = ((" ", 0, 1, "", ""),)
    else:
        places, views = positions, _VIEWS
        lost = int((~np.isfinite(positions).all(1)).sum())
        note += f"; {lost:,} nodes without a position are left out" if lost else ""
    names = shorten(labels, 16)
    for ax, (name, across, up, first, last) in zip(axes, views, strict=True):
        if mesh is not None:
            _silhouette(ax, mesh, across, up)
        if chosen is not None:
            _edges(ax, places[:, [across, up]], chosen)
        _nodes(ax, places[:, [across, up]], strength, right)
        _frame(ax, name, first, last)
        # One vertex of many is of interest only for its connections.
        if weights is not None or n < 2000:
            _name_strongest(ax, places[:, [across, up]], strength, names)
    if right is not None and len(axes) > 1:
        _legend(axes[-1])
    # Room is kept for these two, which it is not for text inside of the axes.
    style = {"fontsize": 9, "color": "0.3", "parse_math": False}
    if len(axes) > 1:
        figure.supxlabel(note, **style)
    else:
        axes[0].set_xlabel(fill(note, 70), **style)


def _nodes(ax: Any, places: Array, strength: Array, right: Array | None) -> None:
    n = len(places)
    color = np.full(n, UNKNOWN, dtype=object) if right is None else np.where(right, RIGHT, LEFT)
    # Among many nodes the connections must still be seen.
    least, most, line = (10, 170, 0.4) if n < 200 else (2, 30, 0.1) if n < 2000 else (0.3, 5, 0.0)
    greatest = strength.max(initial=0)
    share = strength / greatest if greatest > 0 else np.full(n, 0.2)
    size = least + (most - least) * share
    # The vertices of a surface would cover its connections, which are short.
    level = 3 if n < 2000 else 1
    ax.scatter(*places.T, s=size, c=list(color), zorder=level, edgecolors="k", linewidths=line)


def _frame(ax: Any, name: str, first: str, last: str) -> None:
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.06)
    ax.set_frame_on(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(name)
    for place, side in ((-0.02, first), (1.02, last)):
        ax.text(place, 0.5, side, transform=ax.transAxes, ha="center", va="center", color="0.4", fontsize=12)


def _legend(ax: Any) -> None:
    lines = require("matplotlib.lines", extra="plot", purpose="draw figures")
    style = {"marker": "o", "ls": "", "markeredgecolor": "k", "markeredgewidth": 0.4}
    handles = [lines.Line2D([], [], color=c, label=t, **style) for c, t in ((LEFT, "left"), (RIGHT, "right"))]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(1.0, 0.0), frameon=False, fontsize=8)


def _edges(ax: Any, places: Array, chosen: EdgeSelection) -> None:
    if not len(chosen.rows):
        return
    collections = require("matplotlib.collections", extra="plot", purpose="draw figures")
    # By the root: strengths of connections span orders of magnitude.
    share = np.sqrt(chosen.weights / chosen.weights.max())
    segments = np.stack([places[chosen.rows], places[chosen.columns]], axis=1)
    lines = collections.LineCollection(segments, array=share, cmap="YlOrRd", linewidths=0.3 + 1.3 * share, alpha=0.65)
    lines.set_clim(-0.35, 1)
    ax.add_collection(lines)


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


def _name_strongest(ax: Any, places: Array, strength: Array, names: Sequence[str], most: int = 8) -> None:
    """Name the strongest nodes that are far enough apart for their names not to meet."""
    seen = places[np.isfinite(places).all(1)]
    if not len(seen):
        return
    width, height = np.maximum(np.ptp(seen, axis=0), 1e-9)
    named: list[Any] = []
    effects = require("matplotlib.patheffects", extra="plot", purpose="draw figures")
    halo = effects.withStroke(linewidth=2.5, foreground="white")
    # Where none is stronger than another, nodes from all over are named: multiples of the golden ratio spread evenly.
    rank = -strength if strength.any() else np.arange(len(strength)) * 0.618034 % 1
    for i in np.argsort(rank, kind="stable"):
        here = places[i]
        near = any(abs(here[0] - x) < 0.22 * width and abs(here[1] - y) < 0.06 * height for x, y in named)
        if not near and np.isfinite(here).all():
            name = ax.annotate(
                names[i], here, (4, 4), textcoords="offset points", fontsize=8, zorder=5, parse_math=False
            )
            name.set_path_effects([halo])
            named.append(here)
        if len(named) == most:
            return
