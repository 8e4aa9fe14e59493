"""Commands that make a window's numbers understood: `netting` and `diff`."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from partner_sdk.wire.amounts import format_micros, format_micros6
from settlement.app import open_night
from settlement.insight.difference import CAUSES, PartyDifference, WindowFacts, explain_difference
from settlement.insight.netting import NettingReport, report_netting
from settlement.insight.netting_document import report_document, saved_percent
from settlement.insight.snapshots import parse_window, read_facts

AsJson = Annotated[bool, typer.Option("--json", help="Answer one JSON object.")]
Currency = Annotated[
    str, typer.Option(metavar="CURRENCY", help="Without it, the clearing currency.")
]
_WIDEST_MATRIX = 12
"""Parties up to which the pairs are shown as a matrix; more do not fit a terminal."""


def netting(
    window: Annotated[str, typer.Argument(metavar="WINDOW", help="DATE or win_….")],
    currency: Currency = "",
    as_json: AsJson = False,
) -> None:
    """Show how a window nets: gross, pairs, positions, what it saves, the proof of zero.

    Exit code 1: a proof does not hold.
    """
    business_date = parse_window(window)
    with open_night() as night:
        report = report_netting(night=night, business_date=business_date, currency=currency)
    if as_json:
        typer.echo(json.dumps(report_document(report), ensure_ascii=False))
    else:
        _show_netting(report)
    if not report.holds:
        sys.exit(1)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="DATE, win_…, or a dry run's file.")],
    after: Annotated[
        str, typer.Argument(metavar="B", help="The same; a date not closed: as it is.")
    ],
    party: Annotated[str, typer.Option(metavar="PARTY", help="Only this party, in detail.")] = "",
    currency: Currency = "",
    as_json: AsJson = False,
) -> None:
    """Show why window B differs from window A, by cause; the causes add up to the difference."""
    with open_night() as night:
        first = read_facts(night=night, window=before, currency=currency)
        second = read_facts(night=night, window=after, currency=currency)
    found = explain_difference(before=first, after=second)
    if party:
        found = tuple(each for each in found if each.party == party)
        if not found:
            sys.exit(f"settlement: neither window has a party {party}")
    if as_json:
        typer.echo(json.dumps(_difference_document(first, second, found), ensure_ascii=False))
    elif party:
        _show_party(first, second, found[0])
    else:
        _show_difference(first, second, found)


def _show_netting(report: NettingReport) -> None:
    console, currency = Console(), report.currency
    state = "netted" if report.netted else "as it stands; nothing was written"
    gross = Table(title=f"{report.business_date}, {state}\nGross: what was owed")
    for name in ("debtor", "creditor"):
        gross.add_column(name)
    gross.add_column(currency, justify="right")
    for each in report.gross:
        gross.add_row(each.debtor, each.creditor, format_micros6(each.amount_micros))
    console.print(gross)
    console.print(_matrix(report) if len(report.positions) <= _WIDEST_MATRIX else _list(report))
    positions = Table(title="Multilateral: through the clearing house")
    positions.add_column("party")
    for name in (f"exact {currency}", "position"):
        positions.add_column(name, justify="right")
    for one in report.positions:
        positions.add_row(
            report.slugs[one.party],
            format_micros6(one.exact_micros),
            format_micros(one.rounded_micros),
        )
    console.print(positions)
    if report.converted:
        console.print(f"Converted into {currency}: {', '.join(report.converted)}")
    if report.other_currencies:
        console.print(f"Netted by themselves: {', '.join(report.other_currencies)} (--currency)")
    sums = report.compression
    console.print(
        f"Compression: {format_micros6(sums.gross_micros)} gross in {len(report.gross)} payments, "
        f"{format_micros(sums.bilateral_micros)} between pairs in "
        f"{sum(1 for p in report.pairs if p.rounded_micros)}, "
        f"{format_micros(sums.multilateral_micros)} {currency} through the clearing house in "
        f"{len(report.payments)}: {saved_percent(sums)} % less"
    )
    for proof in report.proofs:
        mark = "ok     " if proof.holds else "BROKEN "
        console.print(f"{mark} {proof.rule}: {proof.found}", highlight=False)


def _matrix(report: NettingReport) -> Table:
    """Row receives from column, rounded; the last column is the row's position."""
    parties = [one.party for one in report.positions]
    table = Table(title="Bilateral: what the row receives from the column (minus: pays)")
    table.add_column("")
    for party in parties:
        table.add_column(report.slugs[party], justify="right")
    table.add_column("position", justify="right")
    nets = {(p.a, p.b): p.rounded_micros for p in report.pairs}
    for one in report.positions:
        cells = []
        for other in parties:
            pair = (min(one.party, other), max(one.party, other))
            micros = nets.get(pair)
            if micros is not None and one.party > other:
                micros = -micros
            cells.append("" if micros is None or one.party == other else format_micros(micros))
        table.add_row(report.slugs[one.party], *cells, format_micros(one.rounded_micros))
    return table


def _list(report: NettingReport) -> Table:
    table = Table(title="Bilateral: what a receives from b (minus: pays)")
    for name in ("a", "b"):
        table.add_column(name)
    for name in ("exact", "residue in", "rounded", "residue out"):
        table.add_column(name, justify="right")
    for p in report.pairs:
        table.add_row(
            report.slugs[p.a],
            report.slugs[p.b],
            format_micros6(p.exact_micros),
            format_micros6(p.residue_in_micros),
            format_micros(p.rounded_micros),
            format_micros6(p.residue_out_micros),
        )
    return table


def _show_difference(
    first: WindowFacts, second: WindowFacts, found: tuple[PartyDifference, ...]
) -> None:
    seen = {cause for each in found for cause in each.by_cause()}
    causes = [cause for cause in CAUSES if cause in seen]
    table = Table(title=f"{second.name} against {first.name} ({first.currency})")
    table.add_column("party")
    for name in ("before", "after", "change", *causes):
        table.add_column(name.replace("_", " "), justify="right")
    for each in found:
        sums = each.by_cause()
        table.add_row(
            each.party,
            *(_plain(m) for m in (each.before_micros, each.after_micros, each.change_micros)),
            *(_plain(sums[cause]) if cause in sums else "" for cause in causes),
        )
    Console().print(table)


def _show_party(first: WindowFacts, second: WindowFacts, found: PartyDifference) -> None:
    table = Table(title=f"{found.party}: {second.name} against {first.name} ({first.currency})")
    for name in ("cause", "counterparty", "kind"):
        table.add_column(name)
    table.add_column("change", justify="right")
    table.add_column("")
    table.add_row("before", "", "", _plain(found.before_micros), style="bold")
    for each in found.effects:
        table.add_row(
            each.cause.replace("_", " "),
            each.counterparty,
            each.kind,
            _plain(each.micros),
            each.detail,
        )
    table.add_row("after", "", "", _plain(found.after_micros), style="bold")
    Console().print(table)


def _plain(micros: int) -> str:
    return format_micros(micros)


def _difference_document(
    first: WindowFacts, second: WindowFacts, found: tuple[PartyDifference, ...]
) -> dict[str, Any]:
    return {
        "before": first.name,
        "after": second.name,
        "currency": first.currency,
        "parties": [
            {
                "party": each.party,
                "before": format_micros6(each.before_micros),
                "after": format_micros6(each.after_micros),
                "change": format_micros6(each.change_micros),
                "causes": {
                    cause: format_micros6(micros) for cause, micros in each.by_cause().items()
                },
                "effects": [
                    {
                        "cause": effect.cause,
                        "counterparty": effect.counterparty,
                        "kind": effect.kind,
                        "change": format_micros6(effect.micros),
                        "detail": effect.detail,
                    }
                    for effect in each.effects
                ],
            }
            for each in found
        ],
    }
