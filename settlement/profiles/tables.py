"""Finance profiles: a row for each version, the newest holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from settlement.store.tables import append_only, metadata

finance_profile = Table(
    "finance_profile",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("party_no", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    # The party that set it, or operator: who changed a bank account, and when, must be found.
    Column("set_by", Text, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False),
    Index("ix_finance_profile_party_no", "party_no", "no"),
)

append_only(finance_profile)
