"""Closing windows, and their states afterwards.

    open → closed → netted → issued → released → settled

An open window has no row: it is every business date after `hub_state.last_closed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import OperationalError

from coalition.db.locks import WINDOW
from coalition.db.state import hub_state
from coalition.feed.facts import WindowFacts
from coalition.ledger.tables import window


class WindowBusy(Exception):  # noqa: N818 - the name says it
    """Postings held the window's lock for longer than the closing may make them wait."""


class WindowOutOfOrder(Exception):  # noqa: N818 - the name says it
    """The date is not the one after the newest closed date, or not in the expected state."""


def close_window(
    *,
    connection: Connection,
    business_date: date,
    starts_at: datetime,
    ends_at: datetime,
    closed_at: datetime,
    lock_timeout_ms: int,
) -> None:
    """Close a business date: after the commit, no posting lands in it.

    The exclusive lock waits for the postings under way; those that come after it queue behind it,
    so it is asked for with a time limit. `closed_at` is wall time.

    Raises WindowBusy (the transaction is void then: roll back, wait, try again) and
    WindowOutOfOrder.
    """
    connection.execute(select(func.set_config("lock_timeout", f"{int(lock_timeout_ms)}ms", True)))
    try:
        connection.execute(select(func.pg_advisory_xact_lock(*WINDOW)))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise WindowBusy(f"postings held the window for {lock_timeout_ms} ms") from error
        raise
    closed = connection.execute(
        update(hub_state)
        .where(hub_state.c.last_closed == business_date - timedelta(days=1))
        .values(last_closed=business_date)
    )
    if closed.rowcount != 1:
        raise WindowOutOfOrder(f"{business_date} does not follow the newest closed date")
    connection.execute(
        insert(window).values(
            business_date=business_date,
            starts_at=starts_at,
            ends_at=ends_at,
            state="closed",
            closed_at=closed_at,
        )
    )


def mark_window(*, connection: Connection, business_date: date, before: str, after: str) -> None:
    """Move a window from one state to the next. Raises WindowOutOfOrder if it is in another."""
    moved = connection.execute(
        update(window)
        .where(window.c.business_date == business_date, window.c.state == before)
        .values(state=after)
    )
    if moved.rowcount != 1:
        raise WindowOutOfOrder(f"the window of {business_date} is not {before}")


def read_window(*, connection: Connection, business_date: date) -> WindowFacts | None:
    """The closed window of a date, or None while it is open."""
    row = connection.execute(
        select(window).where(window.c.business_date == business_date)
    ).one_or_none()
    return None if row is None else _facts(row)


def read_windows(
    *, connection: Connection, states: Sequence[str] = (), limit: int = 1000
) -> tuple[WindowFacts, ...]:
    """Closed windows in those states (or all), newest last, at most the `limit` newest."""
    query = select(window).order_by(window.c.business_date.desc()).limit(limit)
    if states:
        query = query.where(window.c.state.in_(states))
    return tuple(_facts(row) for row in reversed(connection.execute(query).all()))


def _facts(row: Row[tuple[date, datetime, datetime, str, datetime]]) -> WindowFacts:
    return WindowFacts(
        business_date=row.business_date,
        starts_at=row.starts_at.astimezone(UTC),
        ends_at=row.ends_at.astimezone(UTC),
        state=row.state,
    )
