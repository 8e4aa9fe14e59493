"""Accepting a statement: whose it is, which bytes, by whose key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.acceptance import Acceptance, InvalidAcceptance, SignedAcceptance
from settlement.acceptances import store
from settlement.acceptances.store import (
    PdfAcceptance,
    count_accepted,
    read_acceptance,
    read_accepted,
    read_pdf_acceptance,
)

__all__ = [
    "InvalidAcceptance",
    "OtherStatement",
    "PdfAcceptance",
    "accept",
    "accept_pdf",
    "count_accepted",
    "read_acceptance",
    "read_accepted",
    "read_pdf_acceptance",
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


def accept_pdf(
    *,
    connection: Connection,
    statement_id: UUID,
    party_no: int,
    issued: bytes,
    signed: bytes,
    certificates: Collection[bytes],
    keys: Collection[bytes],
    now: datetime,
) -> PdfAcceptance:
    """Keep the PDF that a party signed as its acceptance; gives the one that is kept, the first.

    `issued` is the PDF of the bundle; `certificates` (DER) and `keys` (raw Ed25519, not revoked)
    are those that the party registered; `now` is wall time.

    Raises InvalidAcceptance.
    """
    # The library takes a second to import; few processes ever need it.
    from settlement.signing.countersigned import InvalidCountersignature, read_countersignature

    try:
        found = read_countersignature(
            issued=issued, signed=signed, certificates=certificates, keys=keys, now=now
        )
    except InvalidCountersignature as error:
        raise InvalidAcceptance(str(error)) from None
    store.insert_pdf_acceptance(
        connection=connection,
        statement_id=statement_id,
        party_no=party_no,
        signed=PdfAcceptance(
            added=found.added,
            sha256=found.sha256,
            certificate=found.certificate,
            subject=found.subject,
            signed_at=found.signed_at,
            received_at=now,
        ),
    )
    kept = read_pdf_acceptance(connection=connection, statement_id=statement_id)
    if kept is None:
        raise LookupError("the acceptance was not kept")
    return kept
