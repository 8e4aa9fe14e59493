"""How old what is open is: not yet due, and by days overdue. Amounts are micros."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from settlement.payments.domain.items import Direction, Item

BUCKETS = ("not_due", "to_30", "to_60", "to_90", "over_90")
"""Not yet overdue; 1 to 30 days overdue; 31 to 60; 61 to 90; more."""
_LAST_DAYS = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class Aged:
    """What is open of one party in one currency and direction, by age."""

    party_no: int
    currency: str
    direction: Direction
    micros: tuple[int, ...]

    @property
    def total_micros(self) -> int:
        """All of it."""
        return sum(self.micros)


def days_overdue(*, due_date: date, on: date) -> int:
    """Days since the due date; 0 on it and before it."""
    return max(0, (on - due_date).days)


def bucket_of(*, due_date: date, on: date) -> int:
    """The index in `BUCKETS` of what was due on a date."""
    days = days_overdue(due_date=due_date, on=on)
    return next((n for n, last in enumerate(_LAST_DAYS) if days <= last), len(_LAST_DAYS))


def age(*, items: Iterable[Item], on: date) -> tuple[Aged, ...]:
    """What is open by party, currency and direction, and by age on a date."""
    sums: dict[tuple[int, str, Direction], list[int]] = {}
    for item in items:
        if item.open_micros:
            key = (item.party_no, item.currency, item.direction)
            found = sums.setdefault(key, [0] * len(BUCKETS))
            found[bucket_of(due_date=item.due_date, on=on)] += item.open_micros
    return tuple(
        Aged(party_no, currency, direction, tuple(found))
        for (party_no, currency, direction), found in sorted(sums.items())
    )
