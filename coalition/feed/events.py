"""Telling the parties that subscribed that their statement is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.directory import read_snapshot
from coalition.events.domain import event_rows
from coalition.events.store import insert_events


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
    snapshot = read_snapshot(connection=connection)
    rows = [
        row
        for party_no, payload in statements
        for row in event_rows(
            snapshot=snapshot,
            type="statement.issued",
            party_no=party_no,
            payload=dict(payload),
            now=now,
            new_id=new_id,
        )
    ]
    if rows:
        insert_events(connection=connection, rows=rows)
    return len(rows)
