"""The command ``tvbo``: one module per command. Data go to standard output, messages to standard error."""

import sys
import traceback
import warnings
from typing import Any

from tvbo._optional import require
from tvbo.errors import TvboError, TvboWarning


def main() -> None:
    """Run the command line; the exit status is 0 as asked, 1 for a no, 2 if it could not be done."""
    try:
        require("typer", extra="cli", purpose="run the tvbo command")
        require("rich", extra="cli", purpose="run the tvbo command")
        from tvbo.cli.app import app

        warnings.showwarning = _say  # type: ignore[assignment]
        app()
    except Exception as error:  # noqa: BLE001 - the one boundary: a traceback would end with 1, which says "differs"
        if not _is_answer(error):
            traceback.print_exc()
            sys.exit(2)
        said = [str(error) or type(error).__name__, *getattr(error, "__notes__", ())]
        sys.stderr.write(f"tvbo: {' '.join('; '.join(said).split())}\n")
        sys.exit(2)


def _say(message: Any, category: type[Warning], *place: Any) -> None:
    """Print warnings of ours as messages; the line of code that brought one about means nothing here."""
    if issubclass(category, TvboWarning):
        sys.stderr.write(f"tvbo: warning: {message}\n")
    else:
        sys.stderr.write(warnings.formatwarning(message, category, *place[:2]))


def _is_answer(error: Exception) -> bool:
    """Tell what a file or an argument brought about from a fault of ours, whose traceback is wanted."""
    if isinstance(error, AttributeError):
        # "has no mesh" was said on purpose; Python gives the attribute's name when nobody meant it.
        return error.name is None
    return isinstance(error, (TvboError, OSError, ValueError, MemoryError))
