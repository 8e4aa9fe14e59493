"""Parties of the coalition: their states, what each state allows, and how a state may change.

The coalition's own parties (pool, operator, clearing house) carry the state `live` and are never
asked for an action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from coalition.errors import HubError


@dataclass(frozen=True, slots=True)
class Party:
    """A party as every request needs it. `no` is its small number in the ledger."""

    no: int
    id: UUID
    kind: str
    slug: str
    name: str
    state: str
    time_zone: str
    lots_blocked: bool
    issuing_stopped: bool


@dataclass(frozen=True, slots=True)
class PartyKey:
    """A key that a party proves itself with; a bearer key has no public key."""

    key_id: UUID
    party_no: int
    public_key: bytes | None
    label: str
    revoked_at: datetime | None


class Action(StrEnum):
    """What a partner's state allows or forbids."""

    EARN = "earn"
    """Post sales that issue the partner's own points."""
    SPEND = "spend"
    """Accept points as payment at the partner: quote, hold, one-step redemption."""
    SPEND_ELSEWHERE = "spend_elsewhere"
    """Let the points that the partner issued be spent at other partners."""
    REFUND = "refund"
    """Report refunds of earlier sales, reverse redemptions, capture or void holds."""
    STATEMENT = "statement"
    """Receive statements and take part in settlement."""
    API = "api"
    """Be heard by the API at all."""


# In a test environment every state below is the same: the sandbox shows what live will do.
Answer = Literal["yes", "no"]

STATES: tuple[str, ...] = ("applied", "certified", "live", "suspended", "leaving", "closed")

_ALL = frozenset(Action)

STATE_RULES: Mapping[str, frozenset[Action]] = {
    # Has keys and may find members and read its own; nothing that moves points.
    "applied": frozenset({Action.API}),
    "certified": frozenset({Action.API}),
    "live": _ALL,
    # New business stops; what members hold, and what was sold before, is made good.
    "suspended": _ALL - {Action.EARN, Action.SPEND},
    "leaving": _ALL - {Action.EARN},
    # The run-off is over: only its past remains, to read.
    "closed": frozenset({Action.STATEMENT, Action.API}),
}

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "applied": frozenset({"certified", "closed"}),
    "certified": frozenset({"live", "closed"}),
    "live": frozenset({"suspended", "leaving"}),
    "suspended": frozenset({"live", "leaving"}),
    "leaving": frozenset({"suspended", "closed"}),
    "closed": frozenset(),
}
