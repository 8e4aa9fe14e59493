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

pdf_acceptance = Table(
    "pdf_acceptance",
    metadata,
    Column("statement_id", Uuid, primary_key=True),
    Column("party_no", Integer, nullable=False),
    # What the party added to the PDF that was issued: the whole is that file and this.
    Column("added", LargeBinary, nullable=False),
    # SHA-256 of the whole (hex), and the signer's certificate (DER).
    Column("sha256", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("subject", Text, nullable=False),
    # As the signer says, if it does; and as our clock says.
    Column("signed_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(["statement_id"], ["statement.statement_id"]),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
)

append_only(acceptance)
append_only(pdf_acceptance)
