"""Partners as risk sees them: caps and what is used of them, points outstanding, states.

What changes here goes through the hub's own use cases, which record it and tell the directory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, or_, select, text

from coalition.ledger.tables import obligation
from coalition.partners.service import block_lots, change_state
from coalition.partners.store import lock_party

_CAPS = text(
    """
SELECT p.no AS party_no, e.currency, e.uncovered_micros, e.cap_micros,
       e.warned_percent AS percent, p.issuing_stopped, p.lots_blocked AS points_blocked,
       e.measured_at
  FROM party p JOIN exposure e ON e.party_no = p.no
 WHERE p.kind = 'partner'
 ORDER BY p.no, e.currency
"""
)
_OUTSTANDING = text(
    """
SELECT currency, funding, redemption_price_micros, issue_price_micros,
       sum(pending)::bigint AS pending, sum(active + held)::bigint AS spendable
  FROM lot WHERE funder = :party AND is_open
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
)


@dataclass(frozen=True, slots=True)
class CapFacts:
    """How much of a partner's cap is used (micros); `percent` is the highest level reached."""

    party_no: int
    currency: str
    uncovered_micros: int
    cap_micros: int
    percent: int
    issuing_stopped: bool
    points_blocked: bool
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class OutstandingPoints:
    """Points that a partner funds and that are not spent yet, of one price (micros a point)."""

    currency: str
    funding: str
    redemption_price_micros: int
    issue_price_micros: int
    pending: int
    spendable: int

    @property
    def owed_micros(self) -> int:
        """What its funder will owe for them, should all be spent.

        Points funded on issue are paid for when they become active, so only pending ones count.
        """
        if self.funding == "issue":
            return self.pending * self.issue_price_micros
        return (self.pending + self.spendable) * self.redemption_price_micros


def read_caps(*, connection: Connection) -> tuple[CapFacts, ...]:
    """The caps as they were measured last, by party."""
    return tuple(CapFacts(**row._mapping) for row in connection.execute(_CAPS))


def read_outstanding_points(
    *, connection: Connection, party_no: int
) -> tuple[OutstandingPoints, ...]:
    """Points that the partner funds, by price. Reads every open lot."""
    rows = connection.execute(_OUTSTANDING, {"party": party_no})
    return tuple(OutstandingPoints(**row._mapping) for row in rows)


def has_obligations_after(*, connection: Connection, party_no: int, after: date) -> bool:
    """Whether anything is owed to or by the party in a window later than the date."""
    found = connection.execute(
        select(obligation.c.movement_id)
        .where(
            obligation.c.window_date > after,
            or_(obligation.c.debtor == party_no, obligation.c.creditor == party_no),
        )
        .limit(1)
    )
    return found.first() is not None


def set_partner_state(
    *,
    connection: Connection,
    party_no: int,
    state: str,
    reason: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Bring a partner to another state; `now` is business time.

    Raises:
        HubError: `partner_state_forbids`.
    """
    change_state(
        connection=connection,
        party=lock_party(connection=connection, party_no=party_no),
        state=state,
        reason=reason,
        event_id=new_id(),
        now=now,
    )


def block_points(
    *,
    connection: Connection,
    party_no: int,
    reason: str,
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    """Block all points that a partner issued from being spent; `now` is business time."""
    block_lots(
        connection=connection,
        party=lock_party(connection=connection, party_no=party_no),
        blocked=True,
        reason=reason,
        event_id=new_id(),
        now=now,
    )
