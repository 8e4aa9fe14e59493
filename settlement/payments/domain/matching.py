"""Matching what a bank booked to what is due: by reference, then by amount and date.

Nothing is lost and nothing invented: of each bank entry, the parts given to items and the rest on
the party's account make up its amount; of each item, what was paid and what is open make up what
was due. Amounts are micros.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from settlement.payments.domain.items import Item

How = Literal["reference", "amount", "person", "aside"]
"""Why an entry belongs where it was put; `aside`: a person found that it pays nothing."""
HOWS: tuple[How, ...] = ("reference", "amount", "person", "aside")
DAYS_AFTER_DUE = 30
"""How long after its due date an item is found by its amount alone."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An entry of the clearing house's account: `credit` is money that came in."""

    entry_id: UUID
    booked_on: date
    amount_micros: int
    currency: str
    credit: bool
    references: tuple[str, ...]
    counterparty_iban: str | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of a bank entry given to an item; below zero, it takes back what was paid."""

    entry_id: UUID
    item_id: UUID
    micros: int


@dataclass(frozen=True, slots=True)
class Match:
    """Whose an entry is, and what it pays; the rest stays on the party's account."""

    party_no: int
    how: How
    allocations: tuple[Allocation, ...]
    rest_micros: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What an entry of a party has not been given to any item."""

    entry_id: UUID
    credit: bool
    micros: int


def match_entry(
    *, entry: Booked, items: Sequence[Item], party_of_account: Mapping[str, int]
) -> Match | None:
    """Find whose an entry is and what it pays, or None where only a person can tell.

    `items` are those that the entry may concern: the ones that it names, and all open ones of its
    currency. `party_of_account` gives the party of each known IBAN.
    """
    named = [item for item in items if item.reference in entry.references]
    if named:
        return _by_reference(entry, named)
    return _by_amount(entry, items, party_of_account.get(entry.counterparty_iban or ""))


def match_by_person(*, entry: Booked, party_no: int, items: Sequence[Item]) -> Match | None:
    """Put an entry where a person says: on a party's items in their order, the rest on its account.

    None where an item is another party's, or the entry's currency is not the item's.
    """
    if any(item.party_no != party_no or item.currency != entry.currency for item in items):
        return None
    if not items:
        return Match(party_no, "person", (), entry.amount_micros)
    given = _give(entry, items)
    return None if given is None else Match(party_no, "person", *given)


def apply_rests(*, rests: Iterable[Rest], items: Iterable[Item]) -> tuple[Allocation, ...]:
    """Give what one party has on account to its open items, both oldest first.

    `items` are the party's open items of the rests' currency.
    """
    queue = sorted(items, key=lambda item: (item.due_date, item.business_date))
    open_of = {item.item_id: item.open_micros for item in queue}
    given = []
    for rest in rests:
        left = rest.micros
        for item in queue:
            part = min(left, open_of[item.item_id])
            if part and fits(item=item, credit=rest.credit):
                given.append(Allocation(rest.entry_id, item.item_id, part))
                open_of[item.item_id] -= part
                left -= part
    return tuple(given)


def fits(*, item: Item, credit: bool) -> bool:
    """Whether money of that direction pays the item, rather than taking a payment back."""
    return credit == (item.direction == "collect")


def _by_reference(entry: Booked, named: Sequence[Item]) -> Match | None:
    party_no = named[0].party_no
    if any(i.party_no != party_no or i.currency != entry.currency for i in named):
        return None
    ordered = sorted(named, key=lambda item: entry.references.index(item.reference))
    given = _give(entry, ordered)
    return None if given is None else Match(party_no, "reference", *given)


def _give(entry: Booked, items: Sequence[Item]) -> tuple[tuple[Allocation, ...], int] | None:
    """Pay the items in their order, or take back what was paid of them; and what is left over."""
    fitting = [item for item in items if fits(item=item, credit=entry.credit)]
    if fitting and len(fitting) != len(items):
        return None
    left = entry.amount_micros
    given = []
    for item in items:
        part = min(left, item.open_micros if fitting else item.paid_micros)
        if part:
            given.append(Allocation(entry.entry_id, item.item_id, part if fitting else -part))
            left -= part
    if not fitting and left:
        return None  # more came back than was paid: a person must look
    return tuple(given), left


def _by_amount(entry: Booked, items: Sequence[Item], party_no: int | None) -> Match | None:
    """The one open item of exactly this amount whose dates fit; of a known payer, its oldest."""
    if entry.references:
        return None  # it names something else
    found = [
        item
        for item in items
        if item.open_micros == entry.amount_micros
        and item.currency == entry.currency
        and fits(item=item, credit=entry.credit)
        and item.released_on <= entry.booked_on <= item.due_date + timedelta(days=DAYS_AFTER_DUE)
        and (party_no is None or item.party_no == party_no)
    ]
    if not found or (party_no is None and len(found) > 1):
        return None
    item = min(found, key=lambda each: (each.due_date, each.business_date))
    allocation = Allocation(entry.entry_id, item.item_id, entry.amount_micros)
    return Match(item.party_no, "amount", (allocation,), 0)
