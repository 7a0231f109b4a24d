"""A figure that needs no display, and text that is taken literally."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from textwrap import fill
from typing import Any

from tvbo._optional import require


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
        The figure.
    """
    figures = require("matplotlib.figure", extra="plot", purpose="draw figures")
    agg = require("matplotlib.backends.backend_agg", extra="plot", purpose="draw figures")
    figure = figures.Figure(figsize=(width, height), layout="constrained")
    agg.FigureCanvasAgg(figure)
    # Notebooks show figures of pyplot; this one shows itself there.
    figure._repr_png_ = partial(_png, figure)
    return figure


def _png(figure: Any) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


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
        lines = fill(literal(text, 90), max(20, int(11 * figure.get_figwidth())))
        figure.suptitle(lines, fontsize=11, parse_math=False)


def settled(figure: Any) -> Any:
    """
    Lay a finished figure out once before it is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    matplotlib.figure.Figure
        The same. Axes of equal aspect and long labels shift one another: one more round and nothing is cut off.
    """
    figure.get_layout_engine().execute(figure)
    return figure
