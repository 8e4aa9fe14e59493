"""Members themselves: reading, locking and recording what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from coalition.members import store
from coalition.members.contacts import ContactKeys, ContactKind, lookup_hash, normalise
from coalition.members.domain import Member, MemberFacts, check_not_closed, member_id_or_none

NewId = Callable[[], UUID]


def get_member(*, connection: Connection, member_id: UUID, party_no: int) -> Member:
    """A member as the party sees it: with that party's reference, never with contacts.

    Raises:
        HubError: `member_not_found`.
    """
    found = store.load_member(connection=connection, member_id=member_id, party_no=party_no)
    if found is None:
        raise HubError("member_not_found", "There is no member with this id.")
    return found


def look_up(
    *,
    connection: Connection,
    party_no: int,
    keys: ContactKeys,
    card: str | None = None,
    reference: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> Member:
    """The member with this card, reference of the party's own, phone or e-mail: exactly one given.

    Raises:
        HubError: `member_not_found`, `card_not_found`, `validation_failed`.
    """
    if card is not None or reference is not None:
        found = store.find_members(
            connection=connection,
            party_no=party_no,
            cards=() if card is None else (card,),
            references=() if reference is None else (reference,),
        )
        if card is not None:
            member_id = found.named(kind="card", value=card).member_id
        else:
            member_id = found.named(kind="reference", value=reference or "").member_id
        return get_member(connection=connection, member_id=member_id, party_no=party_no)
    kind: ContactKind = "phone" if phone is not None else "email"
    normalised = normalise(kind=kind, text=phone or email or "")
    by_contact = store.find_by_contact(
        connection=connection,
        kind=kind,
        lookup_hash=lookup_hash(keys=keys, kind=kind, normalised=normalised),
    )
    if by_contact is None:
        raise HubError("member_not_found", f"There is no member with this {kind}.")
    return get_member(connection=connection, member_id=by_contact, party_no=party_no)


def account_named(*, connection: Connection, party_no: int, named: Mapping[str, str]) -> UUID:
    """The account of the member named by `id`, `card` or `reference`: a mapping with one of them.

    Raises:
        HubError: `member_not_found`, `card_not_found`.
    """
    ((kind, value),) = named.items()
    member_id = member_id_or_none(value) if kind == "id" else None
    found = store.find_members(
        connection=connection,
        party_no=party_no,
        ids=() if member_id is None else (member_id,),
        cards=(value,) if kind == "card" else (),
        references=(value,) if kind == "reference" else (),
    )
    return found.named(kind=kind, value=value).account_id  # type: ignore[arg-type]  # one of three


def lock_open(*, connection: Connection, member_id: UUID) -> MemberFacts:
    """The member, locked until the transaction ends, if it is not closed.

    Raises:
        HubError: `member_not_found`, `member_closed`.
    """
    found = store.lock_member(connection=connection, member_id=member_id)
    if found is None:
        raise HubError("member_not_found", "There is no member with this id.")
    check_not_closed(state=found.state)
    return found


def record(
    *,
    connection: Connection,
    member_id: UUID,
    kind: str,
    reason: str,
    party_no: int,
    now: datetime,
    new_id: NewId,
) -> None:
    """Record what happened to a member; `reason` holds no personal data."""
    store.insert_member_event(
        connection=connection,
        event_id=new_id(),
        member_id=member_id,
        kind=kind,
        reason=reason,
        party_no=party_no,
        now=now,
    )
