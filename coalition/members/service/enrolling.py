"""Adding a member."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from coalition.members import store
from coalition.members.contacts import ContactKeys, ContactKind, make_wrapped_key
from coalition.members.domain import Card, Member
from coalition.members.service.names import claim_reference, issue_card, keep_contact
from coalition.members.service.people import NewId, record


def add_member(
    *,
    connection: Connection,
    member_id: UUID,
    party_no: int,
    keys: ContactKeys,
    reference: str | None,
    contacts: Mapping[ContactKind, str],
    now: datetime,
    new_id: NewId,
) -> Member:
    """Add a member with a first card; the account is opened by `coalition.enrolment`.

    Raises:
        HubError: `reference_taken`, `contact_taken`, `validation_failed`.
    """
    wrapped_key = make_wrapped_key(keys=keys, member_id=member_id)
    store.insert_member(
        connection=connection,
        member_id=member_id,
        enrolled_by=party_no,
        wrapped_key=wrapped_key,
        now=now,
    )
    number = issue_card(connection=connection, member_id=member_id, random=keys.random, now=now)
    if reference is not None:
        claim_reference(
            connection=connection, party_no=party_no, reference=reference, member_id=member_id
        )
    for kind, text in contacts.items():
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
        kind="enrolled",
        reason="enrolled",
        party_no=party_no,
        now=now,
        new_id=new_id,
    )
    return Member(
        member_id=member_id,
        account_id=member_id,
        state="active",
        spend_locked=False,
        enrolled_at=now,
        cards=(Card(number, "active"),),
        reference=reference,
    )
