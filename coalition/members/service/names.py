"""What a member is found by: cards, a partner's own reference, phone and e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from coalition.members import store
from coalition.members.contacts import (
    ContactKeys,
    ContactKind,
    lookup_hash,
    make_wrapped_key,
    normalise,
    seal_contact,
)
from coalition.members.domain import (
    CARD_RANDOM_BYTES,
    MAX_CARDS,
    Card,
    Member,
    card_not_found,
    make_card_number,
)
from coalition.members.service.people import NewId, get_member, lock_open, record

_CARD_TRIES = 8


def add_card(
    *,
    connection: Connection,
    member_id: UUID,
    party_no: int,
    random: Callable[[int], bytes],
    now: datetime,
    new_id: NewId,
) -> Card:
    """Issue another card to an active member.

    Raises:
        HubError: `member_not_found`, `member_closed`, `member_frozen`, `member_state_forbids`.
    """
    _lock_active(connection, member_id)
    if store.count_active_cards(connection=connection, member_id=member_id) >= MAX_CARDS:
        raise HubError(
            "member_state_forbids", f"The member has {MAX_CARDS} cards; replace one instead."
        )
    number = issue_card(connection=connection, member_id=member_id, random=random, now=now)
    record(
        connection=connection,
        member_id=member_id,
        kind="card_issued",
        reason=f"card ending in {number[-4:]}",
        party_no=party_no,
        now=now,
        new_id=new_id,
    )
    return Card(number, "active")


def replace_card(
    *,
    connection: Connection,
    member_id: UUID,
    number: str,
    party_no: int,
    random: Callable[[int], bytes],
    now: datetime,
    new_id: NewId,
) -> Card:
    """Refuse a lost card from now on and issue another in its place.

    Raises:
        HubError: `member_not_found`, `card_not_found`, `member_closed`, `member_frozen`.
    """
    _lock_active(connection, member_id)
    new_number = issue_card(connection=connection, member_id=member_id, random=random, now=now)
    replaced = store.replace_card(
        connection=connection, member_id=member_id, number=number, replaced_by=new_number
    )
    if not replaced:
        state = store.load_card_state(connection=connection, member_id=member_id, number=number)
        raise card_not_found(number, replaced=state == "replaced")
    record(
        connection=connection,
        member_id=member_id,
        kind="card_replaced",
        reason=f"card ending in {number[-4:]} by {new_number[-4:]}",
        party_no=party_no,
        now=now,
        new_id=new_id,
    )
    return Card(new_number, "active")


def set_reference(
    *,
    connection: Connection,
    member_id: UUID,
    party_no: int,
    reference: str,
    now: datetime,
    new_id: NewId,
) -> Member:
    """Make this the party's own reference of a member, in place of an earlier one.

    Raises:
        HubError: `member_not_found`, `member_closed`, `reference_taken`.
    """
    lock_open(connection=connection, member_id=member_id)
    before = get_member(connection=connection, member_id=member_id, party_no=party_no)
    if before.reference == reference:
        return before
    store.delete_references(connection=connection, member_id=member_id, party_no=party_no)
    claim_reference(
        connection=connection, party_no=party_no, reference=reference, member_id=member_id
    )
    record(
        connection=connection,
        member_id=member_id,
        kind="reference_set",
        reason="partner's reference changed",
        party_no=party_no,
        now=now,
        new_id=new_id,
    )
    return get_member(connection=connection, member_id=member_id, party_no=party_no)


def set_contacts(
    *,
    connection: Connection,
    member_id: UUID,
    party_no: int,
    keys: ContactKeys,
    contacts: Mapping[ContactKind, str | None],
    now: datetime,
    new_id: NewId,
) -> Member:
    """Change the contacts named; None forgets one, and one that is not named stays.

    Raises:
        HubError: `member_not_found`, `member_closed`, `contact_taken`, `validation_failed`.
    """
    lock_open(connection=connection, member_id=member_id)
    held = store.load_contacts(connection=connection, member_id=member_id)
    wrapped_key = store.load_wrapped_key(connection=connection, member_id=member_id)
    if wrapped_key is None:
        wrapped_key = make_wrapped_key(keys=keys, member_id=member_id)
        store.update_member(connection=connection, member_id=member_id, wrapped_key=wrapped_key)
    for kind, text in contacts.items():
        before = held[kind][0] if kind in held else None
        after = None
        if text is not None:
            normalised = normalise(kind=kind, text=text)
            after = lookup_hash(keys=keys, kind=kind, normalised=normalised)
        if before == after:
            continue
        store.delete_contacts(connection=connection, member_id=member_id, kind=kind)
        if text is not None:
            keep_contact(
                connection=connection,
                keys=keys,
                wrapped_key=wrapped_key,
                member_id=member_id,
                kind=kind,
                text=text,
            )
        record(
            connection=connection,
            member_id=member_id,
            kind="contact_changed",
            reason=f"{kind} {'removed' if text is None else 'set'}",
            party_no=party_no,
            now=now,
            new_id=new_id,
        )
    return get_member(connection=connection, member_id=member_id, party_no=party_no)


def forget_names(*, connection: Connection, member_id: UUID) -> None:
    """What closing does to the directory: cards closed; references, contacts and key destroyed.

    So the person can enrol again, with the same phone, and gets a new account.
    """
    store.close_cards(connection=connection, member_id=member_id)
    store.delete_references(connection=connection, member_id=member_id)
    store.delete_contacts(connection=connection, member_id=member_id)
    store.update_member(connection=connection, member_id=member_id, wrapped_key=None)


def _lock_active(connection: Connection, member_id: UUID) -> None:
    if lock_open(connection=connection, member_id=member_id).state == "frozen":
        raise HubError("member_frozen", "The member is frozen; no card is issued.")


def issue_card(
    *, connection: Connection, member_id: UUID, random: Callable[[int], bytes], now: datetime
) -> str:
    """Issue a card with a number that is free.

    Raises:
        HubError: `conflict_retry`.
    """
    for _ in range(_CARD_TRIES):
        number = make_card_number(random=random(CARD_RANDOM_BYTES))
        if store.insert_card(connection=connection, number=number, member_id=member_id, now=now):
            return number
    raise HubError("conflict_retry", "No free card number was found; send the request again.")


def claim_reference(
    *, connection: Connection, party_no: int, reference: str, member_id: UUID
) -> None:
    """Give the member the party's reference.

    Raises:
        HubError: `reference_taken`.
    """
    if not store.set_reference(
        connection=connection, party_no=party_no, reference=reference, member_id=member_id
    ):
        raise HubError("reference_taken", "The reference belongs to another member.")


def keep_contact(
    *,
    connection: Connection,
    keys: ContactKeys,
    wrapped_key: bytes,
    member_id: UUID,
    kind: ContactKind,
    text: str,
) -> None:
    """Keep a contact of the member, sealed.

    Raises:
        HubError: `contact_taken`, `validation_failed`.
    """
    normalised = normalise(kind=kind, text=text)
    kept = store.insert_contact(
        connection=connection,
        kind=kind,
        lookup_hash=lookup_hash(keys=keys, kind=kind, normalised=normalised),
        member_id=member_id,
        ciphertext=seal_contact(
            keys=keys,
            wrapped_key=wrapped_key,
            member_id=member_id,
            kind=kind,
            normalised=normalised,
        ),
    )
    if not kept:
        raise HubError("contact_taken", f"The {kind} belongs to another account.")
