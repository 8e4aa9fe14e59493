"""Proofs of the books of points: they agree with the lots, and no window begins anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from settlement import hub
from settlement.accounting import store
from settlement.accounting.domain.deferred import Cohort, roll
from settlement.accounting.service.flows import all_flows, cohort_of, window_flows


@dataclass(frozen=True, slots=True)
class BooksFinding:
    """A cohort whose books and lots disagree; points, and micros at redemption prices."""

    cohort: Cohort
    booked: int
    found: int
    booked_micros: int
    found_micros: int


def check_books(*, connection: Connection) -> tuple[BooksFinding, ...]:
    """Cohorts whose outstanding points, by the flows of all windows, are not what lots say."""
    today = hub.read_coalition(connection=connection).last_closed + timedelta(days=1)
    booked: dict[Cohort, list[int]] = {}
    for flow in (
        *all_flows(connection=connection, through=today - timedelta(days=1)),
        *window_flows(connection=connection, day=today),
    ):
        sums = booked.setdefault(flow.cohort, [0, 0])
        sums[0] += flow.issued - flow.redeemed - flow.expired - flow.clawed_back
        sums[1] += (
            flow.issued_micros
            - flow.redeemed_micros
            - flow.expired_micros
            - flow.clawed_back_micros
        )
    found = {
        cohort_of(each.cohort): (each.outstanding, each.outstanding_micros)
        for each in hub.read_cohort_states(connection=connection)
    }
    findings = []
    for cohort in sorted({*booked, *found}):
        points, micros = booked.get(cohort, [0, 0])
        if (points, micros) != found.get(cohort, (0, 0)):
            found_points, found_micros = found.get(cohort, (0, 0))
            findings.append(BooksFinding(cohort, points, found_points, micros, found_micros))
    return tuple(findings)


def check_continuity(*, connection: Connection) -> tuple[str, ...]:
    """What breaks the roll-forward of all closed windows, in words; nothing is what is wanted."""
    windows = hub.read_windows(connection=connection, limit=100_000)
    if not windows:
        return ()
    breaks = []
    closing: dict[Cohort, tuple[int, int]] = {}
    last = windows[-1].business_date
    for day, cohort, movement in roll(
        flows=all_flows(connection=connection, through=last),
        versions=store.read_versions(connection=connection),
        dates=[window.business_date for window in windows],
    ):
        before = closing.get(cohort, (0, 0))
        if not movement.adds_up:
            breaks.append(
                f"{day}: cohort {cohort.month:%Y-%m} of party {cohort.issuer} does not add up"
            )
        if before != (movement.opening, movement.opening_points):
            breaks.append(
                f"{day}: cohort {cohort.month:%Y-%m} of party {cohort.issuer} begins anew"
            )
        closing[cohort] = (movement.closing, movement.closing_points)
    return tuple(breaks)
