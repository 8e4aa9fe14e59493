"""A tiny model of earning: a point for each unit of money that is paid and kept, rounded down.

What is no goods earns nothing, for no rule names it; nor does what points, gift cards or store
credit paid. It is computed twice, from the shop's truth and from what an adapter said.
"""

from __future__ import annotations

import re
from fractions import Fraction

from adapters.testing.shop import Purchase
from partner_sdk.wire.amounts import MAX_SAFE_INTEGER, minor_digits
from partner_sdk.wire.sales import Refund, Sale

#: Categories that are no goods at the hub.
NOT_EARNING = frozenset({"duties", "fee", "gift_card", "refunded_beyond", "shipping", "tip"})
NOT_PAYING = frozenset({"points", "gift_card", "store_credit"})
_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)


def points_of_purchase(purchase: Purchase) -> int:
    """What the shop's truth is worth."""
    if purchase.cancelled:
        return 0
    left: dict[str, int | Fraction] = {item.id: item.minor for item in purchase.items}
    by_amount: int | Fraction = 0
    for refund in purchase.refunds:
        if refund.status == "succeeded":
            rest = refund.minor
            for item_id, minor, _count in refund.items:
                item = purchase.item(item_id)
                left[item_id] -= _with_points(minor, item.minor, purchase.off(item))
                rest -= minor
            by_amount += _with_points(rest, purchase.total, purchase.by_points)
    total = sum(max(0, minor) for minor in left.values())
    earning = sum(max(0, left[i.id]) for i in purchase.items if i.kind not in NOT_EARNING)
    unpaid = sum(minor for kind, minor in purchase.tenders if kind in NOT_PAYING)
    unpaid += purchase.by_points
    unit: int = 10 ** minor_digits(purchase.currency)
    return _points(earning, total, total - by_amount, unpaid, purchase.total) // unit


def _with_points(minor: int, whole: int, by_points: int) -> int | Fraction:
    """Money that was given back of something, with the share of the points that paid for that."""
    if not by_points or whole == by_points:
        return minor
    return Fraction(minor * whole, whole - by_points)


def points_of_sale(sale: Sale) -> int:
    """What a sale is worth as the hub would see it.

    Raises:
        AssertionError: the hub would refuse the sale.
    """
    check(sale)
    left = {line.id: line.amount.micros for line in sale.lines}
    by_amount = 0
    for refund in sale.refunds:
        if refund.status == "succeeded":
            for part in refund.lines:
                assert part.id in left, f"a refund names the line {part.id}, which is not there"
                left[part.id] -= part.amount.micros
                by_amount -= part.amount.micros
            by_amount += refund.amount.micros
    total = sum(left.values())
    assert min(left.values()) >= 0, "more of a line is given back than was sold"
    assert by_amount <= total, "more is given back than was sold"
    if sale.cancelled:
        return 0
    earning = sum(left[line.id] for line in sale.lines if line.category not in NOT_EARNING)
    unpaid = sum(t.amount.micros for t in sale.tenders if t.kind in NOT_PAYING)
    paid = sum(line.amount.micros for line in sale.lines)
    return _points(earning, total, total - by_amount, unpaid, paid) // 10**6


def _points(
    earning: int | Fraction, total: int | Fraction, kept: int | Fraction, unpaid: int, paid: int
) -> int:
    """The earning lines' share of what is kept and was paid with money, in the same units."""
    if total <= 0 or kept <= 0 or paid <= 0:
        return 0
    money = kept - Fraction(min(unpaid, paid) * kept, paid)
    return int(earning * money / total)


def check(sale: Sale) -> None:
    """Assert what the hub's API asks of a sale."""
    assert _ID.fullmatch(sale.id), f"{sale.id!r} is no id of a sale"
    assert type(sale.revision) is int, "the revision is not a whole number"
    assert 0 <= sale.revision <= MAX_SAFE_INTEGER, "the revision is out of range"
    assert sale.occurred_at.tzinfo is not None, "the instant has no time zone"
    assert sale.lines, "a sale has at least one line"
    ids = [line.id for line in sale.lines]
    assert len(set(ids)) == len(ids), "two lines have one id"
    amounts = [line.amount for line in sale.lines] + [tender.amount for tender in sale.tenders]
    for refund in sale.refunds:
        amounts += [refund.amount, *(part.amount for part in refund.lines)]
        _check_refund(refund)
    refunds = [refund.id for refund in sale.refunds]
    assert len(set(refunds)) == len(refunds), "two refunds have one id"
    for money in amounts:
        assert type(money.micros) is int, "an amount is not a whole number of micros"
        assert money.micros >= 0, "an amount is below zero"
        assert money.currency == sale.currency, "an amount is of another currency"
    sale.to_wire()


def _check_refund(refund: Refund) -> None:
    assert 1 <= len(refund.id) <= 64, "the id of a refund is too long"
    parts = sum(part.amount.micros for part in refund.lines)
    assert parts <= refund.amount.micros, "the lines of a refund are more than its amount"
