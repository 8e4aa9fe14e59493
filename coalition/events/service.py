"""Use cases of events: subscribing, reading, replaying, delivering."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Connection
from standardwebhooks import Webhook

from coalition.db.database import Database
from coalition.db.state import bump_directory
from coalition.errors import FieldError, HubError
from coalition.events import store
from coalition.events.domain import (
    LEASE,
    MAX_SUBSCRIPTIONS,
    Attempt,
    Event,
    Subscription,
    UnknownEvent,
    UnknownSubscription,
    next_delay,
)
from coalition.events.rendering import delivery_body
from coalition.events.sender import Reply, Sender
from coalition.outgoing.targets import TargetRefused, parse_target
from coalition.sealing import place, seal, unseal
from partner_sdk.wire import ids

BATCH = 20
PARALLEL = 8
SECRET_BYTES = 32
_GONE = 410


def subscribe(
    *,
    connection: Connection,
    party_no: int,
    url: str,
    types: Sequence[str],
    subscription_id: UUID,
    key: bytes,
    random: Callable[[int], bytes],
    allow_private: bool,
    now: datetime,
) -> tuple[Subscription, str]:
    """Subscribe a party to events; returns the subscription and its secret, shown only now.

    Raises:
        HubError: `webhook_url_refused`, or `validation_failed` when there are too many.
    """
    try:
        parse_target(url, allow_private=allow_private)
    except TargetRefused as refused:
        raise HubError(
            "webhook_url_refused",
            f"The address {refused.why}.",
            errors=(FieldError("/url", refused.why),),
        ) from None
    if store.lock_subscriptions(connection=connection, party_no=party_no) >= MAX_SUBSCRIPTIONS:
        fault = FieldError("", f"a party has at most {MAX_SUBSCRIPTIONS} subscriptions")
        raise HubError("validation_failed", "Delete a subscription first.", errors=(fault,))
    secret = random(SECRET_BYTES)
    made = Subscription(
        subscription_id=subscription_id,
        party_no=party_no,
        url=url,
        types=tuple(sorted(types)),
        secret=seal(key=key, secret=secret, at=_place(subscription_id), nonce=random(12)),
        state="active",
        created_at=now,
    )
    store.insert_subscription(connection=connection, made=made)
    bump_directory(connection=connection)
    return made, "whsec_" + base64.b64encode(secret).decode()


def get_subscription(
    *, connection: Connection, party_no: int, subscription_id: UUID
) -> Subscription:
    """The party's subscription.

    Raises:
        HubError: `webhook_not_found`.
    """
    found = store.find_subscription(
        connection=connection, party_no=party_no, subscription_id=subscription_id
    )
    if found is None:
        raise UnknownSubscription
    return found


def unsubscribe(*, connection: Connection, party_no: int, subscription_id: UUID) -> None:
    """Delete the party's subscription.

    Raises:
        HubError: `webhook_not_found`.
    """
    get_subscription(connection=connection, party_no=party_no, subscription_id=subscription_id)
    store.set_subscription_state(
        connection=connection, subscription_id=subscription_id, state="deleted"
    )
    bump_directory(connection=connection)


def get_event(*, connection: Connection, party_no: int, event_id: UUID) -> Event:
    """The party's event.

    Raises:
        HubError: `event_not_found`.
    """
    found = store.find_event(connection=connection, party_no=party_no, event_id=event_id)
    if found is None:
        raise UnknownEvent
    return found


def replay_event(
    *, connection: Connection, party_no: int, event_id: UUID, wall_now: datetime
) -> Event:
    """Have an event delivered again to every subscription that wants it.

    Raises:
        HubError: `event_not_found`.
    """
    get_event(connection=connection, party_no=party_no, event_id=event_id)
    store.replay(connection=connection, event_id=event_id, wall_now=wall_now)
    return get_event(connection=connection, party_no=party_no, event_id=event_id)


def deliver_due(
    *,
    database: Database,
    send: Sender,
    key: bytes,
    wall: Callable[[], datetime],
    jitter: Callable[[], float],
) -> list[Attempt]:
    """Deliver one batch of events that are due; returns what was tried.

    The batch is leased in one transaction, sent in none, and recorded in one for each event. A
    deliverer that dies leaves its lease to run out: an event is delivered at least once, and its
    `webhook-id` tells a repetition.
    """
    wall_now = wall()
    leased_until = wall_now + LEASE
    with database.transaction() as connection:
        events = store.lease_due(
            connection=connection, wall_now=wall_now, until=leased_until, limit=BATCH
        )
        if not events:
            return []
        subscriptions = store.active_subscriptions(
            connection=connection, party_nos=sorted({each.party_no for each in events})
        )
        done = store.delivered_to(connection=connection, events=events)
    attempts: list[Attempt] = []
    with ThreadPoolExecutor(PARALLEL) as pool:
        work = [
            (
                each,
                [
                    target
                    for target in subscriptions.get(each.party_no, ())
                    if each.type in target.types
                    and (each.event_id, target.subscription_id) not in done
                ],
            )
            for each in events
        ]
        deliver = partial(_deliver, send=send, key=key, wall=wall)
        rounds = pool.map(lambda item: deliver(item[0], item[1]), work)
        for each, tried in zip(events, rounds, strict=True):
            _settle(database, each, tried, leased_until, wall(), jitter())
            attempts.extend(tried)
    return attempts


def _deliver(
    event: Event,
    targets: Sequence[Subscription],
    *,
    send: Sender,
    key: bytes,
    wall: Callable[[], datetime],
) -> list[Attempt]:
    message_id = ids.encode("evt", event.event_id)
    body = delivery_body(event)
    tried = []
    for target in targets:
        secret = unseal(key=key, sealed=target.secret, at=_place(target.subscription_id))
        attempted_at = wall()
        signature = Webhook(secret).sign(message_id, attempted_at, body.decode())
        reply: Reply = send(
            url=target.url,
            body=body,
            headers={
                "Content-Type": "application/json",
                "User-Agent": "coalition-webhooks/1",
                "webhook-id": message_id,
                "webhook-timestamp": str(int(attempted_at.timestamp())),
                "webhook-signature": signature,
            },
        )
        tried.append(
            Attempt(
                event_id=event.event_id,
                subscription_id=target.subscription_id,
                attempted_at=attempted_at,
                status=reply.status,
                outcome=reply.outcome,
                detail=reply.detail,
                duration_ms=reply.duration_ms,
            )
        )
    return tried


def _settle(
    database: Database,
    event: Event,
    tried: Sequence[Attempt],
    leased_until: datetime,
    wall_now: datetime,
    jitter: float,
) -> None:
    """Record a round: delivered to all, tried again later, or given up."""
    gone = [each.subscription_id for each in tried if each.status == _GONE]
    failed = [each for each in tried if each.outcome != "delivered" and each.status != _GONE]
    attempts = event.attempts + 1
    delay = next_delay(attempts=attempts, jitter=jitter) if failed else None
    if delay is not None:
        state = "pending"
    else:
        state = "failed" if failed or len(gone) == len(tried) else "delivered"
    with database.transaction() as connection:
        store.record_attempts(connection=connection, attempts=tried)
        for subscription_id in gone:
            # 410: the receiver wants no more (Standard Webhooks).
            store.set_subscription_state(
                connection=connection, subscription_id=subscription_id, state="disabled"
            )
        if gone:
            bump_directory(connection=connection)
        store.settle_event(
            connection=connection,
            was=event,
            leased_until=leased_until,
            state=state,
            attempts=attempts,
            next_attempt_at=None if delay is None else wall_now + delay,
        )


def _place(subscription_id: UUID) -> bytes:
    return place(table="subscription", row=str(subscription_id), column="secret")
