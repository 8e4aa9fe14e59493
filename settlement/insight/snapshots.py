"""Windows as comparisons see them: out of the database, or out of the file of a dry run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from partner_sdk.wire import ids
from settlement import hub
from settlement.currencies import store as currencies
from settlement.currencies.domain import Rate
from settlement.domain.netting import PairNet, views_by_party
from settlement.insight.difference import Cell, WindowFacts
from settlement.steps.net import compute_netting
from settlement.steps.night import Night
from settlement.store import nets, runs
from settlement.store.line_sums import EntrySum, read_entry_sums

FORMAT = "coalition.dry-run/1"


class NoSuchWindow(Exception):  # noqa: N818 - the name says it
    """The text names no window, and no file of a dry run."""


def parse_window(text: str) -> date:
    """The business date of `2026-11-22` or `win_20261122`. Raises NoSuchWindow."""
    try:
        return ids.decode_window(text) if text.startswith("win_") else date.fromisoformat(text)
    except ValueError:
        raise NoSuchWindow(f"{text} is neither a date such as 2026-11-22 nor a window") from None


def read_facts(*, night: Night, window: str, currency: str = "") -> WindowFacts:
    """A window by date or id, or a dry run by the name of its file. Raises NoSuchWindow."""
    path = Path(window)
    if path.suffix == ".json" or path.is_file():
        return _from_file(path)
    return window_facts(night=night, business_date=parse_window(window), currency=currency)


def window_facts(*, night: Night, business_date: date, currency: str = "") -> WindowFacts:
    """A window as it stands, in the clearing currency or another that it was netted in.

    As it was netted, else as it would be; writes nothing.
    """
    with night.database.transaction() as connection:
        runs.forbid_writing(connection=connection)
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
        clearing = hub.read_coalition(connection=connection).currency
        wanted = currency or clearing
        closed = "net" in runs.done_steps(connection=connection, business_date=business_date)
        if closed:
            book = _netted(connection, business_date, wanted)
        else:
            book = _to_be_netted(connection, business_date, wanted)
        cells = _cells(connection, business_date, wanted, clearing, book, slugs)
    return WindowFacts(
        name=f"{business_date}" if closed else f"{business_date}, as it stands",
        business_date=business_date,
        currency=wanted,
        cells=cells,
        rounding={
            (slugs[party], slugs[view.counterparty]): view.rounding_micros
            for party, views in views_by_party(pairs=book.pairs).items()
            for view in views
            if view.rounding_micros
        },
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """A window's pairs in one currency, the rates of what was converted into it, and entries that
    are not posted yet."""

    pairs: tuple[PairNet, ...]
    rates: Mapping[str, Rate]
    coming: tuple[EntrySum, ...]


def _netted(connection: Connection, business_date: date, currency: str) -> _Book:
    pairs = nets.read_pairs(connection=connection, business_date=business_date, currency=currency)
    rates = currencies.read_window_rates(connection=connection, business_date=business_date)
    return _Book(pairs, rates, ())


def _to_be_netted(connection: Connection, business_date: date, currency: str) -> _Book:
    netting = compute_netting(connection=connection, business_date=business_date)
    pairs = next((book.pairs for book in netting.books if book.currency == currency), ())
    coming = tuple(
        EntrySum(entry.debtor, entry.creditor, entry.kind, 1, entry.amount_micros)
        for each in netting.converted
        for entry in each.entries
        if entry.currency == currency
    )
    return _Book(pairs, {each.rate.currency: each.rate for each in netting.converted}, coming)


def _cells(
    connection: Connection,
    business_date: date,
    currency: str,
    clearing: str,
    book: _Book,
    slugs: Mapping[int, str],
) -> tuple[Cell, ...]:
    starts_at = hub.start_of_business_date(
        business_date=business_date, zone=hub.read_coalition(connection=connection).time_zone
    )
    activity = list(
        hub.read_activity(
            connection=connection,
            business_date=business_date,
            starts_at=starts_at,
            currency=currency,
        )
        if currency not in book.rates
        else ()
    )
    if currency == clearing:
        for rate in book.rates.values():
            activity += hub.read_activity(
                connection=connection,
                business_date=business_date,
                starts_at=starts_at,
                currency=rate.currency,
                converting=partial(currencies.converted, scaled=rate.scaled),
            )
    entries = read_entry_sums(connection=connection, business_date=business_date, currency=currency)
    return tuple(
        Cell(
            debtor=slugs[each.debtor],
            creditor=slugs[each.creditor],
            kind=each.kind,
            movement_kind="",
            agreement="",
            corrects=False,
            obligations=each.entries,
            points=0,
            micros=each.amount_micros,
        )
        for each in (*entries, *book.coming)
    ) + tuple(
        Cell(
            debtor=slugs[cell.debtor],
            creditor=slugs[cell.creditor],
            kind=cell.kind,
            movement_kind=cell.movement_kind,
            agreement=f"version {cell.version} of {slugs[cell.agreement_party]}",
            corrects=cell.corrects,
            obligations=cell.obligations,
            points=cell.points,
            micros=cell.amount_micros,
            late=cell.late,
        )
        for cell in activity
    )


def to_file(*, facts: WindowFacts, path: Path) -> None:
    """Keep a dry run, to compare the real one with later. Raises OSError."""
    document = {
        "format": FORMAT,
        "business_date": facts.business_date.isoformat(),
        "currency": facts.currency,
        "cells": [asdict(cell) for cell in facts.cells],
        "rounding": [
            {"party": party, "counterparty": counterparty, "micros": micros}
            for (party, counterparty), micros in sorted(facts.rounding.items())
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _from_file(path: Path) -> WindowFacts:
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if document["format"] != FORMAT:
            raise NoSuchWindow(f"{path} is not the file of a dry run")
        business_date = date.fromisoformat(document["business_date"])
        return WindowFacts(
            name=f"dry run of {business_date}",
            business_date=business_date,
            currency=str(document["currency"]),
            cells=tuple(Cell(**cell) for cell in document["cells"]),
            rounding={
                (each["party"], each["counterparty"]): int(each["micros"])
                for each in document["rounding"]
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoSuchWindow(f"{path} is not the file of a dry run: {error}") from None
