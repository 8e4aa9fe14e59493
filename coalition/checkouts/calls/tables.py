"""What was asked of platforms, and how fast each may be asked."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from coalition.checkouts.calls.domain import CALL_OUTCOMES
from coalition.db.schema import metadata, one_of

call_log = Table(
    "call_log",
    metadata,
    Column("connection_no", Integer, nullable=False),
    Column("no", BigInteger, Identity(), nullable=False),
    # Wall time.
    Column("called_at", DateTime(timezone=True), nullable=False),
    Column("method", Text, nullable=False),
    # Without its query, and with no secret in it.
    Column("path", Text, nullable=False),
    # The call's idempotency key, where it has one.
    Column("key", Text),
    Column("status", Integer),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("duration_ms", Integer, nullable=False),
    # Of the answer's body.
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("connection_no", "no"),
    CheckConstraint("outcome = " + one_of(*CALL_OUTCOMES), name="outcome"),
    Index("ix_call_log_called_at", "called_at"),
)

call_pace = Table(
    "call_pace",
    metadata,
    Column("connection_no", Integer, primary_key=True, autoincrement=False),
    # When the next call would be due if calls came evenly (GCRA); wall time.
    Column("due_at", DateTime(timezone=True), nullable=False),
    # Not before this, because the platform said so; wall time.
    Column("quiet_until", DateTime(timezone=True)),
)
