"""Tables for people."""

from __future__ import annotations

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table

from partner_sdk.wire.amounts import format_micros, format_micros6
from settlement.check import Finding
from settlement.domain.chain import STEPS
from settlement.reports import DateStatus, Preview

_WIDTH = 200


def wide_console() -> Console:
    """So wide that no amount, date or id is cut; a narrower terminal breaks the rows."""
    return Console(width=max(Console().width, _WIDTH))


def show_preview(found: Preview) -> None:
    """What a date would net to."""
    console = Console()
    for book in found.books:
        table = Table(title=f"{found.business_date} as it stands; nothing was written")
        table.add_column("party")
        table.add_column(f"exact net ({book.currency})", justify="right")
        table.add_column("rounded", justify="right")
        for each in book.parties:
            table.add_row(
                each.party, format_micros6(each.exact_micros), format_micros(each.net_micros)
            )
        table.add_row(
            "all",
            format_micros6(sum(each.exact_micros for each in book.parties)),
            format_micros(sum(each.net_micros for each in book.parties)),
            style="bold",
        )
        console.print(table)
        console.print(
            f"to pay without netting {format_micros(book.gross_micros)}, "
            f"between pairs {format_micros(book.bilateral_micros)}, "
            f"through the clearing house {format_micros(book.net_micros)} {book.currency}"
        )
    for rate in found.rates:
        console.print(rate)
    console.print(f"{found.obligations} obligations, {found.lines} lines")
    console.print(
        "Ended holds, points becoming active and lots expiring are posted before the closing."
    )


def show_status(dates: Sequence[DateStatus]) -> None:
    """How far each date has come."""
    table = Table()
    for name in ("date", "window", "steps", "next", "gross", "net", "statements", "last failure"):
        table.add_column(name)
    for each in dates:
        net, issue = each.facts.get("net", {}), each.facts.get("issue", {})
        table.add_row(
            str(each.business_date),
            each.state,
            f"{each.done}/{len(STEPS)}",
            each.next_step or "-",
            format_micros(net["gross_micros"]) if net else "-",
            format_micros(net["net_micros"]) if net else "-",
            _statements(each, issue.get("statements")),
            each.failure or "-",
        )
    wide_console().print(table)


def _statements(date: DateStatus, count: int | None) -> str:
    """How many there are, and how many PDFs lack the timestamp that they should have."""
    if count is None:
        return "-"
    return f"{count}" + (
        f", {date.without_timestamp} without timestamp" if date.without_timestamp else ""
    )


def show_findings(findings: Sequence[Finding], *, quiet: bool) -> int:
    """What the checks found; gives the exit code."""
    broken = [finding for finding in findings if finding.broken]
    for finding in findings:
        rule = f"{finding.check.name}: {finding.check.rule}"
        if finding.broken:
            typer.echo(f"BROKEN  {finding.broken} × not {rule}")
            for example in finding.examples:
                typer.echo(f"        {example}")
        elif not quiet:
            typer.echo(f"ok      {rule}")
    typer.echo(f"{len(findings)} checks, {len(broken)} broken")
    return 1 if broken else 0
