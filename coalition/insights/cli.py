"""`coalition agreement what-if`: what proposed terms would have made of a period."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from coalition.agreements.reading import parse_terms
from coalition.cli.session import open_session
from coalition.directory import Snapshot, read_snapshot
from coalition.errors import HubError
from coalition.http.strict_json import load_strict
from coalition.insights.domain import Money, Outcome
from coalition.insights.service import what_if as replay_period
from coalition.partners.domain import Party
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros, format_micros6


def what_if(
    file: Annotated[
        Path,
        typer.Argument(help="The same JSON as `agreement add`, or terms alone; - reads input."),
    ],
    first: Annotated[
        str, typer.Option("--from", metavar="DATE", help="First local date of sales.")
    ],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last local date, included.")],
    partner: Annotated[
        str, typer.Option(metavar="PARTNER", help="Whose sales; without it, the file's partner.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Answer one JSON object.")] = False,
) -> None:
    """Replay a period's sales under proposed terms; shows who wins and loses, writes nothing."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    body = load_strict(raw)
    document = body.get("terms", body) if isinstance(body, dict) else body
    named = partner or (body.get("partner") if isinstance(body, dict) else None)
    if not isinstance(named, str):
        raise HubError("validation_failed", "Name the partner in the file, or with --partner.")
    proposed = parse_terms(document)
    period = (_date(first), _date(last))
    with open_session() as session:
        with session.database.transaction() as connection:
            snapshot = read_snapshot(connection=connection)
        party = _party(snapshot, named)
        with session.database.transaction() as connection, _progress(hidden=as_json) as tell:
            outcome = replay_period(
                connection=connection,
                snapshot=snapshot,
                party_no=party.no,
                proposed=proposed,
                first=period[0],
                last=period[1],
                tell=tell,
            )
    if as_json:
        typer.echo(json.dumps(_document(outcome, party, snapshot, period), ensure_ascii=False))
    else:
        _show(outcome, party, snapshot, period)


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise HubError("validation_failed", f"{value} is not a date such as 2026-11-22.") from None


def _party(snapshot: Snapshot, name: str) -> Party:
    found = snapshot.party_by_slug.get(name)
    if found is None:
        try:
            found = snapshot.party_by_id.get(ids.decode("prt", name))
        except ids.InvalidId:
            found = None
    if found is None:
        raise HubError("partner_not_found", f"There is no partner {name}.")
    return found


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where somebody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("sales", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield tell


def _show(outcome: Outcome, party: Party, snapshot: Snapshot, period: tuple[date, date]) -> None:
    console, currency = Console(), snapshot.hub.currency
    sums = Table(
        title=f"{party.slug}, {period[0]} … {period[1]}: {outcome.sales} sales of "
        f"{outcome.members} members, {format_micros(outcome.sales_micros)} {currency}"
    )
    for name in ("", "as agreed", "as proposed", "change"):
        sums.add_column(name, justify="right" if name else "left")
    sums.add_row("points issued", *_counts(outcome.points))
    sums.add_row("points outstanding", *_counts(outcome.outstanding))
    sums.add_row(f"liability {currency}", *_amounts(outcome.liability))
    sums.add_row(f"cost {currency}", *_amounts(outcome.cost), style="bold")
    console.print(sums)
    parties = Table(title=f"Counterparties: what {party.slug} receives (minus: pays) {currency}")
    for name in ("counterparty", "as agreed", "as proposed", "change", ""):
        parties.add_column(name, justify="left" if name in ("", "counterparty") else "right")
    for no, money in outcome.counterparties.items():
        parties.add_row(snapshot.parties[no].slug, *_amounts(money), _better_for(money))
    console.print(parties)
    bands = Table(title="Members, by how their points change")
    for name in ("band", "members", "points as agreed", "as proposed"):
        bands.add_column(name, justify="left" if name == "band" else "right")
    for name, band in outcome.bands.items():
        if band.members:
            bands.add_row(name, str(band.members), f"{band.before:,}", f"{band.after:,}")
    console.print(bands)
    if outcome.guests:
        console.print(f"{outcome.guests} sales of guests are left out: nobody earned points.")
    if outcome.differing:
        console.print(
            f"{outcome.differing} sales have other points posted than their terms give today; "
            "the replay is of the terms."
        )


def _better_for(money: Money) -> str:
    if not money.change:
        return ""
    return "loses" if money.change > 0 else "wins"


def _counts(money: Money) -> tuple[str, str, str]:
    return f"{money.before:,}", f"{money.after:,}", f"{money.change:+,}"


def _amounts(money: Money) -> tuple[str, str, str]:
    return format_micros(money.before), format_micros(money.after), format_micros(money.change)


def _document(
    outcome: Outcome, party: Party, snapshot: Snapshot, period: tuple[date, date]
) -> dict[str, Any]:
    def counts(money: Money) -> dict[str, int]:
        return {"before": money.before, "after": money.after, "change": money.change}

    def amounts(money: Money) -> dict[str, str]:
        return {name: format_micros6(micros) for name, micros in counts(money).items()}

    return {
        "partner": party.slug,
        "from": period[0].isoformat(),
        "to": period[1].isoformat(),
        "currency": snapshot.hub.currency,
        "sales": outcome.sales,
        "sales_of_guests": outcome.guests,
        "sales_posted_differently": outcome.differing,
        "sales_amount": format_micros6(outcome.sales_micros),
        "members": outcome.members,
        "points_issued": counts(outcome.points),
        "points_outstanding": counts(outcome.outstanding),
        "liability": amounts(outcome.liability),
        "cost": amounts(outcome.cost),
        "counterparties": [
            {"party": snapshot.parties[no].slug, **amounts(money)}
            for no, money in outcome.counterparties.items()
        ],
        "kinds": [{"kind": kind, **amounts(money)} for kind, money in outcome.kinds.items()],
        "bands": [
            {"band": name, "members": band.members, "before": band.before, "after": band.after}
            for name, band in outcome.bands.items()
        ],
    }
