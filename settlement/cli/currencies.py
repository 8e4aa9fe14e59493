"""`settlement currencies`: quotes, and how the coalition settles other currencies."""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from settlement.app import open_night
from settlement.currencies import store
from settlement.currencies.domain import (
    InvalidQuotes,
    Policy,
    PolicyTooLate,
    QuoteDiffers,
    read_quotes,
)
from settlement.currencies.service import import_quotes, set_policy

currencies = typer.Typer(
    help="Rates of currencies, and how other currencies than the coalition's settle.",
    no_args_is_help=True,
    add_completion=False,
)
_METHODS = ("spot", "mean5")
_LISTED = 1000


@currencies.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV: date,base,quote,rate. A dash reads standard input.")
    ],
    source: Annotated[str, typer.Option(help="Who quoted them, such as ECB.")],
) -> None:
    """Import quotes, all or none; what is there already changes nothing and never changes."""
    text = sys.stdin.read() if str(file) == "-" else _text(file)
    try:
        quotes = read_quotes(source=source, rows=csv.DictReader(text.splitlines()))
        with open_night() as night, night.database.transaction() as connection:
            done = import_quotes(connection=connection, quotes=quotes, imported_at=night.wall())
    except (InvalidQuotes, QuoteDiffers) as error:
        sys.exit(f"settlement: {error}")
    typer.echo(f"{done.new} quotes of {source} are new, {done.known} were there already")


@currencies.command()
def policy(
    mode: Annotated[str, typer.Option(help="per_currency or convert.")],
    since: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first business date it holds for.")
    ],
    rate: Annotated[
        str, typer.Option(help="For convert: spot, or mean5, the mean of five business days.")
    ] = "",
    source: Annotated[str, typer.Option(help="For convert: whose quotes are used.")] = "",
) -> None:
    """Set how other currencies settle from a business date on that is not netted yet."""
    method: Any = rate or None
    try:
        if mode not in ("per_currency", "convert") or method not in (None, *_METHODS):
            raise ValueError("--mode is per_currency or convert, --rate is spot or mean5")
        chosen: Any = mode
        wanted = Policy(date.fromisoformat(since), chosen, method, source or None)
        with open_night() as night, night.database.transaction() as connection:
            set_policy(connection=connection, policy=wanted, set_at=night.wall())
    except (ValueError, PolicyTooLate) as error:
        sys.exit(f"settlement: {error}")
    typer.echo(_spelled(wanted))


@currencies.command()
def show(
    count: Annotated[int, typer.Option(min=1, max=_LISTED, help="How many quotes to list.")] = 20,
) -> None:
    """Show the policies, oldest first, and the newest quotes."""
    with open_night() as night, night.database.transaction() as connection:
        policies = store.read_policies(connection=connection)
        quotes = store.read_quotes(connection=connection, after=None, limit=count)
    for each in policies:
        typer.echo(_spelled(each))
    if not policies:
        typer.echo("each currency settles by itself; no policy was set")
    for quote in quotes:
        typer.echo(
            f"{quote.quoted_on}  1 {quote.base} = {quote.rate} {quote.quote}  ({quote.source})"
        )


def _spelled(policy: Policy) -> str:
    if policy.mode == "per_currency":
        return f"from {policy.effective_from}: each currency settles by itself"
    how = "the newest quote" if policy.method == "spot" else "the mean of five business days"
    return (
        f"from {policy.effective_from}: converted into the clearing currency by {how} of "
        f"{policy.source}"
    )


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"settlement: {file} cannot be read: {error}")
