"""A figure that needs no display, in one style, and text that is taken literally."""

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from textwrap import fill
from types import MappingProxyType
from typing import Any, ParamSpec

from tvbo._optional import require

P = ParamSpec("P")

# Sizes of text, in points: figures are printed at about two thirds of their size.
HEADING, TITLE, LABEL, SMALL = 11, 10, 9, 8
INK, FAINT = "0.15", "0.4"

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "sans-serif",
        "font.size": LABEL,
        "axes.titlesize": TITLE,
        "axes.labelsize": LABEL,
        "axes.linewidth": 0.6,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.fontsize": SMALL,
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "savefig.bbox": None,
        # Of a vector file it is the resolution of what is in it as pixels: surfaces.
        "savefig.dpi": 200,
        # Text that can be edited, not outlines of it.
        "pdf.fonttype": 42,
        "ps.fonttype": 42,
        "svg.fonttype": "none",
        # A file is the same each time.
        "svg.hashsalt": "tvbo",
    }
)


def styled(draw: Callable[P, Any]) -> Callable[P, Any]:
    """
    Let a function draw in the style of tvbo, whatever the style of the session.

    Parameters
    ----------
    draw : callable
        Makes a figure.

    Returns
    -------
    callable
        The same in `STYLE`.
    """

    @functools.wraps(draw)
    def _drawn(*args: P.args, **kwargs: P.kwargs) -> Any:
        with _style():
            return draw(*args, **kwargs)

    return _drawn


def _style() -> Any:
    matplotlib = require("matplotlib", extra="plot", purpose="draw figures")
    return matplotlib.rc_context(dict(STYLE))


def new_figure(width: float, height: float) -> Any:
    """
    Make a figure that belongs to no window and to no global state.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; its ``savefig`` writes text as text, and 200 dots per inch.
    """
    figures = require("matplotlib.figure", extra="plot", purpose="draw figures")
    agg = require("matplotlib.backends.backend_agg", extra="plot", purpose="draw figures")
    figure = figures.Figure(figsize=(width, height), layout="constrained", dpi=STYLE["figure.dpi"])
    agg.FigureCanvasAgg(figure)
    # Notebooks show figures of pyplot; this one shows itself there.
    figure._repr_png_ = partial(_png, figure)
    figure.savefig = partial(_save, figure)
    return figure


def _png(figure: Any) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=STYLE["figure.dpi"])
    return file.getvalue()


def _save(figure: Any, *args: Any, **kwargs: Any) -> None:
    with _style():
        type(figure).savefig(figure, *args, **kwargs)


def panels_in(ax: Any, rows: int, columns: int, width: float, height: float) -> tuple[Any, list[Any]]:
    """
    Give the figure to draw in, and its panels.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, Figure, SubFigure or None
        Where to draw; a new figure unless given. Axes are one panel.
    rows, columns : int
        How many panels are needed.
    width, height : float
        Size of a new figure in inches.

    Returns
    -------
    figure : matplotlib.figure.Figure or SubFigure
        The figure.
    panels : list of matplotlib.axes.Axes
        The panels, row by row.

    Raises
    ------
    ValueError
        If one panel is given and several are needed.
    """
    figure = figure_for(ax, rows * columns, width, height)
    if figure is not ax and ax is not None:
        return figure, [ax]
    return figure, list(figure.subplots(rows, columns, squeeze=False).ravel())


def figure_for(ax: Any, n: int, width: float, height: float) -> Any:
    """
    Give the figure to draw in.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, Figure, SubFigure or None
        Where to draw; a new figure unless given. Axes are one panel.
    n : int
        How many panels are needed.
    width, height : float
        Size of a new figure in inches.

    Returns
    -------
    matplotlib.figure.Figure or SubFigure
        The figure.

    Raises
    ------
    ValueError
        If one panel is given and several are needed.
    """
    if ax is None:
        return new_figure(width, height)
    if hasattr(ax, "subplots"):
        return ax
    if n != 1:
        raise ValueError(
            f"{n} panels do not fit into one Axes: give ax= a Figure or a SubFigure, or ask for one matrix or one view"
        )
    return ax.figure


def literal(text: object, longest: int = 60) -> str:
    """
    Make text safe for one line of a figure.

    Parameters
    ----------
    text : object
        A label or a title.
    longest : int
        Cut after so many characters.

    Returns
    -------
    str
        Without line breaks and control characters.
    """
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def shorten(labels: Sequence[object], longest: int) -> list[str]:
    """
    Make labels short, but not alike.

    Parameters
    ----------
    labels : sequence of str, shape (n,)
        Names of nodes. Atlases begin, or end, many names alike (``ctx_lh_G_and_S_frontomargin``).
    longest : int
        How many characters there is room for.

    Returns
    -------
    list of str, shape (n,)
        Long labels with an ellipsis where the fewest become the same, in their first third if it is all one; if some
        still do, with their number.
    """
    lines = [literal(label, 10_000) for label in labels]
    if max(map(len, lines), default=0) <= longest:
        return lines
    different, short = len(set(lines)), lines
    most = 0
    for head in sorted(range(1, longest - 1), key=lambda head: abs(head - longest // 3)):
        cut = [_elided(line, head, longest) for line in lines]
        if len(set(cut)) > most:
            short, most = cut, len(set(cut))
        if most == different:
            return short
    often = Counter(short)
    return [_numbered(text, i, longest) if often[text] > 1 else text for i, text in enumerate(short)]


def _elided(line: str, head: int, longest: int) -> str:
    return line if len(line) <= longest else f"{line[:head]}…{line[head + 1 - longest :]}"


def _numbered(text: str, number: int, longest: int) -> str:
    mark = f"#{number}"
    return f"{text[: longest - len(mark)]}{mark}"


def title(figure: Any, text: str | None) -> None:
    """
    Set the title of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    text : str or None
        The title; None for none.
    """
    if text:
        # Room is kept for its lines, but not for their length.
        width = figure.bbox.width / figure.dpi
        lines = fill(literal(text, 90), max(20, int(11 * width)))
        figure.suptitle(lines, fontsize=HEADING, parse_math=False)


def settled(figure: Any, rounds: int = 1) -> Any:
    """
    Lay a finished figure out once before it is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    rounds : int
        How often: until nothing moves any more, if what comes next asks where things are on the page.

    Returns
    -------
    matplotlib.figure.Figure
        The same. Axes of equal aspect and long labels shift one another: one more round and nothing is cut off.
    """
    engine = figure.get_layout_engine()
    for _ in range(rounds if engine is not None else 0):
        engine.execute(figure)
    return figure
