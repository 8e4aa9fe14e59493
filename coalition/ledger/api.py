"""Routes of balances, lots and entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from coalition.directory import Snapshot
from coalition.errors import HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paging import next_cursor
from coalition.ledger.domain import AccountState, Lot
from coalition.ledger.schemas import BalanceAnswer, EntriesQuery, EntryAnswer, LotAnswer
from coalition.ledger.service import read_account, spendable_points
from coalition.ledger.store import load_lots
from coalition.ledger.store.entries import (
    Entry,
    entries_of_account,
    entries_of_party,
    first_unsettled,
)
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import InvalidId, decode, encode, encode_window
from partner_sdk.wire.instants import format_instant, parse_instant

routes = Routes(tag="Ledger")

_LONGEST_POSTING = timedelta(minutes=10)
"""No posting takes longer: what is older is settled."""
_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def balance_document(account: AccountState, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """A balance in wire form."""
    spendable = spendable_points(account=account, now=now, blocked_issuers=snapshot.unspendable)
    active = [lot for lot in account.lots.values() if lot.active and lot.expires_at > now]
    soonest = min((lot.expires_at for lot in active), default=None)
    return {
        "member": encode("mem", account.account_id),
        "active": account.active,
        "pending": account.pending,
        "held": account.held,
        "blocked": account.active - spendable,
        "debt": account.debt,
        "next_expiry": (
            None
            if soonest is None
            else {
                "points": sum(lot.active for lot in active if lot.expires_at == soonest),
                "expires_at": format_instant(soonest),
            }
        ),
        "as_of": format_instant(now),
    }


@routes.endpoint(
    "GET",
    "/v1/members/{member_id}/balance",
    summary="A member's balance",
    answer=BalanceAnswer,
    caller="either",
    problems=("member_not_found",),
)
def get_balance(context: RequestContext, *, member_id: UUID) -> Answer:
    """GET a balance: active, pending, held, debt, next expiry."""
    account = read_account(connection=context.connection, account_id=member_id)
    return Answer(balance_document(account, context.snapshot, context.now))


@routes.endpoint(
    "GET",
    "/v1/members/{member_id}/lots",
    summary="A member's open lots, soonest expiry first; a partner sees those that it issued",
    answer=LotAnswer,
    caller="either",
    paged=True,
    problems=("member_not_found",),
)
def list_lots(context: RequestContext, *, member_id: UUID) -> Answer:
    """GET a page of lots."""
    read_account(connection=context.connection, account_id=member_id)
    after = (_LONG_AGO, UUID(int=0))
    if context.page.after is not None:
        after = (parse_instant(str(context.page.after[0])), UUID(str(context.page.after[1])))
    caller = context.caller
    lots = load_lots(
        connection=context.connection,
        account_id=member_id,
        issuer=None if caller.is_operator else caller.party_no,
        after=after,
        limit=context.page.limit + 1,
    )
    return Answer(
        context.paged(
            lots,
            key=lambda lot: (format_instant(lot.expires_at), str(lot.lot_id)),
            render=lambda lot: _lot_document(lot, context.snapshot),
        )
    )


def _lot_document(lot: Lot, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": encode("lot", lot.lot_id),
        "issuer": snapshot.parties[lot.issuer].slug,
        "granted": lot.granted,
        "pending": lot.pending,
        "active": lot.active,
        "held": lot.held,
        "spent": lot.spent,
        "expired": lot.expired,
        "clawed_back": lot.clawed_back,
        "taken": lot.taken,
        "activates_at": format_instant(lot.activates_at),
        "expires_at": format_instant(lot.expires_at),
    }


@routes.endpoint(
    "GET",
    "/v1/members/{member_id}/transactions",
    summary="A member's entries, newest first; a partner sees those of its lots and tills",
    answer=EntryAnswer,
    caller="either",
    paged=True,
    problems=("member_not_found",),
)
def list_member_transactions(context: RequestContext, *, member_id: UUID) -> Answer:
    """GET a page of a member's history, with the reason of each entry."""
    read_account(connection=context.connection, account_id=member_id)
    caller = context.caller
    entries = entries_of_account(
        connection=context.connection,
        account_id=member_id,
        party_no=None if caller.is_operator else caller.party_no,
        before=_movement_of(context),
        limit=context.page.limit + 1,
    )
    return _page_of(context, entries)


@routes.endpoint(
    "GET",
    "/v1/transactions",
    summary="Entries at the partner's tills and of its own sales, oldest first",
    description=(
        "A page that comes near to what is being posted just now ends before it: it may be short, "
        "even empty, and has a cursor to go on with a moment later. Only the page without a cursor "
        "is the last."
    ),
    query=EntriesQuery,
    answer=EntryAnswer,
    paged=True,
)
def list_transactions(context: RequestContext) -> Answer:
    """GET a page of the partner's own entries.

    A page with a cursor ends before what postings under way may still add: they have older ids
    than some that are there already, and a cursor behind those would pass theirs over. Such a page
    may be short, even empty, until a moment later. The last page has no cursor to go on with, and
    holds all that there is.
    """
    page, after = context.page, _movement_of(context)

    def read(before: UUID | None = None) -> list[Entry]:
        return entries_of_party(
            connection=context.connection,
            party_no=context.caller.party_no,
            after=after,
            before=before,
            since=context.query.get("from_"),
            until=context.query.get("to"),
            limit=page.limit + 1,
        )

    entries = read()
    if len(entries) > page.limit and _is_fresh(entries[page.limit - 1], context.wall_now):
        entries = read(before=first_unsettled(connection=context.connection))
        if len(entries) <= page.limit:
            return _unfinished_page(context, entries, after)
    return _page_of(context, entries)


def _unfinished_page(context: RequestContext, entries: list[Entry], after: UUID | None) -> Answer:
    """A page that ends before its limit and is not the last one."""
    last = entries[-1].movement_id if entries else after or UUID(int=0)
    # The moment makes it another cursor each time: a client sees that the list goes on.
    moment = int(context.wall_now.timestamp() * 1000)
    document = context.paged(entries, key=lambda _: (), render=_render_for(context))
    cursor = next_cursor(page=context.page, after=(encode("mov", last), moment))
    return Answer({**document, "next_cursor": cursor})


def _is_fresh(entry: Entry, now: datetime) -> bool:
    """Whether an entry is so young that postings of its time may still be under way."""
    made_ms = entry.movement_id.int >> 80
    return now.timestamp() * 1000 - made_ms < _LONGEST_POSTING.total_seconds() * 1000


def _movement_of(context: RequestContext) -> UUID | None:
    if context.page.after is None:
        return None
    try:
        return decode("mov", str(context.page.after[0]))
    except InvalidId:
        raise HubError("invalid_cursor", "Start again without a cursor.") from None


def _page_of(context: RequestContext, entries: list[Entry]) -> Answer:
    return Answer(
        context.paged(
            entries,
            key=lambda entry: (encode("mov", entry.movement_id),),
            render=_render_for(context),
        )
    )


def _render_for(context: RequestContext) -> Callable[[Entry], dict[str, Any]]:
    caller, snapshot = context.caller, context.snapshot
    return lambda entry: entry_document(
        entry, snapshot, caller.party_no, sees_all=caller.is_operator
    )


def entry_document(
    entry: Entry, snapshot: Snapshot, party_no: int, *, sees_all: bool
) -> dict[str, Any]:
    """An entry in wire form, with the amounts that concern the party (the operator sees all).

    Another partner's own ids (its sale, its redemption) are not shown.
    """
    own = sees_all or entry.party_no == party_no
    sale = entry.sale if sees_all or entry.sale_party == party_no else None
    return {
        "id": encode("mov", entry.movement_id),
        "kind": entry.kind,
        "member": encode("mem", entry.account_id),
        "lot": encode("lot", entry.lot_id),
        "points": entry.points,
        "from": entry.from_bucket,
        "to": entry.to_bucket,
        "posted_at": format_instant(entry.posted_at),
        "window": encode_window(entry.window_date),
        "sale": sale,
        "redemption": (
            encode("red", entry.cause_id) if own and entry.cause_kind == "redemption" else None
        ),
        "reason": entry.reason,
        "amounts": _amounts(entry, snapshot, party_no, sees_all),
    }


def _amounts(
    entry: Entry, snapshot: Snapshot, party_no: int, sees_all: bool
) -> list[dict[str, Any]]:
    found = []
    for kind, debtor, creditor, micros, currency in entry.amounts:
        if creditor == party_no or (sees_all and debtor != party_no):
            counterparty, signed = debtor, micros
        elif debtor == party_no:
            counterparty, signed = creditor, -micros
        else:
            continue
        found.append(
            {
                "kind": kind,
                "counterparty": snapshot.parties[counterparty].slug,
                "amount": Money(signed, currency).to_wire(),
            }
        )
    return found
