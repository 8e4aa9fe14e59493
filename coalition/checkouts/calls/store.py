"""The SQL of calls: each connection's pace, shared by all processes, and the log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, text, tuple_, update

from coalition.checkouts.calls.domain import Asked
from coalition.checkouts.calls.tables import call_log, call_pace

_TAKE = text(
    "INSERT INTO call_pace AS p (connection_no, due_at) VALUES (:no, CAST(:now AS timestamptz)"
    " + :each) ON CONFLICT (connection_no) DO UPDATE SET"
    " due_at = greatest(p.due_at, CAST(:now AS timestamptz)) + :each"
    " WHERE p.due_at <= CAST(:now AS timestamptz) + :slack"
    " AND (p.quiet_until IS NULL OR p.quiet_until <= :now)"
    " RETURNING true"
)


def take_turn(
    *, connection: Connection, connection_no: int, calls: int, seconds: int, wall_now: datetime
) -> timedelta:
    """Take a turn to call, or tell how long to wait before trying for one.

    `calls` may come together, and no more than so many in any `seconds` after they were spread.
    """
    each = timedelta(seconds=seconds) / calls
    slack = each * (calls - 1)
    taken = connection.execute(
        _TAKE, {"no": connection_no, "now": wall_now, "each": each, "slack": slack}
    ).one_or_none()
    if taken is not None:
        return timedelta(0)
    row = connection.execute(
        select(call_pace).where(call_pace.c.connection_no == connection_no)
    ).one()
    waits: list[timedelta] = [row.due_at - slack - wall_now, timedelta(milliseconds=1)]
    if row.quiet_until is not None:
        waits.append(row.quiet_until - wall_now)
    return max(*waits)


def keep_quiet(*, connection: Connection, connection_no: int, until: datetime) -> None:
    """Make no call before that instant."""
    connection.execute(
        update(call_pace)
        .where(call_pace.c.connection_no == connection_no)
        .values(quiet_until=func.greatest(call_pace.c.quiet_until, until))
    )


def log_call(*, connection: Connection, asked: Asked) -> None:
    """Write a call down."""
    connection.execute(insert(call_log).values(**asdict(asked)))


def calls_of(
    *, connection: Connection, connection_no: int, before: int | None, limit: int
) -> list[tuple[int, Asked]]:
    """The newest calls of a connection, with their numbers."""
    found = select(call_log).where(call_log.c.connection_no == connection_no)
    if before is not None:
        found = found.where(call_log.c.no < before)
    rows = connection.execute(found.order_by(call_log.c.no.desc()).limit(limit))
    return [(row.no, Asked(**{n: v for n, v in row._mapping.items() if n != "no"})) for row in rows]


def forget_calls(*, connection: Connection, before: datetime, limit: int) -> int:
    """Delete calls older than that; gives how many of at most `limit`."""
    columns = (call_log.c.connection_no, call_log.c.no)
    old = select(*columns).where(call_log.c.called_at < before).limit(limit)
    return connection.execute(delete(call_log).where(tuple_(*columns).in_(old))).rowcount
