"""The SQL of events: the outbox, subscriptions and the log of delivery attempts."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from coalition.events.tables import subscription


def load_subscribed_types(*, connection: Connection) -> Mapping[int, frozenset[str]]:
    """The event types that each party has an active subscription for, by party number."""
    each = func.unnest(subscription.c.types).column_valued("type")
    rows = connection.execute(
        select(subscription.c.party_no, func.array_agg(each.distinct()))
        .where(subscription.c.state == "active")
        .group_by(subscription.c.party_no)
    )
    return {party_no: frozenset(types) for party_no, types in rows}
