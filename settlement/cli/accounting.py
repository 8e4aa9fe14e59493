"""`settlement breakage` and `settlement accounting`: the books of points."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from partner_sdk.wire.amounts import format_micros
from settlement import hub
from settlement.accounting import service, store
from settlement.accounting.domain.estimate import (
    BacktestRow,
    CohortEstimate,
    Parameters,
    breakage_ppm,
)
from settlement.accounting.rendering import entries_csv, roll_csv
from settlement.app import open_night

breakage = typer.Typer(
    help="Breakage: points that are not expected to be spent.",
    no_args_is_help=True,
    add_completion=False,
)
accounting = typer.Typer(
    help="Deferred revenue of points (IFRS 15).", no_args_is_help=True, add_completion=False
)

AsJson = Annotated[bool, typer.Option("--json", help="Answer one JSON object.")]
Credible = Annotated[
    int, typer.Option(min=1, help="Points that must have been seen at an age for its rate.")
]
Tail = Annotated[int, typer.Option(min=1, help="Ages that the rate beyond all seen is taken from.")]


@breakage.command()
def estimate(
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="A day of the month; without it, the last closed.")
    ] = "",
    credible_points: Credible = 1000,
    tail_months: Tail = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it; keep no version.")] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate breakage per cohort, and keep it as the version in force from the next window."""
    parameters = Parameters(credible_points, tail_months)
    with open_night() as night, night.database.transaction() as connection:
        found, no = service.make_estimate(
            connection=connection,
            wall=night.wall,
            as_of=_date(as_of) if as_of else None,
            parameters=parameters,
            keep=not dry_run,
        )
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    if as_json:
        document = {
            "version": no,
            "as_of": found.as_of.isoformat(),
            "cohorts": [_cohort_document(each, slugs) for each in found.cohorts],
            "new": [
                {"issuer": slugs[key.issuer], "funding": key.funding, "breakage": _share(ppm)}
                for key, ppm in sorted(found.new_ppm.items())
            ],
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    title = "not kept" if no is None else f"version {no}"
    _show_cohorts(f"Breakage as of {found.as_of:%Y-%m}, {title}", found.cohorts, slugs)


@breakage.command("backtest")
def backtest_(
    as_of: Annotated[str, typer.Option(metavar="DATE", help="The month to estimate at.")],
    until: Annotated[
        str, typer.Option(metavar="DATE", help="The month to compare at; else the last closed.")
    ] = "",
    credible_points: Credible = 1000,
    tail_months: Tail = 3,
    as_json: AsJson = False,
) -> None:
    """Hold what an estimate would have said at a month's end against what happened since."""
    with open_night() as night, night.database.transaction() as connection:
        first, last, rows = service.back_test(
            connection=connection,
            wall=night.wall,
            as_of=_date(as_of),
            until=_date(until) if until else None,
            parameters=Parameters(credible_points, tail_months),
        )
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    if as_json:
        document = {
            "as_of": first.isoformat(),
            "until": last.isoformat(),
            "cohorts": [_backtest_document(row, slugs) for row in rows],
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    _show_backtest(first, last, rows, slugs)


@breakage.command("list")
def list_() -> None:
    """List the versions of the estimate."""
    with open_night() as night, night.database.transaction() as connection:
        found = store.read_estimates(connection=connection)
    for each in found:
        typer.echo(
            f"{each.no}  as of {each.as_of:%Y-%m}, in force from {each.effective_from}: "
            f"{each.method}, {json.dumps(each.parameters)}"
        )


@breakage.command()
def show(
    version: Annotated[int, typer.Argument(min=1, help="The number of a version.")],
) -> None:
    """Show the cohorts of a version as they were estimated."""
    with open_night() as night, night.database.transaction() as connection:
        cohorts = store.read_cohorts(connection=connection, no=version)
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    if not cohorts:
        sys.exit(f"settlement: there is no version {version}")
    _show_cohorts(f"Breakage, version {version}", cohorts, slugs)


First = Annotated[str, typer.Option("--from", metavar="DATE", help="The first window.")]
Last = Annotated[str, typer.Option("--to", metavar="DATE", help="The last window, included.")]
Partner = Annotated[str, typer.Option(metavar="PARTNER", help="Only points of this issuer.")]
Total = Annotated[bool, typer.Option("--total", help="One row for the whole span.")]
Out = Annotated[Path | None, typer.Option(dir_okay=False, help="Write to a file.")]


@accounting.command("roll-forward")
def roll_forward(
    first: First, last: Last, partner: Partner = "", total: Total = False, out: Out = None
) -> None:
    """Roll deferred revenue forward, window by window, as CSV."""
    rows, slugs = _rows(first, last, partner, total=total)
    _write(roll_csv(rows=rows, slugs=slugs), out)


@accounting.command()
def entries(
    first: First, last: Last, partner: Partner = "", total: Total = False, out: Out = None
) -> None:
    """Write the same changes as accounting entries, debit and credit, as CSV."""
    rows, slugs = _rows(first, last, partner, total=total)
    _write(entries_csv(rows=rows, slugs=slugs), out)


@accounting.command()
def check() -> None:
    """Prove the books of points against the lots, and that they go on; exit 1 if not."""
    with open_night() as night, night.database.transaction() as connection:
        service.take_windows(connection=connection, wall=night.wall)
        findings = service.check_books(connection=connection)
        breaks = service.check_continuity(connection=connection)
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    for each in findings:
        cohort = each.cohort
        typer.echo(
            f"BROKEN  {slugs[cohort.issuer]} {cohort.funding} {cohort.month:%Y-%m}: booked "
            f"{each.booked} points ({format_micros(each.booked_micros)}), the lots have "
            f"{each.found} ({format_micros(each.found_micros)})"
        )
    for text in breaks:
        typer.echo(f"BROKEN  {text}")
    if findings or breaks:
        sys.exit(1)
    typer.echo("ok      outstanding points by the flows are those of the lots")
    typer.echo("ok      opening and changes give the closing, which the next window opens with")


def _rows(
    first: str, last: str, partner: str, *, total: bool
) -> tuple[tuple[service.RollRow, ...], dict[int, str]]:
    with open_night() as night, night.database.transaction() as connection:
        service.take_windows(connection=connection, wall=night.wall)
        parties = hub.read_parties(connection=connection)
        slugs = {party.no: party.slug for party in parties}
        issuer = next((no for no, slug in slugs.items() if slug == partner), None)
        if partner and issuer is None:
            sys.exit(f"settlement: there is no partner {partner}")
        rows = service.roll_forward(
            connection=connection, first=_date(first), last=_date(last), issuer=issuer
        )
    return (service.totals(rows) if total else rows), slugs


def _write(content: bytes, out: Path | None) -> None:
    if out is None:
        typer.echo(content.decode(), nl=False)
    else:
        out.write_bytes(content)


def _show_cohorts(title: str, cohorts: tuple[CohortEstimate, ...], slugs: dict[int, str]) -> None:
    table = Table(title=title)
    for name in ("issuer", "funding", "month"):
        table.add_column(name)
    for name in ("issued", "redeemed", "expired", "clawed back", "outstanding", "to be redeemed",
                 "to be clawed back", "breakage", "share"):  # fmt: skip
        table.add_column(name, justify="right")
    for each in cohorts:
        table.add_row(
            slugs[each.segment.issuer],
            each.segment.funding,
            f"{each.cohort:%Y-%m}",
            *(f"{points:,}" for points in (
                each.issued, each.redeemed, each.expired, each.clawed_back, each.outstanding,
                each.expected_redeemed, each.expected_clawed_back, each.expected_breakage,
            )),
            _percent(breakage_ppm(each)),
        )  # fmt: skip
    Console().print(table)


def _show_backtest(
    first: date, last: date, rows: tuple[BacktestRow, ...], slugs: dict[int, str]
) -> None:
    table = Table(title=f"Estimated at the end of {first:%Y-%m}, compared at that of {last:%Y-%m}")
    for name in ("issuer", "funding", "month"):
        table.add_column(name)
    for name in ("outstanding then", "expected to be redeemed", "redeemed", "error", "of actual"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            slugs[row.segment.issuer], row.segment.funding, f"{row.cohort:%Y-%m}",
            f"{row.outstanding:,}", f"{row.expected:,}", f"{row.actual:,}",
            f"{row.error_points:+,}", _error(row.error_points, row.actual),
        )  # fmt: skip
    expected, actual = sum(r.expected for r in rows), sum(r.actual for r in rows)
    table.add_row(
        "all", "", "", f"{sum(r.outstanding for r in rows):,}", f"{expected:,}", f"{actual:,}",
        f"{expected - actual:+,}", _error(expected - actual, actual), style="bold",
    )  # fmt: skip
    Console().print(table)


def _cohort_document(each: CohortEstimate, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "issuer": slugs[each.segment.issuer],
        "funding": each.segment.funding,
        "month": each.cohort.isoformat(),
        "issued": each.issued,
        "redeemed": each.redeemed,
        "expired": each.expired,
        "clawed_back": each.clawed_back,
        "outstanding": each.outstanding,
        "expected_redeemed": each.expected_redeemed,
        "expected_clawed_back": each.expected_clawed_back,
        "expected_breakage": each.expected_breakage,
        "breakage": _share(breakage_ppm(each)),
    }


def _backtest_document(row: BacktestRow, slugs: dict[int, str]) -> dict[str, Any]:
    return {
        "issuer": slugs[row.segment.issuer],
        "funding": row.segment.funding,
        "month": row.cohort.isoformat(),
        "outstanding": row.outstanding,
        "expected": row.expected,
        "actual": row.actual,
        "error": row.error_points,
    }


def _share(ppm: int) -> str:
    return format_micros(ppm, min_digits=1)


def _percent(ppm: int) -> str:
    return f"{ppm // 10_000}.{ppm // 1000 % 10} %"


def _error(points: int, actual: int) -> str:
    if not actual:
        return "-"
    tenths = abs(points) * 1000 // actual
    return f"{'-' if points < 0 else '+'}{tenths // 10}.{tenths % 10} %"


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        sys.exit(f"settlement: {value} is not a date such as 2026-11-22")
