"""A figure that needs no display, and text that is taken literally."""

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
    return figure


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
        figure.suptitle(literal(text, 90), fontsize=11, parse_math=False)
