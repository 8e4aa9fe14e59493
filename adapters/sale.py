"""From an order's facts to the sale that the hub is told: absolute, by revision."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import replace

from adapters.contract import Line, Malformed, Order, Settings
from partner_sdk.wire.amounts import Money, format_micros
from partner_sdk.wire.sales import MemberRef, Refund, RefundLine, Sale, SaleLine, Tender

__all__ = ["to_sale", "wire_id"]

_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)
#: The category of what was given back beyond what was sold; it earns nothing.
BEYOND = "refunded_beyond"


def to_sale(*, order: Order, settings: Settings, member: MemberRef | None) -> Sale | None:
    """Write the sale; None while the order is open, for nothing is earned on it yet.

    `member` None is a guest's sale, which can be claimed later. Lines of nothing are kept: a
    refund may name them. Where more was given back than sold, what was sold is stated as large
    as what was given back: nothing of it is kept, and the sale stands.

    Raises:
        Malformed: an order without lines, or with an amount or a quantity below zero.
    """
    if order.status == "open":
        return None
    if not order.lines or any(min(x.amount_micros, x.quantity_micros) < 0 for x in order.lines):
        raise Malformed("the order has no lines, or one below zero")
    currency = order.currency
    return Sale(
        id=wire_id(order.id),
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
                id=wire_id(line.id),
                category=settings.categories.get(line.category, line.category),
                quantity=format_micros(line.quantity_micros, min_digits=0),
                amount=Money(line.amount_micros, currency),
            )
            for line in _covering(order)
        ),
        tenders=tuple(
            Tender(tender.kind, Money(tender.amount_micros, currency), tender.redemption)
            for tender in order.tenders
        ),
        refunds=tuple(
            Refund(
                id=wire_id(refund.id),
                amount=Money(refund.amount_micros, currency),
                status=refund.status,
                occurred_at=refund.occurred_at,
                lines=tuple(
                    RefundLine(
                        id=wire_id(line.id),
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


def wire_id(text: str) -> str:
    """A platform's id as sales write ids; one too long or of other letters, by its hash."""
    if _ID.fullmatch(text):
        return text
    kept = re.sub(r"[^A-Za-z0-9._~-]", "-", text, flags=re.ASCII)[:31]
    return f"{kept}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _covering(order: Order) -> tuple[Line, ...]:
    """The lines, at least as large as the succeeded refunds of each, and of all."""
    of_line: dict[str, int] = defaultdict(int)
    pieces: dict[str, int] = defaultdict(int)
    by_amount = 0
    for refund in order.refunds:
        if refund.status != "succeeded":
            continue
        for part in refund.lines:
            of_line[part.id] += part.amount_micros
            pieces[part.id] += part.quantity_micros or 0
        by_amount += refund.amount_micros - sum(part.amount_micros for part in refund.lines)
    lines = [
        replace(
            line,
            amount_micros=max(line.amount_micros, of_line[line.id]),
            quantity_micros=max(line.quantity_micros, pieces[line.id]),
        )
        for line in order.lines
    ]
    left = sum(line.amount_micros - of_line[line.id] for line in lines)
    if by_amount > left:
        lines.append(Line(BEYOND, BEYOND, 1_000_000, by_amount - left))
    return tuple(lines)
