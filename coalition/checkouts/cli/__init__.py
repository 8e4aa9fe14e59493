"""`coalition connection`: checkouts of partners."""

from __future__ import annotations

import typer

from coalition.checkouts.certification.cli import certify
from coalition.checkouts.cli import changing, showing
from coalition.checkouts.files.cli import files

__all__ = ["app"]

app = typer.Typer(
    help="Connections to partners' checkouts.", no_args_is_help=True, add_completion=False
)
app.command("files")(files)
app.command("certify")(certify)
app.command("open")(changing.open_)
app.command("list")(showing.list_)
app.command("show")(showing.show)
app.command("set")(changing.set_)
app.command("rotate")(changing.rotate)
app.command("pause")(changing.pause)
app.command("close")(changing.close)
