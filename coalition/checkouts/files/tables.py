"""Which files of a store were taken, and how far."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from coalition.checkouts.files.domain import FILE_STATES
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
    # When what may be taken later is tried again.
    Column("due_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("connection_no", "store", "sequence"),
    # taking: some orders were taken; waiting: all but those that may be taken later.
    CheckConstraint("state = " + one_of("taking", "waiting", "taken", "given_up"), name="state"),
    CheckConstraint("(state = 'given_up') = (sha256 IS NULL)", name="hash"),
    CheckConstraint("(state = 'waiting') = (due_at IS NOT NULL)", name="due"),
)

told_file = Table(
    "told_file",
    metadata,
    # What became of a file last, by its name: for those who dropped it.
    Column("connection_no", Integer, nullable=False),
    # Another one with each change.
    Column("no", BigInteger, Identity(), nullable=False),
    # Where it was dropped: one connection may have several.
    Column("folder", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("what", Text, nullable=False),
    # As its header says, where it can be read.
    Column("store", Text),
    Column("sequence", BigInteger),
    Column("text", Text, nullable=False),
    # The first lines of its report, and how many more there are.
    Column("lines", JSONB, nullable=False),
    Column("more", Integer, nullable=False),
    # Another one for another file of that name.
    Column("stamp", Text, nullable=False),
    # Wall time.
    Column("since", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("connection_no", "no"),
    UniqueConstraint("connection_no", "folder", "name"),
    CheckConstraint("what = " + one_of(*FILE_STATES), name="what"),
    Index("ix_told_file_since", "since"),
)
