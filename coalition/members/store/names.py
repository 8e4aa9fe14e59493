"""The SQL of what members are found by: cards, partners' references, contacts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from coalition.members.tables import card, contact, partner_reference


def insert_card(*, connection: Connection, number: str, member_id: UUID, now: datetime) -> bool:
    """Issue a card; False where the number is in use."""
    inserted = connection.execute(
        insert(card)
        .values(number=number, member_id=member_id, state="active", issued_at=now)
        .on_conflict_do_nothing(index_elements=[card.c.number])
        .returning(card.c.number)
    )
    return inserted.first() is not None


def count_active_cards(*, connection: Connection, member_id: UUID) -> int:
    """How many cards of the member are accepted."""
    return connection.execute(
        select(func.count()).where(card.c.member_id == member_id, card.c.state == "active")
    ).scalar_one()


def replace_card(*, connection: Connection, member_id: UUID, number: str, replaced_by: str) -> bool:
    """Refuse the member's card from now on, if it is active; whether it was."""
    changed = connection.execute(
        update(card)
        .where(card.c.number == number, card.c.member_id == member_id, card.c.state == "active")
        .values(state="replaced", replaced_by=replaced_by)
    )
    return changed.rowcount == 1


def load_card_state(*, connection: Connection, member_id: UUID, number: str) -> str | None:
    """The state of the member's card of that number."""
    return connection.execute(
        select(card.c.state).where(card.c.number == number, card.c.member_id == member_id)
    ).scalar_one_or_none()


def close_cards(*, connection: Connection, member_id: UUID) -> None:
    """Close the member's active cards."""
    connection.execute(
        update(card)
        .where(card.c.member_id == member_id, card.c.state == "active")
        .values(state="closed")
    )


def set_reference(
    *, connection: Connection, party_no: int, reference: str, member_id: UUID
) -> bool:
    """Make this the party's reference of the member; False where it is another member's."""
    changed = connection.execute(
        insert(partner_reference)
        .values(party_no=party_no, reference=reference, member_id=member_id)
        .on_conflict_do_nothing(
            index_elements=[partner_reference.c.party_no, partner_reference.c.reference]
        )
        .returning(partner_reference.c.member_id)
    )
    return changed.first() is not None


def find_reference(*, connection: Connection, party_no: int, reference: str) -> UUID | None:
    """The member that the party's reference belongs to."""
    return connection.execute(
        select(partner_reference.c.member_id).where(
            partner_reference.c.party_no == party_no, partner_reference.c.reference == reference
        )
    ).scalar_one_or_none()


def delete_references(
    *, connection: Connection, member_id: UUID, party_no: int | None = None
) -> None:
    """Forget the party's reference of the member, or every party's."""
    found = delete(partner_reference).where(partner_reference.c.member_id == member_id)
    if party_no is not None:
        found = found.where(partner_reference.c.party_no == party_no)
    connection.execute(found)


def insert_contact(
    *,
    connection: Connection,
    kind: str,
    lookup_hash: bytes,
    member_id: UUID,
    ciphertext: bytes,
) -> bool:
    """Keep a contact; False where it is in use, by whomever."""
    inserted = connection.execute(
        insert(contact)
        .values(kind=kind, lookup_hash=lookup_hash, member_id=member_id, ciphertext=ciphertext)
        .on_conflict_do_nothing(index_elements=[contact.c.kind, contact.c.lookup_hash])
        .returning(contact.c.member_id)
    )
    return inserted.first() is not None


def load_contacts(*, connection: Connection, member_id: UUID) -> dict[str, tuple[bytes, bytes]]:
    """The member's contacts by kind: look-up hash and ciphertext."""
    rows = connection.execute(
        select(contact.c.kind, contact.c.lookup_hash, contact.c.ciphertext).where(
            contact.c.member_id == member_id
        )
    )
    return {row.kind: (bytes(row.lookup_hash), bytes(row.ciphertext)) for row in rows}


def delete_contacts(*, connection: Connection, member_id: UUID, kind: str | None = None) -> None:
    """Forget the member's contact of one kind, or all."""
    found = delete(contact).where(contact.c.member_id == member_id)
    if kind is not None:
        found = found.where(contact.c.kind == kind)
    connection.execute(found)


def find_by_contact(*, connection: Connection, kind: str, lookup_hash: bytes) -> UUID | None:
    """The member with the contact of that hash."""
    return connection.execute(
        select(contact.c.member_id).where(
            contact.c.kind == kind, contact.c.lookup_hash == lookup_hash
        )
    ).scalar_one_or_none()


def find_by_contacts(
    *, connection: Connection, hashes: Collection[tuple[str, bytes]]
) -> dict[tuple[str, bytes], UUID]:
    """The members with the contacts of those (kind, hash), in one round trip."""
    if not hashes:
        return {}
    rows = connection.execute(
        select(contact.c.kind, contact.c.lookup_hash, contact.c.member_id).where(
            tuple_(contact.c.kind, contact.c.lookup_hash).in_(list(hashes))
        )
    )
    return {(row.kind, bytes(row.lookup_hash)): row.member_id for row in rows}
