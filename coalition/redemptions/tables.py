"""Holds and redemptions, and the slices of lots that each redemption used."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from coalition.db.schema import metadata

hold = Table(
    "hold",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("hold_id", Uuid, nullable=False, unique=True),
    Column("party_no", Integer, nullable=False),
    Column("agreement_no", Integer, nullable=False),
    Column("face_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("captured_points", BigInteger, nullable=False, server_default="0"),
    Column("state", Text, nullable=False),
    # Held points by lot, in the order of taking.
    Column("lot_ids", ARRAY(Uuid), nullable=False),
    Column("lot_points", ARRAY(BigInteger), nullable=False),
    Column("redemption_id", Uuid),
    Column("reference", Text),
    Column("store", Text),
    Column("till", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("account_id", "hold_id"),
    CheckConstraint("points > 0", name="points"),
    CheckConstraint("captured_points BETWEEN 0 AND points", name="captured"),
    CheckConstraint("state IN ('held', 'captured', 'voided', 'expired')", name="state"),
    Index("ix_hold_expires_at", "expires_at", postgresql_where=text("state = 'held'")),
)

redemption = Table(
    "redemption",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("redemption_id", Uuid, nullable=False, unique=True),
    Column("party_no", Integer, nullable=False),
    Column("agreement_no", Integer, nullable=False),
    Column("face_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reversed_points", BigInteger, nullable=False, server_default="0"),
    Column("hold_id", Uuid),
    Column("reference", Text),
    Column("store", Text),
    Column("till", Text),
    Column("receipt", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("account_id", "redemption_id"),
    CheckConstraint("points > 0", name="points"),
    CheckConstraint("reversed_points BETWEEN 0 AND points", name="reversed"),
)

slice_ = Table(
    "slice",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("redemption_id", Uuid, nullable=False),
    Column("lot_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reversed_points", BigInteger, nullable=False, server_default="0"),
    # The capture's movement: what a reversal adjusts.
    Column("movement_id", Uuid, nullable=False),
    # Where the lot is in another currency: what a point was worth in it. Else NULL.
    Column("face_micros", BigInteger),
    PrimaryKeyConstraint("account_id", "redemption_id", "lot_id"),
    CheckConstraint("points > 0", name="points"),
    CheckConstraint("reversed_points BETWEEN 0 AND points", name="reversed"),
)
