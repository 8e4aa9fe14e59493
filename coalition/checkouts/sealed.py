"""A connection's secrets at rest: one sealed document a row, bound to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

from adapters.contract import Secrets
from coalition.sealing import place, seal, unseal

SECRETS_KEY = "checkout secrets"
"""The purpose of the key that seals them."""


def seal_secrets(
    *, key: bytes, connection_id: UUID, secrets: Secrets, random: Callable[[int], bytes]
) -> bytes:
    """Seal all secrets of a connection."""
    document = json.dumps({"signing": list(secrets.signing), "extra": dict(secrets.extra)})
    return seal(key=key, secret=document.encode(), at=_place(connection_id), nonce=random(12))


def unseal_secrets(*, key: bytes, connection_id: UUID, sealed: bytes) -> Secrets:
    """Open them.

    Raises:
        SealBroken: changed, moved, or another key.
    """
    document = json.loads(unseal(key=key, sealed=sealed, at=_place(connection_id)))
    return Secrets(tuple(document["signing"]), document["extra"])


def _place(connection_id: UUID) -> bytes:
    return place(table="checkout_connection", row=str(connection_id), column="secrets")
