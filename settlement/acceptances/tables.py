"""Rows of acceptances. One is kept for each statement, and never changed."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from settlement.store.tables import append_only, metadata

acceptance = Table(
    "acceptance",
    metadata,
    Column("statement_id", Uuid, primary_key=True),
    Column("party_no", Integer, nullable=False),
    Column("key_id", Uuid, nullable=False),
    # Kept with it: the key may be revoked later, what it signed stays signed.
    Column("public_key", LargeBinary, nullable=False),
    # The JSON exactly as signed.
    Column("content", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    # As the party's clock says, and as ours.
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["statement_id"], ["statement.statement_id"]),
    CheckConstraint("octet_length(signature) = 64", name="signature_length"),
)

append_only(acceptance)
