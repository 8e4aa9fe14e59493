"""The terms of an agreement: what a partner grants for a sale, at what prices, for how long.

Terms are a JSON document, checked once and kept for ever. All rates are exact: decimals are held
as integers of 10⁻⁶, and a line's points are a fraction of integers that is rounded once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from partner_sdk.wire.amounts import MICROS

Rounding = Literal["floor", "ceiling", "half_up", "half_even"]
Funding = Literal["redemption", "issue"]

ROUNDINGS: tuple[Rounding, ...] = ("floor", "ceiling", "half_up", "half_even")
FUNDINGS: tuple[Funding, ...] = ("redemption", "issue")

APART = frozenset({"duties", "fee", "gift_card", "refunded_beyond", "shipping", "tip"})
"""Categories that are no goods: a rule for every category does not mean them."""

MAX_RULES = 200
MAX_POINTS_CAP = 1_000_000_000
_MOST_KEPT = 1_000
"""Categories whose rate is kept: a sale may name any."""


@dataclass(frozen=True, slots=True)
class EarnRule:
    """`points` for each `per` of money (per_amount) or of quantity (per_quantity).

    `categories` None is every category of goods, so all but those of `APART`.
    """

    kind: Literal["per_amount", "per_quantity"]
    points: Fraction
    per: Fraction
    categories: frozenset[str] | None

    def covers(self, category: str) -> bool:
        """Whether a line of that category earns by this rule."""
        if self.categories is None:
            return category not in APART
        return category in self.categories


@dataclass(frozen=True, slots=True)
class Multiplier:
    """A factor on the points of a category; None is every category."""

    category: str | None
    factor: Fraction


@dataclass(frozen=True, slots=True)
class Rate:
    """Points per micro of a line's amount or quantity, as an exact fraction."""

    by_quantity: bool
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Terms:
    """One version's terms. Prices are micros of `currency` a point, shares parts per million."""

    currency: str
    rules: tuple[EarnRule, ...]
    multipliers: tuple[Multiplier, ...]
    exclusions: frozenset[str]
    minimum_micros: int | None
    cap_per_sale: int | None
    cap_per_member_day: int | None
    rounding: Rounding
    round_each: Literal["sale", "line"]
    issue_price_micros: int
    redemption_price_micros: int
    funding: Funding
    issue_fee_micros: int
    redemption_fee_ppm: int
    expiry_months: int
    expiry_quarter_end: bool
    grace_days: int
    pending_days: int
    breakage_issuer_ppm: int
    cap_micros: int | None
    _rates: dict[str, Rate | None] = field(default_factory=dict, compare=False, repr=False)

    def rate_for(self, category: str) -> Rate | None:
        """The rate of a category: the first rule that matches, times the first multiplier.

        None where the category is excluded or no rule matches. Kept per category, because a
        sale's lines ask for the same few again and again.
        """
        try:
            return self._rates[category]
        except KeyError:
            rate = self._find_rate(category)
            if len(self._rates) < _MOST_KEPT:
                self._rates[category] = rate
            return rate

    def _find_rate(self, category: str) -> Rate | None:
        if category in self.exclusions:
            return None
        for rule in self.rules:
            if rule.covers(category):
                break
        else:
            return None
        factor = next(
            (m.factor for m in self.multipliers if m.category is None or m.category == category),
            Fraction(1),
        )
        # Amounts and quantities both arrive in micros.
        rate = rule.points * factor / (rule.per * MICROS)
        return Rate(
            by_quantity=rule.kind == "per_quantity",
            numerator=rate.numerator,
            denominator=rate.denominator,
        )


def terms_sha256(document: Mapping[str, Any]) -> bytes:
    """SHA-256 of the terms as canonical JSON (sorted keys, no blanks, UTF-8)."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()
