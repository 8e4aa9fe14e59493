"""Business time and business dates, as the posting itself reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from coalition.db.state import hub_state
from coalition.directory import end_of_date
from coalition.feed.facts import Coalition


def read_coalition(*, connection: Connection) -> Coalition:
    """What coalition this database is, and the newest business date that it closed."""
    row = connection.execute(select(hub_state)).one()
    return Coalition(
        environment=row.environment,
        name=row.name,
        time_zone=ZoneInfo(row.time_zone),
        currency=row.currency,
        last_closed=row.last_closed,
    )


def business_now(*, connection: Connection) -> datetime:
    """The business instant, from the clock that postings read: the set one, else the server's.

    A window is closed by the same clock that puts postings into it, so a difference between the
    clocks of two machines cannot close a date early.
    """
    instant: datetime = connection.execute(
        select(func.coalesce(hub_state.c.business_at, func.clock_timestamp()))
    ).scalar_one()
    return instant.astimezone(UTC)


def start_of_business_date(*, business_date: date, zone: ZoneInfo) -> datetime:
    """The first instant of the business date, in UTC."""
    return end_of_date(business_date - timedelta(days=1), zone).astimezone(UTC)


def end_of_business_date(*, business_date: date, zone: ZoneInfo) -> datetime:
    """The first instant after the business date, in UTC: 23 or 25 hours on in a DST night."""
    return end_of_date(business_date, zone).astimezone(UTC)
