"""The commands, put together."""

import typer

from tvbo.cli import convert, demo, formats, info, plot, validate, verify

app = typer.Typer(
    name="tvbo",
    help="The lossless home of a brain network: open, check, compare and convert networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (info, verify, validate, convert, plot, formats, demo):
    app.command(module.__name__.rpartition(".")[2])(module.run)
