"""Rows of the logs. Records and checkpoints are only ever added."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from settlement.store.tables import append_only, metadata

log = Table(
    "log",
    metadata,
    Column("log_no", SmallInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    # What checkpoints call it, and what partners pin together with the key.
    Column("origin", Text, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    # The smallest checkpoint that this key signed: those before it are another key's.
    Column("key_since", BigInteger, nullable=False, server_default="0"),
    # While the key is being replaced: the next one, which signs beside it, from which size on, and
    # the note by which the old one hands over.
    Column("next_public_key", LargeBinary),
    Column("next_since", BigInteger),
    Column("handover", LargeBinary),
    # Witnesses of how many partners a release needs.
    Column("cosignatures_needed", Integer, nullable=False, server_default="0"),
    # The size up to which all tiles lie in the data folder.
    Column("published_size", BigInteger, nullable=False, server_default="0"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # Another log of the same name goes on under another origin.
    Column("ended_at", DateTime(timezone=True)),
    CheckConstraint("octet_length(public_key) = 32", name="ed25519_length"),
    CheckConstraint(
        "num_nulls(next_public_key, next_since) IN (0, 2)"
        " AND COALESCE(octet_length(next_public_key), 32) = 32",
        name="next_key",
    ),
    CheckConstraint("cosignatures_needed >= 0", name="cosignatures_needed"),
    CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name="name"),
    Index("ix_log_current", "name", unique=True, postgresql_where=text("ended_at IS NULL")),
)

log_record = Table(
    "log_record",
    metadata,
    Column("log_no", SmallInteger, nullable=False),
    # Counted from 0, without gaps.
    Column("leaf_no", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    # A statement's id; of all else, the record's SHA-256. Nothing is recorded twice.
    Column("subject", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("business_date", Date),
    Column("appended_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("log_no", "leaf_no"),
    UniqueConstraint("log_no", "kind", "subject"),
    ForeignKeyConstraint(["log_no"], ["log.log_no"]),
    CheckConstraint("leaf_no >= 0", name="leaf_no"),
    Index(
        "ix_log_record_business_date",
        "log_no",
        "business_date",
        "leaf_no",
        postgresql_where=text("business_date IS NOT NULL"),
    ),
    CheckConstraint("octet_length(content) BETWEEN 1 AND 65535", name="content_length"),
)

log_tile = Table(
    "log_tile",
    metadata,
    Column("log_no", SmallInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("tile_no", BigInteger, nullable=False),
    # As far as it is filled; a narrower tile of an earlier size is the start of it.
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log_no", "level", "tile_no"),
    ForeignKeyConstraint(["log_no"], ["log.log_no"]),
    CheckConstraint(
        "octet_length(hashes) BETWEEN 32 AND 8192 AND (octet_length(hashes) & 31) = 0",
        name="hashes_length",
    ),
)

log_checkpoint = Table(
    "log_checkpoint",
    metadata,
    Column("log_no", SmallInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    # The note with the log's own signature; cosignatures are added where it is read.
    Column("note", LargeBinary, nullable=False),
    # The night that it ends, if any.
    Column("business_date", Date),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    # Never two checkpoints of one size.
    PrimaryKeyConstraint("log_no", "size"),
    ForeignKeyConstraint(["log_no"], ["log.log_no"]),
    CheckConstraint("size > 0", name="size"),
    CheckConstraint("octet_length(root) = 32", name="root_length"),
    Index("ix_log_checkpoint_business_date", "log_no", "business_date"),
)

log_cosignature = Table(
    "log_cosignature",
    metadata,
    Column("log_no", SmallInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("party_no", Integer, nullable=False),
    # Kept with it: the key may be revoked later, what it signed stays signed.
    Column("public_key", LargeBinary, nullable=False),
    Column("line", Text, nullable=False),
    Column("cosigned_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("log_no", "size", "key_id"),
    ForeignKeyConstraint(["log_no", "size"], ["log_checkpoint.log_no", "log_checkpoint.size"]),
)

log_conflict = Table(
    "log_conflict",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("log_no", SmallInteger, nullable=False),
    # A checkpoint that the log's key signed and that its records do not lead to.
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("reported_by", Integer, nullable=False),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("log_no", "size", "root"),
    ForeignKeyConstraint(["log_no"], ["log.log_no"]),
)

for _table in (log_record, log_checkpoint, log_cosignature, log_conflict):
    append_only(_table)
