"""Routes of connections."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from coalition.checkouts import service
from coalition.checkouts.api.own import own_connection, scope
from coalition.checkouts.domain import PREVIOUS_SECRET_LASTS
from coalition.checkouts.schemas import (
    ConnectionAnswer,
    ConnectionBody,
    ConnectionChangeBody,
    ConnectionQuery,
    ConnectionStateBody,
    SecretsBody,
)
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service.manage import Means
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store.connections import StoredConnection
from coalition.checkouts.wire import connection_document
from coalition.errors import FieldError, HubError
from coalition.http.endpoint import Answer, RequestContext, Routes

routes = Routes(tag="Checkouts")

_SETTING = ("connection_not_found", "connection_closed")


def _means(context: RequestContext) -> Means:
    hub = context.hub
    return Means(
        key=hub.key(SECRETS_KEY),
        random=hub.random,
        allow_private=hub.config.webhook_private_hosts,
        wall_now=context.wall_now,
    )


def _keep_secrets_out_of_evidence(context: RequestContext) -> None:
    """The signed digest stays and proves the body; the body would outlive the secrets in it."""
    if context.evidence is not None:
        context.evidence["body"] = b""


def _whose(context: RequestContext, partner_id: UUID | None) -> int:
    if not context.caller.is_operator:
        if partner_id not in (None, context.caller.party.id):
            raise HubError("forbidden", "A partner opens its own connections only.")
        return context.caller.party_no
    party = None if partner_id is None else context.snapshot.party_by_id.get(partner_id)
    if party is None or party.kind != "partner":
        fault = FieldError("/partner", "must be a partner's id")
        raise HubError("validation_failed", "Say whose it is.", errors=(fault,))
    return party.no


@routes.endpoint(
    "POST",
    "/v1/connections",
    summary="Connect a checkout",
    description="A partner's shop or account on a platform. Its secrets are sealed at rest.",
    caller="either",
    body=ConnectionBody,
    answer=ConnectionAnswer,
    status=201,
    problems=("connection_name_taken", "platform_unknown"),
)
def open_connection(context: RequestContext) -> Answer:
    """Open a connection."""
    _keep_secrets_out_of_evidence(context)
    body = context.body
    opened = service.open_connection(
        connection=context.connection,
        opening=service.Opening(
            party_no=_whose(context, body.get("partner")),
            name=body["name"],
            platform=body["platform"],
            settings=body,
            secrets=body["secrets"],
            guests=body.get("guests", "keep"),
            state=body.get("state", "live"),
        ),
        connection_id=context.new_id(),
        means=_means(context),
    )
    return _answer(context, opened)


@routes.endpoint(
    "GET",
    "/v1/connections",
    summary="List connections",
    caller="either",
    query=ConnectionQuery,
    answer=ConnectionAnswer,
    paged=True,
)
def list_connections(context: RequestContext) -> Answer:
    """In the order in which they were opened, closed ones too."""
    page, party_no = context.page, scope(context)
    partner_id = context.query.get("partner")
    if partner_id is not None:
        named = context.snapshot.party_by_id.get(partner_id)
        wanted = -1 if named is None else named.no
        party_no = wanted if party_no in (None, wanted) else -1
    found = rows.list_connections(
        connection=context.connection,
        party_no=party_no,
        after=int(page.after[0]) if page.after else 0,
        limit=page.limit + 1,
    )

    def render(row: StoredConnection) -> dict[str, Any]:
        return connection_document(row, context.snapshot)

    return Answer(context.paged(found, key=lambda row: (row.no,), render=render))


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}",
    summary="Get a connection",
    caller="either",
    answer=ConnectionAnswer,
)
def get_connection(context: RequestContext, *, connection_id: UUID) -> Answer:
    """A connection; of its secrets only which are set."""
    return _answer(context, own_connection(context, connection_id))


@routes.endpoint(
    "PUT",
    "/v1/connections/{connection_id}",
    summary="Change a connection",
    description="What is not named stays.",
    caller="either",
    body=ConnectionChangeBody,
    answer=ConnectionAnswer,
    problems=_SETTING,
)
def change_connection(context: RequestContext, *, connection_id: UUID) -> Answer:
    """Change settings; messages that wait are read by the new ones."""
    changed = service.change_connection(
        connection=context.connection,
        connection_id=connection_id,
        party_no=scope(context),
        changes=context.body,
        means=_means(context),
    )
    return _answer(context, changed)


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/secrets",
    summary="Rotate secrets",
    description=(
        "The new signing secret holds at once, the one before for a while; others are replaced."
    ),
    caller="either",
    body=SecretsBody,
    answer=ConnectionAnswer,
    problems=_SETTING,
)
def rotate_secrets(context: RequestContext, *, connection_id: UUID) -> Answer:
    """Set secrets anew."""
    _keep_secrets_out_of_evidence(context)
    seconds = context.body.get("previous_lasts_seconds")
    changed = service.rotate_secrets(
        connection=context.connection,
        connection_id=connection_id,
        party_no=scope(context),
        given=context.body["secrets"],
        means=_means(context),
        lasts=PREVIOUS_SECRET_LASTS if seconds is None else timedelta(seconds=seconds),
    )
    return _answer(context, changed)


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/state",
    summary="Pause or close a connection, or let it go on",
    description=(
        "Paused: what comes is kept, and worked on later. In test: all is done, but no sale is "
        "stated. Closed: for good; its secrets are destroyed."
    ),
    caller="either",
    body=ConnectionStateBody,
    answer=ConnectionAnswer,
    problems=_SETTING,
)
def set_connection_state(context: RequestContext, *, connection_id: UUID) -> Answer:
    """Change the state."""
    changed = service.change_state(
        connection=context.connection,
        connection_id=connection_id,
        party_no=scope(context),
        state=context.body["state"],
        means=_means(context),
    )
    return _answer(context, changed)


def _answer(context: RequestContext, stored: StoredConnection) -> Answer:
    snapshot = context.snapshot
    if stored.party_no not in snapshot.parties:
        snapshot = context.hub.fresh_snapshot()
    return Answer(connection_document(stored, snapshot))
