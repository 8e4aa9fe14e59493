"""Plans for a partner's default with the two people who release each, and partners' exits."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from settlement.store.tables import append_only, metadata

default_plan = Table(
    "default_plan",
    metadata,
    # SHA-256 (hex) of the document's canonical JSON.
    Column("plan_sha256", Text, primary_key=True),
    Column("party_no", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    # Wall time.
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("executed_by", Text),
    Column("executed_at", DateTime(timezone=True)),
    CheckConstraint("plan_sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    CheckConstraint("executed_by <> approved_by", name="two_people"),
    CheckConstraint("num_nulls(approved_by, approved_at) IN (0, 2)", name="approved"),
    CheckConstraint("num_nulls(executed_by, executed_at) IN (0, 2)", name="executed"),
    CheckConstraint("executed_by IS NULL OR approved_by IS NOT NULL", name="approved_first"),
)

partner_exit = Table(
    "partner_exit",
    metadata,
    Column("party_no", Integer, primary_key=True),
    # Business time and date: points can be spent up to and with the last day of notice.
    Column("began_at", DateTime(timezone=True), nullable=False),
    Column("notice_until", Date, nullable=False),
    Column("person", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True)),
)

# What a partner left behind when its exit began, in each currency.
exit_run_off = Table(
    "exit_run_off",
    metadata,
    Column("party_no", Integer, ForeignKey(partner_exit.c.party_no), primary_key=True),
    Column("currency", Text, primary_key=True),
    # How many points were outstanding, and what they would have cost.
    Column("points", BigInteger, nullable=False),
    Column("liability_micros", BigInteger, nullable=False),
    CheckConstraint("liability_micros >= 0 AND points >= 0", name="not_negative"),
)
append_only(exit_run_off)
