"""The SQL of parties and their keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, LargeBinary, Text, null, select, union_all, update
from sqlalchemy.dialects.postgresql import insert

from coalition.partners.domain import Party, PartyEvent, PartyKey
from coalition.partners.tables import bearer_key, partner_key, party, party_event

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
            bearer_key.c.person,
        )
    )
    return {
        bytes(row.secret_sha256): PartyKey(
            key_id=row.key_id,
            party_no=row.party_no,
            public_key=None,
            label=row.label,
            revoked_at=row.revoked_at,
            person=row.person,
        )
        for row in rows
    }


def insert_party(
    *,
    connection: Connection,
    party_id: UUID,
    slug: str,
    name: str,
    time_zone: str,
    state: str,
    now: datetime,
) -> Party | None:
    """Add a partner; None where the slug is taken."""
    row = connection.execute(
        insert(party)
        .values(
            id=party_id,
            kind="partner",
            slug=slug,
            name=name,
            state=state,
            time_zone=time_zone,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[party.c.slug])
        .returning(*_PARTY_COLUMNS)
    ).one_or_none()
    return None if row is None else Party(**row._mapping)


def lock_party(*, connection: Connection, party_no: int) -> Party:
    """The party as it is now, locked until the transaction ends."""
    row = connection.execute(
        select(*_PARTY_COLUMNS).where(party.c.no == party_no).with_for_update()
    ).one()
    return Party(**row._mapping)


def find_partner(*, connection: Connection, party_id: UUID) -> Party | None:
    """A partner (not one of the coalition's own parties) by its id."""
    row = connection.execute(
        select(*_PARTY_COLUMNS).where(party.c.id == party_id, party.c.kind == "partner")
    ).one_or_none()
    return None if row is None else Party(**row._mapping)


def list_partners(*, connection: Connection, after: int, limit: int) -> list[Party]:
    """Partners (not the coalition's own parties) with a number above `after`, by number."""
    rows = connection.execute(
        select(*_PARTY_COLUMNS)
        .where(party.c.kind == "partner", party.c.no > after)
        .order_by(party.c.no)
        .limit(limit)
    )
    return [Party(**row._mapping) for row in rows]


def update_party(*, connection: Connection, party_no: int, **columns: str | bool) -> Party:
    """Change columns of a party: state, lots_blocked, issuing_stopped."""
    row = connection.execute(
        update(party).where(party.c.no == party_no).values(**columns).returning(*_PARTY_COLUMNS)
    ).one()
    return Party(**row._mapping)


def insert_party_event(
    *,
    connection: Connection,
    event_id: UUID,
    party_no: int,
    kind: str,
    reason: str,
    now: datetime,
    from_state: str | None = None,
    to_state: str | None = None,
) -> None:
    """Record what happened to a party, and why."""
    connection.execute(
        insert(party_event).values(
            event_id=event_id,
            party_no=party_no,
            kind=kind,
            from_state=from_state,
            to_state=to_state,
            reason=reason,
            recorded_at=now,
        )
    )


def list_party_events(*, connection: Connection, party_no: int) -> list[PartyEvent]:
    """What happened to a party, oldest first."""
    rows = connection.execute(
        select(
            party_event.c.kind,
            party_event.c.from_state,
            party_event.c.to_state,
            party_event.c.reason,
            party_event.c.recorded_at,
        )
        .where(party_event.c.party_no == party_no)
        .order_by(party_event.c.recorded_at, party_event.c.event_id)
    )
    return [PartyEvent(**row._mapping) for row in rows]


def insert_partner_key(
    *,
    connection: Connection,
    key_id: UUID,
    party_no: int,
    public_key: bytes,
    label: str,
    now: datetime,
) -> bool:
    """Register a public key; False where it is registered already, with whichever party."""
    inserted = connection.execute(
        insert(partner_key)
        .values(
            key_id=key_id, party_no=party_no, public_key=public_key, label=label, created_at=now
        )
        .on_conflict_do_nothing(index_elements=[partner_key.c.public_key])
        .returning(partner_key.c.key_id)
    )
    return inserted.first() is not None


def insert_bearer_key(
    *,
    connection: Connection,
    key_id: UUID,
    party_no: int,
    secret_sha256: bytes,
    label: str,
    person: str | None,
    now: datetime,
) -> None:
    """Register a bearer key by the SHA-256 of its token."""
    connection.execute(
        insert(bearer_key).values(
            key_id=key_id,
            party_no=party_no,
            secret_sha256=secret_sha256,
            label=label,
            person=person,
            created_at=now,
        )
    )


def list_keys(*, connection: Connection, party_no: int) -> list[PartyKey]:
    """A party's keys of both kinds, revoked ones too, oldest first (ids are made in time order)."""
    signing = select(
        partner_key.c.key_id,
        partner_key.c.party_no,
        partner_key.c.public_key,
        partner_key.c.label,
        partner_key.c.revoked_at,
        null().cast(Text).label("person"),
    ).where(partner_key.c.party_no == party_no)
    bearer = select(
        bearer_key.c.key_id,
        bearer_key.c.party_no,
        null().cast(LargeBinary),
        bearer_key.c.label,
        bearer_key.c.revoked_at,
        bearer_key.c.person,
    ).where(bearer_key.c.party_no == party_no)
    rows = connection.execute(union_all(signing, bearer).order_by("key_id"))
    return [PartyKey(*row) for row in rows]


def revoke_key(*, connection: Connection, party_no: int, key_id: UUID, now: datetime) -> bool:
    """Revoke a party's key, of either kind, if it is not revoked yet; whether it changed."""
    changed = 0
    for table in (partner_key, bearer_key):
        changed += connection.execute(
            update(table)
            .where(
                table.c.key_id == key_id,
                table.c.party_no == party_no,
                table.c.revoked_at.is_(None),
            )
            .values(revoked_at=now)
        ).rowcount
    return changed > 0
