"""Matrices as heatmaps: rows are targets, columns are sources."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tvbo._optional import require
from tvbo.plotting.binning import binned
from tvbo.plotting.canvas import literal, panels_in, settled, shorten, styled, title
from tvbo.plotting.colors import NEUTRAL, scale_for


class MatrixPanel(NamedTuple):
    """
    One matrix to draw.

    Attributes
    ----------
    values : array or sparse matrix, shape (n, m)
        Row = target, column = source. Of complex values the magnitude is drawn.
    name : str
        What it is.
    unit : str or None
        Unit of the values.
    columns : sequence of str or None
        Names of the columns, if they are not the rows.
    """

    values: Any
    name: str
    unit: str | None = None
    columns: Sequence[str] | None = None


@styled
def plot_matrices(
    panels: Sequence[MatrixPanel],
    labels: Sequence[str],
    *,
    log: bool = False,
    cmap: Any = None,
    heading: str | None = None,
    ax: Any = None,
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
    cmap : str or matplotlib.colors.Colormap, optional
        Other colours than those that `tvbo.plotting.colors.scale_for` chooses.
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
        If the matrices do not fit into `ax`.
    """
    figure, places = panels_in(ax, 1, len(panels), 6.4 * len(panels), 6.0)
    if ax is None:
        title(figure, heading)
    for axes, panel in zip(places, panels, strict=True):
        draw_matrix(figure, axes, panel, labels, log=log, cmap=cmap)
    settled(figure.canvas.figure)
    return figure


def draw_matrix(
    figure: Any, axes: Any, panel: MatrixPanel, labels: Sequence[str], *, log: bool = False, cmap: Any = None
) -> None:
    """
    Draw one matrix into axes; of a huge one, sparse or dense, the means of blocks.

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
    cmap : str or matplotlib.colors.Colormap, optional
        Other colours.
    """
    cells = binned(panel.values)
    shown = np.ma.masked_invalid(cells.values)
    # A connection that is not there is told apart from a weak one.
    shown = np.ma.masked_less_equal(shown, 0) if log else np.ma.masked_equal(shown, 0)
    scale = scale_for(shown.compressed(), cmap)
    rows, columns = panel.values.shape
    # Ticks count rows and columns, not cells; of the last cells only the part that there is shows.
    edges = (-0.5, shown.shape[1] * cells.columns - 0.5, shown.shape[0] * cells.rows - 0.5, -0.5)
    image = axes.imshow(
        shown,
        cmap=scale.cmap.with_extremes(bad=NEUTRAL),
        norm=_logarithmic(shown) if log and shown.count() else scale.norm,
        interpolation="nearest",
        extent=edges,
        aspect="equal" if _squarish(rows, columns) else "auto",
    )
    axes.set_xlim(-0.5, max(columns, 1) - 0.5)
    axes.set_ylim(max(rows, 1) - 0.5, -0.5)
    coarse = cells.rows * cells.columns > 1
    name = literal(panel.name)
    in_cells = f", in cells of {cells.rows} x {cells.columns}" if coarse else ""
    axes.set_title(f"{name}{in_cells}", parse_math=False)
    measure = f"magnitude of {name}" if np.dtype(panel.values.dtype).kind == "c" else name
    measure = f"mean of {measure}" if coarse else measure
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label(f"{measure} [{literal(panel.unit)}]" if panel.unit else measure, parse_math=False)
    axes.set_xlabel("from (source)")
    axes.set_ylabel("to (target)")
    _ticks(axes.yaxis, labels, 0)
    _ticks(axes.xaxis, labels if panel.columns is None else panel.columns, 90)


def _logarithmic(shown: Any) -> Any:
    colors = require("matplotlib.colors", extra="plot", purpose="draw figures")
    return colors.LogNorm(shown.min(), max(shown.max(), shown.min() * 1.01))


def _squarish(rows: int, columns: int) -> bool:
    return bool(rows and columns and 1 / 3 <= rows / columns <= 3)


def _ticks(axis: Any, labels: Sequence[str], rotation: int, most: int = 40) -> None:
    """Name as many rows as can be read."""
    step = max(1, -(-len(labels) // most))
    places = range(0, len(labels), step)
    size = 9 if len(labels) <= 20 else 6
    short = shorten(labels, 18)
    axis.set_ticks(list(places), [short[i] for i in places], rotation=rotation, fontsize=size, parse_math=False)
