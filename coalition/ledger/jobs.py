"""Jobs of the ledger: pending points become active, points past their expiry go to breakage.

Both work in batches of accounts, a transaction each, so a kill loses at most the batch under way,
and what was done is not found again. The night gives `window_date`, the date that it closes; run
at another time they post into the open window.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.database import Database
from coalition.db.transactions import in_transaction
from coalition.db.writing import WriteSet
from coalition.directory import Directory, Snapshot
from coalition.errors import StaleDirectory
from coalition.events.domain import event_rows
from coalition.events.store import EVENT_NEW
from coalition.ids import IdSource
from coalition.ledger.domain import Cause, Lot
from coalition.ledger.posting import Posting
from coalition.ledger.store import load_accounts, queue_posting, write
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant

BATCH = 1_000
"""Lots of one transaction."""

_PENDING = (
    "SELECT account_id, lot_id FROM lot WHERE is_pending AND activates_at < %s"
    " ORDER BY account_id, activates_at, lot_id LIMIT %s"
)
_EXPIRED = (
    "SELECT account_id, lot_id FROM lot WHERE is_open AND active > 0 AND expires_at < %s"
    " ORDER BY account_id, expires_at, lot_id LIMIT %s"
)

Apply = Callable[[Posting, Lot, Snapshot], None]


def activate_points(
    *,
    database: Database,
    directory: Directory,
    until: datetime,
    window_date: date | None = None,
) -> int:
    """Make active what was to be active before `until`; gives how many lots."""

    def apply(posting: Posting, lot: Lot, snapshot: Snapshot) -> None:
        terms = snapshot.agreement_by_no[lot.agreement_no].terms
        posting.activate(
            lot,
            cause=Cause("lot", lot.lot_id, lot.issuer),
            issue_fee_micros=terms.issue_fee_micros,
        )

    return _run(database, directory, _PENDING, until, window_date, "points.activated", apply)


def expire_lots(
    *,
    database: Database,
    directory: Directory,
    until: datetime,
    window_date: date | None = None,
) -> int:
    """Expire the active points of lots whose time was up before `until`; gives how many lots."""

    def apply(posting: Posting, lot: Lot, snapshot: Snapshot) -> None:
        terms = snapshot.agreement_by_no[lot.agreement_no].terms
        posting.expire(
            lot,
            cause=Cause("lot", lot.lot_id, lot.issuer),
            reason="expired",
            issuer_share_ppm=terms.breakage_issuer_ppm,
        )

    return _run(database, directory, _EXPIRED, until, window_date, "points.expired", apply)


def _run(
    database: Database,
    directory: Directory,
    due: str,
    until: datetime,
    window_date: date | None,
    event_type: str,
    apply: Apply,
) -> int:
    new_id = IdSource()

    def batch(connection: Connection) -> int:
        snapshot = directory.refresh(connection=connection)
        found = connection.exec_driver_sql(due, (until, BATCH)).all()
        if not found:
            return 0
        by_account: dict[UUID, list[UUID]] = {
            account_id: [row[1] for row in rows]
            for account_id, rows in groupby(found, key=lambda row: row[0])
        }
        accounts = load_accounts(connection=connection, account_ids=by_account, lock=True)
        writes = WriteSet()
        done = 0
        for account_id, lot_ids in by_account.items():
            posting = Posting(account=accounts[account_id], now=until, new_id=new_id)
            for lot_id in lot_ids:
                lot = posting.account.lots.get(lot_id)
                if lot is None or not _still_due(lot, event_type):
                    continue
                points = lot.pending or lot.active
                apply(posting, lot, snapshot)
                _announce(writes, snapshot, posting, lot, points, event_type)
                done += 1
            if posting.movements:
                queue_posting(writes=writes, posting=posting)
        if done:
            write(
                connection=connection,
                writes=writes,
                directory_version=snapshot.version,
                window_date=window_date,
            )
        return len(found)

    total = 0
    while True:
        try:
            count = in_transaction(database=database, work=batch)
        except StaleDirectory:
            continue
        total += count
        if count < BATCH:
            return total


def _still_due(lot: Lot, event_type: str) -> bool:
    """Whether, now that the account is locked, there is still something to do."""
    return lot.pending > 0 if event_type == "points.activated" else lot.active > 0


def _announce(
    writes: WriteSet,
    snapshot: Snapshot,
    posting: Posting,
    lot: Lot,
    points: int,
    event_type: str,
) -> None:
    writes.extend(
        EVENT_NEW,
        event_rows(
            snapshot=snapshot,
            type=event_type,
            party_no=lot.issuer,
            payload={
                "member": encode("mem", posting.account.account_id),
                "lot": encode("lot", lot.lot_id),
                "points": points,
                "expires_at": format_instant(lot.expires_at),
            },
            now=posting.now,
            new_id=posting.new_id,
        ),
    )
