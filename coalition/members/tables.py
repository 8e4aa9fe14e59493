"""Members and the directories that find them: cards, partners' references, contacts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from coalition.db.schema import metadata

member = Table(
    "member",
    metadata,
    Column("member_id", Uuid, primary_key=True),
    # One member an account today, a household later.
    Column("account_id", Uuid, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("spend_locked", Boolean, nullable=False, server_default="false"),
    Column("enrolled_by", Integer, ForeignKey("party.no"), nullable=False),
    Column("enrolled_at", DateTime(timezone=True), nullable=False),
    # The member's own data key, wrapped under the hub's key; erasure destroys it.
    Column("wrapped_key", LargeBinary),
    CheckConstraint("state IN ('active', 'frozen', 'closed')", name="state"),
)

member_event = Table(
    "member_event",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("member_id", Uuid, ForeignKey("member.member_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Index("ix_member_event_member_id_recorded_at", "member_id", "recorded_at"),
)

card = Table(
    "card",
    metadata,
    Column("number", Text, primary_key=True),
    Column("member_id", Uuid, ForeignKey("member.member_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("replaced_by", Text),
    Index("ix_card_member_id", "member_id"),
    CheckConstraint("state IN ('active', 'replaced', 'closed')", name="state"),
)

partner_reference = Table(
    "partner_reference",
    metadata,
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("member_id", Uuid, ForeignKey("member.member_id"), nullable=False),
    PrimaryKeyConstraint("party_no", "reference"),
    Index("uq_partner_reference_member", "party_no", "member_id", unique=True),
)

contact = Table(
    "contact",
    metadata,
    Column("kind", Text, nullable=False),
    # HMAC-SHA256 of the normalised contact under the hub's look-up key.
    Column("lookup_hash", LargeBinary, nullable=False),
    Column("member_id", Uuid, ForeignKey("member.member_id"), nullable=False),
    # AES-256-GCM under the member's own key.
    Column("ciphertext", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "lookup_hash"),
    Index("uq_contact_member", "member_id", "kind", unique=True),
    CheckConstraint("kind IN ('phone', 'email')", name="kind"),
)
