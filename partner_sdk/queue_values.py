"""What the offline queue reports, and how it fails."""

from dataclasses import dataclass
from datetime import datetime

from partner_sdk.errors import CoalitionError

__all__ = ["QueueError", "QueueFull", "QueueStatus", "SendReport", "SetAside"]


class QueueError(CoalitionError):
    """The queue's file cannot be used, or the sale cannot be queued."""


class QueueFull(QueueError):  # noqa: N818 - the name says it
    """The queue holds as many sales as it may."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one ``send`` did: sales taken by the hub, set aside, and still waiting."""

    sent: int
    set_aside: int
    waiting: int


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """``oldest_at`` is when the oldest waiting sale was queued."""

    waiting: int
    set_aside: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A sale that the hub refused for good; mend its cause and ``retry``, or ``discard`` it."""

    seq: int
    sale_id: str
    revision: int
    code: str
    detail: str
    body: dict[str, object]
