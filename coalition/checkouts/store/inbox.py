"""The SQL of the inbox: keeping, claiming, settling and showing messages; the refused ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
from sqlalchemy import Connection, delete, func, select, text, update

from adapters.contract import Headers, Request
from coalition.checkouts.domain import Delivery, Message, MessageState, Rejection
from coalition.checkouts.tables import checkout_connection, inbox_message, inbox_rejection
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
_REJECT = """
WITH put AS (
  INSERT INTO inbox_rejection (connection_no, rejected_at, reason, detail, bytes)
  VALUES ($1::int, $2::timestamptz, $3, $4, $5::int) RETURNING no)
DELETE FROM inbox_rejection WHERE connection_no = $1::int AND no <= (
  SELECT no FROM inbox_rejection WHERE connection_no = $1::int
   ORDER BY no DESC OFFSET $6::int LIMIT 1)
RETURNING no
"""
_COLUMNS = (
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
_NAMES = ", ".join(f"m.{column.name}" for column in _COLUMNS)
# One that others work on keeps all messages about its order from being taken, too.
_CLAIM = text(f"""
WITH due AS (
  SELECT d.connection_no, d.message_id FROM inbox_message d
   WHERE d.connection_no = :no AND d.state = 'waiting' AND d.due_at <= :now
     AND (d.leased_until IS NULL OR d.leased_until <= :now)
     AND NOT EXISTS (SELECT FROM inbox_message o WHERE o.connection_no = :no
           AND o.state = 'waiting' AND o.about = d.about AND o.leased_until > :now)
   ORDER BY d.due_at, d.message_id LIMIT :most FOR UPDATE SKIP LOCKED)
UPDATE inbox_message m SET leased_until = :until, attempts = m.attempts + 1
  FROM due WHERE m.connection_no = due.connection_no AND m.message_id = due.message_id
RETURNING {_NAMES}, clock_timestamp() AS claimed_at
""")
_SETTLE = text("""
UPDATE inbox_message m SET state = r.state, reason = r.reason, result = r.result,
       due_at = COALESCE(r.due_at, m.due_at), leased_until = NULL,
       settled_at = CASE WHEN r.state = 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) END
  FROM json_to_recordset(CAST(:rows AS json)) AS r(message_id uuid, state text, reason text,
       result jsonb, due_at timestamptz)
 WHERE m.connection_no = :no AND m.message_id = r.message_id AND m.state = 'waiting'
   AND m.leased_until = :until
RETURNING m.message_id
""")
_WITH_DUE = text("""
SELECT c.no FROM checkout_connection c
 WHERE c.state IN ('test', 'live') AND EXISTS (
       SELECT FROM inbox_message m WHERE m.connection_no = c.no AND m.state = 'waiting'
          AND m.due_at <= :now AND (m.leased_until IS NULL OR m.leased_until <= :now))
 ORDER BY c.no
""")
_UNDONE = text("""
SELECT max((result ->> 'undone')::bigint) FROM inbox_message
 WHERE connection_no = :no AND about = :about AND result ? 'undone'
   AND (result ->> 'told')::bigint = :told
""")
_STANDS = text("""
SELECT EXISTS (
  SELECT FROM inbox_message
   WHERE connection_no = :no AND about = :about AND result ->> 'kind' = 'accrue'
     AND NOT result ? 'undone' AND (result ->> 'told')::bigint = :told AND message_id <> :but
)""")


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether the directory was current, and whether the message is new."""

    current: bool
    new: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message; one that waits on is due again at `due_at`."""

    message_id: UUID
    state: MessageState
    reason: str | None
    result: dict[str, Any] | None
    due_at: datetime | None = None


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


def reject(*, connection: Connection, rejection: Rejection, keep_at_most: int) -> None:
    """Note a refused delivery, and forget the oldest beyond so many of the connection."""
    run_prepared(
        connection=connection,
        statement=_REJECT,
        parameters=(
            str(rejection.connection_no),
            rejection.rejected_at.isoformat(),
            rejection.reason,
            rejection.detail,
            str(rejection.bytes),
            str(keep_at_most - 1),
        ),
    )


def with_due(*, connection: Connection, wall_now: datetime) -> list[int]:
    """Numbers of the connections that have messages to work on."""
    return list(connection.execute(_WITH_DUE, {"now": wall_now}).scalars())


def claim(
    *, connection: Connection, connection_no: int, wall_now: datetime, until: datetime, limit: int
) -> tuple[list[Message], datetime | None]:
    """Take messages of a connection that are due, for this worker alone until that wall time.

    Gives them in the order in which they came, and the database's time. Claims of a connection
    wait for each other, so that no two workers have messages about one order.
    """
    connection.execute(select(func.pg_advisory_xact_lock(7206, connection_no)))
    rows = connection.execute(
        _CLAIM, {"no": connection_no, "now": wall_now, "until": until, "most": limit}
    ).all()
    found = sorted((_message(row) for row in rows), key=lambda each: each.message_id)
    return found, rows[0].claimed_at if rows else None


def settle(
    *,
    connection: Connection,
    connection_no: int,
    settled: Sequence[Settled],
    leased_until: datetime,
    wall_now: datetime,
) -> set[UUID]:
    """Say what became of messages, unless their lease ran out and others have them; gives whose."""
    rows = [
        {
            "message_id": each.message_id,
            "state": each.state,
            "reason": each.reason,
            "result": each.result,
            "due_at": each.due_at,
        }
        for each in settled
    ]
    done = connection.execute(
        _SETTLE,
        {
            "no": connection_no,
            "rows": orjson.dumps(rows).decode(),
            "until": leased_until,
            "now": wall_now,
        },
    )
    return set(done.scalars())


def list_messages(
    *,
    connection: Connection,
    connection_no: int,
    state: str | None,
    before: UUID | None,
    limit: int,
) -> list[Message]:
    """Messages of a connection, newest first."""
    found = select(*_COLUMNS).where(inbox_message.c.connection_no == connection_no)
    if state is not None:
        found = found.where(inbox_message.c.state == state)
    if before is not None:
        found = found.where(inbox_message.c.message_id < before)
    rows = connection.execute(found.order_by(inbox_message.c.message_id.desc()).limit(limit))
    return [_message(row) for row in rows]


def find_message(
    *, connection: Connection, message_id: UUID, connection_no: int | None = None
) -> Message | None:
    """A message, of that connection or of any."""
    found = select(*_COLUMNS).where(inbox_message.c.message_id == message_id)
    if connection_no is None:
        # By the primary key, of each connection: there are few.
        found = found.where(
            inbox_message.c.connection_no.in_(select(checkout_connection.c.no).scalar_subquery())
        )
    else:
        found = found.where(inbox_message.c.connection_no == connection_no)
    row = connection.execute(found).one_or_none()
    return None if row is None else _message(row)


def find_by_key(
    *, connection: Connection, connection_no: int, key: str, lock: bool = False
) -> Message | None:
    """A message by its delivery key; locked until the transaction ends where asked."""
    found = select(*_COLUMNS).where(
        inbox_message.c.connection_no == connection_no, inbox_message.c.delivery_key == key
    )
    row = connection.execute(found.with_for_update() if lock else found).one_or_none()
    return None if row is None else _message(row)


def undone_revision(
    *, connection: Connection, connection_no: int, about: str, told: int
) -> int | None:
    """The highest revision by which an accrual was undone of an order in that state of it.

    `told`: the revision that the platform tells of the state.
    """
    found = connection.execute(
        _UNDONE, {"no": connection_no, "about": about, "told": told}
    ).scalar_one()
    return None if found is None else int(found)


def other_accrual_stands(*, connection: Connection, accrual: Message, told: int) -> bool:
    """Whether the same state of its order was accrued by another key, and not undone."""
    values = {"no": accrual.connection_no, "about": accrual.about, "told": told}
    found = connection.execute(_STANDS, {**values, "but": accrual.message_id})
    return bool(found.scalar_one())


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


def answer_kept(
    *, connection: Connection, message_id: UUID, connection_no: int, result: dict[str, Any]
) -> None:
    """Write down the answer to a question, in the transaction of what it did."""
    connection.execute(
        update(inbox_message)
        .where(
            inbox_message.c.connection_no == connection_no,
            inbox_message.c.message_id == message_id,
        )
        .values(result=result)
    )


def list_rejections(
    *, connection: Connection, connection_no: int, before: int | None, limit: int
) -> list[tuple[int, Rejection]]:
    """Refused deliveries of a connection, newest first, each with its number."""
    found = select(inbox_rejection).where(inbox_rejection.c.connection_no == connection_no)
    if before is not None:
        found = found.where(inbox_rejection.c.no < before)
    rows = connection.execute(found.order_by(inbox_rejection.c.no.desc()).limit(limit))
    return [
        (row.no, Rejection(row.connection_no, row.rejected_at, row.reason, row.detail, row.bytes))
        for row in rows
    ]


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


def clock(*, connection: Connection) -> datetime:
    """The database's own time."""
    instant: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return instant


def _message(row: Any) -> Message:
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
    )
