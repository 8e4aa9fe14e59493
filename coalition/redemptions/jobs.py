"""The job that ends holds: what was neither captured nor voided in time is the member's again."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby

from sqlalchemy import Connection

from coalition.db.database import Database
from coalition.db.transactions import in_transaction
from coalition.db.writing import WriteSet
from coalition.directory import Directory
from coalition.errors import StaleDirectory
from coalition.events.domain import event_rows
from coalition.events.store import EVENT_NEW
from coalition.ids import IdSource
from coalition.ledger.posting import Posting
from coalition.ledger.store import load_accounts, lock_accounts, queue_posting, write
from coalition.redemptions.domain import release
from coalition.redemptions.store import load_expired_holds, queue_hold_change
from partner_sdk.wire.ids import encode

BATCH = 500
"""Holds of one transaction."""


def expire_holds(
    *,
    database: Database,
    directory: Directory,
    until: datetime,
    window_date: date | None = None,
) -> int:
    """End holds whose time was up before `until`; gives how many."""
    new_id = IdSource()

    def batch(connection: Connection) -> int:
        snapshot = directory.refresh(connection=connection)
        found = load_expired_holds(connection=connection, until=until, limit=BATCH)
        if not found:
            return 0
        account_ids = {hold.account_id for hold in found}
        lock_accounts(connection=connection, account_ids=account_ids)
        # Again, now that their accounts are locked: some may have been captured meanwhile.
        held = [
            hold
            for hold in load_expired_holds(connection=connection, until=until, limit=BATCH)
            if hold.account_id in account_ids
        ]
        accounts = load_accounts(
            connection=connection,
            account_ids=account_ids,
            lot_ids=[lot_id for hold in held for lot_id in hold.lot_ids],
        )
        writes = WriteSet()
        for account_id, holds in groupby(held, key=lambda hold: hold.account_id):
            posting = Posting(account=accounts[account_id], now=until, new_id=new_id)
            for hold in holds:
                release(
                    posting=posting,
                    hold=hold,
                    state="expired",
                    reason="hold_expired",
                    request_id=None,
                )
                queue_hold_change(writes=writes, hold=hold)
                writes.extend(
                    EVENT_NEW,
                    event_rows(
                        snapshot=snapshot,
                        type="hold.expired",
                        party_no=hold.party_no,
                        payload={
                            "hold": encode("hld", hold.hold_id),
                            "member": encode("mem", account_id),
                            "points": hold.points,
                            "reference": hold.reference,
                        },
                        now=until,
                        new_id=new_id,
                    ),
                )
            queue_posting(writes=writes, posting=posting)
        if held:
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
