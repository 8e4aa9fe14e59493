"""Planning a window's statements: every line numbered, every statement numbered and balanced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import Connection

from partner_sdk.wire import ids
from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.netting import NotZeroSum, PairView, views_by_party
from settlement.entries import numbering as entries
from settlement.steps.night import Night
from settlement.store import lines, nets, numbering, statements
from settlement.store.numbering import Foreign, LineSums
from settlement.store.statements import Balance, Plan

_WITHOUT_STATEMENT = ("applied", "closed")
_NOTHING = LineSums(0, 0)
T = TypeVar("T")


class IncompleteLines(Exception):  # noqa: N818 - the name says it
    """The lines are not all that the window's control totals ask for."""


def plan_statements(*, night: Night, connection: Connection, business_date: date) -> int:
    """Number the window's lines and plan its statements; gives how many lines there are.

    Raises IncompleteLines and NotZeroSum; then nothing of the plan may be kept.
    """
    totals = hub.read_window_totals(connection=connection, business_date=business_date)
    clearing = hub.read_coalition(connection=connection).currency
    foreign = hub.read_currencies(connection=connection) != (clearing,)
    # A date that the statistics have not seen is taken for a single row, and read a row at a time.
    hub.refresh_statistics(connection=connection)
    lines.refresh_agreements(connection=connection)
    numbering.number_lines(
        connection=connection,
        business_date=business_date,
        foreign=read_foreign(connection=connection, business_date=business_date)
        if foreign
        else None,
    )
    numbering.refresh_statistics(connection=connection)
    sums = numbering.sum_lines(
        connection=connection, business_date=business_date, clearing=clearing, foreign=foreign
    )
    numbered = sum(each.lines for each in sums.values())
    if numbered != totals.lines:
        raise IncompleteLines(
            f"{numbered} lines are numbered for {business_date}; {totals.obligations} obligations "
            f"and {totals.unpriced_movements} movements without one make {totals.lines}"
        )
    of_entries = _number_entries(connection, business_date, sums)
    balances = statements.read_balances(connection=connection)
    parties = hub.read_parties(connection=connection)
    netted = nets.read_currencies(connection=connection, business_date=business_date)
    others = {*netted, *(currency for _, currency in sums)}
    others |= {key[1] for key, balance in balances.items() if balance.closing_micros}
    for currency in (clearing, *sorted(others - {clearing})):
        book = _Book(
            business_date=business_date,
            currency=currency,
            is_main=currency == clearing,
            views=views_by_party(
                pairs=nets.read_pairs(
                    connection=connection, business_date=business_date, currency=currency
                )
            ),
            sums=_of_currency(sums, currency),
            entries=_of_currency(of_entries, currency),
            balances=_of_currency(balances, currency),
        )
        plans = _plans(night, book, parties)
        # What the clearing house is owed and owes is on no statement of its own.
        rest = sum(view.rounded_micros for view in book.views.get(hub.CLEARING, ()))
        if sum(plan.net_micros for plan in plans) + rest != 0:
            raise NotZeroSum(f"the {currency} statements of {business_date} do not sum to zero")
        statements.insert_plans(connection=connection, plans=plans)
    return numbered + sum(each.lines for each in of_entries.values())


def read_foreign(*, connection: Connection, business_date: date) -> Foreign:
    """What becomes of a window's lines in other currencies."""
    policy = currencies.read_policy(connection=connection, business_date=business_date)
    return Foreign(
        clearing=hub.read_coalition(connection=connection).currency,
        converts=policy.mode == "convert",
        rates=currencies.read_window_rates(connection=connection, business_date=business_date),
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """All that the statements of a window in one currency are planned from, by party."""

    business_date: date
    currency: str
    is_main: bool
    views: Mapping[int, tuple[PairView, ...]]
    sums: Mapping[int, LineSums]
    entries: Mapping[int, LineSums]
    balances: Mapping[int, Balance]


def _of_currency(found: Mapping[tuple[int, str], T], currency: str) -> dict[int, T]:
    return {party_no: each for (party_no, key), each in found.items() if key == currency}


def _number_entries(
    connection: Connection, business_date: date, sums: Mapping[tuple[int, str], LineSums]
) -> dict[tuple[int, str], LineSums]:
    """Number the window's entries behind the lines of movements; gives their totals."""
    sides = entries.count_sides(
        connection=connection, business_date=business_date, clearing=hub.CLEARING
    )
    if not sides:
        return {}
    entries.number_entry_lines(
        connection=connection,
        business_date=business_date,
        clearing=hub.CLEARING,
        after={key: each.lines for key, each in sums.items()},
    )
    found = entries.sum_entry_lines(connection=connection, business_date=business_date)
    numbered = sum(lines for lines, _ in found.values())
    if numbered != sides:
        raise IncompleteLines(
            f"{numbered} lines of entries are numbered for {business_date}; there are {sides}"
        )
    return {key: LineSums(lines, net) for key, (lines, net) in found.items()}


def _plans(night: Night, book: _Book, parties: Iterable[hub.PartyFacts]) -> list[Plan]:
    concerned = {*book.sums, *book.entries, *book.views}
    if not book.is_main:
        # In another currency, a statement goes on while something is open in it.
        concerned |= {no for no, each in book.balances.items() if each.closing_micros}
    everyone = recipients(parties=parties, concerned=concerned)
    plans = []
    for party_no in everyone if book.is_main else [no for no in everyone if no in concerned]:
        before = book.balances.get(party_no)
        opening = before.closing_micros if before else 0
        mine = book.views.get(party_no, ())
        of_lines = book.sums.get(party_no, _NOTHING)
        entered = book.entries.get(party_no, _NOTHING)
        exact = sum(view.exact_micros for view in mine)
        if exact != of_lines.net_micros + entered.net_micros:
            raise NotZeroSum(f"party {party_no}: the lines do not sum to the netted position")
        net = sum(view.rounded_micros for view in mine)
        statement_id = night.new_id()
        plans.append(
            Plan(
                statement_id=statement_id,
                public_id=ids.encode("stm", statement_id),
                business_date=book.business_date,
                party_no=party_no,
                no=before.no + 1 if before else 1,
                previous_id=before.statement_id if before else None,
                currency=book.currency,
                opening_micros=opening,
                net_micros=net,
                closing_micros=opening + net,
                lines=of_lines.lines,
                entry_lines=entered.lines,
                rounding_lines=sum(1 for view in mine if view.rounding_micros),
            )
        )
    return plans


def recipients(*, parties: Iterable[hub.PartyFacts], concerned: Collection[int]) -> list[int]:
    """Who gets a statement: whoever the window concerns, and every party that is in business.

    The clearing house has none: what is netted it owes and is owed alike, and what is paid stands
    on the other party's.
    """
    known = {party.no: party for party in parties}
    unknown = sorted(set(concerned) - set(known))
    if unknown:
        raise IncompleteLines(f"the window names parties that do not exist: {unknown}")
    return [
        no
        for no, party in sorted(known.items())
        if party.kind != "clearing" and (no in concerned or party.state not in _WITHOUT_STATEMENT)
    ]
