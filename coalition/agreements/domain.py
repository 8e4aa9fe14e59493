"""An agreement's version, when it is in force, and what it makes of dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from coalition.agreements.terms import Terms

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Agreement:
    """One immutable version of a party's terms, in force over a half-open interval."""

    no: int
    id: UUID
    party_no: int
    version: int
    effective_from: datetime
    effective_to: datetime | None
    terms: Terms
    terms_sha256: bytes


def version_in_force(versions: Sequence[Agreement], instant: datetime) -> Agreement | None:
    """The version in force at the instant: the one that began last, unless it has ended.

    `versions` are of one party, sorted by `effective_from`.
    """
    found = None
    for version in versions:
        if version.effective_from > instant:
            break
        found = version
    if found is None or (found.effective_to is not None and found.effective_to <= instant):
        return None
    return found


@lru_cache(maxsize=4096)
def start_of_date(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the calendar date in the zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=4096)
def add_months(day: date, months: int) -> date:
    """The same day `months` later; the last of the month where that day does not exist."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(
        date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1)
    )


@lru_cache(maxsize=4096)
def _quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 3
    return add_months(date(day.year, month, 1), 1) - timedelta(days=1)


def activation_instant(*, terms: Terms, occurred_at: datetime, zone: ZoneInfo) -> datetime:
    """When points of a sale become active: at once, or at the start of the date
    `pending_days` after the sale's own date in the coalition's zone."""
    if terms.pending_days == 0:
        return occurred_at
    day = occurred_at.astimezone(zone).date() + timedelta(days=terms.pending_days)
    return start_of_date(day, zone)


def expiry_instant(*, terms: Terms, occurred_at: datetime, zone: ZoneInfo) -> datetime:
    """When points of a sale expire: after the whole last day, rolling months from the sale's
    date in the coalition's zone, to the end of that quarter where the terms say so."""
    last = add_months(occurred_at.astimezone(zone).date(), terms.expiry_months)
    if terms.expiry_quarter_end:
        last = _quarter_end(last)
    return start_of_date(last + timedelta(days=1), zone)


def grace_instant(*, terms: Terms, now: datetime, zone: ZoneInfo) -> datetime:
    """Until when points stay that a reversal restored to an expired lot."""
    day = now.astimezone(zone).date() + timedelta(days=terms.grace_days + 1)
    return start_of_date(day, zone)
