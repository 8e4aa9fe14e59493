"""Deferred revenue, rolled forward from window to window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from settlement import hub
from settlement.accounting import store
from settlement.accounting.domain.deferred import Movement, roll
from settlement.accounting.service.flows import all_flows
from settlement.accounting.service.refusals import AccountingRefused

MOST_DATES = 400
"""Windows of one roll-forward."""


@dataclass(frozen=True, slots=True)
class RollRow:
    """One window of one issuer's points of one funding model and currency.

    Who owes the points' worth is `holder`: the funder, or the pool for points funded on issue.
    """

    business_date: date
    issuer: int
    holder: int
    funding: str
    currency: str
    movement: Movement


def roll_forward(
    *, connection: Connection, first: date, last: date, issuer: int | None = None
) -> tuple[RollRow, ...]:
    """Deferred revenue of the windows `first` to `last`, of one issuer or of all; writes nothing.

    A window that was not summed yet is summed on the way. Raises AccountingRefused: too many
    windows, or one that is open.
    """
    if not first <= last <= first + timedelta(days=MOST_DATES - 1):
        raise AccountingRefused(f"give a span of 1 to {MOST_DATES} days")
    closed = hub.read_coalition(connection=connection).last_closed
    if last > closed:
        raise AccountingRefused(f"the window of {last} is not closed; the last closed is {closed}")
    dates = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    sums: dict[tuple[date, int, int, str, str], Movement] = {}
    for day, cohort, movement in roll(
        flows=all_flows(connection=connection, through=last, issuer=issuer),
        versions=store.read_versions(connection=connection),
        dates=dates,
    ):
        holder = hub.POOL if cohort.funding == "issue" else cohort.funder
        key = (day, cohort.issuer, holder, cohort.funding, cohort.currency)
        sums[key] = sums.get(key, Movement()).plus(movement)
    return tuple(RollRow(*key, movement) for key, movement in sorted(sums.items(), key=_first))


def totals(rows: Iterable[RollRow]) -> tuple[RollRow, ...]:
    """One row for the whole span: opening of its first window, closing of its last."""
    found: dict[tuple[int, int, str, str], RollRow] = {}
    for row in rows:
        key = (row.issuer, row.holder, row.funding, row.currency)
        before = found.get(key)
        if before is None:
            found[key] = row
            continue
        summed = before.movement.plus(row.movement)
        movement = replace(
            summed,
            opening=before.movement.opening,
            opening_points=before.movement.opening_points,
            closing=row.movement.closing,
            closing_points=row.movement.closing_points,
        )
        found[key] = replace(before, business_date=row.business_date, movement=movement)
    return tuple(found[key] for key in sorted(found))


def _first(
    item: tuple[tuple[date, int, int, str, str], Movement],
) -> tuple[date, int, int, str, str]:
    return item[0]
