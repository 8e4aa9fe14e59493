"""What the simulator keeps: members, holds, redemptions."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Hold", "Member", "Redemption"]


@dataclass(slots=True)
class Member:
    id: str
    enrolled_at: datetime
    cards: dict[str, str]
    reference: str | None
    contacts: tuple[str, ...]
    state: str = "active"
    spend_locked: bool = False
    active: int = 0
    held: int = 0
    debt: int = 0


@dataclass(slots=True)
class Hold:
    id: str
    member: str
    points: int
    expires_at: datetime
    reference: str | None = None
    state: str = "held"
    captured: int = 0
    redemption: str | None = None


@dataclass(slots=True)
class Redemption:
    id: str
    member: str
    points: int
    created_at: datetime
    hold: str | None
    reference: str | None
    reversed: int = 0
