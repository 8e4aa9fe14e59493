"""The one row that every process reads: what coalition this database is, its clock and its books.

`business_at` is the settable business clock of a test environment (NULL: the real one).
`last_closed` is the newest closed business date: windows close strictly in order of their dates,
so the earliest open window is always the day after it. `directory_version` grows with every change
of partners, keys, agreements, prices or subscriptions; processes keep those in memory and every
write proves that what it was computed from is still current.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    SmallInteger,
    Table,
    Text,
    func,
    select,
)

from coalition.db.schema import metadata

hub_state = Table(
    "hub_state",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("environment", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("business_at", DateTime(timezone=True)),
    Column("last_closed", Date, nullable=False),
    Column("directory_version", BigInteger, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint("environment IN ('test', 'live')", name="environment"),
    CheckConstraint("environment = 'test' OR business_at IS NULL", name="live_has_no_set_clock"),
)


def server_clock(*, connection: Connection) -> datetime:
    """The database's own time, which postings read when no clock is set."""
    instant: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return instant


def bump_directory(*, connection: Connection) -> None:
    """Tell every process that the directory changed; call in the transaction of the change."""
    connection.execute(
        hub_state.update().values(directory_version=hub_state.c.directory_version + 1)
    )
