"""Use cases of the ledger itself: closing an account, reading balances, lots and entries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.ledger.domain import AccountState, Cause
from coalition.ledger.posting import Posting
from coalition.ledger.store import load_accounts, queue_posting, write
from coalition.posting_context import PostingContext


def close_account(*, connection: Connection, context: PostingContext, account_id: UUID) -> None:
    """Close an account for good: its points are forfeited, its debts borne by their issuers.

    Active points go to breakage as if they had expired; pending ones are cancelled, for which
    nothing was owed yet.

    Raises:
        HubError: `member_not_found`; `member_state_forbids` while points are held at a till.
    """
    account = read_account(connection=connection, account_id=account_id, lock=True)
    if not account.open:
        return
    if account.held:
        raise HubError(
            "member_state_forbids",
            "Points of this member are held at a till; capture or void the holds first.",
        )
    posting = Posting(account=account, now=context.now, new_id=context.new_id)
    for lot in list(account.lots.values()):
        cause = Cause("lot", lot.lot_id, lot.issuer, context.request_id)
        if lot.pending:
            posting.move(
                lot,
                "expire",
                "pending",
                "expired",
                lot.pending,
                cause=cause,
                reason="account_closed",
            )
        if lot.active:
            terms = context.snapshot.agreement_by_no[lot.agreement_no].terms
            posting.expire(
                lot,
                cause=cause,
                reason="account_closed",
                issuer_share_ppm=terms.breakage_issuer_ppm,
            )
    posting.close()
    writes = WriteSet()
    queue_posting(writes=writes, posting=posting)
    write(connection=connection, writes=writes, directory_version=context.snapshot.version)


def read_account(*, connection: Connection, account_id: UUID, lock: bool = False) -> AccountState:
    """An account with its open lots and outstanding debts; `lock` locks it too.

    Raises:
        HubError: `member_not_found`.
    """
    found = load_accounts(connection=connection, account_ids=[account_id], lock=lock)
    account = found.get(account_id)
    if account is None:
        raise HubError("member_not_found", "There is no such member.")
    return account


def spendable_points(
    *, account: AccountState, now: datetime, blocked_issuers: frozenset[int]
) -> int:
    """How many of the account's points could be spent now."""
    posting = Posting(account=account, now=now, new_id=_no_id)
    return sum(lot.active for lot in posting.spendable_lots(blocked_issuers=blocked_issuers))


def _no_id() -> UUID:
    raise RuntimeError("reading makes no ids")
