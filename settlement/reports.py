"""What people and scripts are told of nights: outcomes, previews, where things stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros, minor_digits
from settlement import hub
from settlement.domain.chain import next_step
from settlement.entries import numbering as entries
from settlement.log.service import Trouble, find_trouble
from settlement.steps.net import compute_netting
from settlement.steps.night import Night
from settlement.store import runs, statements


class NotSettled(Exception):  # noqa: N818 - the name says it
    """The date has no complete run, and is not due for one."""


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party of a window: its net and position, and how many lines its statement has."""

    party: str
    exact_micros: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class PreviewBook:
    """What a window would net to in one currency."""

    currency: str
    gross_micros: int
    bilateral_micros: int
    net_micros: int
    parties: tuple[PartyLine, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a window would net to, were it closed as it stands; the clearing currency first."""

    business_date: date
    obligations: int
    lines: int
    books: tuple[PreviewBook, ...]
    rates: tuple[str, ...]

    @property
    def currency(self) -> str:
        """The clearing currency."""
        return self.books[0].currency

    @property
    def gross_micros(self) -> int:
        """What would be paid in the clearing currency without netting."""
        return self.books[0].gross_micros

    @property
    def net_micros(self) -> int:
        """What is to be paid in it."""
        return self.books[0].net_micros

    @property
    def parties(self) -> tuple[PartyLine, ...]:
        """The parties' positions in it."""
        return self.books[0].parties


@dataclass(frozen=True, slots=True)
class DateStatus:
    """How far a date's chain has come; `without_timestamp` counts PDFs that should have one."""

    business_date: date
    state: str
    done: int
    next_step: str | None
    failure: str | None
    facts: dict[str, dict[str, Any]]
    without_timestamp: int = 0


def outcome(*, night: Night, business_date: date, seconds: float) -> dict[str, Any]:
    """The result of a settled date, as one JSON object; the same however often it is asked for.

    Raises NotSettled.
    """
    with night.database.transaction() as connection:
        done = runs.done_steps(connection=connection, business_date=business_date)
        found = statements.read_window_statements(
            connection=connection, business_date=business_date
        )
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    if next_step(done) is not None:
        raise NotSettled(f"the window of {business_date} is not settled")
    net = done["net"]
    digits = minor_digits(net["currency"])
    return {
        "business_date": business_date.isoformat(),
        "window": ids.encode_window(business_date),
        "status": "issued",
        "currency": net["currency"],
        "gross": format_micros(net["gross_micros"], min_digits=digits),
        "bilateral": format_micros(net["bilateral_micros"], min_digits=digits),
        "net": format_micros(net["net_micros"], min_digits=digits),
        "statements": [
            {
                "id": each.plan.public_id,
                "party": slugs[each.plan.party_no],
                "path": str(night.config.data_folder / each.issued.path),
                "currency": each.plan.currency,
                "net": format_micros(
                    each.plan.net_micros, min_digits=minor_digits(each.plan.currency)
                ),
                "lines": each.plan.all_lines,
            }
            for each in found
            if each.issued is not None
        ],
        "seconds": round(seconds, 3),
    }


def preview(*, night: Night, business_date: date) -> Preview:
    """Net a window as it stands, in a transaction that cannot write.

    What the jobs before the closing would still post (ended holds, points becoming active, lots
    expiring) is not in it. Raises NotZeroSum and MissingRate.
    """
    with night.database.transaction() as connection:
        runs.forbid_writing(connection=connection)
        totals = hub.read_window_totals(connection=connection, business_date=business_date)
        netting = compute_netting(connection=connection, business_date=business_date)
        sides = entries.count_sides(
            connection=connection, business_date=business_date, clearing=hub.CLEARING
        )
        slugs = {party.no: party.slug for party in hub.read_parties(connection=connection)}
    return Preview(
        business_date=business_date,
        obligations=netting.obligations,
        lines=totals.lines + sides + 2 * netting.conversion_entries,
        books=tuple(
            PreviewBook(
                currency=book.currency,
                gross_micros=book.compression.gross_micros,
                bilateral_micros=book.compression.bilateral_micros,
                net_micros=book.compression.multilateral_micros,
                parties=tuple(
                    PartyLine(slugs[p.party], p.exact_micros, p.rounded_micros)
                    for p in book.positions
                ),
            )
            for book in netting.books
        ),
        rates=tuple(
            f"1 {each.rate.currency} = {each.rate.text} {each.rate.clearing} ({each.rate.note})"
            for each in netting.converted
        ),
    )


def read_status(*, night: Night, count: int) -> tuple[DateStatus, ...]:
    """The newest closed dates and the first open one, oldest first."""
    with night.database.transaction() as connection:
        coalition = hub.read_coalition(connection=connection)
        windows = hub.read_windows(connection=connection, limit=count)
        states = {window.business_date: window.state for window in windows}
        states[coalition.last_closed + timedelta(days=1)] = "open"
        done = runs.read_runs(connection=connection, dates=list(states))
        failures = runs.read_failures(connection=connection, dates=list(states))
        bare = statements.count_without_timestamp(connection=connection, dates=list(states))
    found = []
    for day, state in sorted(states.items()):
        facts = {run.step: dict(run.facts) for run in done if run.business_date == day}
        step = next_step(facts)
        failure = next(
            (f.error for f in failures if f.business_date == day and f.step == step), None
        )
        found.append(DateStatus(day, state, len(facts), step, failure, facts, bare.get(day, 0)))
    return tuple(found)


def read_trouble(*, night: Night) -> tuple[Trouble, ...]:
    """What is wrong with the public log, as far as a look shows it."""
    with night.database.transaction() as connection:
        return find_trouble(connection=connection, logs_folder=night.logs_folder)
