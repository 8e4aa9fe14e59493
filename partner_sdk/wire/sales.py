"""What a partner says of a sale, as typed values that write themselves for the wire.

A sale is absolute: each version says everything that is true of it now, with a ``revision``
that only grows. Refunds are a set by id; a refund's amount never changes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partner_sdk.wire.amounts import Money, parse_decimal
from partner_sdk.wire.instants import format_instant

__all__ = ["MemberRef", "Refund", "RefundLine", "RefundPoints", "Sale", "SaleLine", "Tender"]


@dataclass(frozen=True, slots=True)
class MemberRef:
    """Names a member by exactly one of: hub id, card number, the partner's own reference."""

    id: str | None = None
    card: str | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.id, self.card, self.reference)) != 1:
            raise ValueError("name the member by exactly one of id, card and reference")

    def to_wire(self) -> dict[str, Any]:
        return _without_none({"id": self.id, "card": self.card, "reference": self.reference})


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line: ``amount`` after discounts, tax included as the partner earns on it.

    ``quantity`` is a decimal as text with at most three decimals (pieces, litres, kilograms).
    """

    id: str
    category: str
    quantity: str
    amount: Money

    def __post_init__(self) -> None:
        parse_decimal(self.quantity, max_digits_after=3)

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "category": self.category,
            "quantity": self.quantity,
            "amount": self.amount.to_wire(),
        }


@dataclass(frozen=True, slots=True)
class Tender:
    """A means of payment: cash, card, points, gift_card, store_credit or other."""

    kind: str
    amount: Money
    redemption: str | None = None

    def to_wire(self) -> dict[str, Any]:
        return _without_none(
            {"kind": self.kind, "amount": self.amount.to_wire(), "redemption": self.redemption}
        )


@dataclass(frozen=True, slots=True)
class RefundLine:
    """The part of a refund that belongs to one line of the sale."""

    id: str
    amount: Money
    quantity: str | None = None

    def to_wire(self) -> dict[str, Any]:
        return _without_none(
            {"id": self.id, "quantity": self.quantity, "amount": self.amount.to_wire()}
        )


@dataclass(frozen=True, slots=True)
class RefundPoints:
    """How much of a refund goes back as points of the redemption that paid."""

    redemption: str
    points: int

    def to_wire(self) -> dict[str, Any]:
        return {"redemption": self.redemption, "points": self.points}


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back; ``status`` only moves up: pending, succeeded, failed."""

    id: str
    amount: Money
    status: str = "succeeded"
    occurred_at: datetime | None = None
    lines: tuple[RefundLine, ...] = ()
    points: RefundPoints | None = None

    def to_wire(self) -> dict[str, Any]:
        return _without_none(
            {
                "id": self.id,
                "status": self.status,
                "amount": self.amount.to_wire(),
                "occurred_at": None
                if self.occurred_at is None
                else format_instant(self.occurred_at),
                "lines": [line.to_wire() for line in self.lines] or None,
                "points": None if self.points is None else self.points.to_wire(),
            }
        )


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as it is now; ``id`` is the partner's own, unique among its sales.

    Of a cancelled sale nothing is earned, whatever its lines; its refunds still count.
    """

    id: str
    occurred_at: datetime
    currency: str
    lines: tuple[SaleLine, ...]
    member: MemberRef | None = None
    revision: int = 1
    store: str | None = None
    store_time_zone: str | None = None
    till: str | None = None
    receipt: str | None = None
    tenders: tuple[Tender, ...] = ()
    refunds: tuple[Refund, ...] = ()
    cancelled: bool = False

    def to_wire(self) -> dict[str, Any]:
        """Write the sale, its ``id`` included; the single call moves the id into the path."""
        store = None
        if self.store is not None:
            store = _without_none({"id": self.store, "time_zone": self.store_time_zone})
        body = _without_none(
            {
                "id": self.id,
                "revision": self.revision,
                "occurred_at": format_instant(self.occurred_at),
                "store": store,
                "till": self.till,
                "receipt": self.receipt,
                "currency": self.currency,
                "cancelled": self.cancelled or None,
                "lines": [line.to_wire() for line in self.lines],
                "tenders": [tender.to_wire() for tender in self.tenders] or None,
                "refunds": [refund.to_wire() for refund in self.refunds] or None,
            }
        )
        # A guest's sale says so: null, not nothing.
        body["member"] = None if self.member is None else self.member.to_wire()
        return body


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
