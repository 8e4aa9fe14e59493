"""A spend and its states, and how many points an order used and gives back. Pure.

wanted → made → used | undone | failed. Points are held from the first. `wanted`: the platform is
to be told. `made`: the shopper has a code, or the till its discount. `used`: an order paid with
it, and the hold is captured. `undone`: the platform takes it no more. `failed`: there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from adapters.contract import Order
from coalition.errors import HubError
from partner_sdk.wire.amounts import minor_digits

SpendState = Literal["wanted", "made", "used", "undone", "failed"]
SPEND_STATES: Final = ("wanted", "made", "used", "undone", "failed")

SPEND_SECONDS, LEAST_SPEND_SECONDS, MOST_SPEND_SECONDS = 1800, 60, 86_400
GRACE: Final = timedelta(minutes=15)
"""How much longer than the code the hold lasts: an order made in time may be told late."""
LEASE: Final = timedelta(minutes=4)
"""For how long one process has a spend to itself; longer than its calls can last."""
MOST_ROUNDS: Final = 6
"""How often an adapter may ask for more before the platform is taken for broken."""


@dataclass(frozen=True, slots=True)
class StoredSpend:
    """Points that a member pays with at a connection.

    `reference` is the partner's own name of it. `expires_at` is when the code ends (wall time).
    `undo` says that the platform is still to take it back. `order_revision` is of the newest
    order that told of it. `customer` is sealed, and forgotten once the code is there.
    """

    spend_id: UUID
    connection_no: int
    party_no: int
    reference: str
    hold_id: UUID
    account_id: UUID
    points: int
    amount_micros: int
    face_micros: int
    currency: str
    state: SpendState
    undo: bool
    expires_at: datetime
    created_at: datetime
    changed_at: datetime
    order_id: str | None = None
    order_revision: int | None = None
    customer: bytes | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    problem: str | None = None
    redemption_id: UUID | None = None
    due_at: datetime | None = None
    leased_until: datetime | None = None
    attempts: int = 0


class UnknownSpend(HubError):  # noqa: N818 - the name says it
    """The connection has no such spend."""

    def __init__(self) -> None:
        super().__init__("spend_not_found", "There is no such spend.")


def points_for(*, amount_micros: int, face_micros: int) -> int:
    """The points that pay an amount whole: what a till took off is owed to it in full."""
    return -(-amount_micros // face_micros)


def points_back(*, order: Order, used: int) -> int:
    """How many of the points that an order used it gives back.

    All of a cancelled order's. Of one refunded in part, the share that was refunded of what was
    bought, rounded down; the last refund brings the rest. Lines and refunds of an order hold what
    points paid, so one share fits all. What points paid of a line is rounded by platforms to minor
    units and by adapters to micros: so less than a minor unit for each refund may be missing.
    """
    if order.status == "cancelled":
        return used
    total = sum(line.amount_micros for line in order.lines)
    given = [r.amount_micros for r in order.refunds if r.status == "succeeded"]
    back = sum(given)
    if total <= 0 or back <= 0:
        return 0
    rounding = len(given) * 10 ** (6 - minor_digits(order.currency))
    return used if back + rounding > total else used * back // total
