"""The SQL of the inbox: keeping and showing messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
from sqlalchemy import Connection, delete, func, literal, select, update

from adapters.contract import Headers, Request
from coalition.checkouts.domain import Delivery, Message
from coalition.checkouts.tables import checkout_connection, inbox_message
from coalition.db.prepared import run_prepared

_KEEP = """
WITH gate AS MATERIALIZED (SELECT 1 FROM hub_state WHERE directory_version = $1::bigint),
kept AS (
  INSERT INTO inbox_message (connection_no, message_id, delivery_key, about, method, url, headers,
         body, received_at, state, due_at, reason, settled_at)
  SELECT $2::int, $3::uuid, $4, $5, $6, $7, $8::jsonb, $9::bytea, $10::timestamptz, $11,
         $10::timestamptz, $12, CASE WHEN $11 = 'waiting' THEN NULL ELSE $10::timestamptz END
    FROM gate
      ON CONFLICT (connection_no, delivery_key) DO NOTHING RETURNING 1)
SELECT EXISTS (SELECT FROM gate), EXISTS (SELECT FROM kept)
"""
COLUMNS = (
    inbox_message.c.message_id,
    inbox_message.c.connection_no,
    inbox_message.c.delivery_key,
    inbox_message.c.about,
    inbox_message.c.method,
    inbox_message.c.url,
    inbox_message.c.headers,
    inbox_message.c.body,
    inbox_message.c.received_at,
    inbox_message.c.state,
    inbox_message.c.attempts,
    inbox_message.c.due_at,
    inbox_message.c.reason,
    inbox_message.c.result,
    inbox_message.c.settled_at,
)
_SIZE = func.octet_length(inbox_message.c.body).label("size")
_WITH_SIZE = (*COLUMNS, _SIZE)
_WITHOUT_BODY = (
    *(column for column in COLUMNS if column is not inbox_message.c.body),
    literal(b"").label("body"),
    _SIZE,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether the directory was current, and whether the message is new."""

    current: bool
    new: bool


def keep(*, connection: Connection, delivery: Delivery, directory_version: int) -> Kept:
    """Put a message into the inbox, in one round trip; one that is there already changes nothing.

    On an autocommit connection it is kept for good when this returns.
    """
    request = delivery.request
    ((current, new),) = run_prepared(
        connection=connection,
        statement=_KEEP,
        parameters=(
            str(directory_version),
            str(delivery.connection_no),
            str(delivery.message_id),
            delivery.key,
            delivery.about,
            request.method,
            request.url,
            orjson.dumps(dict(request.headers)).decode(),
            "\\x" + request.body.hex(),
            delivery.received_at.isoformat(),
            delivery.state,
            delivery.reason,
        ),
    )
    return Kept(current, new)


def list_messages(
    *,
    connection: Connection,
    connection_no: int,
    state: str | None,
    before: UUID | None,
    limit: int,
    bodies: bool = True,
) -> list[Message]:
    """Messages of a connection, newest first; without `bodies`, of these the sizes only."""
    found = select(*(_WITH_SIZE if bodies else _WITHOUT_BODY)).where(
        inbox_message.c.connection_no == connection_no
    )
    if state is not None:
        found = found.where(inbox_message.c.state == state)
    if before is not None:
        found = found.where(inbox_message.c.message_id < before)
    rows = connection.execute(found.order_by(inbox_message.c.message_id.desc()).limit(limit))
    return [read_message(row, size=row.size) for row in rows]


def find_message(
    *, connection: Connection, message_id: UUID, connection_no: int | None = None
) -> Message | None:
    """A message, of that connection or of any."""
    found = select(*COLUMNS).where(inbox_message.c.message_id == message_id)
    if connection_no is None:
        # By the primary key, of each connection: there are few.
        found = found.where(
            inbox_message.c.connection_no.in_(select(checkout_connection.c.no).scalar_subquery())
        )
    else:
        found = found.where(inbox_message.c.connection_no == connection_no)
    row = connection.execute(found).one_or_none()
    return None if row is None else read_message(row)


def find_by_key(
    *, connection: Connection, connection_no: int, key: str, lock: bool = False
) -> Message | None:
    """A message by its delivery key; locked until the transaction ends where asked."""
    found = select(*COLUMNS).where(
        inbox_message.c.connection_no == connection_no, inbox_message.c.delivery_key == key
    )
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else read_message(row)


def make_due(*, connection: Connection, message: Message, wall_now: datetime) -> None:
    """Have a message worked on again, from the start."""
    connection.execute(
        update(inbox_message)
        .where(
            inbox_message.c.connection_no == message.connection_no,
            inbox_message.c.message_id == message.message_id,
        )
        .values(
            state="waiting",
            attempts=0,
            due_at=wall_now,
            leased_until=None,
            reason=None,
            settled_at=None,
        )
    )


def count_states(*, connection: Connection, connection_no: int) -> dict[str, int]:
    """How many messages of a connection are waiting, and how many are dead letters."""
    rows = connection.execute(
        select(inbox_message.c.state, func.count())
        .where(
            inbox_message.c.connection_no == connection_no,
            inbox_message.c.state.in_(("waiting", "dead")),
        )
        .group_by(inbox_message.c.state)
    )
    counts = {"waiting": 0, "dead": 0}
    return counts | {row[0]: row[1] for row in rows}


def forget_before(*, connection: Connection, instant: datetime, limit: int) -> int:
    """Delete messages that came before then and wait no more; gives how many."""
    old = (
        select(inbox_message.c.connection_no, inbox_message.c.message_id)
        .where(inbox_message.c.received_at < instant, inbox_message.c.state != "waiting")
        .limit(limit)
        .cte("old")
    )
    done = connection.execute(
        delete(inbox_message).where(
            inbox_message.c.connection_no == old.c.connection_no,
            inbox_message.c.message_id == old.c.message_id,
        )
    )
    return done.rowcount


def read_message(row: Any, *, size: int | None = None) -> Message:
    """A row of `COLUMNS` as a message; `size` of its body, where that was not read."""
    return Message(
        message_id=row.message_id,
        connection_no=row.connection_no,
        key=row.delivery_key,
        about=row.about,
        request=Request(
            method=row.method,
            url=row.url,
            headers=Headers(row.headers),
            body=bytes(row.body),
            query=dict(parse_qsl(urlsplit(row.url).query, keep_blank_values=True)),
        ),
        received_at=row.received_at,
        state=row.state,
        attempts=row.attempts,
        due_at=row.due_at,
        reason=row.reason,
        result=row.result or {},
        settled_at=row.settled_at,
        size=len(row.body) if size is None else size,
    )
