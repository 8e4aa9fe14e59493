"""Use cases of accounting: taking windows over, estimating, rolling forward, proving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from settlement import hub
from settlement.accounting import store
from settlement.accounting.domain.deferred import Cohort, Flow, Movement, roll
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

MOST_DATES = 400
"""Windows of one roll-forward."""


class AccountingRefused(Exception):  # noqa: N818 - the name says it
    """The request cannot be met; the message says why."""


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


@dataclass(frozen=True, slots=True)
class BooksFinding:
    """A cohort whose books and lots disagree; points, and micros at redemption prices."""

    cohort: Cohort
    booked: int
    found: int
    booked_micros: int
    found_micros: int


def take_windows(*, connection: Connection, wall: Callable[[], datetime]) -> int:
    """Sum the points of every closed window that was not summed; gives how many."""
    store.lock(connection=connection)
    missing = _missing(connection)
    for day in missing:
        store.insert_flows(
            connection=connection,
            business_date=day,
            flows=_window_flows(connection, day),
            taken_at=wall(),
        )
    return len(missing)


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
    month = complete_month(connection=connection, wanted=as_of)
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
    last = complete_month(connection=connection, wanted=until)
    first = month_of(as_of)
    if first >= last:
        raise AccountingRefused("the month to test from must be before the month to test to")
    flows = store.read_month_flows(connection=connection)
    return first, last, backtest(flows=flows, as_of=first, until=last, parameters=parameters)


def complete_month(*, connection: Connection, wanted: date | None) -> date:
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
        flows=_all_flows(connection, last, issuer),
        versions=store.read_versions(connection=connection),
        dates=dates,
    ):
        holder = hub.POOL if cohort.funding == "issue" else cohort.funder
        key = (day, cohort.issuer, holder, cohort.funding, cohort.currency)
        sums[key] = sums.get(key, Movement()).plus(movement)
    return tuple(RollRow(*key, movement) for key, movement in sorted(sums.items(), key=_first))


def _first(
    item: tuple[tuple[date, int, int, str, str], Movement],
) -> tuple[date, int, int, str, str]:
    return item[0]


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


def check_books(*, connection: Connection) -> tuple[BooksFinding, ...]:
    """Cohorts whose outstanding points, by the flows of all windows, are not what lots say."""
    today = hub.read_coalition(connection=connection).last_closed + timedelta(days=1)
    booked: dict[Cohort, list[int]] = {}
    for flow in (
        *_all_flows(connection, today - timedelta(days=1), None),
        *_window_flows(connection, today),
    ):
        sums = booked.setdefault(flow.cohort, [0, 0])
        sums[0] += flow.issued - flow.redeemed - flow.expired - flow.clawed_back
        sums[1] += (
            flow.issued_micros
            - flow.redeemed_micros
            - flow.expired_micros
            - flow.clawed_back_micros
        )
    found = {
        _cohort(each.cohort): (each.outstanding, each.outstanding_micros)
        for each in hub.read_cohort_states(connection=connection)
    }
    findings = []
    for cohort in sorted({*booked, *found}):
        points, micros = booked.get(cohort, [0, 0])
        if (points, micros) != found.get(cohort, (0, 0)):
            findings.append(BooksFinding(cohort, points, found.get(cohort, (0, 0))[0], micros,
                                         found.get(cohort, (0, 0))[1]))  # fmt: skip
    return tuple(findings)


def check_continuity(*, connection: Connection) -> tuple[str, ...]:
    """What breaks the roll-forward of all closed windows, in words; nothing is what is wanted."""
    windows = hub.read_windows(connection=connection, limit=100_000)
    if not windows:
        return ()
    breaks = []
    closing: dict[Cohort, tuple[int, int]] = {}
    last = windows[-1].business_date
    for day, cohort, movement in roll(
        flows=_all_flows(connection, last, None),
        versions=store.read_versions(connection=connection),
        dates=[window.business_date for window in windows],
    ):
        before = closing.get(cohort, (0, 0))
        if not movement.adds_up:
            breaks.append(
                f"{day}: cohort {cohort.month:%Y-%m} of party {cohort.issuer} adds up not"
            )
        if before != (movement.opening, movement.opening_points):
            breaks.append(
                f"{day}: cohort {cohort.month:%Y-%m} of party {cohort.issuer} begins anew"
            )
        closing[cohort] = (movement.closing, movement.closing_points)
    return tuple(breaks)


def _missing(connection: Connection) -> list[date]:
    """Closed windows that were not summed, oldest first."""
    taken = store.taken_windows(connection=connection)
    return [
        window.business_date
        for window in hub.read_windows(connection=connection, limit=100_000)
        if window.business_date not in taken
    ]


def _all_flows(connection: Connection, through: date, issuer: int | None) -> Iterator[Flow]:
    """Kept flows, and those of windows that were not summed yet."""
    yield from store.read_flows(connection=connection, through=through, issuer=issuer)
    for day in _missing(connection):
        if day <= through:
            for flow in _window_flows(connection, day):
                if issuer is None or flow.cohort.issuer == issuer:
                    yield flow


def _window_flows(connection: Connection, day: date) -> Iterator[Flow]:
    for each in hub.read_point_flows(connection=connection, business_date=day):
        yield Flow(
            day,
            _cohort(each.cohort),
            each.issued,
            each.redeemed,
            each.expired,
            each.clawed_back,
            each.issued_micros,
            each.redeemed_micros,
            each.expired_micros,
            each.clawed_back_micros,
        )


def _cohort(key: hub.CohortKey) -> Cohort:
    return Cohort(key.issuer, key.funder, key.funding, key.currency, key.month)


def _lives(connection: Connection) -> dict[tuple[Segment, date], int]:
    """Months from each cohort's month to that of its last expiry."""
    found: dict[tuple[Segment, date], int] = {}
    for each in hub.read_cohort_states(connection=connection):
        key = (Segment(each.cohort.issuer, each.cohort.funding), each.cohort.month)
        life = months_between(each.cohort.month, each.last_expiry)
        found[key] = max(found.get(key, 0), life)
    return found


__all__ = [
    "AccountingRefused",
    "BooksFinding",
    "RollRow",
    "back_test",
    "check_books",
    "check_continuity",
    "complete_month",
    "make_estimate",
    "roll_forward",
    "take_windows",
    "totals",
]
