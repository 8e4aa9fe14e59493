"""Where a member and its account meet: enrolling, freezing, locking, closing.

Ledger stands on members, so members cannot call it; this module stands above both. The member's
state and spend lock are mirrored on the account's balance, under whose lock every posting runs:
from the commit of a change on, nothing is posted against it, not even what was under way.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from coalition.errors import HubError
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.ledger.service import close_account
from coalition.ledger.store import open_account, set_spending_rules
from coalition.members import service, store
from coalition.members.contacts import ContactKeys, ContactKind
from coalition.members.domain import STATES, Member, new_member_id
from coalition.partners.domain import check_allowed
from coalition.posting_context import PostingContext
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant

_MEMBER_ID_BYTES = 16


def enrol_member(
    *,
    connection: Connection,
    context: PostingContext,
    keys: ContactKeys,
    reference: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> Member:
    """Enrol a person at a partner: a member with a card, an empty account, and the event.

    Raises:
        HubError: `partner_not_live`, `partner_state_forbids`, `reference_taken`,
            `contact_taken`, `validation_failed`.
    """
    check_allowed(party=context.snapshot.parties[context.party_no], action="earn")
    contacts: dict[ContactKind, str] = {}
    if phone is not None:
        contacts["phone"] = phone
    if email is not None:
        contacts["email"] = email
    member = service.add_member(
        connection=connection,
        member_id=new_member_id(random=keys.random(_MEMBER_ID_BYTES)),
        party_no=context.party_no,
        keys=keys,
        reference=reference,
        contacts=contacts,
        now=context.now,
        new_id=context.new_id,
    )
    open_account(connection=connection, account_id=member.account_id)
    rows = event_rows(
        snapshot=context.snapshot,
        type="member.enrolled",
        party_no=context.party_no,
        payload={
            "member": ids.encode("mem", member.member_id),
            "enrolled_at": format_instant(member.enrolled_at),
        },
        now=context.now,
        new_id=context.new_id,
    )
    if rows:
        insert_events(connection=connection, rows=rows)
    return member


def set_spend_lock(
    *, connection: Connection, context: PostingContext, member_id: UUID, locked: bool
) -> Member:
    """Lock a member's spending, or unlock it; earning goes on either way.

    Raises:
        HubError: `member_not_found`, `member_closed`.
    """
    before = service.lock_open(connection=connection, member_id=member_id)
    if before.spend_locked != locked:
        store.update_member(connection=connection, member_id=member_id, spend_locked=locked)
        set_spending_rules(
            connection=connection,
            account_id=before.account_id,
            frozen=before.state == "frozen",
            spend_locked=locked,
        )
        _record(
            connection,
            context,
            member_id,
            kind="spend_locked" if locked else "spend_unlocked",
            reason="asked for by the member",
        )
    return _seen(connection, context, member_id)


def change_state(
    *,
    connection: Connection,
    context: PostingContext,
    member_id: UUID,
    state: str,
    reason: str,
) -> Member:
    """Freeze a member, make it active again, or close it for good.

    Raises:
        HubError: `member_not_found`, `member_state_forbids` for a closed member.
    """
    if state not in STATES:
        raise ValueError(f"{state} is not a state of a member")
    before = store.lock_member(connection=connection, member_id=member_id)
    if before is None:
        raise HubError("member_not_found", "There is no member with this id.")
    if before.state == state:
        return _seen(connection, context, member_id)
    if before.state == "closed":
        raise HubError("member_state_forbids", "The member's account is closed and stays closed.")
    if state == "closed":
        return close_member(
            connection=connection, context=context, member_id=member_id, reason=reason
        )
    store.update_member(connection=connection, member_id=member_id, state=state)
    set_spending_rules(
        connection=connection,
        account_id=before.account_id,
        frozen=state == "frozen",
        spend_locked=before.spend_locked,
    )
    _record(connection, context, member_id, kind=state, reason=reason)
    return _seen(connection, context, member_id)


def close_member(
    *, connection: Connection, context: PostingContext, member_id: UUID, reason: str
) -> Member:
    """Close a member for good: the account is settled and closed, its names are forgotten.

    What the ledger does with points and debts is `ledger.service.close_account`'s to say. Cards
    stay on file as closed; references, contacts and the member's own key are destroyed, so that
    the person can enrol anew.

    Raises:
        HubError: `member_not_found`, `member_closed`.
    """
    before = service.lock_open(connection=connection, member_id=member_id)
    close_account(connection=connection, context=context, account_id=before.account_id)
    store.update_member(connection=connection, member_id=member_id, state="closed")
    service.forget_names(connection=connection, member_id=member_id)
    _record(connection, context, member_id, kind="closed", reason=reason)
    return _seen(connection, context, member_id)


def _seen(connection: Connection, context: PostingContext, member_id: UUID) -> Member:
    return service.get_member(connection=connection, member_id=member_id, party_no=context.party_no)


def _record(
    connection: Connection, context: PostingContext, member_id: UUID, *, kind: str, reason: str
) -> None:
    service.record(
        connection=connection,
        member_id=member_id,
        kind=kind,
        reason=reason,
        party_no=context.party_no,
        now=context.now,
        new_id=context.new_id,
    )
