"""Claiming a guest's sale, and moving a sale that went to the wrong card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.ledger.store import Conflict, load_accounts, lock_accounts
from coalition.posting_context import PostingContext
from coalition.sales.domain import MemberRef
from coalition.sales.service.plan import Book, Restated, settle
from coalition.sales.service.thorough import find_stated_members, write_book
from coalition.sales.store import load_member_days, load_sales


def assign_sale(
    *,
    connection: Connection,
    context: PostingContext,
    external_id: str,
    member: MemberRef,
    claim: bool,
    extra: Callable[[], WriteSet] = WriteSet,
) -> tuple[Book, int]:
    """Give a sale to a member at its original terms; both accounts in the one transaction.

    A claim is of a sale that is nobody's yet; a move is of one that is somebody's. Gives the book
    and the points of the sale before.

    Raises:
        HubError: `sale_not_found`, `member_not_found`, `sale_already_claimed`, and what forbids
            earning.
        Conflict: the sale changed meanwhile; run the transaction again.
    """
    party_no = context.party_no
    known = load_sales(connection=connection, party_no=party_no, external_ids=[external_id]).get(
        external_id
    )
    if known is None:
        raise HubError("sale_not_found", "There is no sale of that id.")
    found = find_stated_members(connection=connection, party_no=party_no, refs=[member])
    owner = found.named(kind=member.kind, value=member.value).account_id
    if claim and known.account_id not in (None, owner):
        raise HubError(
            "sale_already_claimed", "The sale belongs to a member already; move it instead."
        )
    book = Book(context)
    accounts: set[UUID] = {owner} | ({known.account_id} if known.account_id else set())
    lock_accounts(connection=connection, account_ids=accounts)
    book.sales = load_sales(
        connection=connection, party_no=party_no, external_ids=[external_id], lock=True
    )
    sale = book.sales[external_id]
    if sale.account_id != known.account_id:
        raise Conflict
    if sale.day_capped:
        days = {(account, sale.local_date) for account in accounts}
        for other in load_member_days(connection=connection, party_no=party_no, days=days):
            current = book.sales.setdefault(other.external_id, other)
            if current.account_id is not None:
                day = (current.account_id, current.local_date)
                book.day_sales.setdefault(day, {})[other.external_id] = current
    lot_ids = [lot_id for one in book.sales.values() for lot_id in one.lot_ids]
    book.accounts = load_accounts(connection=connection, account_ids=accounts, lot_ids=lot_ids)
    before = sale.points
    if sale.account_id != owner:
        copy = replace(sale, lot_ids=list(sale.lot_ids), earn_ids=list(sale.earn_ids))
        settle(book, Restated(copy, "updated", ()), owner)
        write_book(connection=connection, book=book, writes=extra())
    return book, before
