"""The SQL of events: the outbox, subscriptions and the log of delivery attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from coalition.db.locks import SUBSCRIPTIONS
from coalition.db.writing import insert_section
from coalition.events.domain import Attempt, Event, Subscription
from coalition.events.tables import delivery_attempt, event, subscription

_EVENT = (
    event.c.event_id,
    event.c.party_no,
    event.c.type,
    event.c.payload,
    event.c.recorded_at,
    event.c.state,
    event.c.attempts,
    event.c.replayed_at,
)
_ATTEMPT = (
    delivery_attempt.c.event_id,
    delivery_attempt.c.subscription_id,
    delivery_attempt.c.attempted_at,
    delivery_attempt.c.status,
    delivery_attempt.c.outcome,
    delivery_attempt.c.detail,
    delivery_attempt.c.duration_ms,
)

EVENT_NEW = insert_section(
    "event_new",
    "event",
    {
        "event_id": "uuid",
        "party_no": "int",
        "type": "text",
        "payload": "jsonb",
        "recorded_at": "timestamptz",
    },
)
"""For units of work that write their events in their own statement."""


def load_subscribed_types(*, connection: Connection) -> Mapping[int, frozenset[str]]:
    """The event types that each party has an active subscription for, by party number."""
    rows = connection.execute(
        select(subscription.c.party_no, subscription.c.types).where(
            subscription.c.state == "active"
        )
    )
    found: dict[int, frozenset[str]] = {}
    for party_no, types in rows:
        found[party_no] = found.get(party_no, frozenset()) | frozenset(types)
    return found


def insert_events(*, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows made by `event_rows`; none is fine."""
    if rows:
        connection.execute(insert(event), [dict(row) for row in rows])


def insert_subscription(*, connection: Connection, made: Subscription) -> None:
    """Write a subscription; its secret is sealed already."""
    connection.execute(
        insert(subscription).values(
            subscription_id=made.subscription_id,
            party_no=made.party_no,
            url=made.url,
            types=list(made.types),
            secret=made.secret,
            state=made.state,
            created_at=made.created_at,
        )
    )


def lock_subscriptions(*, connection: Connection, party_no: int) -> int:
    """How many active subscriptions the party has; others wait until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(SUBSCRIPTIONS, party_no)))
    return connection.execute(
        select(func.count()).where(
            subscription.c.party_no == party_no, subscription.c.state == "active"
        )
    ).scalar_one()


def list_subscriptions(
    *, connection: Connection, party_no: int, after: UUID | None, limit: int
) -> list[Subscription]:
    """The party's subscriptions that are not deleted, oldest first."""
    found = select(subscription).where(
        subscription.c.party_no == party_no, subscription.c.state != "deleted"
    )
    if after is not None:
        found = found.where(subscription.c.subscription_id > after)
    rows = connection.execute(found.order_by(subscription.c.subscription_id).limit(limit))
    return [_subscription(row) for row in rows]


def find_subscription(
    *, connection: Connection, party_no: int, subscription_id: UUID
) -> Subscription | None:
    """The party's subscription, unless it is deleted."""
    row = connection.execute(
        select(subscription).where(
            subscription.c.subscription_id == subscription_id,
            subscription.c.party_no == party_no,
            subscription.c.state != "deleted",
        )
    ).one_or_none()
    return None if row is None else _subscription(row)


def set_subscription_state(*, connection: Connection, subscription_id: UUID, state: str) -> None:
    """Disable or delete a subscription."""
    connection.execute(
        update(subscription)
        .where(subscription.c.subscription_id == subscription_id)
        .values(state=state)
    )


def list_events(
    *, connection: Connection, party_no: int, after: UUID | None, limit: int
) -> list[Event]:
    """The party's events, oldest first."""
    found = select(*_EVENT).where(event.c.party_no == party_no)
    if after is not None:
        found = found.where(event.c.event_id > after)
    rows = connection.execute(found.order_by(event.c.event_id).limit(limit))
    return [Event(**row._mapping) for row in rows]


def find_event(*, connection: Connection, party_no: int, event_id: UUID) -> Event | None:
    """The party's event."""
    row = connection.execute(
        select(*_EVENT).where(event.c.event_id == event_id, event.c.party_no == party_no)
    ).one_or_none()
    return None if row is None else Event(**row._mapping)


def list_attempts(
    *, connection: Connection, event_id: UUID, after: int, limit: int
) -> list[tuple[int, Attempt]]:
    """The attempts to deliver an event, oldest first, each with its number."""
    rows = connection.execute(
        select(delivery_attempt.c.no, *_ATTEMPT)
        .where(delivery_attempt.c.event_id == event_id, delivery_attempt.c.no > after)
        .order_by(delivery_attempt.c.no)
        .limit(limit)
    )
    return [(row.no, Attempt(*row[1:])) for row in rows]


def replay(*, connection: Connection, event_id: UUID, wall_now: datetime) -> None:
    """Make an event due again, for every subscription that wants it."""
    connection.execute(
        update(event)
        .where(event.c.event_id == event_id)
        .values(state="pending", attempts=0, next_attempt_at=None, replayed_at=wall_now)
    )


def lease_due(
    *, connection: Connection, wall_now: datetime, until: datetime, limit: int
) -> list[Event]:
    """Take events that are due, for this deliverer alone until that wall time."""
    due: ColumnElement[bool] = and_(
        event.c.state == "pending",
        or_(event.c.next_attempt_at.is_(None), event.c.next_attempt_at <= wall_now),
    )
    chosen = (
        select(event.c.event_id)
        .where(due)
        .order_by(event.c.next_attempt_at.nulls_first())
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    rows = connection.execute(
        update(event)
        .where(event.c.event_id == chosen.c.event_id)
        .values(next_attempt_at=until)
        .returning(*_EVENT)
    )
    return sorted((Event(**row._mapping) for row in rows), key=lambda each: each.event_id)


def active_subscriptions(
    *, connection: Connection, party_nos: Sequence[int]
) -> dict[int, list[Subscription]]:
    """Active subscriptions by party."""
    rows = connection.execute(
        select(subscription)
        .where(subscription.c.party_no.in_(party_nos), subscription.c.state == "active")
        .order_by(subscription.c.subscription_id)
    )
    found: dict[int, list[Subscription]] = {}
    for row in rows:
        found.setdefault(row.party_no, []).append(_subscription(row))
    return found


def delivered_to(*, connection: Connection, events: Sequence[Event]) -> set[tuple[UUID, UUID]]:
    """Which (event, subscription) were delivered since the event's last replay."""
    if not events:
        return set()
    rows = connection.execute(
        select(delivery_attempt.c.event_id, delivery_attempt.c.subscription_id)
        .join(event, event.c.event_id == delivery_attempt.c.event_id)
        .where(
            delivery_attempt.c.event_id.in_([each.event_id for each in events]),
            delivery_attempt.c.outcome == "delivered",
            or_(
                event.c.replayed_at.is_(None),
                delivery_attempt.c.attempted_at >= event.c.replayed_at,
            ),
        )
    )
    return {(row.event_id, row.subscription_id) for row in rows}


def record_attempts(*, connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Log attempts; none is fine."""
    if attempts:
        connection.execute(
            insert(delivery_attempt),
            [
                {name: getattr(each, name) for name in Attempt.__dataclass_fields__}
                for each in attempts
            ],
        )


def settle_event(
    *,
    connection: Connection,
    was: Event,
    leased_until: datetime,
    state: str,
    attempts: int,
    next_attempt_at: datetime | None,
) -> None:
    """Say how an event stands after a round, unless it was replayed or leased anew meanwhile."""
    connection.execute(
        update(event)
        .where(
            tuple_(event.c.event_id, event.c.next_attempt_at) == tuple_(was.event_id, leased_until)
        )
        .values(state=state, attempts=attempts, next_attempt_at=next_attempt_at)
    )


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        subscription_id=row.subscription_id,
        party_no=row.party_no,
        url=row.url,
        types=tuple(row.types),
        secret=bytes(row.secret),
        state=row.state,
        created_at=row.created_at,
    )
