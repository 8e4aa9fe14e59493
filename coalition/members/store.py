"""The SQL of members, their cards, references and contacts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from coalition.members.domain import Card, FoundMembers, Member, MemberFacts
from coalition.members.tables import card, contact, member, member_event, partner_reference

_FACTS = "m.member_id, m.account_id, m.state, m.spend_locked"
_BY_ID = (
    f"SELECT 'i', NULL::text, 'active', {_FACTS} FROM member m WHERE m.member_id = ANY(%s::uuid[])"
)
_BY_CARD = (
    f"SELECT 'c', c.number, c.state, {_FACTS} FROM card c JOIN member m USING (member_id)"
    " WHERE c.number = ANY(%s::text[])"
)
_BY_REFERENCE = (
    f"SELECT 'r', p.reference, 'active', {_FACTS} FROM partner_reference p"
    " JOIN member m USING (member_id) WHERE p.party_no = %s AND p.reference = ANY(%s::text[])"
)


def find_members(
    *,
    connection: Connection,
    party_no: int,
    ids: Collection[UUID] = (),
    cards: Collection[str] = (),
    references: Collection[str] = (),
) -> FoundMembers:
    """Find the members that a partner names by id, card or its own reference, in one round trip.

    Plain SQL through the driver: it is on the way of every sale and redemption. Only the ways of
    naming that are asked for are in the statement, so each of the few texts stays prepared.
    """
    parts: list[str] = []
    values: list[object] = []
    if ids:
        parts.append(_BY_ID)
        values.append(list(ids))
    if cards:
        parts.append(_BY_CARD)
        values.append(list(cards))
    if references:
        parts.append(_BY_REFERENCE)
        values += [party_no, list(references)]
    if not parts:
        return FoundMembers()
    by_id: dict[UUID, MemberFacts] = {}
    by_card: dict[str, MemberFacts] = {}
    by_reference: dict[str, MemberFacts] = {}
    replaced = []
    rows: Any = connection.exec_driver_sql(" UNION ALL ".join(parts), tuple(values))
    for kind, name, card_state, *facts in rows:
        found = MemberFacts(*facts)
        if kind == "i":
            by_id[found.member_id] = found
        elif kind == "r":
            by_reference[name] = found
        elif card_state == "replaced":
            replaced.append(name)
        else:
            by_card[name] = found
    return FoundMembers(by_id, by_card, by_reference, frozenset(replaced))


def load_member(*, connection: Connection, member_id: UUID, party_no: int) -> Member | None:
    """A member with its cards, as the party sees it."""
    row = connection.execute(
        select(
            member.c.member_id,
            member.c.account_id,
            member.c.state,
            member.c.spend_locked,
            member.c.enrolled_at,
            partner_reference.c.reference,
        )
        .select_from(
            member.outerjoin(
                partner_reference,
                (partner_reference.c.member_id == member.c.member_id)
                & (partner_reference.c.party_no == party_no),
            )
        )
        .where(member.c.member_id == member_id)
    ).one_or_none()
    if row is None:
        return None
    cards = connection.execute(
        select(card.c.number, card.c.state)
        .where(card.c.member_id == member_id)
        .order_by(card.c.issued_at, card.c.number)
    )
    return Member(
        member_id=row.member_id,
        account_id=row.account_id,
        state=row.state,
        spend_locked=row.spend_locked,
        enrolled_at=row.enrolled_at,
        cards=tuple(Card(number, state) for number, state in cards),
        reference=row.reference,
    )


def find_by_contact(*, connection: Connection, kind: str, lookup_hash: bytes) -> UUID | None:
    """The member with the contact of that hash."""
    return connection.execute(
        select(contact.c.member_id).where(
            contact.c.kind == kind, contact.c.lookup_hash == lookup_hash
        )
    ).scalar_one_or_none()


def lock_member(*, connection: Connection, member_id: UUID) -> MemberFacts | None:
    """The member as it is now, locked until the transaction ends."""
    row = connection.execute(
        select(member.c.member_id, member.c.account_id, member.c.state, member.c.spend_locked)
        .where(member.c.member_id == member_id)
        .with_for_update()
    ).one_or_none()
    return None if row is None else MemberFacts(*row)


def insert_member(
    *,
    connection: Connection,
    member_id: UUID,
    enrolled_by: int,
    wrapped_key: bytes,
    now: datetime,
) -> None:
    """Add a member, whose account has the same id."""
    connection.execute(
        insert(member).values(
            member_id=member_id,
            account_id=member_id,
            state="active",
            enrolled_by=enrolled_by,
            enrolled_at=now,
            wrapped_key=wrapped_key,
        )
    )


def update_member(
    *, connection: Connection, member_id: UUID, **columns: str | bool | bytes | None
) -> None:
    """Change columns of a member: state, spend_locked, wrapped_key."""
    connection.execute(update(member).where(member.c.member_id == member_id).values(**columns))


def load_wrapped_key(*, connection: Connection, member_id: UUID) -> bytes | None:
    """The member's own data key as it is stored; None once it is destroyed."""
    found = connection.execute(
        select(member.c.wrapped_key).where(member.c.member_id == member_id)
    ).scalar_one_or_none()
    return None if found is None else bytes(found)


def insert_member_event(
    *,
    connection: Connection,
    event_id: UUID,
    member_id: UUID,
    kind: str,
    reason: str,
    party_no: int,
    now: datetime,
) -> None:
    """Record what happened to a member, by whom and why. Never personal data."""
    connection.execute(
        insert(member_event).values(
            event_id=event_id,
            member_id=member_id,
            kind=kind,
            reason=reason,
            party_no=party_no,
            recorded_at=now,
        )
    )


def list_member_events(
    *, connection: Connection, member_id: UUID
) -> list[tuple[str, str, int, datetime]]:
    """What happened to a member, oldest first: kind, reason, party's number, when."""
    rows = connection.execute(
        select(
            member_event.c.kind,
            member_event.c.reason,
            member_event.c.party_no,
            member_event.c.recorded_at,
        )
        .where(member_event.c.member_id == member_id)
        .order_by(member_event.c.recorded_at, member_event.c.event_id)
    )
    return [(kind, reason, party_no, at) for kind, reason, party_no, at in rows]


def insert_card(
    *, connection: Connection, number: str, member_id: UUID, now: datetime
) -> bool:
    """Issue a card; False where the number is in use."""
    inserted = connection.execute(
        insert(card)
        .values(number=number, member_id=member_id, state="active", issued_at=now)
        .on_conflict_do_nothing(index_elements=[card.c.number])
    )
    return inserted.rowcount == 1


def count_active_cards(*, connection: Connection, member_id: UUID) -> int:
    """How many cards of the member are accepted."""
    return connection.execute(
        select(func.count()).where(card.c.member_id == member_id, card.c.state == "active")
    ).scalar_one()


def replace_card(
    *, connection: Connection, member_id: UUID, number: str, replaced_by: str
) -> bool:
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
    )
    return changed.rowcount == 1


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
    )
    return inserted.rowcount == 1


def load_contacts(*, connection: Connection, member_id: UUID) -> dict[str, tuple[bytes, bytes]]:
    """The member's contacts by kind: look-up hash and ciphertext."""
    rows = connection.execute(
        select(contact.c.kind, contact.c.lookup_hash, contact.c.ciphertext).where(
            contact.c.member_id == member_id
        )
    )
    return {row.kind: (bytes(row.lookup_hash), bytes(row.ciphertext)) for row in rows}


def delete_contacts(
    *, connection: Connection, member_id: UUID, kind: str | None = None
) -> None:
    """Forget the member's contact of one kind, or all."""
    found = delete(contact).where(contact.c.member_id == member_id)
    if kind is not None:
        found = found.where(contact.c.kind == kind)
    connection.execute(found)
