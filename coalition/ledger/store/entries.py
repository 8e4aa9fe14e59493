"""Entries as partners and the operator read them: movements with what was owed for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.locks import WINDOW
from partner_sdk.wire.ids import uuid7


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement with its lot's issuer and its obligations (kind, debtor, creditor, micros)."""

    account_id: UUID
    movement_id: UUID
    lot_id: UUID
    kind: str
    from_bucket: str
    to_bucket: str
    points: int
    posted_at: datetime
    window_date: date
    party_no: int
    cause_kind: str
    cause_id: UUID
    reason: str
    issuer: int
    sale: str | None
    sale_party: int | None
    amounts: list[list[Any]]


_ENTRY = """
SELECT m.account_id, m.movement_id, m.lot_id, m.kind, m.from_bucket, m.to_bucket, m.points,
       m.posted_at, m.window_date, m.party_no, m.cause_kind, m.cause_id, m.reason,
       l.issuer, s.external_id, s.party_no,
       COALESCE((SELECT jsonb_agg(jsonb_build_array(o.kind, o.debtor, o.creditor, o.amount_micros,
                                                    o.currency) ORDER BY o.seq)
                   FROM obligation o
                  WHERE o.account_id = m.account_id AND o.movement_id = m.movement_id), '[]')
  FROM {source} m
  JOIN lot l ON l.account_id = m.account_id AND l.lot_id = m.lot_id
  LEFT JOIN sale s ON m.cause_kind = 'sale' AND s.sale_id = m.cause_id
"""

# The page is cut from the index first; only its rows are then joined.
_OF_PARTY = (
    _ENTRY.format(
        source="""(SELECT * FROM movement WHERE party_no = %s AND movement_id > %s
                      AND movement_id < %s AND (%s::timestamptz IS NULL OR posted_at >= %s)
                      AND (%s::timestamptz IS NULL OR posted_at < %s)
                    ORDER BY movement_id LIMIT %s)"""
    )
    + " ORDER BY m.movement_id"
)
_OF_ACCOUNT = (
    _ENTRY.format(source="(SELECT * FROM movement WHERE account_id = %s AND movement_id < %s)")
    + " WHERE %s::int IS NULL OR l.issuer = %s OR m.party_no = %s"
    + " ORDER BY m.movement_id DESC LIMIT %s"
)
_OLDEST_POSTING = """
SELECT least(min(a.xact_start), clock_timestamp())
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND l.classid = %s AND l.objid = %s
   AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname =
                                        current_database())
"""
MADE_BEFORE = timedelta(seconds=2)
"""How long before a posting's transaction begins, or before it asks for the window's lock, its ids
may have been made."""
_LAST = UUID(int=2**128 - 1)
_FIRST = UUID(int=0)


def entries_of_party(
    *,
    connection: Connection,
    party_no: int,
    after: UUID | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    before: UUID | None = None,
) -> list[Entry]:
    """Entries at a partner's tills and of its own sales, oldest first; up to `before`, if given."""
    rows = connection.exec_driver_sql(
        _OF_PARTY,
        (party_no, after or _FIRST, before or _LAST, since, since, until, until, limit),
    )
    return [Entry(*row) for row in rows]


def first_unsettled(*, connection: Connection) -> UUID:
    """An id below which no posting has any that is under way now, or will have.

    A posting makes its ids and then takes the window's lock, which it holds until it ends; so does
    one that waits for it. One that has made its ids and is not at the lock yet is not seen, but
    they are as young as that. Ids begin with the time at which they were made. To be asked in a
    statement before the one that reads entries: what it did not see is then committed and seen.
    """
    begun = connection.exec_driver_sql(_OLDEST_POSTING, WINDOW).scalar_one()
    return uuid7(unix_ms=int((begun - MADE_BEFORE).timestamp() * 1000), random=bytes(10))


def entries_of_account(
    *,
    connection: Connection,
    account_id: UUID,
    party_no: int | None,
    before: UUID | None,
    limit: int,
) -> list[Entry]:
    """An account's entries, newest first; a partner sees those of its lots and its tills."""
    rows = connection.exec_driver_sql(
        _OF_ACCOUNT, (account_id, before or _LAST, party_no, party_no, party_no, limit)
    )
    return [Entry(*row) for row in rows]
