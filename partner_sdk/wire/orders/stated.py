"""An order as a till or shop states it: absolute, with a revision that only grows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from partner_sdk.wire.amounts import Money, format_micros, minor_digits
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.sales import Refund, SaleLine, Tender

__all__ = ["STATUSES", "Buyer", "StatedOrder", "Status"]

Status: TypeAlias = Literal["open", "paid", "cancelled"]
STATUSES: tuple[Status, ...] = ("open", "paid", "cancelled")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, by whatever the till knows: its own id of the customer, a card, contacts."""

    id: str | None = None
    card: str | None = None
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StatedOrder:
    """An order as it is now. Only a paid one earns; an open one is not a sale yet.

    The amounts of lines are after discounts, tax included as the partner earns on it. A line that
    was refunded stays among the lines.
    """

    id: str
    revision: int
    status: Status
    occurred_at: datetime
    currency: str
    lines: tuple[SaleLine, ...]
    tenders: tuple[Tender, ...] = ()
    refunds: tuple[Refund, ...] = ()
    customer: Buyer | None = None
    store: str | None = None
    till: str | None = None
    receipt: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """Write the order as a JSON document."""
        buyer = self.customer
        return _without_none(
            {
                "id": self.id,
                "revision": self.revision,
                "status": self.status,
                "occurred_at": format_instant(self.occurred_at),
                "currency": self.currency,
                "store": self.store,
                "till": self.till,
                "receipt": self.receipt,
                "customer": None
                if buyer is None
                else _without_none(
                    {
                        "id": buyer.id,
                        "card": buyer.card,
                        "phone": buyer.phone,
                        "email": buyer.email,
                    }
                ),
                "lines": [
                    {
                        "id": line.id,
                        "category": line.category,
                        "quantity": line.quantity,
                        "amount": money_text(line.amount),
                    }
                    for line in self.lines
                ],
                "tenders": [
                    _without_none(
                        {
                            "kind": tender.kind,
                            "amount": money_text(tender.amount),
                            "redemption": tender.redemption,
                        }
                    )
                    for tender in self.tenders
                ]
                or None,
                "refunds": [_refund(refund) for refund in self.refunds] or None,
            }
        )


def money_text(money: Money) -> str:
    """The amount alone, with at least the minor digits of its currency."""
    return format_micros(money.micros, min_digits=minor_digits(money.currency))


def _refund(refund: Refund) -> dict[str, Any]:
    at = refund.occurred_at
    return _without_none(
        {
            "id": refund.id,
            "status": refund.status,
            "amount": money_text(refund.amount),
            "occurred_at": None if at is None else format_instant(at),
            "lines": [
                _without_none(
                    {"id": line.id, "amount": money_text(line.amount), "quantity": line.quantity}
                )
                for line in refund.lines
            ]
            or None,
        }
    )


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
