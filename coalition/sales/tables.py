"""Sales as partners state them: one row a sale, absolute, with what the hub made of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from coalition.db.schema import metadata

sale = Table(
    "sale",
    metadata,
    Column("party_no", Integer, nullable=False),
    # The partner's own id of the sale.
    Column("external_id", Text, nullable=False),
    Column("sale_id", Uuid, nullable=False, unique=True),
    # NULL: a guest's sale, claimable later.
    Column("account_id", Uuid),
    Column("revision", BigInteger, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    # The calendar date at the store: the day of a cap per member-day.
    Column("local_date", Date, nullable=False),
    Column("store", Text),
    Column("store_time_zone", Text),
    Column("till", Text),
    Column("receipt", Text),
    Column("currency", Text, nullable=False),
    # The version in force when the sale happened, frozen at the first PUT.
    Column("agreement_no", Integer, nullable=False),
    # Lines and tenders as stated by the highest revision; refunds are a set by id.
    Column("document", JSONB, nullable=False),
    Column("refunds", JSONB, nullable=False),
    # What the sale is worth now, all revisions and refunds considered; posted in full.
    Column("points", BigInteger, nullable=False, server_default="0"),
    Column("lot_ids", ARRAY(Uuid), nullable=False, server_default="{}"),
    # The earn movements behind those lots, same order: what a later change adjusts.
    Column("earn_ids", ARRAY(Uuid), nullable=False, server_default="{}"),
    Column("day_capped", Boolean, nullable=False, server_default="false"),
    Column("window_date", Date, nullable=False),
    Column("first_posted_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("request_id", Uuid),
    PrimaryKeyConstraint("party_no", "external_id"),
    CheckConstraint("least(revision, points) >= 0", name="not_negative"),
    Index(
        "ix_sale_member_day",
        "account_id",
        "party_no",
        "local_date",
        postgresql_where=text("day_capped"),
    ),
    # Sales come about in the order in which they are told; a span of time is a few ranges.
    Index("ix_sale_occurred_at", "occurred_at", postgresql_using="brin"),
)

sale_digest = Table(
    "sale_digest",
    metadata,
    Column("party_no", Integer, nullable=False),
    # The start of an hour of UTC.
    Column("hour", DateTime(timezone=True), nullable=False),
    # '' stands for sales of no store; it is there for every hour that was told.
    Column("store", Text, nullable=False),
    Column("sales", BigInteger, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("refunded_micros", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    # Wall time.
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("party_no", "hour", "store"),
    CheckConstraint(
        "sales >= 0 AND amount_micros >= 0 AND refunded_micros >= 0", name="not_negative"
    ),
)
