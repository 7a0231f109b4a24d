"""Matrices as heatmaps: rows are targets, columns are sources."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tvbo._optional import require
from tvbo.plotting.canvas import literal, new_figure, title
from tvbo.plotting.colors import DIVERGING, NEUTRAL, SEQUENTIAL


class MatrixPanel(NamedTuple):
    """
    One matrix to draw.

    Attributes
    ----------
    values : array, shape (n, m)
        Row = target, column = source.
    name : str
        What it is.
    unit : str or None
        Unit of the values.
    columns : sequence of str or None
        Names of the columns, if they are not the rows.
    """

    values: npt.NDArray[Any]
    name: str
    unit: str | None = None
    columns: Sequence[str] | None = None


def plot_matrices(
    panels: Sequence[MatrixPanel], labels: Sequence[str], *, log: bool = False, heading: str | None = None
) -> Any:
    """
    Draw matrices side by side.

    Parameters
    ----------
    panels : sequence of MatrixPanel
        The matrices.
    labels : sequence of str, shape (n,)
        Names of the rows.
    log : bool
        Colour by the logarithm; zeros and negative values are left out.
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(6.4 * len(panels), 6.0)
    title(figure, heading)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        draw_matrix(figure, axes, panel, labels, log=log)
    return figure


def draw_matrix(figure: Any, axes: Any, panel: MatrixPanel, labels: Sequence[str], *, log: bool = False) -> None:
    """
    Draw one matrix into axes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure, for the colour bar.
    axes : matplotlib.axes.Axes
        Where.
    panel : MatrixPanel
        The matrix.
    labels : sequence of str, shape (n,)
        Names of the rows.
    log : bool
        Colour by the logarithm.
    """
    colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
    values = np.asarray(panel.values, dtype=np.float64)
    shown = np.ma.masked_invalid(values)
    signed = bool((shown < 0).any() and (shown > 0).any())
    # A connection that is not there is told apart from a weak one.
    shown = np.ma.masked_less_equal(shown, 0) if log else np.ma.masked_equal(shown, 0)
    norm = None
    if log and shown.count():
        norm = colors.LogNorm(shown.min(), max(shown.max(), shown.min() * 1.01))
    elif signed:
        limit = float(np.abs(shown).max())
        norm = colors.Normalize(-limit, limit)
    cmap = require("matplotlib", extra="plot", purpose="draw figures").colormaps[DIVERGING if signed else SEQUENTIAL]
    cmap = cmap.with_extremes(bad=NEUTRAL)
    image = axes.imshow(
        shown, cmap=cmap, norm=norm, interpolation="nearest", aspect="equal" if _squarish(values) else "auto"
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label(f"{panel.name} [{panel.unit}]" if panel.unit else panel.name)
    axes.set_title(literal(panel.name))
    axes.set_xlabel("from (source)")
    axes.set_ylabel("to (target)")
    _ticks(axes.yaxis, labels, 0)
    _ticks(axes.xaxis, labels if panel.columns is None else panel.columns, 90)


def _squarish(values: npt.NDArray[Any]) -> bool:
    rows, columns = values.shape
    return bool(rows and columns and 1 / 3 <= rows / columns <= 3)


def _ticks(axis: Any, labels: Sequence[str], rotation: int, most: int = 40) -> None:
    """Name as many rows as can be read."""
    step = max(1, -(-len(labels) // most))
    places = range(0, len(labels), step)
    size = 9 if len(labels) <= 20 else 6
    axis.set_ticks(
        list(places), [literal(labels[i], 16) for i in places], rotation=rotation, fontsize=size, parse_math=False
    )
