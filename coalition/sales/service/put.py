"""Stating sales: the quick way for new ones, the thorough way for all others.

A new sale of a member without debts depends on nothing that must be read first: it is written at
once, by one statement that checks just that. Whatever is not so simple is read, locked, computed
and written in a transaction; so is everything that the quick way was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from coalition.db.database import Database
from coalition.db.writing import WriteSet
from coalition.errors import HubError
from coalition.ledger.domain import AccountState
from coalition.ledger.store import Conflict, queue_posting, write
from coalition.posting_context import PostingContext
from coalition.sales.announce import announce
from coalition.sales.domain import SalePut
from coalition.sales.service.answer import SaleAnswer, answer_of
from coalition.sales.service.plan import Book, restate, settle
from coalition.sales.service.thorough import put_thoroughly
from coalition.sales.store import existing_ids, queue_sales
from partner_sdk.wire.ids import InvalidId, decode

Extra = Callable[[], WriteSet]
"""Rows of the caller's (evidence of the request) to be written with the rest, made anew per try."""


def put_sale(
    *, database: Database, context: PostingContext, put: SalePut, extra: Extra = WriteSet
) -> SaleAnswer:
    """State one sale.

    Raises:
        HubError: the statement is refused, and nothing is changed.
        StaleDirectory: read the directory again and repeat.
    """
    (answer,) = put_sales(database=database, context=context, puts=[put], extra=extra)
    if isinstance(answer, HubError):
        raise answer
    return answer


def put_sales(
    *,
    database: Database,
    context: PostingContext,
    puts: Sequence[SalePut],
    extra: Extra = WriteSet,
) -> list[SaleAnswer | HubError]:
    """State sales, each by itself: answers in the order of `puts`, a refused one is its error."""
    if may_go_quickly(context, puts):
        answers = _put_quickly(database, context, puts, extra)
        if answers is not None:
            return answers
    return put_thoroughly(database=database, context=context, puts=puts, extra=extra)


def may_go_quickly(context: PostingContext, puts: Sequence[SalePut]) -> bool:
    """Whether all statements are of the simple kind: by member id (or a guest's), no day caps."""
    seen = set()
    for put in puts:
        if put.external_id in seen or (put.member is not None and put.member.kind != "id"):
            return False
        if any(refund.redemption_id is not None for refund in put.refunds):
            return False
        agreement = context.snapshot.agreement_at(
            party_no=context.party_no, instant=put.occurred_at
        )
        if agreement is None or agreement.terms.cap_per_member_day is not None:
            return False
        seen.add(put.external_id)
    return True


def plan_quickly(
    *, context: PostingContext, puts: Sequence[SalePut]
) -> tuple[Book, list[SaleAnswer | HubError]]:
    """Compute new sales over accounts that were not read: right only if nothing stands against
    it, which the statement that writes them checks (`AccountState.version` None)."""
    book = Book(context)
    answers: list[SaleAnswer | HubError] = []
    for put in puts:
        try:
            owner = None if put.member is None else _account_of(put.member.value)
            if owner is not None and owner not in book.accounts:
                book.accounts[owner] = AccountState(account_id=owner)
            settle(book, restate(context, None, put), owner)
            answers.append(answer_of(book, put.external_id, "created", 0))
        except HubError as refusal:
            answers.append(refusal)
    return book, answers


def _put_quickly(
    database: Database, context: PostingContext, puts: Sequence[SalePut], extra: Extra
) -> list[SaleAnswer | HubError] | None:
    """The answers, or None where the thorough way must be gone."""
    with database.autocommit() as connection:
        if len(puts) > 1 and existing_ids(
            connection=connection,
            party_no=context.party_no,
            external_ids=[put.external_id for put in puts],
        ):
            return None
        book, answers = plan_quickly(context=context, puts=puts)
        if not book.new:
            # Refusals may rest on what was not read; let the thorough way say them.
            return None
        try:
            write(
                connection=connection,
                writes=quick_writes(book=book, answers=answers, extra=extra),
                directory_version=context.snapshot.version,
            )
        except (Conflict, IntegrityError):
            return None
    return answers


def quick_writes(*, book: Book, answers: Sequence[SaleAnswer | HubError], extra: Extra) -> WriteSet:
    """All rows that new sales have to write, the caller's own and events among them."""
    writes = extra()
    queue_sales(writes=writes, new=book.new.values(), changed=book.changed.values())
    for posting in book.postings.values():
        queue_posting(writes=writes, posting=posting)
    announce(writes=writes, context=book.context, answers=answers)
    return writes


def _account_of(member_id: str) -> UUID:
    try:
        return decode("mem", member_id)
    except InvalidId:
        raise HubError("member_not_found", "There is no member of that id.") from None
