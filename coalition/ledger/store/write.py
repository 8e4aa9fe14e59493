"""Writing units of work: one statement that locks, checks and writes all of it, or nothing.

The statement takes the window's lock and reads its instant (`posting_slot`), locks the accounts in
sorted order, and opens its *gate* only if the directory is the one that the posting was computed
from, the window is still open, and every account is as it was read. All rows hang on the gate.
For one account, which is nearly always so, changing its balance is locking, checking and gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection

from coalition.db.prepared import run_encoded
from coalition.db.transactions import Conflict
from coalition.db.writing import FEW, Numbers, Section, WriteSet, plain_parameters
from coalition.errors import StaleDirectory
from coalition.ledger.store.rows import ACCOUNT


@dataclass(frozen=True, slots=True)
class Slot:
    """When and into which window a unit of work was posted."""

    posted_at: datetime
    window_date: date


# $1 the directory's version, $2 the window or null; of one account, its columns follow.
_OF_ONE = """
WITH slot AS MATERIALIZED (SELECT * FROM posting_slot()),
gate AS (
  UPDATE balance b SET active = b.active + $5, pending = b.pending + $6, held = b.held + $7,
         debt = b.debt + $8, version = b.version + 1, open = b.open AND NOT $9::boolean
    FROM slot s
   WHERE b.account_id = $3 AND s.directory_version = $1
     AND COALESCE($2::date > s.last_closed, true)
     AND CASE WHEN $4::bigint IS NULL THEN b.open AND NOT b.frozen AND b.debt = 0
              ELSE b.version = $4 END
  RETURNING s.posted_at, COALESCE($2, s.window_date) AS window_date)
"""
_END_OF_ONE = """
SELECT posted_at, COALESCE($2, window_date), directory_version = $1, EXISTS (SELECT FROM gate)
  FROM slot
"""
_OF_MANY = """
WITH slot AS MATERIALIZED (SELECT * FROM posting_slot()),
wanted AS MATERIALIZED (
  SELECT account_id, min(version) AS version, sum(active) AS active, sum(pending) AS pending,
         sum(held) AS held, sum(debt) AS debt, bool_or(closes) AS closes
    FROM json_to_recordset($accounts::json) AS r(account_id uuid, version bigint, active bigint,
         pending bigint, held bigint, debt bigint, closes boolean)
   GROUP BY account_id),
locked AS MATERIALIZED (
  SELECT b.account_id FROM balance b JOIN wanted w ON w.account_id = b.account_id
   WHERE CASE WHEN w.version IS NULL THEN b.open AND NOT b.frozen AND b.debt = 0
              ELSE b.version = w.version END
   ORDER BY b.account_id FOR UPDATE OF b),
checked AS MATERIALIZED (
  SELECT s.posted_at, COALESCE($2::date, s.window_date) AS window_date,
         s.directory_version = $1 AS current,
         (SELECT count(*) FROM locked) = (SELECT count(*) FROM wanted)
         AND COALESCE($2 > s.last_closed, true) AS unchanged
    FROM slot s),
gate AS MATERIALIZED (SELECT posted_at, window_date FROM checked WHERE current AND unchanged),
settled AS (
  UPDATE balance b SET active = b.active + w.active, pending = b.pending + w.pending,
         held = b.held + w.held, debt = b.debt + w.debt, version = b.version + 1,
         open = b.open AND NOT w.closes
    FROM wanted w, gate WHERE b.account_id = w.account_id)
"""
_END_OF_MANY = " SELECT posted_at, window_date, current, unchanged FROM checked"


@lru_cache(maxsize=4096)
def _statement(shapes: tuple[tuple[Section, int], ...], *, one: bool) -> str:
    head, end, plain = (
        (_OF_ONE, _END_OF_ONE, 2 + ACCOUNT.width) if one else (_OF_MANY, _END_OF_MANY, 2)
    )
    width = plain + sum(section.width * shape for section, shape in shapes)
    numbers = Numbers(plain + 1, width + 1)
    parts = [head.strip()]
    if not one:
        parts[0] = parts[0].replace("$accounts", f"${numbers.other}")
        numbers.other += 1
    parts.extend(section.sql(numbers, shape) for section, shape in shapes)
    return ", ".join(parts) + end


@lru_cache(maxsize=4096)
def _in_order(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """Inserts before updates, in one order whatever the order of queueing: fewer statements."""
    others = (section for section in sections if section is not ACCOUNT)
    return tuple(sorted(others, key=lambda section: (section.is_change, section.name)))


def composed(
    *, writes: WriteSet, directory_version: int, window_date: date | None = None
) -> tuple[str, list[bytes | None]]:
    """The statement that `write` runs, and its parameters in PostgreSQL's text form."""
    rows = writes.rows
    sections = _in_order(tuple(writes.sections.values()))
    accounts: Sequence[Mapping[str, Any]] = rows.get(ACCOUNT.name, ())
    one = len(accounts) == 1
    plain: list[Any] = [directory_version, window_date]
    others: list[bytes | None] = []
    if one:
        plain.extend(ACCOUNT.plain(accounts[0]))
    else:
        others.append(orjson.dumps(accounts))
    shapes = []
    for section in sections:
        queued = rows[section.name]
        # What several accounts have written together comes in too many shapes to prepare each.
        shape = len(queued) if one and len(queued) <= FEW else 0
        shapes.append((section, shape))
        if shape == 0:
            others.append(orjson.dumps(queued))
            continue
        for row in queued:
            plain.extend(section.plain(row))
            others.extend(section.others(row))
    return _statement(tuple(shapes), one=one), plain_parameters(plain) + others


def write(
    *,
    connection: Connection,
    writes: WriteSet,
    directory_version: int,
    window_date: date | None = None,
) -> Slot:
    """Write a unit of work; all of it or nothing.

    `window_date` posts into that still open window instead of the one of the instant (the jobs of
    a night, which belong to the date that they close).

    Raises:
        StaleDirectory: the directory is no longer the one of that version.
        Conflict: an account changed since it was read, or the window was closed.
    """
    statement, parameters = composed(
        writes=writes, directory_version=directory_version, window_date=window_date
    )
    ((posted_at, posted_date, current, unchanged),) = run_encoded(
        connection=connection, statement=statement, parameters=parameters
    )
    if not current:
        raise StaleDirectory
    if not unchanged:
        raise Conflict
    return Slot(posted_at, posted_date)


def set_spending_rules(
    *, connection: Connection, account_id: UUID, frozen: bool, spend_locked: bool
) -> None:
    """Mirror the member's state where every posting checks it; stops what is under way."""
    connection.exec_driver_sql(
        "UPDATE balance SET frozen = %s, spend_locked = %s, version = version + 1"
        " WHERE account_id = %s",
        (frozen, spend_locked, account_id),
    )


def open_account(*, connection: Connection, account_id: UUID) -> None:
    """Give a new account its balance row."""
    connection.exec_driver_sql("INSERT INTO balance (account_id) VALUES (%s)", (account_id,))
