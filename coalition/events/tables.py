"""The outbox of events, who subscribed, and the log of delivery attempts."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from coalition.db.schema import metadata

subscription = Table(
    "subscription",
    metadata,
    Column("subscription_id", Uuid, primary_key=True),
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    # AES-256-GCM under the hub's key, bound to this row.
    Column("secret", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('active', 'disabled', 'deleted')", name="state"),
)

event = Table(
    "event",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    # Whom it is for: one event row per party that subscribed.
    Column("party_no", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    # Wall time of the next delivery; NULL: at once while pending, else never.
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Wall time of the last replay: deliveries before it do not count.
    Column("replayed_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
    Index("ix_event_due", "next_attempt_at", postgresql_where=text("state = 'pending'")),
    Index("ix_event_party_no_event_id", "party_no", "event_id"),
)

delivery_attempt = Table(
    "delivery_attempt",
    metadata,
    Column("event_id", Uuid, nullable=False),
    Column("no", Integer, Identity()),
    Column("subscription_id", Uuid, nullable=False),
    Column("attempted_at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    PrimaryKeyConstraint("event_id", "no"),
    CheckConstraint("outcome IN ('delivered', 'refused', 'unreachable')", name="outcome"),
)
