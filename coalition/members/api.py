"""Routes of members: parse, one service call, answer.

A partner finds a member by a card, by its own reference or by a contact that it holds; with the
id, which cannot be guessed, it may ask again. It sees its own reference only, and contacts never
come back.
"""

from __future__ import annotations

from uuid import UUID

from coalition import enrolment
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.posting import posting_context
from coalition.members import service
from coalition.members.contacts import ContactKeys, ContactKind
from coalition.members.schemas import (
    CardAnswer,
    ContactsBody,
    EnrolBody,
    LookupBody,
    MemberAnswer,
    MemberStateBody,
    ReferenceBody,
    SpendLockBody,
)
from coalition.members.wire import LOOKUP_KEY, WRAPPING_KEY, card_document, member_document

routes = Routes(tag="Members")

_CONTACT_KINDS: tuple[ContactKind, ...] = ("phone", "email")


@routes.endpoint(
    "POST",
    "/v1/members",
    summary="Enrol a member",
    description="Makes a member with a first card and an empty account.",
    body=EnrolBody,
    answer=MemberAnswer,
    status=201,
    problems=("contact_taken", "reference_taken", "partner_not_live", "partner_state_forbids"),
)
def enrol_member(context: RequestContext) -> Answer:
    """Enrol a person at the calling partner."""
    _keep_contacts_out_of_evidence(context)
    member = enrolment.enrol_member(
        connection=context.connection,
        context=posting_context(context),
        keys=_keys(context),
        **context.body,
    )
    return Answer(member_document(member))


@routes.endpoint(
    "POST",
    "/v1/members/lookup",
    summary="Find a member by card, reference, phone or e-mail",
    caller="either",
    mode="read",
    body=LookupBody,
    answer=MemberAnswer,
    problems=("member_not_found", "card_not_found"),
)
def look_up_member(context: RequestContext) -> Answer:
    """A look-up is a POST so that what is looked for is in no address and no log."""
    member = service.look_up(
        connection=context.connection,
        party_no=context.caller.party_no,
        keys=_keys(context),
        **context.body,
    )
    return Answer(member_document(member))


@routes.endpoint(
    "GET",
    "/v1/members/{member_id}",
    summary="Get a member",
    caller="either",
    answer=MemberAnswer,
    problems=("member_not_found",),
)
def get_member(context: RequestContext, *, member_id: UUID) -> Answer:
    """A member by its id."""
    member = service.get_member(
        connection=context.connection, member_id=member_id, party_no=context.caller.party_no
    )
    return Answer(member_document(member))


@routes.endpoint(
    "POST",
    "/v1/members/{member_id}/cards",
    summary="Issue another card",
    caller="either",
    answer=CardAnswer,
    status=201,
    problems=("member_not_found", "member_closed", "member_frozen", "member_state_forbids"),
)
def add_card(context: RequestContext, *, member_id: UUID) -> Answer:
    """One more card for the same account."""
    card = service.add_card(
        connection=context.connection,
        member_id=member_id,
        party_no=context.caller.party_no,
        random=context.hub.random,
        now=context.now,
        new_id=context.new_id,
    )
    return Answer(card_document(card))


@routes.endpoint(
    "POST",
    "/v1/members/{member_id}/cards/{number}/replace",
    summary="Replace a lost card",
    description="The old number is refused from now on.",
    caller="either",
    answer=CardAnswer,
    status=201,
    problems=("member_not_found", "card_not_found", "member_closed", "member_frozen"),
)
def replace_card(context: RequestContext, *, member_id: UUID, number: str) -> Answer:
    """Another card in place of a lost one."""
    card = service.replace_card(
        connection=context.connection,
        member_id=member_id,
        number=number,
        party_no=context.caller.party_no,
        random=context.hub.random,
        now=context.now,
        new_id=context.new_id,
    )
    return Answer(card_document(card))


@routes.endpoint(
    "PUT",
    "/v1/members/{member_id}/reference",
    summary="Set the partner's own reference of a member",
    body=ReferenceBody,
    answer=MemberAnswer,
    problems=("member_not_found", "member_closed", "reference_taken"),
)
def set_reference(context: RequestContext, *, member_id: UUID) -> Answer:
    """In place of an earlier one."""
    member = service.set_reference(
        connection=context.connection,
        member_id=member_id,
        party_no=context.caller.party_no,
        reference=context.body["reference"],
        now=context.now,
        new_id=context.new_id,
    )
    return Answer(member_document(member))


@routes.endpoint(
    "PUT",
    "/v1/members/{member_id}/contacts",
    summary="Change a member's phone or e-mail",
    caller="either",
    body=ContactsBody,
    answer=MemberAnswer,
    problems=("member_not_found", "member_closed", "contact_taken"),
)
def set_contacts(context: RequestContext, *, member_id: UUID) -> Answer:
    """Contacts that are not named stay."""
    _keep_contacts_out_of_evidence(context)
    member = service.set_contacts(
        connection=context.connection,
        member_id=member_id,
        party_no=context.caller.party_no,
        keys=_keys(context),
        contacts={kind: context.body[kind] for kind in _CONTACT_KINDS if kind in context.body},
        now=context.now,
        new_id=context.new_id,
    )
    return Answer(member_document(member))


@routes.endpoint(
    "PUT",
    "/v1/members/{member_id}/spend-lock",
    summary="Lock or unlock a member's spending",
    description="At the member's own wish only. Earning goes on.",
    caller="either",
    body=SpendLockBody,
    answer=MemberAnswer,
    problems=("member_not_found", "member_closed"),
)
def set_spend_lock(context: RequestContext, *, member_id: UUID) -> Answer:
    """From the answer on nothing is spent, not even what was under way."""
    member = enrolment.set_spend_lock(
        connection=context.connection,
        context=posting_context(context),
        member_id=member_id,
        locked=context.body["locked"],
    )
    return Answer(member_document(member))


@routes.endpoint(
    "POST",
    "/v1/members/{member_id}/state",
    summary="Freeze, reactivate or close a member",
    caller="operator",
    body=MemberStateBody,
    answer=MemberAnswer,
    problems=("member_not_found", "member_state_forbids"),
)
def set_member_state(context: RequestContext, *, member_id: UUID) -> Answer:
    """A closed account stays closed; the person may enrol again."""
    member = enrolment.change_state(
        connection=context.connection,
        context=posting_context(context),
        member_id=member_id,
        state=context.body["state"],
        reason=context.body["reason"],
    )
    return Answer(member_document(member))


def _keys(context: RequestContext) -> ContactKeys:
    hub = context.hub
    return ContactKeys(
        lookup=hub.key(LOOKUP_KEY), wrapping=hub.key(WRAPPING_KEY), random=hub.random
    )


def _keep_contacts_out_of_evidence(context: RequestContext) -> None:
    """Evidence is there for what moves points, which this does not; it would outlive the member."""
    if any(kind in context.body for kind in _CONTACT_KINDS):
        context.evidence = None
