"""Estimates of breakage: made as of a month, kept as versions, held against what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from settlement import hub
from settlement.accounting import store
from settlement.accounting.domain.estimate import (
    BacktestRow,
    Estimate,
    Parameters,
    Segment,
    backtest,
    estimate_breakage,
    month_of,
    months_between,
)
from settlement.accounting.service.flows import take_windows
from settlement.accounting.service.refusals import AccountingRefused


def make_estimate(
    *,
    connection: Connection,
    wall: Callable[[], datetime],
    as_of: date | None = None,
    parameters: Parameters,
    keep: bool = True,
) -> tuple[Estimate, int | None]:
    """Estimate breakage as of the end of a month; gives the estimate and its version's number.

    `as_of` is any day of the month; without it, the last month that is wholly closed. The version
    is in force from the first window that is open. Without `keep` nothing is written. Raises
    AccountingRefused: the month is not closed, or a version begins on the same window.
    """
    take_windows(connection=connection, wall=wall)
    month = _complete_month(connection, as_of)
    estimate = estimate_breakage(
        flows=store.read_month_flows(connection=connection),
        lives=_lives(connection),
        as_of=month,
        parameters=parameters,
    )
    if not keep:
        return estimate, None
    effective = hub.read_coalition(connection=connection).last_closed + timedelta(days=1)
    known = store.read_estimates(connection=connection)
    if any(each.effective_from >= effective for each in known):
        raise AccountingRefused(
            f"version {known[-1].no} is in force from {known[-1].effective_from}; what was "
            "estimated for a window stays, the next version begins with the next one"
        )
    no = store.insert_estimate(
        connection=connection,
        estimate=estimate,
        effective_from=effective,
        made_at=wall(),
        parameters=parameters,
    )
    return estimate, no


def back_test(
    *,
    connection: Connection,
    wall: Callable[[], datetime],
    as_of: date,
    until: date | None,
    parameters: Parameters,
) -> tuple[date, date, tuple[BacktestRow, ...]]:
    """What an estimate at the end of a month would have said, against what happened.

    Gives the first days of both months, and a row for each cohort. Raises AccountingRefused.
    """
    take_windows(connection=connection, wall=wall)
    last = _complete_month(connection, until)
    first = month_of(as_of)
    if first >= last:
        raise AccountingRefused("the month to test from must be before the month to test to")
    flows = store.read_month_flows(connection=connection)
    return first, last, backtest(flows=flows, as_of=first, until=last, parameters=parameters)


def _complete_month(connection: Connection, wanted: date | None) -> date:
    """The first of the wanted month, or of the last one that is wholly closed.

    Raises AccountingRefused if the month is not closed.
    """
    closed = hub.read_coalition(connection=connection).last_closed
    after = month_of(closed + timedelta(days=1))
    last = month_of(after - timedelta(days=1))
    month = last if wanted is None else month_of(wanted)
    if month > last:
        raise AccountingRefused(f"the month of {month} is not closed yet")
    return month


def _lives(connection: Connection) -> dict[tuple[Segment, date], int]:
    """Months from each cohort's month to that of its last expiry."""
    found: dict[tuple[Segment, date], int] = {}
    for each in hub.read_cohort_states(connection=connection):
        key = (Segment(each.cohort.issuer, each.cohort.funding), each.cohort.month)
        life = months_between(each.cohort.month, each.last_expiry)
        found[key] = max(found.get(key, 0), life)
    return found
