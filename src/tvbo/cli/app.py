"""The commands, put together."""

from typing import Annotated

import typer

from tvbo import __version__
from tvbo.cli import cohort, convert, demo, formats, info, list, plot, repair, validate, verify, view

app = typer.Typer(
    name="tvbo",
    help="The lossless home of a brain network: open, check, compare and convert networks.",
    epilog="Exit status: 0 as asked, 1 the answer is no (differs, invalid), 2 it could not be done, 130 interrupted.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)
for module in (info, verify, validate, repair, convert, plot, view, list, formats, demo):
    app.command(module.__name__.rpartition(".")[2])(module.run)
app.add_typer(cohort.app, name="cohort")


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tvbo {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options that belong to no command."""
