"""Partners as the API and the commands show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coalition.partners.domain import Party, PartyKey
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant


def party_document(party: Party) -> dict[str, Any]:
    """A partner, as in the list of partners."""
    return {
        "id": ids.encode("prt", party.id),
        "slug": party.slug,
        "name": party.name,
        "state": party.state,
        "time_zone": party.time_zone,
        "lots_blocked": party.lots_blocked,
        "issuing_stopped": party.issuing_stopped,
    }


def party_with_keys(party: Party, keys: Sequence[PartyKey]) -> dict[str, Any]:
    """A partner with its keys, revoked ones too."""
    return party_document(party) | {"keys": [key_document(key) for key in keys]}


def key_document(key: PartyKey) -> dict[str, Any]:
    """A key; of a bearer key nothing but its name."""
    return {
        "id": ids.encode("key", key.key_id),
        "kind": "bearer" if key.public_key is None else "ed25519",
        "label": key.label,
        "revoked_at": None if key.revoked_at is None else format_instant(key.revoked_at),
    }
