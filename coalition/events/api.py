"""Routes of webhooks and events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.events import service, store
from coalition.events.domain import EVENT_TYPES, Subscription
from coalition.events.rendering import (
    attempt_document,
    event_document,
    subscription_document,
)
from coalition.http import fields
from coalition.http.context import Answer, RequestContext
from coalition.http.endpoint import Routes
from coalition.http.schemas import AnswerSchema, Body
from coalition.outgoing.targets import MAX_URL_LENGTH

SECRETS_KEY = "webhook secrets"
routes = Routes(tag="Webhooks")


class SubscribeBody(Body):
    """Where to send which events."""

    url = fields.Text(
        required=True,
        max_length=MAX_URL_LENGTH,
        pattern=r"https?://[!-~]+",
        expected="must be an https URL",
        doc="A public https URL; it gets a POST for each event, signed as Standard Webhooks says.",
        example="https://shop.example/coalition",
    )
    types = fields.ListOf(
        fields.Choice(EVENT_TYPES), required=True, min_items=1, max_items=20, unique=True
    )


class WebhookAnswer(AnswerSchema):
    """A subscription to events."""

    id = fields.PublicId("sub", required=True)
    url = fields.Text(required=True, max_length=MAX_URL_LENGTH)
    types = fields.ListOf(fields.Choice(EVENT_TYPES), required=True)
    state = fields.Choice(("active", "disabled"), required=True)
    created_at = fields.Instant(required=True)


class NewWebhookAnswer(WebhookAnswer):
    """A new subscription with its secret, which is shown only here."""

    secret = fields.Text(required=True, max_length=100, pattern="whsec_[A-Za-z0-9+/=]+")


class EventAnswer(AnswerSchema):
    """Something that happened. `data` is as the type says."""

    id = fields.PublicId("evt", required=True)
    type = fields.Choice(EVENT_TYPES, required=True)
    timestamp = fields.Instant(required=True)
    data = fields.AnyObject(required=True)
    state = fields.Choice(("pending", "delivered", "failed"), required=True)
    attempts = fields.WholeNumber(min=0, required=True)


class AttemptAnswer(AnswerSchema):
    """One attempt to deliver an event to one subscription."""

    subscription = fields.PublicId("sub", required=True)
    at = fields.Instant(required=True)
    status = fields.WholeNumber(min=100, max=999, required=True, allow_none=True)
    outcome = fields.Choice(("delivered", "refused", "unreachable"), required=True)
    error = fields.Text(max_length=500, required=True, allow_none=True)
    duration_ms = fields.WholeNumber(min=0, required=True)


@routes.endpoint(
    "POST",
    "/v1/webhooks",
    summary="Subscribe to events",
    caller="either",
    body=SubscribeBody,
    answer=NewWebhookAnswer,
    status=201,
    sensitive=True,
    problems=("webhook_url_refused",),
)
def create_webhook(context: RequestContext) -> Answer:
    """Subscribe the caller."""
    hub = context.hub
    made, secret = service.subscribe(
        connection=context.connection,
        party_no=context.caller.party_no,
        url=context.body["url"],
        types=context.body["types"],
        subscription_id=context.new_id(),
        key=hub.key(SECRETS_KEY),
        random=hub.random,
        allow_private=hub.config.webhook_private_hosts,
        now=context.wall_now,
    )
    return Answer(subscription_document(made) | {"secret": secret})


@routes.endpoint(
    "GET",
    "/v1/webhooks",
    summary="List subscriptions",
    caller="either",
    answer=WebhookAnswer,
    paged=True,
)
def list_webhooks(context: RequestContext) -> Answer:
    """The caller's subscriptions, oldest first."""
    page = context.page
    rows = store.list_subscriptions(
        connection=context.connection,
        party_no=context.caller.party_no,
        after=_last_id(page.after),
        limit=page.limit + 1,
    )

    def key(row: Subscription) -> tuple[str]:
        return (str(row.subscription_id),)

    return Answer(context.paged(rows, key=key, render=subscription_document))


@routes.endpoint(
    "GET",
    "/v1/webhooks/{subscription_id}",
    summary="Get a subscription",
    caller="either",
    answer=WebhookAnswer,
)
def get_webhook(context: RequestContext, *, subscription_id: UUID) -> Answer:
    """One of the caller's subscriptions."""
    found = service.get_subscription(
        connection=context.connection,
        party_no=context.caller.party_no,
        subscription_id=subscription_id,
    )
    return Answer(subscription_document(found))


@routes.endpoint(
    "DELETE",
    "/v1/webhooks/{subscription_id}",
    summary="Delete a subscription",
    caller="either",
    status=204,
)
def delete_webhook(context: RequestContext, *, subscription_id: UUID) -> Answer:
    """Stop sending events there."""
    service.unsubscribe(
        connection=context.connection,
        party_no=context.caller.party_no,
        subscription_id=subscription_id,
    )
    return Answer(None)


@routes.endpoint(
    "GET", "/v1/events", summary="List events", caller="either", answer=EventAnswer, paged=True
)
def list_events(context: RequestContext) -> Answer:
    """The caller's events, oldest first."""
    page = context.page
    rows = store.list_events(
        connection=context.connection,
        party_no=context.caller.party_no,
        after=_last_id(page.after),
        limit=page.limit + 1,
    )
    return Answer(context.paged(rows, key=lambda row: (str(row.event_id),), render=event_document))


@routes.endpoint(
    "GET",
    "/v1/events/{event_id}/attempts",
    summary="List the attempts to deliver an event",
    caller="either",
    answer=AttemptAnswer,
    paged=True,
)
def list_attempts(context: RequestContext, *, event_id: UUID) -> Answer:
    """What was tried, oldest first."""
    page = context.page
    service.get_event(
        connection=context.connection, party_no=context.caller.party_no, event_id=event_id
    )
    rows = store.list_attempts(
        connection=context.connection,
        event_id=event_id,
        after=int(page.after[0]) if page.after else 0,
        limit=page.limit + 1,
    )
    return Answer(
        context.paged(rows, key=lambda row: (row[0],), render=lambda row: attempt_document(row[1]))
    )


@routes.endpoint(
    "POST",
    "/v1/events/{event_id}/replay",
    summary="Deliver an event again",
    caller="either",
    answer=EventAnswer,
)
def replay_event(context: RequestContext, *, event_id: UUID) -> Answer:
    """Make the event due again, for every subscription that wants it."""
    event = service.replay_event(
        connection=context.connection,
        party_no=context.caller.party_no,
        event_id=event_id,
        wall_now=context.wall_now,
    )
    return Answer(event_document(event))


def _last_id(after: tuple[Any, ...] | None) -> UUID | None:
    return None if after is None else UUID(after[0])
