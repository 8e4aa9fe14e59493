"""The roll-up of uncovered positions against their caps.

A partner's position is never a row that sales update: it is a sum of obligations, taken every few
seconds. Closed windows are summed once; only the open ones are summed anew. What settlement enters
beside them (payments above all) is added, but for collateral: money that was paid in covers the
position whether it lies on the partner's account or as its collateral. At 50, 75 and 90 % of the
cap the partner is warned, at 100 % its own issuing stops until the position is covered again;
points that members hold stay spendable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from coalition import metrics
from coalition.directory import Snapshot
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.ids import IdSource
from coalition.jobs.job import Done, JobContext, RepeatedJob
from coalition.partners.service import stop_issuing
from partner_sdk.wire.amounts import Money

LEVELS = (50, 75, 90, 100)
"""Percent of the cap at which something happens."""

_SUM_CLOSED = """
INSERT INTO closed_position (window_date, party_no, currency, net_micros)
SELECT x.window_date, x.no, x.currency, sum(x.amount) FROM (
  SELECT o.window_date, o.creditor AS no, o.currency, o.amount_micros AS amount FROM obligation o
  UNION ALL
  SELECT o.window_date, o.debtor, o.currency, -o.amount_micros FROM obligation o) x
 WHERE x.window_date IN (SELECT w.business_date FROM settlement_window w WHERE NOT EXISTS
       (SELECT 1 FROM closed_position c WHERE c.window_date = w.business_date))
 GROUP BY 1, 2, 3
"""
_POSITIONS = """
SELECT no, currency, sum(amount)::bigint FROM (
  SELECT c.party_no AS no, c.currency, c.net_micros AS amount FROM closed_position c
  UNION ALL
  SELECT e.party_no, e.currency, e.covering_micros FROM entered_position e
  UNION ALL
  SELECT o.creditor, o.currency, o.amount_micros FROM obligation o
   WHERE o.window_date > (SELECT last_closed FROM hub_state)
  UNION ALL
  SELECT o.debtor, o.currency, -o.amount_micros FROM obligation o
   WHERE o.window_date > (SELECT last_closed FROM hub_state)) x
 GROUP BY 1, 2
"""
_KNOWN = "SELECT party_no, warned_percent FROM exposure"
_SAVE = """
INSERT INTO exposure (party_no, currency, uncovered_micros, cap_micros, warned_percent,
                      measured_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (party_no, currency) DO UPDATE
   SET uncovered_micros = EXCLUDED.uncovered_micros, cap_micros = EXCLUDED.cap_micros,
       warned_percent = EXCLUDED.warned_percent, measured_at = EXCLUDED.measured_at
"""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a partner owes beyond what it is owed, against its cap; micros."""

    party_no: int
    currency: str
    uncovered_micros: int
    cap_micros: int

    @property
    def level(self) -> int:
        """The highest of `LEVELS` that is reached, else 0."""
        reached = [p for p in LEVELS if self.uncovered_micros * 100 >= self.cap_micros * p]
        return max(reached, default=0)


def measure_exposure(context: JobContext, connection: Connection) -> Done:
    """Sum positions, warn, stop and resume issuing. In one transaction, given."""
    snapshot = context.directory.refresh(connection=connection)
    now = context.clocks.business(snapshot)
    caps = _caps(snapshot, now)
    if not caps and not any(p.issuing_stopped for p in snapshot.parties.values()):
        return Done()
    connection.exec_driver_sql(_SUM_CLOSED)
    positions: dict[tuple[int, str], int] = {
        (no, currency): net for no, currency, net in connection.exec_driver_sql(_POSITIONS)
    }
    known: dict[int, int] = {row[0]: row[1] for row in connection.exec_driver_sql(_KNOWN)}
    new_id = IdSource()
    for no, (currency, cap) in caps.items():
        found = Exposure(no, currency, max(0, -positions.get((no, currency), 0)), cap)
        connection.exec_driver_sql(
            _SAVE, (no, currency, found.uncovered_micros, cap, found.level, now)
        )
        metrics.observe_cap(
            party=snapshot.parties[no].slug,
            uncovered_micros=found.uncovered_micros,
            cap_micros=cap,
        )
        if found.level > known.get(no, 0):
            _warn(connection, snapshot, found, now, new_id)
    stopped = _stop_and_resume(connection, snapshot, caps, positions, now, new_id)
    return Done(counts={"measured": len(caps), "changed": stopped})


def _caps(snapshot: Snapshot, now: datetime) -> dict[int, tuple[str, int]]:
    found = {}
    for no in snapshot.parties:
        agreement = snapshot.agreement_at(party_no=no, instant=now)
        if agreement is not None and agreement.terms.cap_micros is not None:
            found[no] = (agreement.terms.currency, agreement.terms.cap_micros)
    return found


def _warn(
    connection: Connection, snapshot: Snapshot, found: Exposure, now: datetime, new_id: IdSource
) -> None:
    payload: dict[str, Any] = {
        "percent": found.level,
        "uncovered": Money(found.uncovered_micros, found.currency).to_wire(),
        "cap": Money(found.cap_micros, found.currency).to_wire(),
    }
    insert_events(
        connection=connection,
        rows=event_rows(
            snapshot=snapshot,
            type="partner.cap_reached" if found.level == 100 else "partner.cap_warning",
            party_no=found.party_no,
            payload=payload,
            now=now,
            new_id=new_id,
        ),
    )


def _stop_and_resume(
    connection: Connection,
    snapshot: Snapshot,
    caps: dict[int, tuple[str, int]],
    positions: dict[tuple[int, str], int],
    now: datetime,
    new_id: IdSource,
) -> int:
    changed = 0
    for no, each in snapshot.parties.items():
        stop = False
        if no in caps:
            currency, cap = caps[no]
            stop = -positions.get((no, currency), 0) >= cap
        if stop != each.issuing_stopped:
            changed += stop_issuing(
                connection=connection,
                party=each,
                stopped=stop,
                reason="cap_reached" if stop else "position_covered",
                event_id=new_id(),
                now=now,
            )
    return changed


JOBS = (RepeatedJob(name="measure-exposure", every_seconds=5, run=measure_exposure),)
