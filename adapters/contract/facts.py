"""What is true of an order now, in the coalition's terms. Amounts are micros, instants are UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

OrderStatus = Literal["open", "paid", "cancelled"]
RefundStatus = Literal["pending", "succeeded", "failed"]
TenderKind = Literal["cash", "card", "points", "gift_card", "store_credit", "other"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Who bought, as far as the platform says; contacts are as given, the hub hashes them."""

    id: str | None = None
    card: str | None = None
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line after discounts, as members earn on it; micros of money and of quantity."""

    id: str
    category: str
    quantity_micros: int
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Tender:
    """A means of payment and what it paid (micros); `redemption`: the hub's, for points."""

    kind: TenderKind
    amount_micros: int
    redemption: str | None = None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What of a line is given back (micros); the quantity, where the platform says it."""

    id: str
    amount_micros: int
    quantity_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back; the amount never changes, the status only moves up."""

    id: str
    status: RefundStatus
    amount_micros: int
    occurred_at: datetime | None = None
    lines: tuple[RefundLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is now. `id` is the platform's, as text; `revision` only grows.

    Only a paid order earns; a cancelled one earns nothing any more; an open one is not stated.
    """

    id: str
    revision: int
    status: OrderStatus
    occurred_at: datetime
    currency: str
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...] = ()
    refunds: tuple[Refund, ...] = ()
    customer: Customer | None = None
    store: str | None = None
    till: str | None = None
    receipt: str | None = None
