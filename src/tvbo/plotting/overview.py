"""A network on one page: matrices, connections in space, and perhaps the cortex."""

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from tvbo.plotting.canvas import new_figure, settled, styled, title
from tvbo.plotting.graph import draw_graph
from tvbo.plotting.matrix import MatrixPanel, draw_matrix
from tvbo.plotting.surface import draw_surface

Array = npt.NDArray[Any]
_BRAIN_VIEWS = ("left", "dorsal", "right")


@styled
def plot_overview(
    panels: Sequence[MatrixPanel],
    labels: Sequence[str],
    positions: Array | None,
    *,
    weights: Any = None,
    right: Array | None = None,
    mesh: tuple[Array, Array] | None = None,
    regions: Array | None = None,
    brain: bool = False,
    count: int = 250,
    measure: str = "strength",
    heading: str | None = None,
) -> Any:
    """
    Draw heatmaps, the graph in space and, on request, the cortex coloured by region; whatever is given of them.

    Parameters
    ----------
    panels : sequence of MatrixPanel
        The matrices.
    labels : sequence of str, shape (n,)
        Names of the nodes.
    positions : array, shape (n, 3) [mm], RAS, or None
        Where the nodes are; without, they are put on a circle if there are weights.
    weights : array or sparse matrix, shape (n, n), optional
        Connection strengths; without, only the nodes are drawn.
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
    measure : str
        What the strengths are.
    heading : str, optional
        A title.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If nothing is given that could be drawn.
    """
    circle = positions is None and weights is not None
    heights = {}
    if panels or circle:
        heights["matrices"] = 6.0
    if positions is not None:
        heights["graph"] = 4.6
    if brain and mesh is not None:
        heights["brain"] = 4.2
    if not heights:
        raise ValueError("there is nothing to draw: neither matrices nor positions nor a surface")
    n_squares = len(panels) + circle
    width = 6.4 * n_squares if list(heights) == ["matrices"] else max(13.5, 4.5 * n_squares)
    figure = new_figure(width, sum(heights.values()))
    title(figure, heading)
    rows = figure.subfigures(len(heights), 1, height_ratios=list(heights.values()), squeeze=False)[:, 0]
    bands = dict(zip(heights, rows, strict=True))
    names = []
    options: dict[str, Any] = {"right": right, "count": count, "measure": measure}
    if "matrices" in bands:
        axes = _squares(bands["matrices"], n_squares, alone=len(bands) == 1)
        for ax, panel in zip(axes, panels, strict=False):
            draw_matrix(bands["matrices"], ax, panel, labels)
        if circle:
            names.append(draw_graph(bands["matrices"], axes[-1:], None, weights, labels, **options))
    if "graph" in bands:
        axes = bands["graph"].subplots(1, 3)
        names.append(draw_graph(bands["graph"], axes, positions, weights, labels, mesh=mesh, **options))
    if "brain" in bands and mesh is not None:
        axes = bands["brain"].subplots(1, len(_BRAIN_VIEWS), squeeze=False)[0]
        draw_surface(bands["brain"], axes, mesh[0], mesh[1], _BRAIN_VIEWS, regions)
    settled(figure, rounds=3)
    for write in names:
        write()
    return figure


def _squares(band: Any, n: int, *, alone: bool) -> Sequence[Any]:
    if n > 1 or alone:
        axes: Sequence[Any] = band.subplots(1, n, squeeze=False)[0]
        return axes
    # One matrix stands in the middle, as large as one of two would.
    before, place, after = band.subplots(1, 3, width_ratios=[1, 2, 1])
    before.axis("off")
    after.axis("off")
    return [place]
