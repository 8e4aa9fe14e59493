"""Quotes, policies, and what each window converted by. Nothing here ever changes."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from settlement.store.tables import append_only, metadata

fx_quote = Table(
    "fx_quote",
    metadata,
    Column("source", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("quoted_on", Date, nullable=False),
    # One unit of base in units of quote: the decimal text as it was imported.
    Column("rate", Text, nullable=False),
    # Wall time.
    Column("imported_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("source", "base", "quote", "quoted_on"),
    CheckConstraint("base <> quote", name="two_currencies"),
    CheckConstraint("rate::numeric > 0", name="positive"),
)

currency_policy = Table(
    "currency_policy",
    metadata,
    Column("effective_from", Date, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("method", Text),
    Column("source", Text),
    # Wall time.
    Column("set_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("mode IN ('per_currency', 'convert')", name="mode"),
    CheckConstraint("method IN ('spot', 'mean5')", name="method"),
    CheckConstraint("(mode = 'convert') = (num_nonnulls(method, source) = 2)", name="whole"),
)

window_rate = Table(
    "window_rate",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("clearing", Text, nullable=False),
    # The rate times 10^10.
    Column("scaled", BigInteger, nullable=False),
    Column("method", Text, nullable=False),
    Column("source", Text, nullable=False),
    # The dates of the quotes that it was made from, the newest first.
    Column("quoted_on", ARRAY(Date), nullable=False),
    PrimaryKeyConstraint("business_date", "currency"),
    CheckConstraint("scaled >= 0", name="scaled"),
)

pair_conversion = Table(
    "pair_conversion",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("a", Integer, nullable=False),
    Column("b", Integer, nullable=False),
    # As party a sees them: the net in its own currency; the same in the clearing currency, line by
    # line and at once. The difference is a line of its own.
    Column("net_micros", BigInteger, nullable=False),
    Column("lines_micros", BigInteger, nullable=False),
    Column("converted_micros", BigInteger, nullable=False),
    PrimaryKeyConstraint("business_date", "currency", "a", "b"),
    CheckConstraint("a < b", name="ordered"),
)

for _table in (fx_quote, currency_policy, window_rate, pair_conversion):
    append_only(_table)
