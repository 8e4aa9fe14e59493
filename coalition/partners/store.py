"""The SQL of parties and their keys."""

from __future__ import annotations

from sqlalchemy import Connection, select

from coalition.partners.domain import Party, PartyKey
from coalition.partners.tables import bearer_key, partner_key, party

_PARTY_COLUMNS = (
    party.c.no,
    party.c.id,
    party.c.kind,
    party.c.slug,
    party.c.name,
    party.c.state,
    party.c.time_zone,
    party.c.lots_blocked,
    party.c.issuing_stopped,
)


def load_parties(*, connection: Connection) -> list[Party]:
    """All parties, the coalition's own included, by number."""
    rows = connection.execute(select(*_PARTY_COLUMNS).order_by(party.c.no))
    return [Party(**row._mapping) for row in rows]


def load_partner_keys(*, connection: Connection) -> list[PartyKey]:
    """All public keys, revoked ones too, so that a revoked key is answered as such."""
    rows = connection.execute(
        select(
            partner_key.c.key_id,
            partner_key.c.party_no,
            partner_key.c.public_key,
            partner_key.c.label,
            partner_key.c.revoked_at,
        ).order_by(partner_key.c.key_id)
    )
    return [PartyKey(**row._mapping) for row in rows]


def load_bearer_keys(*, connection: Connection) -> dict[bytes, PartyKey]:
    """All bearer keys by the SHA-256 of their secret, revoked ones too."""
    rows = connection.execute(
        select(
            bearer_key.c.secret_sha256,
            bearer_key.c.key_id,
            bearer_key.c.party_no,
            bearer_key.c.label,
            bearer_key.c.revoked_at,
        )
    )
    return {
        bytes(row.secret_sha256): PartyKey(
            key_id=row.key_id,
            party_no=row.party_no,
            public_key=None,
            label=row.label,
            revoked_at=row.revoked_at,
        )
        for row in rows
    }
