"""The eight brands of the demo's coalition and their agreements, dated version by dated version.

A point's face value is 0.01. The agreements differ in every term on purpose, so that a night of
the demo shows each of them at work. A multiplier week is two more versions of an agreement: one
that holds from the Monday's midnight to the next, and the usual terms again after it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from coalition.demo.data import midnight

__all__ = ["AGREED_FROM", "BRANDS", "CURRENCY", "AgreementVersion", "Brand", "MultiplierWeek"]

CURRENCY = "USD"
#: The agreements are in force a month before the first purchase.
AGREED_FROM = date(2016, 12, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierWeek:
    """Seven days from `monday` on which a category (None: all) earns `factor` times the points."""

    monday: date
    factor: str
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementVersion:
    """Terms as the API takes them, in force from one instant up to (not at) another."""

    effective_from: datetime
    effective_to: datetime | None
    terms: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A partner of the demo: who it is, its usual terms, and the demo's rule for its returns.

    `returns` is how many of 10,000 sales come back, `return_days` the first and last day after
    the sale on which they do.
    """

    slug: str
    name: str
    terms: Mapping[str, Any]
    returns: int
    return_days: tuple[int, int]
    weeks: tuple[MultiplierWeek, ...] = field(default=())

    def agreement(self) -> Iterator[AgreementVersion]:
        """The versions of the agreement, in order, without a gap."""
        starts = midnight(AGREED_FROM)
        for week in sorted(self.weeks, key=lambda each: each.monday):
            begins, ends = midnight(week.monday), midnight(week.monday + timedelta(days=7))
            multiplied = {
                **self.terms,
                "earn": {
                    **self.terms["earn"],
                    "multipliers": [{"category": week.category, "factor": week.factor}],
                },
            }
            yield AgreementVersion(effective_from=starts, effective_to=begins, terms=self.terms)
            yield AgreementVersion(effective_from=begins, effective_to=ends, terms=multiplied)
            starts = ends
        yield AgreementVersion(effective_from=starts, effective_to=None, terms=self.terms)


def _amount(points: str, per: str, *categories: str) -> dict[str, Any]:
    return {
        "kind": "per_amount",
        "points": points,
        "per": per,
        "categories": list(categories) or None,
    }


def _quantity(points: str, per: str, *categories: str) -> dict[str, Any]:
    return {"kind": "per_quantity", "points": points, "per": per, "categories": list(categories)}


def _earn(
    *rules: dict[str, Any],
    rounding: str,
    each: str,
    exclusions: tuple[str, ...] = (),
    minimum: str | None = None,
    per_sale: int | None = None,
    per_day: int | None = None,
) -> dict[str, Any]:
    return {
        "rules": list(rules),
        "multipliers": [],
        "exclusions": list(exclusions),
        "minimum": minimum,
        "cap_per_sale": per_sale,
        "cap_per_member_day": per_day,
        "rounding": rounding,
        "round_each": each,
    }


def _terms(
    earn: dict[str, Any],
    *,
    funding: str,
    issue: str,
    redemption: str,
    fees: tuple[str, str],
    months: int,
    pending: int,
    grace: int,
    breakage: str,
    cap: str | None,
    quarter_end: bool = False,
) -> dict[str, Any]:
    return {
        "currency": CURRENCY,
        "earn": earn,
        "issue_price": issue,
        "redemption_price": redemption,
        "funding": funding,
        "fees": {"issue_per_point": fees[0], "redemption_share": fees[1]},
        "expiry": {"months": months, "quarter_end": quarter_end},
        "grace_days": grace,
        "pending_days": pending,
        "breakage_issuer_share": breakage,
        "cap": cap,
    }


BRANDS: tuple[Brand, ...] = (
    Brand(
        slug="grocer",
        name="Greenleaf Grocer",
        terms=_terms(
            _earn(
                _amount("2", "1.00", "produce"),
                _amount("1", "1.00"),
                rounding="floor",
                each="sale",
                exclusions=("gift-card", "service"),
            ),
            funding="redemption", issue="0.0100", redemption="0.0100", fees=("0.0002", "0.010"),
            months=24, pending=3, grace=30, breakage="0.5", cap="100000.00",
        ),
        returns=120,
        return_days=(1, 6),
        weeks=(MultiplierWeek(monday=date(2017, 1, 9), factor="2", category=None),),
    ),
    Brand(
        slug="pharmacy",
        name="Wellspring Pharmacy",
        terms=_terms(
            _earn(
                _amount("3", "1.00", "health"),
                _amount("2", "1.00"),
                rounding="half_up",
                each="line",
                minimum="5.00",
            ),
            funding="issue", issue="0.0110", redemption="0.0100", fees=("0.0005", "0.020"),
            months=18, pending=2, grace=30, breakage="0.6", cap="50000.00",
        ),
        returns=300,
        return_days=(1, 9),
    ),
    Brand(
        slug="fuel",
        name="Northgate Fuel",
        terms=_terms(
            _earn(
                _quantity("4", "1", "fuel"),
                _amount("1", "1.00", "fuel-sale"),
                _amount("1", "2.00", "shop"),
                rounding="floor",
                each="sale",
                exclusions=("tobacco", "lottery"),
            ),
            funding="issue", issue="0.0110", redemption="0.0100", fees=("0.0005", "0.015"),
            months=36, pending=0, grace=30, breakage="0.5", cap="50000.00",
        ),
        returns=40,
        return_days=(1, 2),
    ),
    Brand(
        slug="butcher",
        name="Harlow Butcher & Deli",
        terms=_terms(
            _earn(
                _amount("3", "2.00", "meat", "seafood"),
                _amount("1", "1.00"),
                rounding="half_even",
                each="line",
            ),
            funding="redemption", issue="0.0100", redemption="0.0095", fees=("0.0004", "0.020"),
            months=12, pending=1, grace=14, breakage="0.4", cap="50000.00",
        ),
        returns=80,
        return_days=(1, 3),
    ),
    Brand(
        slug="bakery",
        name="Copper Kettle Bakery & Café",
        terms=_terms(
            _earn(
                _amount("5", "1.00", "cafe"),
                _amount("3", "1.00"),
                rounding="ceiling",
                each="sale",
                per_day=100,
            ),
            funding="redemption", issue="0.0105", redemption="0.0100", fees=("0.0003", "0.030"),
            months=3, pending=0, grace=7, breakage="0.5", cap="20000.00",
        ),
        returns=20,
        return_days=(1, 1),
    ),
    Brand(
        slug="florist",
        name="Fernhill Florist & Garden",
        terms=_terms(
            _earn(_amount("4", "1.00"), rounding="half_up", each="sale"),
            funding="issue", issue="0.0115", redemption="0.0105", fees=("0.0006", "0.025"),
            months=6, quarter_end=True, pending=3, grace=14, breakage="0.7", cap="20000.00",
        ),
        returns=250,
        return_days=(1, 5),
        weeks=(
            MultiplierWeek(monday=date(2017, 2, 6), factor="3", category="flowers"),
            MultiplierWeek(monday=date(2017, 5, 8), factor="2", category=None),
        ),
    ),
    Brand(
        slug="wine",
        name="Oak & Vine Wine Shop",
        terms=_terms(
            _earn(
                _amount("5", "2.00", "wine"),
                _amount("1", "2.00"),
                rounding="floor",
                each="line",
                per_sale=300,
            ),
            funding="redemption", issue="0.0100", redemption="0.0090", fees=("0.0004", "0.020"),
            months=24, pending=7, grace=30, breakage="0.5", cap=None,
        ),
        returns=150,
        return_days=(2, 10),
        weeks=(MultiplierWeek(monday=date(2017, 12, 11), factor="1.5", category="wine"),),
    ),
    Brand(
        slug="home",
        name="Hearth & Home",
        terms=_terms(
            _earn(
                _amount("2", "1.00", "kitchen", "seasonal"),
                _amount("1", "1.00"),
                rounding="half_even",
                each="sale",
                minimum="3.00",
                per_sale=500,
            ),
            funding="redemption", issue="0.0100", redemption="0.0100", fees=("0.0005", "0.020"),
            months=18, pending=5, grace=30, breakage="0.3", cap="20000.00",
        ),
        returns=500,
        return_days=(1, 12),
        weeks=(MultiplierWeek(monday=date(2017, 8, 14), factor="2", category="paper"),),
    ),
)  # fmt: skip
