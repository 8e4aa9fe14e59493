"""What a partner is told about a sale that it stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coalition.ledger.domain import AccountState, Lot
from coalition.sales.domain import Sale
from coalition.sales.service.plan import Book


@dataclass(frozen=True, slots=True)
class SaleAnswer:
    """What became of a statement. Points: net of the sale, by this call, still pending, owed."""

    external_id: str
    revision: int
    outcome: str
    account_id: UUID | None
    agreement_no: int
    earned: int
    change: int
    pending: int
    debt: int
    activates_at: datetime | None
    expires_at: datetime | None


def answer_of(book: Book, external_id: str, outcome: str, points_before: int) -> SaleAnswer:
    """What to tell the partner about a sale of the book as it now stands."""
    sale = book.sales[external_id]
    account = None if sale.account_id is None else book.accounts.get(sale.account_id)
    return answer_about(sale, account, outcome, points_before)


def answer_about(
    sale: Sale, account: AccountState | None, outcome: str, points_before: int
) -> SaleAnswer:
    """What to tell the partner about a sale; `account` is its owner's, with the sale's lots."""
    lots = _lots_of(sale, account)
    return SaleAnswer(
        external_id=sale.external_id,
        revision=sale.revision,
        outcome=outcome,
        account_id=sale.account_id,
        agreement_no=sale.agreement_no,
        earned=sale.points,
        change=sale.points - points_before,
        pending=sum(lot.pending for lot in lots),
        debt=sum(
            debt.outstanding
            for debt in (account.debts if account else ())
            if debt.sale_id == sale.sale_id
        ),
        activates_at=lots[0].activates_at if lots else None,
        expires_at=lots[0].expires_at if lots else None,
    )


def _lots_of(sale: Sale, account: AccountState | None) -> list[Lot]:
    lots = account.lots if account else {}
    return [lots[lot_id] for lot_id in sale.lot_ids if lot_id in lots]
