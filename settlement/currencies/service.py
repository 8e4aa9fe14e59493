"""Importing quotes, setting the policy, and finding a window's rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import Connection

from settlement.currencies import store
from settlement.currencies.domain import Policy, PolicyTooLate, Quote, QuoteDiffers, Rate, rate_of
from settlement.entries.service import open_window
from settlement.entries.store import share_windows


@dataclass(frozen=True, slots=True)
class Imported:
    """How many quotes of a list were new, and how many were there already."""

    new: int
    known: int


def import_quotes(
    *, connection: Connection, quotes: Sequence[Quote], imported_at: datetime
) -> Imported:
    """Take quotes over; one that is there already changes nothing.

    All or none of them: raises QuoteDiffers when one is there with another rate.
    """
    wanted = {(q.source, q.base, q.quote, q.quoted_on): q for q in quotes}
    for each in quotes:
        _refuse_other(wanted[each.source, each.base, each.quote, each.quoted_on], each)
    new = store.insert_quotes(
        connection=connection, quotes=wanted.values(), imported_at=imported_at
    )
    for found in store.read_same_quotes(connection=connection, quotes=tuple(wanted.values())):
        key = (found.source, found.base, found.quote, found.quoted_on)
        _refuse_other(found, wanted[key])
    return Imported(new=new, known=len(quotes) - new)


def _refuse_other(known: Quote, given: Quote) -> None:
    if Fraction(known.rate) != Fraction(given.rate):
        raise QuoteDiffers(
            f"{given.source} has {known.rate} for {given.base}/{given.quote} on "
            f"{given.quoted_on}, not {given.rate}; quotes never change, and none was imported"
        )


def set_policy(*, connection: Connection, policy: Policy, set_at: datetime) -> None:
    """Set how currencies settle from a business date on.

    Raises PolicyTooLate when the date is netted, or a policy begins on it already.
    """
    share_windows(connection=connection)
    first = open_window(connection=connection)
    if policy.effective_from < first:
        raise PolicyTooLate(
            f"{policy.effective_from} is netted; the earliest date that is not is {first}"
        )
    if not store.insert_policy(connection=connection, policy=policy, set_at=set_at):
        raise PolicyTooLate(
            f"a policy begins on {policy.effective_from} already; begin on a later date"
        )


def rate_for(
    *, connection: Connection, currency: str, clearing: str, policy: Policy, business_date: date
) -> Rate:
    """The rate by which a window converts a currency. Raises MissingRate."""
    return rate_of(
        currency=currency,
        clearing=clearing,
        policy=policy,
        quotes=store.read_usable_quotes(
            connection=connection,
            source=policy.source or "",
            currencies=(currency, clearing),
            business_date=business_date,
        ),
        business_date=business_date,
    )
