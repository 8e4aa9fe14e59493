"""From an order as it is stated to facts."""

from __future__ import annotations

from typing import get_args

from adapters.contract import (
    Customer,
    Line,
    Order,
    Refund,
    RefundLine,
    Settings,
    Tender,
    TenderKind,
)
from partner_sdk.wire.amounts import parse_decimal
from partner_sdk.wire.orders import StatedOrder
from partner_sdk.wire.sales import Refund as StatedRefund

__all__ = ["order_of"]

_KINDS: dict[str, TenderKind] = {kind: kind for kind in get_args(TenderKind)}


def order_of(stated: StatedOrder, settings: Settings) -> Order:
    """The facts; a means of payment is what the connection maps it to, or its own name says."""
    buyer = stated.customer
    return Order(
        id=stated.id,
        revision=stated.revision,
        status=stated.status,
        occurred_at=stated.occurred_at,
        currency=stated.currency,
        lines=tuple(
            Line(line.id, line.category, parse_decimal(line.quantity), line.amount.micros)
            for line in stated.lines
        ),
        tenders=tuple(
            Tender(_kind(tender.kind, settings), tender.amount.micros, tender.redemption)
            for tender in stated.tenders
        ),
        refunds=tuple(_refund(refund) for refund in stated.refunds),
        customer=None
        if buyer is None
        else Customer(id=buyer.id, card=buyer.card, phone=buyer.phone, email=buyer.email),
        store=stated.store,
        till=stated.till,
        receipt=stated.receipt,
    )


def _kind(named: str, settings: Settings) -> TenderKind:
    return settings.tenders.get(named) or _KINDS.get(named, "other")


def _refund(refund: StatedRefund) -> Refund:
    return Refund(
        id=refund.id,
        status=refund.status,  # type: ignore[arg-type]  # read as one of the three
        amount_micros=refund.amount.micros,
        occurred_at=refund.occurred_at,
        lines=tuple(
            RefundLine(
                part.id,
                part.amount.micros,
                None if part.quantity is None else parse_decimal(part.quantity),
            )
            for part in refund.lines
        ),
    )
