"""The roll-up of uncovered positions against their caps.

A partner's position is never a row that sales update: it is a sum of obligations, taken every few
seconds. A closed window is added to a running base once; only the open ones are summed anew. What
settlement enters beside them (payments above all) is added, but for collateral: money that was paid
in covers the position whether it lies on the partner's account or as its collateral.

Where a coalition converts, what is netted is owed in the coalition's currency from then on, and
paid in it. So a partner's position is all that it owes and is owed, in whatever currency, at the
newest rates that settlement told. Where currencies settle by themselves there are none, and a cap
is on its own currency alone.

At 50, 75 and 90 % of the cap the partner is warned, at 100 % its own issuing stops until the
position is covered again; points that members hold stay spendable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
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

RATE_SCALE = 10**10
LEVELS = (50, 75, 90, 100)
"""Percent of the cap at which something happens."""

_FIRST = "INSERT INTO closed_through (id) VALUES (1) ON CONFLICT DO NOTHING"
_THROUGH = "SELECT window_date FROM closed_through FOR UPDATE"
_LAST_CLOSED = "SELECT last_closed FROM hub_state"
_SUM_CLOSED = """
INSERT INTO closed_position AS c (party_no, currency, net_micros)
SELECT x.no, x.currency, sum(x.amount) FROM (
  SELECT o.creditor AS no, o.currency, o.amount_micros AS amount FROM obligation o
   WHERE o.window_date > %(through)s AND o.window_date <= %(last)s
  UNION ALL
  SELECT o.debtor, o.currency, -o.amount_micros FROM obligation o
   WHERE o.window_date > %(through)s AND o.window_date <= %(last)s) x
 GROUP BY 1, 2
ON CONFLICT (party_no, currency) DO UPDATE SET net_micros = c.net_micros + EXCLUDED.net_micros
"""
_SUMMED = "UPDATE closed_through SET window_date = %s"
_POSITIONS = """
SELECT no, currency, sum(amount)::bigint FROM (
  SELECT c.party_no AS no, c.currency, c.net_micros AS amount FROM closed_position c
  UNION ALL
  SELECT e.party_no, e.currency, e.covering_micros FROM entered_position e
  UNION ALL
  SELECT o.creditor, o.currency, o.amount_micros FROM obligation o WHERE o.window_date > %(last)s
  UNION ALL
  SELECT o.debtor, o.currency, -o.amount_micros FROM obligation o WHERE o.window_date > %(last)s) x
 GROUP BY 1, 2
"""
_RATES = "SELECT currency, scaled FROM conversion_rate"
_KNOWN = "SELECT party_no, currency, warned_percent FROM exposure"
_FORGET = "DELETE FROM exposure WHERE party_no = %s AND currency = %s"
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


@dataclass(frozen=True, slots=True)
class Positions:
    """What parties are owed (+) or owe (-) by currency, micros, and what converts it.

    `scaled` are rates into `main`, the coalition's currency, times 10^10.
    """

    main: str
    micros: Mapping[int, Mapping[str, int]]
    scaled: Mapping[str, int]

    def of(self, party_no: int, currency: str) -> int:
        """A party's position in a currency: those in others converted, where they have a rate."""
        total = Fraction(0)
        for each, micros in self.micros.get(party_no, {}).items():
            if each == currency:
                total += micros
            elif each in self._rates and currency in self._rates:
                total += Fraction(micros * self._rates[each], self._rates[currency])
        return round(total)

    @property
    def _rates(self) -> Mapping[str, int]:
        return {**self.scaled, self.main: RATE_SCALE} if self.scaled else {}


def measure_exposure(context: JobContext, connection: Connection) -> Done:
    """Sum positions, warn, stop and resume issuing. In one transaction, given.

    A cap that the newest agreement has not, or has in another currency, is forgotten.
    """
    snapshot = context.directory.refresh(connection=connection)
    now = context.clocks.business(snapshot)
    caps = _caps(snapshot, now)
    known = {(no, name): level for no, name, level in connection.exec_driver_sql(_KNOWN)}
    for key in known.keys() - {(no, currency) for no, (currency, _) in caps.items()}:
        connection.exec_driver_sql(_FORGET, key)
    if not caps and not any(p.issuing_stopped for p in snapshot.parties.values()):
        return Done()
    positions = _read_positions(connection, snapshot.hub.currency)
    new_id = IdSource()
    for no, (currency, cap) in caps.items():
        found = Exposure(no, currency, max(0, -positions.of(no, currency)), cap)
        connection.exec_driver_sql(
            _SAVE, (no, currency, found.uncovered_micros, cap, found.level, now)
        )
        metrics.observe_cap(
            party=snapshot.parties[no].slug,
            uncovered_micros=found.uncovered_micros,
            cap_micros=cap,
        )
        if found.level > known.get((no, currency), 0):
            _warn(connection, snapshot, found, now, new_id)
    stopped = _stop_and_resume(connection, snapshot, caps, positions, now, new_id)
    return Done(counts={"measured": len(caps), "changed": stopped})


def _read_positions(connection: Connection, main: str) -> Positions:
    """Add what was closed since to the base, and sum the rest."""
    connection.exec_driver_sql(_FIRST)
    through: date | None = connection.exec_driver_sql(_THROUGH).scalar_one()
    last: date = connection.exec_driver_sql(_LAST_CLOSED).scalar_one()
    if through is None or through < last:
        # Whoever sees the window closed sees all that was posted into it: closing waits for it.
        span = {"through": through or date.min, "last": last}
        connection.exec_driver_sql(_SUM_CLOSED, span)
        connection.exec_driver_sql(_SUMMED, (last,))
    micros: dict[int, dict[str, int]] = {}
    for no, currency, net in connection.exec_driver_sql(_POSITIONS, {"last": last}):
        micros.setdefault(no, {})[currency] = net
    rates = {row[0]: row[1] for row in connection.exec_driver_sql(_RATES)}
    return Positions(main, micros, rates)


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
    positions: Positions,
    now: datetime,
    new_id: IdSource,
) -> int:
    changed = 0
    for no, each in snapshot.parties.items():
        stop = False
        if no in caps:
            currency, cap = caps[no]
            stop = -positions.of(no, currency) >= cap
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
