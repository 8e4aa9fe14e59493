"""How many points a sale is worth: exact fractions, rounded once.

Written T for the sum of the lines as they stand after refunds by line, A for what was refunded by
amount (so R = T − A remains), N for what was paid with means that earn nothing. A line then counts
with the share (R − N) / T of its amount or quantity.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from coalition.agreements.terms import Rounding, Terms
from coalition.sales.domain import NON_EARNING, SaleFacts


def round_fraction(numerator: int, denominator: int, rounding: Rounding) -> int:
    """A non-negative fraction as a whole number, by the agreement's rounding rule."""
    whole, rest = divmod(numerator, denominator)
    if rest == 0 or rounding == "floor":
        return whole
    if rounding == "ceiling":
        return whole + 1
    twice = 2 * rest
    if twice > denominator:
        return whole + 1
    if twice < denominator:
        return whole
    return whole + 1 if rounding == "half_up" or whole % 2 == 1 else whole


def points_of_sale(*, terms: Terms, facts: SaleFacts) -> int:
    """The points that the terms grant for the sale as it stands; caps per member-day apart."""
    total, remaining = facts.lines_micros, facts.remaining_micros
    earning = remaining - _non_earning(facts)
    if earning <= 0 or earning < (terms.minimum_micros or 0):
        return 0
    shares = []
    for line in facts.lines:
        rate = terms.rate_for(line.category)
        if rate is not None:
            base = line.quantity_micros if rate.by_quantity else line.amount_micros
            shares.append((base * rate.numerator, rate.denominator))
    if terms.round_each == "line":
        points = sum(round_fraction(n * earning, d * total, terms.rounding) for n, d in shares)
    else:
        numerator, denominator = _sum(shares)
        points = round_fraction(numerator * earning, denominator * total, terms.rounding)
    return points if terms.cap_per_sale is None else min(points, terms.cap_per_sale)


def _sum(fractions: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The sum of fractions over their least common denominator."""
    denominator = lcm(*{d for _, d in fractions}) if fractions else 1
    return sum(n * (denominator // d) for n, d in fractions), denominator


def _non_earning(facts: SaleFacts) -> int:
    """What of the remaining amount was paid with points, gift card or store credit, in micros.

    A refund that says how much went back as points reduces just that; else refunds are taken to
    have gone back the way the sale was paid, in proportion.
    """
    paid = sum(t.amount_micros for t in facts.tenders if t.kind in NON_EARNING)
    paid = min(paid, facts.original_micros)
    if paid == 0:
        return 0
    if facts.returned_as_points_micros:
        return max(0, min(paid - facts.returned_as_points_micros, facts.remaining_micros))
    share = Fraction(paid * facts.remaining_micros, facts.original_micros)
    # Up to a micro in the partner's favour: what is not a whole micro does not earn.
    return -(-share.numerator // share.denominator)


def apply_day_cap(*, worth: Sequence[int], cap: int) -> list[int]:
    """Clip a member-day's sales, in their order, so that together they earn at most the cap."""
    left = cap
    granted = []
    for points in worth:
        part = min(points, left)
        granted.append(part)
        left -= part
    return granted
