"""Dated, immutable versions of each partner's terms; face values of a point."""

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
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from coalition.db.schema import metadata

agreement = Table(
    "agreement",
    metadata,
    Column("no", Integer, Identity(), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("party_no", Integer, ForeignKey("party.no"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective_from", DateTime(timezone=True), nullable=False),
    Column("effective_to", DateTime(timezone=True)),
    Column("terms", JSONB, nullable=False),
    Column("terms_sha256", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("party_no", "version"),
    UniqueConstraint("party_no", "effective_from"),
    CheckConstraint("version >= 1", name="version"),
    CheckConstraint("effective_to IS NULL OR effective_to > effective_from", name="period"),
)

face_value = Table(
    "face_value",
    metadata,
    Column("currency", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("currency", "effective_from"),
    CheckConstraint("micros > 0", name="positive"),
)
