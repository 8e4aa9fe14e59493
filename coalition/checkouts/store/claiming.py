"""The SQL of working on the inbox: what is due, whose it is, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, func, select, text

from coalition.checkouts.domain import Message, MessageState
from coalition.checkouts.store.inbox import COLUMNS, read_message
from coalition.db.locks import INBOX

_NAMES = ", ".join(f"m.{column.name}" for column in COLUMNS)
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


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message; one that waits on is due again at `due_at`."""

    message_id: UUID
    state: MessageState
    reason: str | None
    result: dict[str, Any] | None
    due_at: datetime | None = None


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
    connection.execute(select(func.pg_advisory_xact_lock(INBOX, connection_no)))
    rows = connection.execute(
        _CLAIM, {"no": connection_no, "now": wall_now, "until": until, "most": limit}
    ).all()
    found = sorted((read_message(row) for row in rows), key=lambda each: each.message_id)
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
