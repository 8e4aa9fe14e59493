"""The SQL of members and of what happened to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from coalition.members.domain import Card, Member, MemberFacts
from coalition.members.tables import card, member, member_event, partner_reference


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
