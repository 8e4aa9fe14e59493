"""What is due: what each party's window leaves, as one item to collect or to pay out.

It is the position, which is netted without the pairs with the clearing house, and of those pairs
what is no payment: collateral, and what stands in for a party in default. Amounts are micros.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from settlement.domain.netting import NetPosition

Direction = Literal["collect", "pay"]
"""`collect`: the clearing house is to get it; `pay`: it pays it out."""
DIRECTIONS: tuple[Direction, ...] = ("collect", "pay")
State = Literal["open", "partial", "settled"]
STATES: tuple[State, ...] = ("open", "partial", "settled")


@dataclass(frozen=True, slots=True)
class Due:
    """A party's position to be paid; the amount is above zero."""

    party_no: int
    currency: str
    direction: Direction
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Item:
    """A due position and what was paid of it; `0 ≤ paid ≤ amount`."""

    item_id: UUID
    reference: str
    business_date: date
    party_no: int
    currency: str
    direction: Direction
    amount_micros: int
    paid_micros: int
    released_on: date
    due_date: date

    @property
    def open_micros(self) -> int:
        """What is still to be paid."""
        return self.amount_micros - self.paid_micros

    @property
    def state(self) -> State:
        """How far it is."""
        if self.open_micros == 0:
            return "settled"
        return "partial" if self.paid_micros else "open"


def dues_of(
    *, positions: Iterable[NetPosition], with_clearing: Mapping[int, int], currency: str
) -> tuple[Due, ...]:
    """What is to be paid in a currency, by party; what comes to nothing is none.

    `with_clearing` is what each party is owed by the clearing house (+) or owes it (-) of the
    window beside payments.
    """
    sums = dict(with_clearing)
    for each in positions:
        sums[each.party] = sums.get(each.party, 0) + each.rounded_micros
    return tuple(
        Due(
            party_no=party,
            currency=currency,
            direction="pay" if micros > 0 else "collect",
            amount_micros=abs(micros),
        )
        for party, micros in sorted(sums.items())
        if micros
    )
