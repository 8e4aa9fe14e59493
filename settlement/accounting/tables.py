"""Points by window and cohort, and the versions of the breakage estimate."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from settlement.store.tables import append_only, metadata

# A closed window cannot grow: its points are summed once. A row here says that they were.
point_window = Table(
    "point_window",
    metadata,
    Column("window_date", Date, primary_key=True),
    # Wall time.
    Column("taken_at", DateTime(timezone=True), nullable=False),
)

point_flow = Table(
    "point_flow",
    metadata,
    Column("window_date", Date, nullable=False),
    Column("issuer", Integer, nullable=False),
    Column("funder", Integer, nullable=False),
    Column("funding", Text, nullable=False),
    Column("currency", Text, nullable=False),
    # The first of the month in which the lots were posted.
    Column("month", Date, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("redeemed", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("clawed_back", BigInteger, nullable=False),
    # At the lots' redemption prices.
    Column("issued_micros", BigInteger, nullable=False),
    Column("redeemed_micros", BigInteger, nullable=False),
    Column("expired_micros", BigInteger, nullable=False),
    Column("clawed_back_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("window_date", "issuer", "funder", "funding", "currency", "month"),
    CheckConstraint("issued >= 0 AND issued_micros >= 0", name="issued"),
)

breakage_estimate = Table(
    "breakage_estimate",
    metadata,
    Column("no", Integer, Identity(), primary_key=True),
    # The first of the last complete month that the estimate has seen.
    Column("as_of", Date, nullable=False),
    # Windows before it keep the version that they were reported with.
    Column("effective_from", Date, nullable=False, unique=True),
    # Wall time.
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("method", Text, nullable=False),
    Column("parameters", JSONB, nullable=False),
)

breakage_cohort = Table(
    "breakage_cohort",
    metadata,
    Column("estimate_no", Integer, ForeignKey(breakage_estimate.c.no), nullable=False),
    Column("issuer", Integer, nullable=False),
    Column("funding", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("redeemed", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("clawed_back", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("expected_redeemed", BigInteger, nullable=False),
    Column("expected_clawed_back", BigInteger, nullable=False),
    Column("expected_breakage", BigInteger, nullable=False),
    Column("breakage_ppm", Integer, nullable=False),
    PrimaryKeyConstraint("estimate_no", "issuer", "funding", "month"),
    CheckConstraint(
        "outstanding = expected_redeemed + expected_clawed_back + expected_breakage",
        name="conserved",
    ),
    CheckConstraint("breakage_ppm BETWEEN 0 AND 1000000", name="share"),
)

breakage_segment = Table(
    "breakage_segment",
    metadata,
    Column("estimate_no", Integer, ForeignKey(breakage_estimate.c.no), nullable=False),
    Column("issuer", Integer, nullable=False),
    Column("funding", Text, nullable=False),
    # Of points issued after the estimate.
    Column("new_ppm", Integer, nullable=False),
    PrimaryKeyConstraint("estimate_no", "issuer", "funding"),
    CheckConstraint("new_ppm BETWEEN 0 AND 1000000", name="share"),
)

for _table in (point_window, point_flow, breakage_estimate, breakage_cohort, breakage_segment):
    append_only(_table)
