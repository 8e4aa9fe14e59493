"""The obligations of a window, summed exactly by the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select, union_all

from coalition.agreements.tables import face_value
from coalition.feed.facts import WindowTotals
from coalition.feed.lines import unpriced_movements
from coalition.ledger.tables import obligation


@dataclass(frozen=True, slots=True)
class PairObligations:
    """All that `debtor` came to owe `creditor` in a window, in micros of the currency."""

    debtor: int
    creditor: int
    currency: str
    amount_micros: int
    obligations: int


@dataclass(frozen=True, slots=True)
class PartyObligations:
    """A party's dues in, less its dues out, over a window: the exact net in micros."""

    party_no: int
    currency: str
    net_micros: int


Converting = Callable[[ColumnElement[int]], ColumnElement[int]]
"""What makes of an amount the amount to be summed."""


def read_pair_obligations(
    *,
    connection: Connection,
    business_date: date,
    currency: str | None = None,
    converting: Converting | None = None,
) -> tuple[PairObligations, ...]:
    """The window's obligations by ordered pair and currency.

    With `currency`, those in it only; with `converting`, each amount is converted before it is
    summed.
    """
    keys = (obligation.c.debtor, obligation.c.creditor, obligation.c.currency)
    micros = obligation.c.amount_micros
    rows = connection.execute(
        select(*keys, func.sum(converting(micros) if converting else micros), func.count())
        .where(*_of_window(business_date, currency))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(
        PairObligations(d, c, currency, int(total), n) for d, c, currency, total, n in rows
    )


def read_party_obligations(
    *,
    connection: Connection,
    business_date: date,
    currency: str | None = None,
    converting: Converting | None = None,
) -> tuple[PartyObligations, ...]:
    """The same obligations summed another way, by party: what a proof compares the pairs with."""
    of_window = _of_window(business_date, currency)
    stored = obligation.c.amount_micros
    micros = converting(stored) if converting else stored
    sides = union_all(
        select(
            obligation.c.creditor.label("party_no"),
            obligation.c.currency,
            micros.label("micros"),
        ).where(*of_window),
        select(obligation.c.debtor, obligation.c.currency, -micros).where(*of_window),
    ).subquery()
    rows = connection.execute(
        select(sides.c.party_no, sides.c.currency, func.sum(sides.c.micros))
        .group_by(sides.c.party_no, sides.c.currency)
        .order_by(sides.c.party_no, sides.c.currency)
    )
    return tuple(PartyObligations(no, currency, int(net)) for no, currency, net in rows)


def read_currencies(*, connection: Connection) -> tuple[str, ...]:
    """The currencies that agreements can be priced in: those in which a point has a face value."""
    rows = connection.execute(
        select(face_value.c.currency).distinct().order_by(face_value.c.currency)
    )
    return tuple(row.currency for row in rows)


def _of_window(business_date: date, currency: str | None) -> list[ColumnElement[bool]]:
    wanted = [obligation.c.window_date == business_date]
    return wanted if currency is None else [*wanted, obligation.c.currency == currency]


def read_window_totals(*, connection: Connection, business_date: date) -> WindowTotals:
    """How many obligations the window has, and movements of points without one."""
    obligations, currencies = connection.execute(
        select(func.count(), func.array_agg(obligation.c.currency.distinct())).where(
            obligation.c.window_date == business_date
        )
    ).one()
    unpriced = connection.execute(
        select(func.count()).select_from(unpriced_movements(business_date=business_date).subquery())
    ).scalar_one()
    return WindowTotals(
        obligations=obligations,
        unpriced_movements=unpriced,
        currencies=tuple(currencies or ()),
    )
