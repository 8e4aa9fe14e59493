"""Members as the API and the commands show them. Contacts are never among it."""

from __future__ import annotations

from typing import Any

from coalition.members.domain import Card, Member
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant

LOOKUP_KEY = "contact look-up"
WRAPPING_KEY = "contact wrapping"
"""Purposes of the two keys that are derived from the hub's secret for contacts."""


def member_document(member: Member) -> dict[str, Any]:
    """A member; `reference` is there only if the one who looks has given it one."""
    document: dict[str, Any] = {
        "id": ids.encode("mem", member.member_id),
        "state": member.state,
        "spend_locked": member.spend_locked,
        "cards": [card_document(card) for card in member.cards],
        "enrolled_at": format_instant(member.enrolled_at),
    }
    if member.reference is not None:
        document["reference"] = member.reference
    return document


def card_document(card: Card) -> dict[str, Any]:
    """A card."""
    return {"number": card.number, "state": card.state}
