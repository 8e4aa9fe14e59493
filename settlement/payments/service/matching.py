"""Finding out whose money moved, and what it pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from partner_sdk.wire import ids
from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.payments.domain.items import Item
from settlement.payments.domain.matching import (
    Allocation,
    Booked,
    Match,
    apply_rests,
    match_by_person,
    match_entry,
)
from settlement.payments.service.terms import party_of_account, read_terms
from settlement.payments.store import accounts, bank, items
from settlement.payments.store.bank import StoredEntry


def match_all(*, connection: Connection, now: datetime) -> int:
    """Match every entry of which nobody knows whose it is, as far as its facts tell.

    Gives how many it matched. `now` is wall time.
    """
    accounts.lock_payments(connection=connection)
    waiting = bank.read_unmatched(connection=connection)
    if not waiting:
        return 0
    known_accounts = party_of_account(read_terms(connection=connection))
    matched = 0
    for stored in waiting:
        entry = stored.booked
        found = match_entry(
            entry=entry,
            items=items.read_matchable(
                connection=connection,
                references=entry.references,
                currencies=[entry.currency],
            ),
            party_of_account=known_accounts,
        )
        if found is not None:
            _keep(connection, stored, found, now)
            matched += 1
    return matched


def match_manually(
    *,
    connection: Connection,
    entry_id: UUID,
    party_no: int,
    item_ids: Sequence[UUID],
    reason: str,
    person: str,
    now: datetime,
) -> StoredEntry:
    """Put an entry where a person says: on items of a party in their order, the rest on account.

    Raises:
        HubError: `bank_entry_not_found`, `bank_entry_matched`, `payment_not_found`,
            `match_impossible`.
    """
    stored = _waiting(connection, entry_id)
    found_items = items.read_by_id(connection=connection, item_ids=item_ids)
    by_id = {item.item_id: item for item in found_items}
    if len(by_id) != len(set(item_ids)):
        raise HubError("payment_not_found", "One of the payments does not exist.")
    match = match_by_person(
        entry=stored.booked,
        party_no=party_no,
        items=[by_id[item_id] for item_id in dict.fromkeys(item_ids)],
    )
    if match is None:
        raise HubError(
            "match_impossible",
            "The payments are not all this party's, not in the entry's currency, not in its "
            "direction, or more would come back than was paid.",
        )
    _keep(connection, stored, match, now, person=person, reason=reason)
    return _read(connection, entry_id)


def set_aside(
    *, connection: Connection, entry_id: UUID, reason: str, person: str, now: datetime
) -> StoredEntry:
    """Note that an entry pays nothing of ours, such as a fee of the bank.

    Raises:
        HubError: `bank_entry_not_found`, `bank_entry_matched`.
    """
    _waiting(connection, entry_id)
    bank.mark_matched(
        connection=connection,
        entry_id=entry_id,
        party_no=None,
        how="aside",
        rest_micros=0,
        matched_at=now,
        matched_by=person,
        reason=reason,
    )
    return _read(connection, entry_id)


def use_rests(
    *, connection: Connection, party_no: int, currency: str, now: datetime
) -> tuple[Allocation, ...]:
    """Pay a party's open items from what it has on account."""
    rests = bank.read_rests(connection=connection, party_no=party_no, currency=currency)
    if not rests:
        return ()
    mine = [
        item
        for item in items.read_items(connection=connection, party_no=party_no, only_open=True)
        if item.currency == currency
    ]
    given = apply_rests(rests=rests, items=mine)
    for each in given:
        bank.take_rest(connection=connection, entry_id=each.entry_id, micros=each.micros)
    _allocate(connection, given, now)
    return given


def settle_windows(*, connection: Connection, dates: Iterable[date]) -> None:
    """Move windows to settled where nothing is open any more, and back where something is."""
    for business_date in sorted(set(dates)):
        window = hub.read_window(connection=connection, business_date=business_date)
        if window is None:
            continue
        is_open = items.count_open(connection=connection, business_date=business_date) > 0
        if window.state == "released" and not is_open:
            hub.mark_window(
                connection=connection,
                business_date=business_date,
                before="released",
                after="settled",
            )
        elif window.state == "settled" and is_open:
            hub.mark_window(
                connection=connection,
                business_date=business_date,
                before="settled",
                after="released",
            )


def _keep(
    connection: Connection,
    stored: StoredEntry,
    match: Match,
    now: datetime,
    *,
    person: str | None = None,
    reason: str | None = None,
) -> None:
    """Write a match: what it pays, the party's line of it, and the windows that it settles."""
    entry = stored.booked
    bank.mark_matched(
        connection=connection,
        entry_id=entry.entry_id,
        party_no=match.party_no,
        how=match.how,
        rest_micros=match.rest_micros,
        matched_at=now,
        matched_by=person,
        reason=reason,
    )
    touched = _allocate(connection, match.allocations, now)
    post_entries(
        connection=connection,
        entries=[_payment(connection, stored, match, touched)],
    )
    given = use_rests(
        connection=connection, party_no=match.party_no, currency=entry.currency, now=now
    )
    more = items.read_by_id(connection=connection, item_ids=[each.item_id for each in given])
    settle_windows(connection=connection, dates=[item.business_date for item in (*touched, *more)])


def _allocate(
    connection: Connection, allocations: Sequence[Allocation], now: datetime
) -> tuple[Item, ...]:
    bank.insert_allocations(connection=connection, allocations=allocations, allocated_at=now)
    for each in allocations:
        items.add_paid(connection=connection, item_id=each.item_id, micros=each.micros)
    return items.read_by_id(connection=connection, item_ids=[each.item_id for each in allocations])


def _payment(
    connection: Connection, stored: StoredEntry, match: Match, touched: Sequence[Item]
) -> NewEntry:
    """The line that shows the money on the party's next statement: to the cent what moved."""
    (clearing,) = (
        party.no for party in hub.read_parties(connection=connection) if party.kind == "clearing"
    )
    entry = stored.booked
    by_id = {item.item_id: item for item in touched}
    first = by_id[match.allocations[0].item_id] if match.allocations else None
    return NewEntry(
        kind="payment",
        debtor=clearing if entry.credit else match.party_no,
        creditor=match.party_no if entry.credit else clearing,
        amount_micros=entry.amount_micros,
        currency=entry.currency,
        cause=f"payment:{ids.encode('bnk', entry.entry_id)}",
        reference=first.reference if first else None,
        reason="payment received" if entry.credit else "payment made",
        about={
            "bank_entry": str(entry.entry_id),
            "booked_on": entry.booked_on.isoformat(),
            "matched": match.how,
            "payments": [ids.encode("pay", each.item_id) for each in match.allocations],
        },
    )


def _waiting(connection: Connection, entry_id: UUID) -> StoredEntry:
    accounts.lock_payments(connection=connection)
    stored = bank.read_entry(connection=connection, entry_id=entry_id)
    if stored is None:
        raise HubError("bank_entry_not_found", "There is no such entry of the bank.")
    if stored.how is not None:
        raise HubError("bank_entry_matched", "Whose this entry is, is known already.")
    return stored


def _read(connection: Connection, entry_id: UUID) -> StoredEntry:
    stored = bank.read_entry(connection=connection, entry_id=entry_id)
    if stored is None:
        raise HubError("bank_entry_not_found", "There is no such entry of the bank.")
    return stored


__all__ = ["Booked", "match_all", "match_manually", "set_aside", "settle_windows", "use_rests"]
