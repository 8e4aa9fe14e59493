"""Which files of a store were taken, and how far."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from coalition.db.schema import metadata, one_of

order_file = Table(
    "order_file",
    metadata,
    Column("connection_no", Integer, nullable=False),
    # Whose files are counted, and the file's number.
    Column("store", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    # The name that it was dropped by; NULL with those below for one that will not come.
    Column("name", Text),
    # SHA-256 that the file names itself by.
    Column("sha256", LargeBinary),
    Column("first_date", Date),
    Column("last_date", Date),
    # How many orders it has, and how many of them were taken, from the first.
    Column("orders", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    # Orders that the hub did not take: row, order, reason; the first of them.
    Column("problems", JSONB, nullable=False, server_default="[]"),
    # Wall time.
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("settled_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("connection_no", "store", "sequence"),
    # taking: some orders were taken; waiting: all but those that may be taken later.
    CheckConstraint("state = " + one_of("taking", "waiting", "taken", "given_up"), name="state"),
    CheckConstraint("(state = 'given_up') = (sha256 IS NULL)", name="hash"),
)
