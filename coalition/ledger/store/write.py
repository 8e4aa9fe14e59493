"""Writing units of work: one statement that locks, checks and writes all of it, or nothing.

The statement takes the window's lock and reads its instant (`posting_slot`), locks the accounts in
sorted order, and opens its *gate* only if the directory is the one that the posting was computed
from, the window is still open, and every account is as it was read. All rows hang on the gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection

from coalition.db.transactions import Conflict
from coalition.db.writing import Section, WriteSet, insert_section
from coalition.errors import StaleDirectory
from coalition.ledger.domain import BUCKETS, Debt, Lot, Movement, Obligation
from coalition.ledger.posting import Posting


@dataclass(frozen=True, slots=True)
class Slot:
    """When and into which window a unit of work was posted."""

    posted_at: datetime
    window_date: date


LOT_NEW = insert_section(
    "lot_new",
    "lot",
    {
        "account_id": "uuid",
        "lot_id": "uuid",
        "issuer": "int",
        "funder": "int",
        "funding": "text",
        "issue_price_micros": "bigint",
        "redemption_price_micros": "bigint",
        "currency": "text",
        "agreement_no": "int",
        "sale_id": "uuid",
        "occurred_at": "timestamptz",
        "activates_at": "timestamptz",
        "expires_at": "timestamptz",
        "granted": "bigint",
        **dict.fromkeys(BUCKETS, "bigint"),
    },
    filled={"posted_at": "g.posted_at"},
)
LOT_CHANGED = Section(
    name="lot_changed",
    columns={
        "account_id": "uuid",
        "lot_id": "uuid",
        "expires_at": "timestamptz",
        **dict.fromkeys(BUCKETS, "bigint"),
    },
    template=(
        f"UPDATE lot SET {', '.join(f'{b} = r.{b}' for b in BUCKETS)}, expires_at = r.expires_at"
        " FROM {rows} WHERE lot.account_id = r.account_id AND lot.lot_id = r.lot_id"
    ),
)
MOVEMENT = insert_section(
    "movement_new",
    "movement",
    {
        "account_id": "uuid",
        "movement_id": "uuid",
        "lot_id": "uuid",
        "kind": "text",
        "from_bucket": "text",
        "to_bucket": "text",
        "points": "bigint",
        "party_no": "int",
        "cause_kind": "text",
        "cause_id": "uuid",
        "adjusts": "uuid",
        "reason": "text",
        "request_id": "uuid",
    },
    filled={"posted_at": "g.posted_at", "window_date": "g.window_date"},
)
OBLIGATION = insert_section(
    "obligation_new",
    "obligation",
    {
        "account_id": "uuid",
        "movement_id": "uuid",
        "seq": "smallint",
        "kind": "text",
        "debtor": "int",
        "creditor": "int",
        "amount_micros": "bigint",
        "currency": "text",
    },
    filled={"window_date": "g.window_date"},
)
DEBT_NEW = insert_section(
    "debt_new",
    "debt",
    {
        "account_id": "uuid",
        "debt_id": "uuid",
        "issuer": "int",
        "funder": "int",
        "lot_id": "uuid",
        "funding": "text",
        "issue_price_micros": "bigint",
        "redemption_price_micros": "bigint",
        "currency": "text",
        "sale_id": "uuid",
        "adjusts": "uuid",
        "due": "bigint",
        "recovered": "bigint",
        "written_off": "bigint",
    },
    filled={"created_at": "g.posted_at"},
)
DEBT_CHANGED = Section(
    name="debt_changed",
    columns={
        "account_id": "uuid",
        "debt_id": "uuid",
        "recovered": "bigint",
        "written_off": "bigint",
    },
    template=(
        "UPDATE debt SET recovered = r.recovered, written_off = r.written_off FROM {rows}"
        " WHERE debt.account_id = r.account_id AND debt.debt_id = r.debt_id"
    ),
)
ACCOUNT = Section(
    name="account",
    columns={
        "account_id": "uuid",
        "version": "bigint",
        "active": "bigint",
        "pending": "bigint",
        "held": "bigint",
        "debt": "bigint",
        "closes": "boolean",
    },
    template="",
)


def queue_posting(*, writes: WriteSet, posting: Posting) -> None:
    """Queue what a posting did to its account."""
    account, before = posting.account, posting.before
    account_id = account.account_id
    writes.add(
        ACCOUNT,
        {
            "account_id": account_id,
            "version": account.version,
            "active": account.active - before.active,
            "pending": account.pending - before.pending,
            "held": account.held - before.held,
            "debt": account.debt - before.debt,
            "closes": posting.closes_account,
        },
    )
    new_lots = {lot.lot_id for lot in posting.new_lots}
    writes.extend(LOT_NEW, [_lot_row(account_id, lot) for lot in posting.new_lots])
    writes.extend(
        LOT_CHANGED,
        [
            _changed_lot_row(account_id, lot)
            for lot_id, lot in posting.changed_lots.items()
            if lot_id not in new_lots
        ],
    )
    writes.extend(MOVEMENT, [_movement_row(movement) for movement in posting.movements])
    writes.extend(OBLIGATION, [_obligation_row(one) for one in posting.obligations])
    writes.extend(DEBT_NEW, [_debt_row(account_id, debt) for debt in posting.new_debts])
    new_debts = {debt.debt_id for debt in posting.new_debts}
    writes.extend(
        DEBT_CHANGED,
        [
            _debt_row(account_id, debt)
            for debt_id, debt in posting.changed_debts.items()
            if debt_id not in new_debts
        ],
    )


def _lot_row(account_id: UUID, lot: Lot) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "lot_id": lot.lot_id,
        "issuer": lot.issuer,
        "funder": lot.funder,
        "funding": lot.funding,
        "issue_price_micros": lot.issue_price_micros,
        "redemption_price_micros": lot.redemption_price_micros,
        "currency": lot.currency,
        "agreement_no": lot.agreement_no,
        "sale_id": lot.sale_id,
        "occurred_at": lot.occurred_at,
        "activates_at": lot.activates_at,
        "granted": lot.granted,
        "expires_at": lot.expires_at,
        "pending": lot.pending,
        "active": lot.active,
        "held": lot.held,
        "spent": lot.spent,
        "expired": lot.expired,
        "clawed_back": lot.clawed_back,
        "taken": lot.taken,
    }


def _changed_lot_row(account_id: UUID, lot: Lot) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "lot_id": lot.lot_id,
        "expires_at": lot.expires_at,
        "pending": lot.pending,
        "active": lot.active,
        "held": lot.held,
        "spent": lot.spent,
        "expired": lot.expired,
        "clawed_back": lot.clawed_back,
        "taken": lot.taken,
    }


def _movement_row(movement: Movement) -> dict[str, Any]:
    cause = movement.cause
    return {
        "account_id": movement.account_id,
        "movement_id": movement.movement_id,
        "lot_id": movement.lot_id,
        "kind": movement.kind,
        "from_bucket": movement.from_bucket,
        "to_bucket": movement.to_bucket,
        "points": movement.points,
        "party_no": cause.party_no,
        "cause_kind": cause.kind,
        "cause_id": cause.id,
        "adjusts": movement.adjusts,
        "reason": movement.reason,
        "request_id": cause.request_id,
    }


def _obligation_row(obligation: Obligation) -> dict[str, Any]:
    owed = obligation.owed
    return {
        "account_id": obligation.account_id,
        "movement_id": obligation.movement_id,
        "seq": obligation.seq,
        "kind": owed.kind,
        "debtor": owed.debtor,
        "creditor": owed.creditor,
        "amount_micros": owed.amount_micros,
        "currency": owed.currency,
    }


def _debt_row(account_id: UUID, debt: Debt) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "debt_id": debt.debt_id,
        "issuer": debt.issuer,
        "funder": debt.funder,
        "lot_id": debt.lot_id,
        "funding": debt.funding,
        "issue_price_micros": debt.issue_price_micros,
        "redemption_price_micros": debt.redemption_price_micros,
        "currency": debt.currency,
        "sale_id": debt.sale_id,
        "adjusts": debt.adjusts,
        "due": debt.due,
        "recovered": debt.recovered,
        "written_off": debt.written_off,
    }


_HEAD = """
WITH slot AS MATERIALIZED (SELECT * FROM posting_slot()),
wanted AS MATERIALIZED (
  SELECT account_id, min(version) AS version, sum(active) AS active, sum(pending) AS pending,
         sum(held) AS held, sum(debt) AS debt, bool_or(closes) AS closes
    FROM jsonb_to_recordset(%s::jsonb) AS r(account_id uuid, version bigint, active bigint,
         pending bigint, held bigint, debt bigint, closes boolean)
   GROUP BY account_id),
locked AS MATERIALIZED (
  SELECT b.account_id FROM balance b JOIN wanted w ON w.account_id = b.account_id
   WHERE CASE WHEN w.version IS NULL THEN b.open AND NOT b.frozen AND b.debt = 0
              ELSE b.version = w.version END
   ORDER BY b.account_id FOR UPDATE OF b),
checked AS MATERIALIZED (
  SELECT s.posted_at, COALESCE(%s::date, s.window_date) AS window_date,
         s.directory_version = %s AS current,
         (SELECT count(*) FROM locked) = (SELECT count(*) FROM wanted)
         AND COALESCE(%s::date > s.last_closed, true) AS unchanged
    FROM slot s),
gate AS MATERIALIZED (SELECT posted_at, window_date FROM checked WHERE current AND unchanged),
settled AS (
  UPDATE balance b SET active = b.active + w.active, pending = b.pending + w.pending,
         held = b.held + w.held, debt = b.debt + w.debt, version = b.version + 1,
         open = b.open AND NOT w.closes
    FROM wanted w, gate WHERE b.account_id = w.account_id)
"""
_TAIL = " SELECT posted_at, window_date, current, unchanged FROM checked"


@lru_cache(maxsize=512)
def _statement(sections: tuple[Section, ...]) -> str:
    parts = [_HEAD.strip(), *(section.sql for section in sections)]
    return ", ".join(parts) + _TAIL


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
    rows: Mapping[str, Iterable[Any]] = writes.rows
    names = tuple(
        sorted((n for n in rows if n != "account"), key=lambda n: (n.endswith("_changed"), n))
    )
    sections = tuple(writes.sections[name] for name in names)
    parameters = (
        _json(rows.get("account", ())),
        window_date,
        directory_version,
        window_date,
        *(_json(rows[name]) for name in names),
    )
    row: Any = connection.exec_driver_sql(_statement(sections), parameters).one()
    posted_at, posted_date, current, unchanged = row
    if not current:
        raise StaleDirectory
    if not unchanged:
        raise Conflict
    return Slot(posted_at, posted_date)


def _json(rows: Iterable[Any]) -> str:
    return orjson.dumps(rows).decode()


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
