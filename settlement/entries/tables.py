"""Entries, and the lines that they are."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from settlement.entries.domain import EntryKind
from settlement.store.tables import append_only, metadata

entry = Table(
    "entry",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("entry_id", Uuid, nullable=False, unique=True),
    Column("window_date", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("debtor", Integer, nullable=False),
    Column("creditor", Integer, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    # What it came of, such as payment:pay_…; the same cause posted twice is one entry.
    Column("cause", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("about", JSONB, nullable=False),
    # Wall time, and the business clock's.
    Column("posted_at", DateTime(timezone=True), nullable=False),
    Column("business_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("cause", "kind", "seq"),
    CheckConstraint("debtor <> creditor", name="two_parties"),
    CheckConstraint("amount_micros > 0", name="amount"),
    CheckConstraint(
        "kind IN (" + ", ".join(f"'{kind}'" for kind in get_args(EntryKind)) + ")", name="kind"
    ),
    Index("ix_entry_window_date", "window_date"),
)

append_only(entry)

entry_line = Table(
    "entry_line",
    metadata,
    Column("entry_no", BigInteger, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("window_date", Date, nullable=False),
    # That of the entry and of the statement.
    Column("currency", Text, nullable=False),
    Column("line_no", Integer, nullable=False),
    # The line of an earlier statement of the same party that this one corrects.
    Column("adjusts_date", Date),
    Column("adjusts_line", Integer),
    PrimaryKeyConstraint("entry_no", "party_no"),
    UniqueConstraint("window_date", "party_no", "currency", "line_no"),
    CheckConstraint("line_no > 0", name="line_no"),
    CheckConstraint("(adjusts_date IS NULL) = (adjusts_line IS NULL)", name="adjusts"),
    CheckConstraint("adjusts_date < window_date", name="adjusts_earlier"),
)
