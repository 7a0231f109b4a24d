"""A network on one page: matrices, connections in space, and perhaps the cortex."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tvbo.plotting.canvas import new_figure, title
from tvbo.plotting.graph import draw_graph
from tvbo.plotting.matrix import MatrixPanel, draw_matrix
from tvbo.plotting.surface import draw_surface

Array = npt.NDArray[Any]
_BRAIN_VIEWS = ("left", "dorsal", "right")


def plot_overview(
    panels: Sequence[MatrixPanel],
    labels: Sequence[str],
    positions: Array | None,
    *,
    right: Array | None = None,
    mesh: tuple[Array, Array] | None = None,
    regions: Array | None = None,
    brain: bool = False,
    count: int = 250,
    heading: str | None = None,
) -> Any:
    """
    Draw heatmaps, the graph in space and, on request, the cortex coloured by region.

    Parameters
    ----------
    panels : sequence of MatrixPanel
        The matrices; the first one gives the connections.
    labels : sequence of str, shape (n,)
        Names of the nodes.
    positions : array, shape (n, 3) [mm], RAS, or None
        Where the nodes are.
    right : array, shape (n,), bool, optional
        Which nodes are in the right hemisphere.
    mesh : (vertices, elements), optional
        The cortex, RAS and wound outwards.
    regions : array, shape (v,), int, optional
        Region of each of its vertices.
    brain : bool
        Whether to draw it.
    count : int
        How many connections to show.
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    square = np.asarray(panels[0].values, dtype=np.float64)
    if positions is None:
        figure = new_figure(6.4 * (len(panels) + 1), 6.0)
        title(figure, heading)
        *places, circle = figure.subplots(1, len(panels) + 1, squeeze=False)[0]
        _heatmaps(figure, places, panels, labels)
        draw_graph(figure, [circle], None, square, labels, right=right, count=count)
        return figure
    shown_brain = brain and mesh is not None
    heights = [6.0, 4.6, *([4.2] if shown_brain else [])]
    figure = new_figure(13.5, sum(heights))
    title(figure, heading)
    bands = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    if len(panels) > 1:
        _heatmaps(bands[0], bands[0].subplots(1, len(panels)), panels, labels)
    else:
        # One matrix stands in the middle, as large as one of two would.
        before, place, after = bands[0].subplots(1, 3, width_ratios=[1, 2, 1])
        before.axis("off")
        after.axis("off")
        _heatmaps(bands[0], [place], panels, labels)
    axes = bands[1].subplots(1, 3)
    draw_graph(bands[1], axes, positions, square, labels, right=right, count=count, mesh=mesh)
    if shown_brain and mesh is not None:
        axes = bands[2].subplots(1, len(_BRAIN_VIEWS), squeeze=False)[0]
        draw_surface(bands[2], axes, mesh[0], mesh[1], _BRAIN_VIEWS, regions)
    return figure


def _heatmaps(figure: Any, axes: Sequence[Any], panels: Sequence[MatrixPanel], labels: Sequence[str]) -> None:
    for ax, panel in zip(axes, panels, strict=True):
        draw_matrix(figure, ax, panel, labels)
