"""Points by cohort: what each window issued and what became of it, summed by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Date, case, cast, func, select

from coalition.db.state import hub_state
from coalition.ledger.tables import lot, movement


@dataclass(frozen=True, slots=True, order=True)
class CohortKey:
    """Lots of one issuer, funder, funding model and currency, by the month they were posted in."""

    issuer: int
    funder: int
    funding: str
    currency: str
    month: date


@dataclass(frozen=True, slots=True)
class PointFlow:
    """What a window changed in a cohort: points, and micros at the lots' redemption prices.

    What was taken for a return counts as clawed back; what a reversal gave back is less redeemed.
    """

    cohort: CohortKey
    issued: int
    redeemed: int
    expired: int
    clawed_back: int
    issued_micros: int
    redeemed_micros: int
    expired_micros: int
    clawed_back_micros: int


@dataclass(frozen=True, slots=True)
class CohortState:
    """What the lots themselves say is outstanding of a cohort now, and their last expiry month."""

    cohort: CohortKey
    outstanding: int
    outstanding_micros: int
    last_expiry: date


def read_point_flows(*, connection: Connection, business_date: date) -> tuple[PointFlow, ...]:
    """The flows of a window's movements, by cohort."""
    signed = {
        "issued": _out_of("issued"),
        "redeemed": _into("spent"),
        "expired": _into("expired"),
        "clawed_back": _into("clawed_back", "taken"),
    }
    price = lot.c.redemption_price_micros
    keys = _keys(connection)
    rows = connection.execute(
        select(
            *keys,
            *(func.sum(points) for points in signed.values()),
            *(func.sum(points * price) for points in signed.values()),
        )
        .join_from(
            movement,
            lot,
            (lot.c.account_id == movement.c.account_id) & (lot.c.lot_id == movement.c.lot_id),
        )
        .where(movement.c.window_date == business_date, movement.c.kind.not_in(("hold", "release")))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(PointFlow(CohortKey(*row[:5]), *map(int, row[5:])) for row in rows)


def read_cohort_states(*, connection: Connection) -> tuple[CohortState, ...]:
    """Every cohort as its lots stand, the open window's postings included."""
    keys = _keys(connection)
    points = lot.c.pending + lot.c.active + lot.c.held
    zone = _zone(connection)
    last = cast(func.date_trunc("month", func.timezone(zone, func.max(lot.c.expires_at))), Date)
    rows = connection.execute(
        select(*keys, func.sum(points), func.sum(points * lot.c.redemption_price_micros), last)
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(CohortState(CohortKey(*row[:5]), int(row[5]), int(row[6]), row[7]) for row in rows)


def _zone(connection: Connection) -> str:
    return str(connection.execute(select(hub_state.c.time_zone)).scalar_one())


def _keys(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    month = cast(func.date_trunc("month", func.timezone(_zone(connection), lot.c.posted_at)), Date)
    return (lot.c.issuer, lot.c.funder, lot.c.funding, lot.c.currency, month.label("month"))


def _out_of(bucket: str) -> ColumnElement[int]:
    return case((movement.c.from_bucket == bucket, movement.c.points), else_=cast(0, BigInteger))


def _into(*buckets: str) -> ColumnElement[int]:
    """Points that came into the buckets, less those that left them."""
    return case(
        (movement.c.to_bucket.in_(buckets), movement.c.points), else_=cast(0, BigInteger)
    ) - case((movement.c.from_bucket.in_(buckets), movement.c.points), else_=cast(0, BigInteger))
