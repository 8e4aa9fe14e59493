"""The rows of the ledger: how each kind of them is written, and what a posting has of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.db.writing import Section, WriteSet, insert_section
from coalition.ledger.domain import BUCKETS, Debt, Lot, Movement, Obligation
from coalition.ledger.posting import Posting

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
        # As it was read; none: not read, see `AccountState`.
        "version": "bigint",
        # By how much the counts of the balance change.
        "active": "bigint",
        "pending": "bigint",
        "held": "bigint",
        "debt": "bigint",
        "closes": "boolean",
    },
    template="",  # it is no insert: the statement's own head locks, checks and changes balances
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
    if posting.new_lots:
        writes.extend(LOT_NEW, [_lot_row(account_id, lot) for lot in posting.new_lots])
    if posting.changed_lots:
        new = {lot.lot_id for lot in posting.new_lots}
        changed = [lot for lot_id, lot in posting.changed_lots.items() if lot_id not in new]
        writes.extend(LOT_CHANGED, [_changed_lot_row(account_id, lot) for lot in changed])
    writes.extend(MOVEMENT, [_movement_row(movement) for movement in posting.movements])
    writes.extend(OBLIGATION, [_obligation_row(one) for one in posting.obligations])
    if posting.new_debts:
        writes.extend(DEBT_NEW, [_debt_row(account_id, debt) for debt in posting.new_debts])
    if posting.changed_debts:
        known = {debt.debt_id for debt in posting.new_debts}
        due = [debt for debt_id, debt in posting.changed_debts.items() if debt_id not in known]
        writes.extend(DEBT_CHANGED, [_debt_row(account_id, debt) for debt in due])


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
