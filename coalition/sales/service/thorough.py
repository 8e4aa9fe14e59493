"""Stating sales over what is known: read, lock, compute, write, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.database import Database
from coalition.db.transactions import in_transaction
from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.ledger.store import (
    Conflict,
    load_accounts,
    lock_accounts,
    queue_posting,
    write,
)
from coalition.members.domain import FoundMembers, member_id_or_none
from coalition.members.store import find_members
from coalition.posting_context import PostingContext
from coalition.redemptions.store import load_redemptions, queue_reversal
from coalition.sales.announce import announce
from coalition.sales.domain import MemberRef, Sale, SalePut
from coalition.sales.service.answer import SaleAnswer, answer_of
from coalition.sales.service.plan import Book, restate, settle
from coalition.sales.store import load_member_days, load_sales, queue_sales


def put_thoroughly(
    *,
    database: Database,
    context: PostingContext,
    puts: Sequence[SalePut],
    extra: Callable[[], WriteSet],
) -> list[SaleAnswer | HubError]:
    """State sales in one transaction; a refused one changes nothing and is its error."""

    def attempt(connection: Connection) -> list[SaleAnswer | HubError]:
        book, members = read_book(connection=connection, context=context, puts=puts)
        answers: dict[int, SaleAnswer | HubError] = {}
        # Of two statements about one sale the higher revision goes first: it wins.
        order = sorted(range(len(puts)), key=lambda i: (puts[i].external_id, -puts[i].revision))
        for i in order:
            answers[i] = _apply(book, members, puts[i])
        writes = extra()
        announce(writes=writes, context=context, answers=answers.values())
        write_book(connection=connection, book=book, writes=writes)
        return [answers[i] for i in range(len(puts))]

    return in_transaction(database=database, work=attempt)


def read_book(
    *, connection: Connection, context: PostingContext, puts: Sequence[SalePut]
) -> tuple[Book, FoundMembers]:
    """Lock and read all that the statements may touch.

    Raises:
        Conflict: a sale changed hands between finding its accounts and locking them.
    """
    ids = {put.external_id for put in puts}
    known = load_sales(connection=connection, party_no=context.party_no, external_ids=ids)
    members = find_stated_members(
        connection=connection,
        party_no=context.party_no,
        refs={put.member for put in puts if put.member is not None},
    )
    back = {
        refund.redemption_id
        for put in puts
        for refund in put.refunds
        if refund.redemption_id is not None
    }
    owners = {sale.external_id: sale.account_id for sale in known.values()}
    accounts = {account for account in owners.values() if account is not None}
    for put in puts:
        account_id = _account_named(members, put.member)
        if account_id is not None:
            accounts.add(account_id)
    redemptions = load_redemptions(connection=connection, redemption_ids=back) if back else {}
    accounts |= {redemption.account_id for redemption in redemptions.values()}
    book = Book(context)
    lock_accounts(connection=connection, account_ids=accounts)
    book.sales = load_sales(
        connection=connection, party_no=context.party_no, external_ids=ids, lock=True
    )
    if owners != {sale.external_id: sale.account_id for sale in book.sales.values()}:
        raise Conflict
    if back:
        # Again, now that their accounts are locked.
        book.redemptions = load_redemptions(connection=connection, redemption_ids=back)
    days = _days(book.sales.values(), puts, members)
    if days:
        for sale in load_member_days(connection=connection, party_no=context.party_no, days=days):
            current = book.sales.setdefault(sale.external_id, sale)
            if current.account_id is not None:
                day = (current.account_id, current.local_date)
                book.day_sales.setdefault(day, {})[sale.external_id] = current
    lot_ids = [lot_id for sale in book.sales.values() for lot_id in sale.lot_ids]
    lot_ids += [part.lot_id for one in book.redemptions.values() for part in one.slices]
    book.accounts = load_accounts(connection=connection, account_ids=accounts, lot_ids=lot_ids)
    return book, members


def _days(
    sales: Iterable[Sale], puts: Sequence[SalePut], members: FoundMembers
) -> set[tuple[UUID, date]]:
    """The member-days that the statements may touch: where sales are, and where they may go."""
    owners = {sale.external_id: sale.account_id for sale in sales}
    days = {
        (sale.account_id, sale.local_date)
        for sale in sales
        if sale.account_id is not None and sale.day_capped
    }
    for put in puts:
        stated = _account_named(members, put.member)
        for account_id in (owners.get(put.external_id), stated):
            if account_id is not None:
                days.add((account_id, put.local_date))
    return days


def find_stated_members(
    *, connection: Connection, party_no: int, refs: Collection[MemberRef]
) -> FoundMembers:
    """Look members up as the partner named them, in one round trip."""
    ids = (member_id_or_none(ref.value) for ref in refs if ref.kind == "id")
    return find_members(
        connection=connection,
        party_no=party_no,
        ids=[member_id for member_id in ids if member_id is not None],
        cards=[ref.value for ref in refs if ref.kind == "card"],
        references=[ref.value for ref in refs if ref.kind == "reference"],
    )


def _account_named(members: FoundMembers, ref: MemberRef | None) -> UUID | None:
    """The account of a named member, None where nobody (or nobody known) is named."""
    try:
        return None if ref is None else members.named(kind=ref.kind, value=ref.value).account_id
    except HubError:
        return None


def _apply(book: Book, members: FoundMembers, put: SalePut) -> SaleAnswer | HubError:
    known = book.sales.get(put.external_id)
    before = 0 if known is None else known.points
    try:
        restated = restate(book.context, known, put)
        settle(book, restated, _owner(known, put, members))
        return answer_of(book, put.external_id, restated.outcome, before)
    except HubError as refusal:
        return refusal


def _owner(known: Sale | None, put: SalePut, members: FoundMembers) -> UUID | None:
    """Whose the sale is: who a newer revision names, unless it repeats who was named before
    (so that a sale that was claimed or moved since stays where it was put)."""
    if known is not None:
        stated = known.document["member"]
        repeats = put.member is None or stated == [put.member.kind, put.member.value]
        if put.revision <= known.revision or repeats:
            return known.account_id
    if put.member is None:
        return None
    return members.named(kind=put.member.kind, value=put.member.value).account_id


def write_book(*, connection: Connection, book: Book, writes: WriteSet) -> None:
    """Write all that the statements changed."""
    queue_sales(writes=writes, new=book.new.values(), changed=book.changed.values())
    for redemption in book.reversed.values():
        queue_reversal(writes=writes, redemption=redemption)
    for posting in book.postings.values():
        queue_posting(writes=writes, posting=posting)
    if writes.rows:
        write(
            connection=connection,
            writes=writes,
            directory_version=book.context.snapshot.version,
        )
