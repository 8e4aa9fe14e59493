"""What the edge keeps: answers by idempotency key, and signed requests as evidence."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from coalition.db.schema import metadata

idempotency = Table(
    "idempotency",
    metadata,
    Column("party_no", Integer, nullable=False),
    Column("key", Text, nullable=False),
    # HMAC-SHA256 over method, path and body under a key of the hub: a stolen row tells no body.
    # NULL with the answer and its time: the key did its work, and no more is known of it.
    Column("request_hmac", LargeBinary),
    Column("status", SmallInteger, nullable=False),
    Column("answer", LargeBinary),
    # Wall time, both. A signature's nonce stands here as a key, for as long as it is good.
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("kept_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("party_no", "key"),
    CheckConstraint("num_nulls(request_hmac, answer, kept_until) IN (0, 3)", name="all_is_gone"),
    Index(
        "ix_idempotency_kept_until",
        "kept_until",
        postgresql_where=text("kept_until IS NOT NULL"),
    ),
)

refused_request = Table(
    "refused_request",
    metadata,
    # Signatures of requests that were refused: none of them is good for a second try. Cleaned once
    # the signature is too old anyway.
    Column("party_no", Integer, nullable=False),
    Column("nonce", Text, nullable=False),
    # Wall time.
    Column("refused_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("party_no", "nonce"),
)

signed_request = Table(
    "signed_request",
    metadata,
    # Wall time; the table is partitioned by month of it.
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("method", Text, nullable=False),
    Column("target", Text, nullable=False),
    # The covered headers, Signature and Signature-Input among them.
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("received_at", "request_id"),
    postgresql_partition_by="RANGE (received_at)",
)
