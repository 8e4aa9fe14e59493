"""The SQL of the clock and of positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, text, update

from coalition.db.state import hub_state

_POSITIONS = text(
    """
SELECT p.no AS party_no, p.id AS party_id, p.slug, coalesce(o.net, 0) AS net_micros,
       e.uncovered_micros, e.cap_micros, coalesce(c.collateral_micros, 0) AS collateral_micros,
       e.measured_at
  FROM party p
  JOIN hub_state h ON h.id = 1
  LEFT JOIN exposure e ON e.party_no = p.no AND e.currency = h.currency
  LEFT JOIN entered_position c ON c.party_no = p.no AND c.currency = h.currency
  LEFT JOIN (
    SELECT side.party_no, sum(side.micros)::bigint AS net
      FROM obligation b
      CROSS JOIN LATERAL (VALUES (b.creditor, b.amount_micros), (b.debtor, -b.amount_micros))
           AS side (party_no, micros)
     WHERE b.window_date > (SELECT last_closed FROM hub_state)
     GROUP BY side.party_no
  ) o ON o.party_no = p.no
 WHERE p.no > :after
 ORDER BY p.no
 LIMIT :most
"""
)


@dataclass(frozen=True, slots=True)
class Position:
    """How a party stands: money of windows not closed yet, and its uncovered position."""

    party_no: int
    party_id: UUID
    slug: str
    net_micros: int
    uncovered_micros: int | None
    cap_micros: int | None
    collateral_micros: int
    measured_at: datetime | None


def list_positions(*, connection: Connection, after: int, limit: int) -> list[Position]:
    """Positions in the coalition's currency, by party number."""
    rows = connection.execute(_POSITIONS, {"after": after, "most": limit})
    return [Position(**row._mapping) for row in rows]


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


def server_clock(*, connection: Connection) -> datetime:
    """The database's own time, which postings read when no clock is set."""
    instant: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return instant
