"""How far each connection's platform was asked for changes."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Table, Text

from coalition.db.schema import metadata

poll_cursor = Table(
    "poll_cursor",
    metadata,
    Column("connection_no", Integer, primary_key=True, autoincrement=False),
    # All changes before this instant (the platform's time) were asked for.
    Column("polled_until", DateTime(timezone=True), nullable=False),
    # The round under way: until when it asks, and the page where it stands.
    Column("until", DateTime(timezone=True)),
    Column("cursor", Text),
    # Wall time.
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("leased_until", DateTime(timezone=True)),
    # Failed looks since the last that went well, and why.
    Column("attempts", Integer, nullable=False),
    Column("problem", Text),
    CheckConstraint("cursor IS NULL OR until IS NOT NULL", name="cursor_of_a_round"),
    Index("ix_poll_cursor_due_at", "due_at"),
)
