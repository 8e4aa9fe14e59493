"""Parties of the coalition: their states, what each state allows, and how a state may change.

The coalition's own parties (pool, operator, clearing house) carry the state `live` and are never
asked for an action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from coalition.errors import FieldError, HubError


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
    """A key that a party proves itself with; a bearer key has no public key.

    An operator's key names the `person` who holds it; a partner's names nobody.
    """

    key_id: UUID
    party_no: int
    public_key: bytes | None
    label: str
    revoked_at: datetime | None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class PartyEvent:
    """One thing that happened to a party; the states are set where its state changed."""

    kind: str
    from_state: str | None
    to_state: str | None
    reason: str
    recorded_at: datetime


class Action(StrEnum):
    """What a partner's state allows or forbids."""

    EARN = "earn"
    """Post sales that issue the partner's own points, and enrol members."""
    SPEND = "spend"
    """Begin to accept points as payment at the partner: quote, hold, one-step redemption."""
    SPEND_ELSEWHERE = "spend_elsewhere"
    """Have the points that the partner issued spent, at whichever partner."""
    REFUND = "refund"
    """Refunds of earlier sales, captures and voids of holds, reversals of redemptions."""
    STATEMENT = "statement"
    """Read statements."""
    API = "api"
    """Be heard by the rest of the API."""


ActionName = Literal["earn", "spend", "spend_elsewhere", "refund", "statement", "api"]

_ALL = frozenset(Action)

# The same table, for people, is docs/reference/partner-states.md; a test holds them together.
STATE_RULES: Mapping[str, frozenset[Action]] = {
    # Known, with keys on file perhaps, and not heard yet.
    "applied": frozenset(),
    # Heard, so that keys and clocks can be tried; nothing that moves points.
    "certified": frozenset({Action.STATEMENT, Action.API}),
    "live": _ALL,
    # New business stops; what members hold stays good, and what was sold can come back.
    "suspended": _ALL - {Action.EARN, Action.SPEND},
    # No new points; those there are run off, here and elsewhere.
    "leaving": _ALL - {Action.EARN},
    # The run-off is over: only the statements remain, to read.
    "closed": frozenset({Action.STATEMENT}),
}

STATES: tuple[str, ...] = tuple(STATE_RULES)

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "applied": frozenset({"certified", "closed"}),
    "certified": frozenset({"live", "closed"}),
    "live": frozenset({"suspended", "leaving"}),
    "suspended": frozenset({"live", "leaving"}),
    "leaving": frozenset({"live", "suspended", "closed"}),
    "closed": frozenset(),
}

_PERSON = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}", re.ASCII)
_BEFORE_LIVE = frozenset({"applied", "certified"})


def check_allowed(*, party: Party, action: Action | ActionName) -> None:
    """Refuse what the partner's state does not allow.

    The cap on uncovered points is not a state: see `Party.issuing_stopped`.

    Raises:
        HubError: `partner_not_live` before the partner is live, else `partner_state_forbids`.
    """
    if action in STATE_RULES[party.state]:
        return
    code = "partner_not_live" if party.state in _BEFORE_LIVE else "partner_state_forbids"
    raise HubError(
        code,
        f"The partner {party.slug} is {party.state}; its state does not allow this.",
        partner=party.slug,
        state=party.state,
        action=str(action),
    )


def check_person(*, party: Party, person: str | None) -> None:
    """Refuse an operator's key that names nobody, and a partner's that names somebody.

    Raises:
        HubError: `validation_failed`.
    """
    if party.kind == "operator":
        if person is not None and _PERSON.fullmatch(person):
            return
        fault = "must be 1 to 40 lower-case letters, digits, dots and hyphens: one person's name"
    elif person is None:
        return
    else:
        fault = "is for the operator's keys only"
    raise HubError(
        "validation_failed",
        "The key's holder is wrong.",
        errors=(FieldError("/person", fault),),
    )


def check_transition(*, slug: str, from_state: str, to_state: str) -> None:
    """Refuse a change of state that the table of transitions does not have.

    Raises:
        HubError: `partner_state_forbids`.
    """
    if to_state in TRANSITIONS[from_state]:
        return
    allowed = ", ".join(state for state in STATES if state in TRANSITIONS[from_state])
    raise HubError(
        "partner_state_forbids",
        f"The partner {slug} is {from_state}; from there it can become {allowed or 'nothing'}.",
        partner=slug,
        state=from_state,
    )
