"""Networks in space: the strongest connections, seen from three sides."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import literal, new_figure, title
from tvbo.plotting.colors import LEFT, RIGHT, UNKNOWN

Array = npt.NDArray[Any]

# Name, axis to the right, axis up, and what the four sides are called; RAS axes.
_VIEWS = (
    ("sagittal", 1, 2, "P", "A"),
    ("coronal", 0, 2, "L", "R"),
    ("axial", 0, 1, "L", "R"),
)


class EdgeSelection(NamedTuple):
    """
    The strongest connections, and how they were chosen.

    Attributes
    ----------
    rows, columns : array, shape (k,), int64
        The two ends of each.
    weights : array, shape (k,), float64
        Strength of each, the larger of both directions.
    total : int
        How many connections there are.
    tied : int
        How many more are as strong as the weakest that is shown, or just missed.
    level : float
        The strength at which the choice ended.
    """

    rows: Array
    columns: Array
    weights: Array
    total: int
    tied: int
    level: float

    def __str__(self) -> str:
        text = f"{len(self.rows):,} strongest of {self.total:,} connections"
        return f"{text}; {self.tied:,} more are tied at {self.level:.3g}" if self.tied else text


def strongest_edges(weights: npt.ArrayLike, count: int) -> EdgeSelection:
    """
    Choose the strongest connections by number.

    Parameters
    ----------
    weights : array_like, shape (n, n)
        Connection strengths; both directions count as one connection, the stronger one.
    count : int
        How many are wanted. A class of equal strength is taken whole if that gives at most half as many
        again, and otherwise left out; `EdgeSelection.tied` says so.

    Returns
    -------
    EdgeSelection
        The choice.
    """
    values = np.abs(np.asarray(weights, dtype=np.float64))
    values = np.where(np.isfinite(values), values, 0.0)
    values = np.maximum(values, values.T)
    rows, columns = np.nonzero(np.triu(values, 1))
    strength = values[rows, columns]
    order = np.argsort(strength, kind="stable")
    rows, columns, strength = rows[order], columns[order], strength[order]
    if len(strength) <= count:
        return EdgeSelection(rows, columns, strength, len(strength), 0, 0.0)
    level = float(strength[-count]) if count else np.inf
    with_ties = int((strength >= level).sum())
    if with_ties <= 1.5 * count:
        keep, tied = strength >= level, 0
    else:
        keep = strength > level
        tied = with_ties - int(keep.sum())
        if not keep.any():
            # All of the strongest are equal: showing none would be worse than showing some of them, and saying so.
            keep = np.arange(len(strength)) >= len(strength) - count
            tied = with_ties - count
    return EdgeSelection(rows[keep], columns[keep], strength[keep], len(strength), tied, level)


def plot_graph(
    positions: Array | None,
    weights: Array,
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
    weights : array, shape (n, n)
        Connection strengths.
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
    return figure


def draw_graph(
    figure: Any,
    axes: Sequence[Any],
    positions: Array | None,
    weights: Array,
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
    chosen = strongest_edges(weights, count)
    finite = np.where(np.isfinite(weights), np.abs(weights), 0.0)
    strength = finite.sum(1) + finite.sum(0)
    color = np.full(n, UNKNOWN, dtype=object) if right is None else np.where(right, RIGHT, LEFT)
    note = str(chosen)
    if positions is None:
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        places = np.c_[np.sin(angle), np.cos(angle), np.zeros(n)]
        views: tuple[tuple[str, int, int, str, str], ...] = ((" ", 0, 1, "", ""),)
    else:
        places, views = positions, _VIEWS
        lost = int((~np.isfinite(positions).all(1)).sum())
        note += f"; {lost} nodes without a position are left out" if lost else ""
    for ax, (name, across, up, first, last) in zip(axes, views, strict=True):
        if mesh is not None:
            _silhouette(ax, mesh, across, up)
        _edges(ax, places[:, [across, up]], chosen)
        # Among many nodes the connections must still be seen.
        least, most, line = (10, 170, 0.4) if n < 200 else (2, 30, 0.1)
        size = least + most * strength / max(strength.max(initial=0), 1e-300)
        ax.scatter(places[:, across], places[:, up], s=size, c=list(color), zorder=3, edgecolors="k", linewidths=line)
        ax.set_aspect("equal")
        ax.autoscale_view()
        ax.margins(0.06)
        ax.axis("off")
        ax.set_title(name)
        for place, side in ((0.0, first), (1.0, last)):
            ax.text(place, 0.5, side, transform=ax.transAxes, ha="center", va="center", color="0.4", fontsize=12)
        if n:
            _name_strongest(ax, places[:, [across, up]], strength, labels)
    if right is not None and len(axes) > 1:
        patches = require("matplotlib.lines", extra="plot", purpose="draw figures")
        style = {"marker": "o", "ls": "", "markeredgecolor": "k", "markeredgewidth": 0.4}
        handles = [patches.Line2D([], [], color=c, label=t, **style) for c, t in ((LEFT, "left"), (RIGHT, "right"))]
        axes[-1].legend(handles=handles, loc="lower right", frameon=False, fontsize=8)
    axes[len(axes) // 2].text(
        0.5, -0.04, note, transform=axes[len(axes) // 2].transAxes, ha="center", va="top", fontsize=9, color="0.3"
    )


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


def _name_strongest(ax: Any, places: Array, strength: Array, labels: Sequence[str], most: int = 8) -> None:
    """Name the strongest nodes that are far enough apart for their names not to meet."""
    seen = places[np.isfinite(places).all(1)]
    if not len(seen):
        return
    width, height = np.maximum(np.ptp(seen, axis=0), 1e-9)
    named: list[Any] = []
    effects = require("matplotlib.patheffects", extra="plot", purpose="draw figures")
    halo = effects.withStroke(linewidth=2.5, foreground="white")
    for i in np.argsort(-strength, kind="stable"):
        here = places[i]
        near = any(abs(here[0] - x) < 0.22 * width and abs(here[1] - y) < 0.06 * height for x, y in named)
        if not near and np.isfinite(here).all():
            text = literal(labels[i], 14)
            name = ax.annotate(text, here, (4, 4), textcoords="offset points", fontsize=8, zorder=5, parse_math=False)
            name.set_path_effects([halo])
            named.append(here)
        if len(named) == most:
            return
