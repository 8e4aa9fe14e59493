"""Routes of partners: the operator's, but for a partner's look at itself."""

from __future__ import annotations

import base64
from uuid import UUID

from coalition.errors import HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.partners import service, store
from coalition.partners.domain import Party
from coalition.partners.keys import SECRET_BYTES
from coalition.partners.schemas import (
    BearerKeyBody,
    BlockBody,
    KeyAnswer,
    PartnerAnswer,
    PartnerBody,
    PartnerListItem,
    PartnerStateBody,
    PublicKeyBody,
    TokenAnswer,
)
from coalition.partners.wire import key_document, party_document, party_with_keys

routes = Routes(tag="Partners")


@routes.endpoint(
    "POST",
    "/v1/partners",
    summary="Enter a partner",
    description="It begins as applied; see the table of partner states.",
    caller="operator",
    body=PartnerBody,
    answer=PartnerAnswer,
    status=201,
    problems=("partner_slug_taken", "store_time_zone_unknown"),
)
def add_partner(context: RequestContext) -> Answer:
    """A partner that applied, without keys or agreement yet."""
    party = service.add_partner(
        connection=context.connection,
        party_id=context.new_id(),
        event_id=context.new_id(),
        slug=context.body["slug"],
        name=context.body["name"],
        time_zone=context.body.get("time_zone", context.snapshot.hub.time_zone.key),
        now=context.now,
    )
    return Answer(party_with_keys(party, ()))


@routes.endpoint(
    "GET",
    "/v1/partners",
    summary="List partners",
    caller="operator",
    answer=PartnerListItem,
    paged=True,
)
def list_partners(context: RequestContext) -> Answer:
    """In the order in which they were entered."""
    page = context.page
    rows = store.list_partners(
        connection=context.connection,
        after=int(page.after[0]) if page.after else 0,
        limit=page.limit + 1,
    )
    return Answer(context.paged(rows, key=lambda row: (row.no,), render=party_document))


@routes.endpoint(
    "GET",
    "/v1/partners/{partner_id}",
    summary="Get a partner",
    caller="either",
    answer=PartnerAnswer,
    problems=("partner_not_found",),
)
def get_partner(context: RequestContext, *, partner_id: UUID) -> Answer:
    """A partner sees itself; the operator sees all."""
    if not context.caller.is_operator and context.caller.party.id != partner_id:
        raise HubError("partner_not_found", "There is no such partner for you to see.")
    party = _partner(context, partner_id)
    keys = store.list_keys(connection=context.connection, party_no=party.no)
    return Answer(party_with_keys(party, keys))


@routes.endpoint(
    "POST",
    "/v1/partners/{partner_id}/state",
    summary="Change a partner's state",
    caller="operator",
    body=PartnerStateBody,
    answer=PartnerAnswer,
    problems=("partner_not_found", "partner_state_forbids"),
)
def set_partner_state(context: RequestContext, *, partner_id: UUID) -> Answer:
    """Along the table of partner states."""
    party = service.change_state(
        connection=context.connection,
        party=_partner(context, partner_id),
        state=context.body["state"],
        reason=context.body["reason"],
        event_id=context.new_id(),
        now=context.now,
    )
    keys = store.list_keys(connection=context.connection, party_no=party.no)
    return Answer(party_with_keys(party, keys))


@routes.endpoint(
    "POST",
    "/v1/partners/{partner_id}/keys",
    summary="Register a public key",
    description="A partner may have several at once. A key pair is registered once, ever.",
    caller="operator",
    body=PublicKeyBody,
    answer=KeyAnswer,
    status=201,
    problems=("partner_not_found", "public_key_taken"),
)
def add_partner_key(context: RequestContext, *, partner_id: UUID) -> Answer:
    """The partner signs its requests with the private half."""
    key = service.add_public_key(
        connection=context.connection,
        party=_partner(context, partner_id),
        key_id=context.new_id(),
        public_key=base64.b64decode(context.body["public_key"], validate=True),
        label=context.body["label"],
        event_id=context.new_id(),
        now=context.now,
    )
    return Answer(key_document(key))


@routes.endpoint(
    "DELETE",
    "/v1/partners/{partner_id}/keys/{key_id}",
    summary="Revoke a key",
    description="Of either kind. What is revoked stays on file and is refused from now on.",
    caller="operator",
    answer=KeyAnswer,
    problems=("partner_not_found", "not_found"),
)
def revoke_partner_key(context: RequestContext, *, partner_id: UUID, key_id: UUID) -> Answer:
    """Revoking again changes nothing."""
    key = service.revoke_key(
        connection=context.connection,
        party=_partner(context, partner_id),
        key_id=key_id,
        event_id=context.new_id(),
        now=context.now,
    )
    return Answer(key_document(key))


@routes.endpoint(
    "POST",
    "/v1/partners/{partner_id}/bearer-keys",
    summary="Make a bearer key for the sandbox",
    description="The token is shown only here. In a test environment only.",
    caller="operator",
    body=BearerKeyBody,
    answer=TokenAnswer,
    status=201,
    sensitive=True,
    problems=("partner_not_found", "test_environment_only"),
)
def add_bearer_key(context: RequestContext, *, partner_id: UUID) -> Answer:
    """Only its SHA-256 is kept."""
    key, token = service.add_bearer_key(
        connection=context.connection,
        party=_partner(context, partner_id),
        environment=context.snapshot.hub.environment,
        key_id=context.new_id(),
        label=context.body["label"],
        random=context.hub.random(SECRET_BYTES),
        event_id=context.new_id(),
        now=context.now,
    )
    return Answer(key_document(key) | {"token": token})


@routes.endpoint(
    "POST",
    "/v1/lots/block",
    summary="Block a partner's points, or free them",
    description="Points that the partner issued cannot be spent anywhere while they are blocked.",
    caller="operator",
    body=BlockBody,
    answer=PartnerListItem,
    problems=("partner_not_found",),
)
def block_lots(context: RequestContext) -> Answer:
    """For a partner that does not pay."""
    party = service.block_lots(
        connection=context.connection,
        party=_partner(context, context.body["partner"]),
        blocked=context.body["blocked"],
        reason=context.body["reason"],
        event_id=context.new_id(),
        now=context.now,
    )
    return Answer(party_document(party))


def _partner(context: RequestContext, partner_id: UUID) -> Party:
    party = store.find_partner(connection=context.connection, party_id=partner_id)
    if party is None:
        raise HubError("partner_not_found", "There is no such partner.")
    return party
