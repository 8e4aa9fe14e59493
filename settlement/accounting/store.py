"""The SQL of accounting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, cast, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement.accounting.domain.deferred import Cohort, Flow, Version
from settlement.accounting.domain.estimate import (
    METHOD,
    CohortEstimate,
    Estimate,
    MonthFlow,
    Parameters,
    Segment,
    breakage_ppm,
)
from settlement.accounting.tables import (
    breakage_cohort,
    breakage_estimate,
    breakage_segment,
    point_flow,
    point_window,
)
from settlement.locks import ACCOUNTING

_KEY = ("issuer", "funder", "funding", "currency", "month")
_POINTS = ("issued", "redeemed", "expired", "clawed_back")
_VALUES = (*_POINTS, *(f"{name}_micros" for name in _POINTS))


@dataclass(frozen=True, slots=True)
class StoredEstimate:
    """A version of the estimate, without its cohorts; `made_at` is wall time."""

    no: int
    as_of: date
    effective_from: date
    made_at: datetime
    method: str
    parameters: dict[str, Any]


def lock(*, connection: Connection) -> None:
    """Be the only one to write accounting, for this transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(*ACCOUNTING)))


def taken_windows(*, connection: Connection) -> frozenset[date]:
    """The windows whose points were summed."""
    return frozenset(connection.scalars(select(point_window.c.window_date)))


def insert_flows(
    *, connection: Connection, business_date: date, flows: Iterable[Flow], taken_at: datetime
) -> None:
    """Keep a window's points; a second time changes nothing."""
    taken = connection.execute(
        upsert(point_window)
        .values(window_date=business_date, taken_at=taken_at)
        .on_conflict_do_nothing()
    )
    rows = [
        {"window_date": business_date}
        | asdict(flow.cohort)
        | {name: getattr(flow, name) for name in _VALUES}
        for flow in flows
    ]
    if taken.rowcount and rows:
        connection.execute(insert(point_flow), rows)


def read_flows(
    *, connection: Connection, through: date, issuer: int | None = None
) -> tuple[Flow, ...]:
    """All kept flows up to and with a window, of one issuer or of all, by window and cohort."""
    keys = [point_flow.c[name] for name in _KEY]
    query = (
        select(point_flow.c.window_date, *keys, *(point_flow.c[name] for name in _VALUES))
        .where(point_flow.c.window_date <= through)
        .order_by(point_flow.c.window_date, *keys)
    )
    if issuer is not None:
        query = query.where(point_flow.c.issuer == issuer)
    return tuple(Flow(row[0], Cohort(*row[1:6]), *row[6:]) for row in connection.execute(query))


def read_month_flows(*, connection: Connection) -> tuple[MonthFlow, ...]:
    """The kept flows by segment, month of issue and month of the window."""
    month = cast(func.date_trunc("month", point_flow.c.window_date), Date)
    keys = (point_flow.c.issuer, point_flow.c.funding, point_flow.c.month, month)
    rows = connection.execute(
        select(*keys, *(func.sum(point_flow.c[name]) for name in _POINTS))
        .group_by(*keys)
        .order_by(*keys)
    )
    return tuple(
        MonthFlow(Segment(row[0], row[1]), row[2], row[3], *map(int, row[4:])) for row in rows
    )


def insert_estimate(
    *,
    connection: Connection,
    estimate: Estimate,
    effective_from: date,
    made_at: datetime,
    parameters: Parameters,
) -> int:
    """Keep a version of the estimate; gives its number."""
    no: int = connection.execute(
        insert(breakage_estimate)
        .values(
            as_of=estimate.as_of,
            effective_from=effective_from,
            made_at=made_at,
            method=METHOD,
            parameters=asdict(parameters),
        )
        .returning(breakage_estimate.c.no)
    ).scalar_one()
    cohorts = [_cohort_row(no, each) for each in estimate.cohorts]
    if cohorts:
        connection.execute(insert(breakage_cohort), cohorts)
    segments = [
        {"estimate_no": no, "issuer": key.issuer, "funding": key.funding, "new_ppm": ppm}
        for key, ppm in sorted(estimate.new_ppm.items())
    ]
    if segments:
        connection.execute(insert(breakage_segment), segments)
    return no


def _cohort_row(no: int, each: CohortEstimate) -> dict[str, Any]:
    names = (*_POINTS, "outstanding", "expected_redeemed", "expected_clawed_back",
             "expected_breakage")  # fmt: skip
    return {
        "estimate_no": no,
        "issuer": each.segment.issuer,
        "funding": each.segment.funding,
        "month": each.cohort,
        "breakage_ppm": breakage_ppm(each),
        **{name: getattr(each, name) for name in names},
    }


def read_estimates(*, connection: Connection) -> tuple[StoredEstimate, ...]:
    """Every version, oldest first."""
    rows = connection.execute(select(breakage_estimate).order_by(breakage_estimate.c.no))
    return tuple(StoredEstimate(**row._mapping) for row in rows)


def read_versions(*, connection: Connection) -> tuple[Version, ...]:
    """Every version with its shares, oldest first."""
    shares: dict[int, dict[tuple[int, str, date], int]] = {}
    new: dict[int, dict[tuple[int, str], int]] = {}
    for row in connection.execute(select(breakage_cohort)):
        of_version = shares.setdefault(row.estimate_no, {})
        of_version[row.issuer, row.funding, row.month] = row.breakage_ppm
    for row in connection.execute(select(breakage_segment)):
        new.setdefault(row.estimate_no, {})[row.issuer, row.funding] = row.new_ppm
    return tuple(
        Version(each.no, each.effective_from, shares.get(each.no, {}), new.get(each.no, {}))
        for each in read_estimates(connection=connection)
    )


def read_cohorts(*, connection: Connection, no: int) -> tuple[CohortEstimate, ...]:
    """The cohorts of a version."""
    rows = connection.execute(
        select(breakage_cohort)
        .where(breakage_cohort.c.estimate_no == no)
        .order_by(breakage_cohort.c.issuer, breakage_cohort.c.funding, breakage_cohort.c.month)
    )
    return tuple(
        CohortEstimate(
            Segment(row.issuer, row.funding),
            row.month,
            row.issued,
            row.redeemed,
            row.expired,
            row.clawed_back,
            row.outstanding,
            row.expected_redeemed,
            row.expected_clawed_back,
            row.expected_breakage,
        )
        for row in rows
    )
