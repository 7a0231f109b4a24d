"""Sensors about a head: laid flat, and from several sides."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import FAINT, HEADING, LABEL, figure_for, literal, settled, shorten, styled, title
from tvbo.plotting.colors import UNKNOWN, Scale, scale_for
from tvbo.plotting.glass import draw_glass
from tvbo.plotting.graph import chosen_views
from tvbo.plotting.labels import name_points
from tvbo.plotting.surface import VIEWS, Shape, axes_of, frame_view, shape_of

Array = npt.NDArray[Any]
FLAT = "flat"
# Fewer sensors do not tell where a head is.
FEWEST_ON_HEAD = 16
_OTHERS = ("left", "posterior", "dorsal")


@styled
def plot_sensors(
    positions: Array,
    labels: Sequence[str],
    *,
    values: Array | None = None,
    value_name: str | None = None,
    cmap: Any = None,
    mesh: tuple[Array, Array] | None = None,
    sources: Array | None = None,
    views: str | Sequence[str] | None = None,
    note: str = "",
    heading: str | None = None,
    ax: Any = None,
) -> Any:
    """
    Draw sensors from several sides and, if they lie on a head, laid flat.

    Parameters
    ----------
    positions : array, shape (n, 3) [mm], RAS
        Where the sensors are.
    labels : sequence of str, shape (n,)
        Their names.
    values : array, shape (n,), optional
        A value for each, drawn as colour; a sensor without one is a cross.
    value_name : str, optional
        What the values are, for the colour bar.
    cmap : str or matplotlib.colors.Colormap, optional
        Colours of the values, instead of those that `tvbo.plotting.colors.scale_for` chooses.
    mesh : (vertices, elements), optional
        The cortex, RAS and wound outwards.
    sources : array, shape (m, 3) [mm], RAS, optional
        Where sources are, if there is no cortex.
    views : str or sequence of str, optional
        ``flat``, the layout of a head seen from above, and some of `tvbo.plotting.surface.VIEWS`; flat, left, posterior
        and dorsal unless given, without the first for sensors that lie on no head.
    note : str
        What else is to be said.
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
        If there is no such view, the views do not fit into `ax`, or sensors that lie on no head are to be laid flat.
    """
    centre = middle_of_head(positions)
    names = ([FLAT] if centre is not None else []) + list(_OTHERS)
    if views is not None:
        names = chosen_views(views, [FLAT, *VIEWS])
    if FLAT in names and centre is None:
        raise ValueError(f"these sensors lie on no head and cannot be laid flat: expected some of {', '.join(VIEWS)}")
    figure, axes = _panels(ax, names)
    if ax is None:
        title(figure, heading)
    scale = None if values is None else scale_for(values, cmap)
    solid = None if mesh is None else shape_of(*mesh)
    flat: list[tuple[Any, Array, bool]] = []
    notes = [note] if note else []
    missing = 0 if values is None else int((~np.isfinite(values)).sum())
    if missing:
        unknown = [literal(labels[i]) for i in np.flatnonzero(~np.isfinite(np.asarray(values))).tolist()]
        told = f": {', '.join(unknown)}" if missing <= 6 else ""
        notes.append(f"{missing:,} without a value {'is a cross' if missing == 1 else 'are crosses'}{told}")
    lost = int((~np.isfinite(positions).all(1)).sum())
    if lost:
        notes.append(f"{lost:,} without a position are left out")
    for name in names:
        panel = axes[name]
        if name == FLAT and centre is not None:
            places = _laid_flat(positions - centre)
            _draw_head(panel, places)
            near = np.ones(len(places), dtype=bool)
        else:
            across, up, toward = axes_of(name)
            plane = np.stack([across, up], axis=1)
            places, depth = positions @ plane, positions @ toward
            finite = depth[np.isfinite(depth)]
            near = depth >= ((finite.min() + finite.max()) / 2 if centre is not None and len(finite) else -np.inf)
            _draw_behind(panel, name, solid, sources, positions, plane)
        _draw_dots(panel, places, near, values, scale, large=name == FLAT)
        flat.append((panel, np.where(near[:, None], places, np.nan), name == FLAT))
    if scale is not None:
        bar = figure.colorbar(scale.mappable, ax=[axes[name] for name in names], shrink=0.6, aspect=30, pad=0.02)
        bar.set_label(literal(value_name or "value"), parse_math=False)
    if centre is not None and set(names) - {FLAT}:
        notes.append("those on the far side are pale")
    if notes:
        figure.supxlabel("; ".join(notes), fontsize=LABEL, color="0.3", parse_math=False)
    settled(figure.canvas.figure, rounds=3)
    short = shorten(labels, 10)
    for panel, places, large in flat:
        # From the middle to the rim, where there is room outside.
        rank = np.arange(len(places)) * 0.618034 % 1 if not large else np.arange(len(places))
        name_points(panel, places, short, rank, most=150 if large else 14, fontsize=7, gap=4.5, avoid=True)
    return figure


def middle_of_head(positions: Array) -> Array | None:
    """
    Find the middle of the sphere that is nearest to sensors.

    Parameters
    ----------
    positions : array, shape (n, 3) [mm]
        Where the sensors are; those that are not finite do not count.

    Returns
    -------
    array, shape (3,) [mm], or None
        None if they lie on no head: they are too few, or within.
    """
    outside = positions[np.isfinite(positions).all(axis=1)]
    if len(outside) < FEWEST_ON_HEAD:
        return None
    # The sphere nearest to points p: |p|^2 = 2 c p + r^2 - c^2 is linear in c and the rest.
    size = float(np.abs(outside).max()) or 1.0
    points = outside / size
    fitted = np.linalg.lstsq(np.c_[2 * points, np.ones(len(points))], (points**2).sum(axis=1), rcond=None)[0]
    middle: Array = size * fitted[:3]
    distance = np.linalg.norm(outside - middle, axis=1)
    # Those within a brain lie on no sphere.
    return None if distance.std() > 0.15 * distance.mean() else middle


def _panels(ax: Any, names: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Give each view its axes: the flat one is large, the others stand beside it."""
    others = [name for name in names if name != FLAT]
    if len(names) == 1:
        figure = figure_for(ax, 1, 6.4, 6.4 if names[0] == FLAT else 4.6)
        return figure, {names[0]: ax if ax is not None and not hasattr(ax, "subplots") else figure.subplots()}
    if len(others) == len(names):
        figure = figure_for(ax, len(names), 4.2 * len(names), 4.4)
        return figure, figure.subplot_mosaic([others])
    rows = min(3, len(others))
    columns = -(-len(others) // rows)
    figure = figure_for(ax, len(names), 3.2 * columns + 2.4 * rows, 2.4 * rows)
    padded = others + ["."] * (rows * columns - len(others))
    grid = [[FLAT, *padded[row * columns : (row + 1) * columns]] for row in range(rows)]
    return figure, figure.subplot_mosaic(grid, width_ratios=[0.75 * rows] + [1] * columns)


def _laid_flat(directions: Array) -> Array:
    """Lay directions flat: as far from the middle as they are down from the top."""
    length = np.linalg.norm(directions, axis=1)
    down = np.arccos(np.clip(directions[:, 2] / np.where(length > 0, length, 1), -1, 1)) / (np.pi / 2)
    around = np.hypot(directions[:, 0], directions[:, 1])
    flat: Array = directions[:, :2] * (down / np.where(around > 0, around, 1))[:, None]
    return flat


def _draw_head(ax: Any, places: Array) -> None:
    """Draw a head from above: the nose is up."""
    patches = require("matplotlib.patches", extra="plot", purpose="draw figures")
    style = {"fill": False, "edgecolor": "0.6", "linewidth": 1.2, "zorder": 0}
    ax.add_patch(patches.Circle((0, 0), 1.0, **style))
    ax.add_patch(patches.Polygon([(-0.09, 0.996), (0, 1.1), (0.09, 0.996)], closed=False, **style))
    for side in (-1, 1):
        ax.add_patch(
            patches.Arc(
                (side * 1.0, 0),
                0.12,
                0.34,
                theta1=-90 if side > 0 else 90,
                theta2=90 if side > 0 else 270,
                edgecolor="0.6",
                linewidth=1.2,
                zorder=0,
            )
        )
    reach = max(1.16, 1.06 * float(np.nanmax(np.abs(places), initial=0)))
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title("from above, laid flat")
    for place, letter in ((0.0, "L"), (1.0, "R")):
        ax.text(place, 0.5, letter, transform=ax.transAxes, ha="center", va="center", color=FAINT, fontsize=HEADING)


def _draw_behind(
    ax: Any, name: str, solid: Shape | None, sources: Array | None, positions: Array, plane: Array
) -> None:
    seen = positions[np.isfinite(positions).all(1)] @ plane
    shown = [seen]
    if solid is not None:
        draw_glass(ax, name, solid)
        shown.append(solid.points @ plane)
    elif sources is not None:
        dots = sources[np.isfinite(sources).all(1)] @ plane
        ax.scatter(*dots.T, s=3, c="0.8", zorder=1, linewidths=0, rasterized=len(dots) > 2000)
        shown.append(dots)
    every = np.concatenate(shown)
    if len(every):
        # Again: sensors reach beyond the cortex.
        for text in list(ax.texts):
            text.remove()
        frame_view(ax, name, *every.T)


def _draw_dots(ax: Any, places: Array, near: Array, values: Array | None, scale: Scale | None, *, large: bool) -> None:
    n = len(places)
    size = (46 if large else 20) if n <= 100 else (22 if large else 9) if n <= 300 else 5
    known = np.ones(n, dtype=bool) if values is None else np.isfinite(values)
    ax.scatter(*places[~known].T, s=size, c="0.35", marker="x", linewidths=1.0, zorder=3)
    for which, alpha, level in ((~near & known, 0.22, 2), (near & known, 1.0, 4)):
        color: Any = UNKNOWN if scale is None or values is None else scale.colors(values[which])
        ax.scatter(*places[which].T, s=size, c=color, alpha=alpha, edgecolors="k", linewidths=0.5, zorder=level)
