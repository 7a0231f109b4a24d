"""The command ``tvbo``: one module per command. Data go to standard output, messages to standard error."""

import sys

from tvbo._optional import require
from tvbo.errors import MissingDependencyError, TvboError


def main() -> None:
    """Run the command line; the exit status is 0 as asked, 1 for a no, 2 if it could not be done."""
    try:
        require("typer", extra="cli", purpose="run the tvbo command")
        require("rich", extra="cli", purpose="run the tvbo command")
    except MissingDependencyError as error:
        sys.stderr.write(f"tvbo: {error}\n")
        sys.exit(2)
    from tvbo.cli.app import app

    try:
        app()
    except (TvboError, OSError, ValueError) as error:
        sys.stderr.write(f"tvbo: {error}\n")
        sys.exit(2)
