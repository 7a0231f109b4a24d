"""Names beside points that do not meet one another, nor leave the page."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.plotting.canvas import SMALL

Array = npt.NDArray[Any]

# Where a name may stand around its point: to the sides, then above and below, then at the corners.
_WAYS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def name_points(
    ax: Any,
    places: Array,
    names: Sequence[str],
    rank: Array,
    *,
    most: int,
    fontsize: float = SMALL,
    gap: Array | float = 4.0,
    avoid: bool = False,
) -> int:
    """
    Write as many names beside their points as there is room for.

    Call it when the axes have their limits and their place on the page.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where.
    places : array, shape (n, 2)
        The points; those that are not finite get no name.
    names : sequence of str, shape (n,)
        Their names.
    rank : array, shape (n,)
        Those of the lowest rank come first.
    most : int
        How many names to write at most.
    fontsize : float
        Size in points.
    gap : float or array, shape (n,)
        How far from the point, in points.
    avoid : bool
        Whether a name must not cover another point either.

    Returns
    -------
    int
        How many are named.
    """
    # Not the outline of the letters, which would no longer be text in a vector file.
    ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "boxstyle": "round,pad=0.08,rounding_size=0.2"}
    # Axes of equal scales take their place only when they are drawn.
    ax.apply_aspect()
    seen = np.flatnonzero(np.isfinite(places).all(axis=1))
    dots = ax.transData.transform(places[seen]) if len(seen) else places[seen]
    gaps = np.broadcast_to(np.asarray(gap, dtype=np.float64), len(places))[seen]
    page = ax.figure.canvas.figure.bbox
    scale = ax.figure.canvas.figure.dpi / 72
    taken: list[Array] = []
    order = np.argsort(rank[seen], kind="stable")
    for i in order[: 40 * most]:
        if len(taken) == most:
            break
        text = ax.annotate(
            names[seen[i]],
            places[seen[i]],
            (0, 0),
            textcoords="offset points",
            fontsize=fontsize,
            # Above connections, and below the dots that it does not cover.
            zorder=2.5 if avoid else 6,
            parse_math=False,
            bbox=ground,
        )
        text.set_in_layout(False)
        size = np.array(text.get_window_extent().bounds[2:]) + 2 * scale
        spot = _free_spot(dots, i, size, gaps * scale, taken, page, avoid)
        if spot is None:
            text.remove()
            continue
        way, box = spot
        text.set_position((way[0] * gaps[i], way[1] * gaps[i]))
        text.set_horizontalalignment(("right", "center", "left")[way[0] + 1])
        text.set_verticalalignment(("top", "center", "bottom")[way[1] + 1])
        taken.append(box)
    return len(taken)


def _free_spot(
    dots: Array, i: int, size: Array, gaps: Array, taken: list[Array], page: Any, avoid: bool
) -> tuple[tuple[int, int], Array] | None:
    for way in _WAYS:
        near = dots[i] + gaps[i] * np.array(way)
        low = near + size * (np.array(way) - 1) / 2
        box = np.concatenate([low, low + size])
        if box[0] < page.x0 or box[1] < page.y0 or box[2] > page.x1 or box[3] > page.y1:
            continue
        others = np.array(taken).reshape(-1, 4)
        if ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1).any():
            continue
        if avoid:
            # The gap to a point is a little more than its dot reaches.
            reach = 0.8 * gaps[:, None]
            inside = ((dots > box[:2] - reach) & (dots < box[2:] + reach)).all(axis=1)
            if np.delete(inside, i).any():
                continue
        return way, box
    return None
