"""Telling the parties that subscribed what settlement did: statements, disputes and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.directory import read_snapshot
from coalition.events.domain import event_rows
from coalition.events.store import insert_events


def announce(
    *,
    connection: Connection,
    type: str,  # noqa: A002 - the wire's word
    payloads: Iterable[tuple[int, Mapping[str, Any]]],
    now: datetime,
    new_id: Callable[[], UUID],
) -> int:
    """Put an event into the outbox of each party that subscribed to its type.

    `payloads` are party numbers with the events' data; `now` is business time. Gives how many
    events there are. Raises ValueError for a type that cannot be subscribed to.
    """
    snapshot = read_snapshot(connection=connection)
    rows = [
        row
        for party_no, payload in payloads
        for row in event_rows(
            snapshot=snapshot,
            type=type,
            party_no=party_no,
            payload=dict(payload),
            now=now,
            new_id=new_id,
        )
    ]
    if rows:
        insert_events(connection=connection, rows=rows)
    return len(rows)


def announce_statements(
    *,
    connection: Connection,
    statements: Iterable[tuple[int, Mapping[str, Any]]],
    now: datetime,
    new_id: Callable[[], UUID],
) -> int:
    """Put `statement.issued` into the outbox of each party that subscribed to it.

    `statements` are party numbers with the events' payloads; `now` is business time. Gives how many
    events there are.
    """
    return announce(
        connection=connection,
        type="statement.issued",
        payloads=statements,
        now=now,
        new_id=new_id,
    )
