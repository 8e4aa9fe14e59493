"""From an order's facts to the sale that the hub is told: absolute, by revision."""

from __future__ import annotations

from adapters.contract import Order, Settings
from partner_sdk.wire.amounts import Money, format_micros
from partner_sdk.wire.sales import MemberRef, Refund, RefundLine, Sale, SaleLine, Tender

__all__ = ["to_sale"]


def to_sale(*, order: Order, settings: Settings, member: MemberRef | None) -> Sale | None:
    """Write the sale; None while the order is open, for nothing is earned on it yet.

    `member` None is a guest's sale, which can be claimed later. Lines of nothing are kept: a
    refund may name them.
    """
    if order.status == "open":
        return None
    currency = order.currency
    return Sale(
        id=order.id,
        revision=order.revision,
        occurred_at=order.occurred_at,
        currency=currency,
        member=member,
        cancelled=order.status == "cancelled",
        store=order.store,
        store_time_zone=None if order.store is None else settings.time_zone,
        till=order.till,
        receipt=order.receipt,
        lines=tuple(
            SaleLine(
                id=line.id,
                category=settings.categories.get(line.category, line.category),
                quantity=format_micros(line.quantity_micros, min_digits=0),
                amount=Money(line.amount_micros, currency),
            )
            for line in order.lines
        ),
        tenders=tuple(
            Tender(tender.kind, Money(tender.amount_micros, currency), tender.redemption)
            for tender in order.tenders
        ),
        refunds=tuple(
            Refund(
                id=refund.id,
                amount=Money(refund.amount_micros, currency),
                status=refund.status,
                occurred_at=refund.occurred_at,
                lines=tuple(
                    RefundLine(
                        id=line.id,
                        amount=Money(line.amount_micros, currency),
                        quantity=None
                        if line.quantity_micros is None
                        else format_micros(line.quantity_micros, min_digits=0),
                    )
                    for line in refund.lines
                ),
            )
            for refund in order.refunds
        ),
    )
