"""Points paid at checkouts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from coalition.db.schema import metadata, one_of

spend = Table(
    "spend",
    metadata,
    Column("spend_id", Uuid, primary_key=True),
    Column("connection_no", Integer, nullable=False),
    Column("party_no", Integer, nullable=False),
    # The partner's own name of it: the same again is the same spend.
    Column("reference", Text, nullable=False),
    Column("hold_id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("face_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The platform is still to take it back.
    Column("undo", Boolean, nullable=False),
    # The platform's order, and the revision of it that told last.
    Column("order_id", Text),
    Column("order_revision", BigInteger),
    # Who buys, as the platform knows them: sealed, and forgotten once the code is there.
    Column("customer", LargeBinary),
    # What the shopper or the till uses.
    Column("code", Text),
    Column("problem", Text),
    Column("redemption_id", Uuid),
    # All times here are wall time. When the code ends:
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # When there is something to do; NULL: nothing unless an order tells.
    Column("due_at", DateTime(timezone=True)),
    Column("leased_until", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("connection_no", "reference"),
    CheckConstraint(
        "state = " + one_of("wanted", "made", "used", "undone", "failed"), name="state"
    ),
    CheckConstraint("least(points, amount_micros, face_micros) > 0", name="positive"),
    CheckConstraint("(state = 'used') = (redemption_id IS NOT NULL)", name="used"),
    CheckConstraint("NOT undo OR due_at IS NOT NULL", name="undo_is_due"),
    Index("ix_spend_connection_no_spend_id", "connection_no", "spend_id"),
    Index(
        "ix_spend_order",
        "connection_no",
        "order_id",
        postgresql_where=text("order_id IS NOT NULL"),
    ),
    Index("ix_spend_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)
