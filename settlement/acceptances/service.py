"""Accepting a statement: whose it is, which bytes, by whose key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.acceptance import Acceptance, InvalidAcceptance, SignedAcceptance
from settlement.acceptances import store
from settlement.acceptances.store import count_accepted, read_acceptance, read_accepted

__all__ = [
    "InvalidAcceptance",
    "OtherStatement",
    "accept",
    "count_accepted",
    "read_acceptance",
    "read_accepted",
]


class OtherStatement(Exception):  # noqa: N818 - the name says it
    """What was accepted is not this statement, or not these bytes of it."""


def accept(
    *,
    connection: Connection,
    statement_id: UUID,
    sha256: str,
    party_no: int,
    keys: Mapping[UUID, bytes],
    signed: SignedAcceptance,
    now: datetime,
) -> SignedAcceptance:
    """Keep a party's acceptance of its statement; gives the one that is kept, the first.

    `sha256` (hex) is that of the statement's bytes, `keys` are the party's public keys that are
    not revoked, `now` is wall time.

    Raises InvalidAcceptance and OtherStatement.
    """
    key_id = ids.decode("key", Acceptance.from_text(signed.content).key_id)
    public_key = keys.get(key_id)
    if public_key is None:
        raise InvalidAcceptance("not signed by a key of yours")
    found = signed.verify(public_key=public_key)
    if found.statement_id != ids.encode("stm", statement_id) or found.sha256 != sha256:
        raise OtherStatement("what was accepted is another statement, or other bytes")
    store.insert_acceptance(
        connection=connection,
        statement_id=statement_id,
        party_no=party_no,
        key_id=key_id,
        public_key=public_key,
        signed=signed,
        accepted_at=found.accepted_at,
        received_at=now,
    )
    kept = read_acceptance(connection=connection, statement_id=statement_id)
    return signed if kept is None else kept
