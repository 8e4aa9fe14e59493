"""Interest on what is overdue, exact to the micro.

For each day after the due date, up to a date and with it, what is open at that day's end bears a
day's interest: `open × rate ÷ basis`. The days are added up as whole numbers and divided once, so
nothing is lost to rounding from day to day; what is less than a micro is not owed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

DayCount = Literal["act/365", "act/360"]
"""Each calendar day is a 365th, or a 360th, of the yearly rate."""
DAY_COUNTS: tuple[DayCount, ...] = ("act/365", "act/360")
_BASIS = {"act/365": 365, "act/360": 360}
_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class LateTerms:
    """What being late costs: interest a year in millionths, and a penalty once, if any (micros).

    The penalty is owed when an item is more than `penalty_after_days` days overdue.
    """

    interest_ppm: int = 0
    day_count: DayCount = "act/365"
    penalty_micros: int = 0
    penalty_after_days: int = 0


@dataclass(frozen=True, slots=True)
class Paid:
    """A change of what was paid of an item, as the bank booked it; below zero, a return."""

    booked_on: date
    micros: int


def interest_micros(
    *,
    amount_micros: int,
    due_date: date,
    payments: Iterable[Paid],
    through: date,
    terms: LateTerms,
) -> int:
    """All the interest that an item has borne from its due date to the end of a date (micros)."""
    days_total = (through - due_date).days
    if days_total <= 0 or terms.interest_ppm == 0:
        return 0
    micro_days = amount_micros * days_total
    for paid in payments:
        # Money booked on a day stops the interest of that day and those after it.
        first = max((paid.booked_on - due_date).days, 1)
        micro_days -= paid.micros * max(days_total - first + 1, 0)
    return max(micro_days, 0) * terms.interest_ppm // (_PPM * _BASIS[terms.day_count])


def penalty_micros(*, open_micros: int, due_date: date, on: date, terms: LateTerms) -> int:
    """The penalty that an open item owes on a date (micros)."""
    if open_micros and (on - due_date).days > terms.penalty_after_days:
        return terms.penalty_micros
    return 0
