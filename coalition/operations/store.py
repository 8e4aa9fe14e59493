"""The SQL of the clock and of positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, text, update

from coalition.db.state import hub_state

_POSITIONS = text(
    """
WITH unclosed AS (
  SELECT side.party_no, b.currency, sum(side.micros)::bigint AS net
    FROM obligation b
    CROSS JOIN LATERAL (VALUES (b.creditor, b.amount_micros), (b.debtor, -b.amount_micros))
         AS side (party_no, micros)
   WHERE b.window_date > (SELECT last_closed FROM hub_state)
   GROUP BY 1, 2),
kept AS (
  SELECT p.no AS party_no, h.currency FROM party p CROSS JOIN hub_state h
  UNION SELECT party_no, currency FROM unclosed
  UNION SELECT party_no, currency FROM exposure
  UNION SELECT party_no, currency FROM entered_position WHERE collateral_micros <> 0)
SELECT k.party_no, p.id AS party_id, p.slug, k.currency, coalesce(u.net, 0) AS net_micros,
       e.uncovered_micros, e.cap_micros, coalesce(c.collateral_micros, 0) AS collateral_micros,
       e.measured_at
  FROM kept k
  JOIN party p ON p.no = k.party_no
  LEFT JOIN unclosed u USING (party_no, currency)
  LEFT JOIN exposure e USING (party_no, currency)
  LEFT JOIN entered_position c USING (party_no, currency)
 WHERE (k.party_no, k.currency COLLATE "C") > (:after_no, :after_currency COLLATE "C")
 ORDER BY k.party_no, k.currency COLLATE "C"
 LIMIT :most
"""
)


@dataclass(frozen=True, slots=True)
class Position:
    """How a party stands in a currency: money of windows not closed yet, and what is uncovered."""

    party_no: int
    party_id: UUID
    slug: str
    currency: str
    net_micros: int
    uncovered_micros: int | None
    cap_micros: int | None
    collateral_micros: int
    measured_at: datetime | None


def list_positions(*, connection: Connection, after: tuple[int, str], limit: int) -> list[Position]:
    """Positions by party number and currency: each party's in the coalition's, and in others where
    there is any."""
    values = {"after_no": after[0], "after_currency": after[1], "most": limit}
    return [Position(**row._mapping) for row in connection.execute(_POSITIONS, values)]


def read_clock(*, connection: Connection) -> datetime | None:
    """The set business clock, None when it is the real one; locked until the transaction ends."""
    connection.execute(select(hub_state.c.id).with_for_update())
    return peek_clock(connection=connection)


def peek_clock(*, connection: Connection) -> datetime | None:
    """The set business clock, None when it is the real one."""
    instant: datetime | None = connection.scalar(select(hub_state.c.business_at))
    return instant


def any_posting(*, connection: Connection) -> bool:
    """Whether anything was ever posted."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT FROM movement) OR EXISTS (SELECT FROM sale)")
        ).scalar_one()
    )


def set_clock(*, connection: Connection, instant: datetime | None) -> None:
    """Set the business clock."""
    statement = update(hub_state).values(business_at=bindparam("instant"))
    connection.execute(statement, {"instant": instant})
