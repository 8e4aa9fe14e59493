"""The SQL of polling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from coalition.checkouts.polling.tables import poll_cursor
from coalition.checkouts.tables import checkout_connection


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a connection's platform was asked; `until` and `cursor` are of a round under way."""

    connection_no: int
    polled_until: datetime
    until: datetime | None
    cursor: str | None
    due_at: datetime
    leased_until: datetime | None
    attempts: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Failing:
    """A platform that cannot be asked: how often in a row, asked up to when, and why."""

    connection_id: UUID
    connection_name: str
    attempts: int
    polled_until: datetime
    problem: str | None


def begin(*, connection: Connection, connection_nos: Iterable[int], wall_now: datetime) -> None:
    """Begin to ask for changes of connections that were not asked yet, from now on."""
    rows = [
        {"connection_no": no, "polled_until": wall_now, "due_at": wall_now, "attempts": 0}
        for no in connection_nos
    ]
    if rows:
        connection.execute(insert(poll_cursor).values(rows).on_conflict_do_nothing())


def due(*, connection: Connection, connection_nos: Iterable[int], wall_now: datetime) -> list[int]:
    """Of these connections, those that are to be asked now, the longest waiting first."""
    rows = connection.execute(
        select(poll_cursor.c.connection_no)
        .where(
            poll_cursor.c.connection_no.in_(list(connection_nos)),
            poll_cursor.c.due_at <= wall_now,
            _free(wall_now),
        )
        .order_by(poll_cursor.c.due_at)
    )
    return list(rows.scalars())


def lease(
    *, connection: Connection, connection_no: int, wall_now: datetime, until: datetime
) -> Cursor | None:
    """Have a connection to oneself until then; None if it is not due, or another has it."""
    row = connection.execute(
        update(poll_cursor)
        .where(
            poll_cursor.c.connection_no == connection_no,
            poll_cursor.c.due_at <= wall_now,
            _free(wall_now),
        )
        .values(leased_until=until)
        .returning(poll_cursor)
    ).one_or_none()
    return None if row is None else Cursor(**row._mapping)


def save(*, connection: Connection, lease: Cursor, columns: Mapping[str, Any]) -> bool:
    """Write how far it got, if the lease still stands; False: another has it by now."""
    result = connection.execute(
        update(poll_cursor)
        .where(
            poll_cursor.c.connection_no == lease.connection_no,
            poll_cursor.c.leased_until == lease.leased_until,
        )
        .values(**columns)
    )
    return result.rowcount == 1


def find(*, connection: Connection, connection_no: int) -> Cursor | None:
    """How far a connection was asked, if it was."""
    row = connection.execute(
        select(poll_cursor).where(poll_cursor.c.connection_no == connection_no)
    ).one_or_none()
    return None if row is None else Cursor(**row._mapping)


def list_failing(*, connection: Connection, attempts: int) -> list[Failing]:
    """Connections that are asked, and of which so many looks failed one after another."""
    shop = checkout_connection.c
    rows = connection.execute(
        select(
            shop.connection_id,
            shop.name.label("connection_name"),
            poll_cursor.c.attempts,
            poll_cursor.c.polled_until,
            poll_cursor.c.problem,
        )
        .join(checkout_connection, shop.no == poll_cursor.c.connection_no)
        .where(poll_cursor.c.attempts >= attempts, shop.state.in_(("test", "live")))
        .order_by(shop.no)
    )
    return [Failing(**row._mapping) for row in rows]


def _free(wall_now: datetime) -> Any:
    leased_until = poll_cursor.c.leased_until
    return or_(leased_until.is_(None), leased_until < wall_now)
