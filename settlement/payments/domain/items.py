"""What is due: each party's position of a window, as one item to collect or to pay out.

Positions are netted without the pairs with the clearing house, which hold the payments themselves
and collateral. Amounts are micros.
"""

from __future__ import annotations

from collections.abc import Iterable
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


def dues_of(*, positions: Iterable[NetPosition], currency: str) -> tuple[Due, ...]:
    """The positions to be paid in a currency, by party; a position of nothing is none."""
    return tuple(
        Due(
            party_no=each.party,
            currency=currency,
            direction="pay" if each.rounded_micros > 0 else "collect",
            amount_micros=abs(each.rounded_micros),
        )
        for each in sorted(positions, key=lambda one: one.party)
        if each.rounded_micros
    )
