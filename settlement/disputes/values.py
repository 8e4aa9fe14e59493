"""What goes in and out of the use cases of disputes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from settlement.disputes.domain import Dispute
from settlement.entries.domain import NewEntry


@dataclass(frozen=True, slots=True)
class Rules:
    """What the coalition set: days, and from what amount (micros) a ruling takes two people."""

    open_days: int = 30
    answer_days: int = 10
    escalate_days: int = 5
    two_people_micros: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence: its SHA-256, and the bytes themselves or where they are kept."""

    name: str
    sha256: bytes
    content: bytes | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """A piece of evidence without its bytes."""

    no: int
    party: int
    name: str
    sha256: bytes
    bytes: int | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened in a dispute. `happened_at` is business time."""

    kind: str
    party: int | None
    person: str | None
    text: str
    request_id: UUID | None
    facts: Mapping[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class StoredDispute:
    """A dispute with what the books know of it; instants are business time."""

    dispute_id: UUID
    business_date: date
    reason: str
    dispute: Dispute
    opened_at: datetime
    closed_at: datetime | None
    ruled_by: str | None


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line of a claimant's statement that may be disputed, with the other party's line."""

    claimant_line: int
    respondent_line: int
    movement_id: UUID
    seq: int
    kind: str
    counterparty: int
    net_micros: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who does something, when, and by which request. `now` is business time, `wall` the real.

    With `later`, entries are put there instead of being posted at once.
    """

    connection: Connection
    party: int | None
    now: datetime
    wall: datetime
    new_id: Callable[[], UUID]
    person: str | None = None
    request_id: UUID | None = None
    later: list[NewEntry] | None = None


__all__ = [
    "Act",
    "Evidence",
    "EvidenceFacts",
    "FoundLine",
    "Happened",
    "Rules",
    "StoredDispute",
]
