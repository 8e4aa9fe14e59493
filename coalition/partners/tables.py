"""Parties of the coalition: partners, pool, operator and clearing house; their keys."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from coalition.db.schema import metadata

party = Table(
    "party",
    metadata,
    # The small number is what the ledger carries; 1..3 are the coalition's own parties.
    Column("no", Integer, Identity(start=10), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("lots_blocked", Boolean, nullable=False, server_default="false"),
    # Set by the exposure roll-up when the uncovered position reaches the agreement's cap.
    Column("issuing_stopped", Boolean, nullable=False, server_default="false"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('partner', 'pool', 'operator', 'clearing')", name="kind"),
    CheckConstraint(
        "state IN ('applied', 'certified', 'live', 'suspended', 'leaving', 'closed')",
        name="state",
    ),
    CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'", name="slug"),
)

party_event = Table(
    "party_event",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text),
    Column("reason", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_party_event_party_no_recorded_at", "party_no", "recorded_at"),
)

partner_key = Table(
    "partner_key",
    metadata,
    Column("key_id", Uuid, primary_key=True),
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    UniqueConstraint("public_key"),
    CheckConstraint("octet_length(public_key) = 32", name="ed25519_length"),
)

bearer_key = Table(
    "bearer_key",
    metadata,
    Column("key_id", Uuid, primary_key=True),
    # The operator party's bearer keys are the operator's keys; a partner's are for the sandbox.
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("label", Text, nullable=False),
    # Who holds an operator's key: what takes two people is told apart by it.
    Column("person", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    # The operator's number, which the coalition's founding gives.
    CheckConstraint("(party_no = 2) = (person IS NOT NULL)", name="operators_are_persons"),
    CheckConstraint("person ~ '^[a-z0-9][a-z0-9.-]{0,39}$'", name="person"),
)
