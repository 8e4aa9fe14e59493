"""Connections, their inbox, and what is known of orders."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from coalition.db.schema import metadata, one_of

checkout_connection = Table(
    "checkout_connection",
    metadata,
    Column("no", Integer, Identity(), primary_key=True),
    Column("connection_id", Uuid, nullable=False, unique=True),
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    # Never changed: the ids of its sales begin with it.
    Column("name", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("guests", Text, nullable=False),
    # AES-256-GCM under the hub's key, bound to this row: signing (newest first) and others.
    Column("secrets", LargeBinary, nullable=False),
    # Which secrets are set, by name.
    Column("secret_names", ARRAY(Text), nullable=False),
    # Wall time until which the signing secret before the newest is good too.
    Column("previous_until", DateTime(timezone=True)),
    Column("rotated_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("party_no", "name"),
    CheckConstraint("state = " + one_of("test", "live", "paused", "closed"), name="state"),
    CheckConstraint("guests = " + one_of("keep", "ignore"), name="guests"),
)

inbox_message = Table(
    "inbox_message",
    metadata,
    Column("connection_no", Integer, nullable=False),
    Column("message_id", Uuid, nullable=False),
    # The same when the platform delivers the same message again.
    Column("delivery_key", Text, nullable=False),
    # The order that it is about, where it names one: messages about one are worked on together.
    Column("about", Text),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    # As received, without credentials.
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # All times here are wall time.
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    # When a waiting message is worked on; while it is, `leased_until` is in the future.
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("leased_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    # What became of it: for an order its sale, revision and points; for a question its answer.
    Column("result", JSONB),
    Column("settled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("connection_no", "message_id"),
    UniqueConstraint("connection_no", "delivery_key"),
    CheckConstraint("state = " + one_of("waiting", "done", "ignored", "dead"), name="state"),
    Index(
        "ix_inbox_message_due",
        "connection_no",
        "due_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_inbox_message_dead",
        "connection_no",
        "message_id",
        postgresql_where=text("state = 'dead'"),
    ),
    # Accruals at a till that were reversed.
    Index(
        "ix_inbox_message_undone",
        "connection_no",
        "about",
        postgresql_where=text("result ? 'undone'"),
    ),
    Index("ix_inbox_message_received_at", "received_at", postgresql_using="brin"),
)

inbox_rejection = Table(
    "inbox_rejection",
    metadata,
    Column("connection_no", Integer, nullable=False),
    Column("no", BigInteger, Identity(), nullable=False),
    # Wall time.
    Column("rejected_at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    PrimaryKeyConstraint("connection_no", "no"),
)

order_part = Table(
    "order_part",
    metadata,
    Column("connection_no", Integer, nullable=False),
    Column("about", Text, nullable=False),
    Column("key", Text, nullable=False),
    # A part once said never changes.
    Column("says", JSONB, nullable=False),
    PrimaryKeyConstraint("connection_no", "about", "key"),
)

known_order = Table(
    "known_order",
    metadata,
    Column("connection_no", Integer, nullable=False),
    # The platform's.
    Column("order_id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    # The revision that the sale was stated by: the platform's, or a later one.
    Column("stated", BigInteger, nullable=False),
    # SHA-256 of the sale as stated, its revision apart.
    Column("digest", LargeBinary, nullable=False),
    # When the platform was asked for it, by the database's clock; NULL where it told by itself.
    Column("asked_at", DateTime(timezone=True)),
    # The code of the refusal, where the hub did not take it.
    Column("problem", Text),
    PrimaryKeyConstraint("connection_no", "order_id"),
)

certification = Table(
    "certification",
    metadata,
    Column("certification_id", Uuid, primary_key=True),
    Column("connection_no", Integer, nullable=False),
    # Wall time.
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("passed", Boolean, nullable=False),
    # The graded cases.
    Column("report", JSONB, nullable=False),
    Index("ix_certification_connection_no", "connection_no", "certification_id"),
)
