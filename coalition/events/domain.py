"""Events that partners may subscribe to, and when a failed delivery is tried again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from coalition.errors import HubError

EVENT_TYPES: tuple[str, ...] = (
    "member.enrolled",
    "sale.posted",
    "points.activated",
    "points.expired",
    "points.clawed_back",
    "hold.expired",
    "redemption.captured",
    "redemption.reversed",
    "partner.cap_warning",
    "partner.cap_reached",
    "digest.differed",
    "statement.issued",
    "dispute.opened",
    "dispute.answered",
    "dispute.escalated",
    "dispute.closed",
    "partner.defaulted",
)
MAX_SUBSCRIPTIONS = 10
"""Active subscriptions of one party."""

MAX_ATTEMPTS = 12
_FIRST_DELAY_SECONDS = 5
_LONGEST_DELAY_SECONDS = 12 * 3600
LEASE = timedelta(minutes=15)
"""For how long a deliverer has a batch to itself; longer than the slowest batch."""


class HasSubscriptions(Protocol):
    """What of the directory is needed here: who wants which events."""

    @property
    def subscribed(self) -> Mapping[int, frozenset[str]]:
        """Event types by party number."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one party wants which events; `secret` is sealed."""

    subscription_id: UUID
    party_no: int
    url: str
    types: tuple[str, ...]
    secret: bytes
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for one party."""

    event_id: UUID
    party_no: int
    type: str
    payload: Mapping[str, Any]
    recorded_at: datetime
    state: str
    attempts: int
    replayed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at delivering an event to one subscription; times are wall time."""

    event_id: UUID
    subscription_id: UUID
    attempted_at: datetime
    status: int | None
    outcome: str
    detail: str
    duration_ms: int


class UnknownSubscription(HubError):  # noqa: N818 - the name says it
    """The party has no such subscription."""

    def __init__(self) -> None:
        super().__init__("webhook_not_found", "There is no such subscription.")


class UnknownEvent(HubError):  # noqa: N818 - the name says it
    """There is no such event for the party."""

    def __init__(self) -> None:
        super().__init__("event_not_found", "There is no such event.")


def event_rows(
    *,
    snapshot: HasSubscriptions,
    type: str,  # noqa: A002 - the wire's word
    party_no: int,
    payload: Mapping[str, Any],
    now: datetime,
    new_id: Callable[[], UUID],
) -> list[dict[str, Any]]:
    """Rows of `event` that tell a party of something, none if it did not subscribe.

    `payload` is the event's `data` in wire form; `now` is business time. The rows are to be
    written in the transaction of what they tell. They are due at once: `next_attempt_at` is what
    only the deliverer moves, and a pending event without it is due.

    Raises:
        ValueError: the type is not one that can be subscribed to.
    """
    if type not in EVENT_TYPES:
        raise ValueError(f"{type} is not an event type")
    if type not in snapshot.subscribed.get(party_no, frozenset()):
        return []
    return [
        {
            "event_id": new_id(),
            "party_no": party_no,
            "type": type,
            "payload": dict(payload),
            "recorded_at": now,
        }
    ]


def next_delay(*, attempts: int, jitter: float) -> timedelta | None:
    """How long to wait after that many failed attempts; None: no more.

    Exponential from 5 seconds to 12 hours, times 0.75 to 1.25 (`jitter` is in [0, 1)), so that
    what failed together is not tried again together. Twelve attempts span about a day and a half.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    doubled = _FIRST_DELAY_SECONDS * 3 ** (attempts - 1)
    seconds = min(doubled, _LONGEST_DELAY_SECONDS)
    return timedelta(seconds=seconds * (0.75 + jitter / 2))
