"""Monthly partitions of the tables that are kept for a time only.

A default partition takes whatever no month takes, so that writing never fails; months are made
well before they begin, while the default partition holds nothing of theirs.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import Connection, text

PARTITIONED_TABLES: tuple[str, ...] = ("signed_request",)

CREATE_PARTITIONS: tuple[str, ...] = tuple(
    f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT" for table in PARTITIONED_TABLES
)


def month_after(month: date, *, months: int) -> date:
    """The first day of the month that many months later (or earlier)."""
    index = month.year * 12 + month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def make_months(*, connection: Connection, today: date, ahead: int = 3) -> int:
    """Make the partitions of this month and the `ahead` next ones; answers how many are new."""
    made = 0
    for table in PARTITIONED_TABLES:
        there = _months(table, connection=connection)
        for number in range(ahead + 1):
            first = month_after(today, months=number)
            if first in there or _default_holds(table, first, connection=connection):
                continue
            name = f"{table}_{first:%Y_%m}"
            bounds = f"FROM ('{first} 00:00Z') TO ('{month_after(first, months=1)} 00:00Z')"
            connection.execute(
                text(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}")
            )
            made += 1
    return made


def drop_months(*, connection: Connection, today: date, keep: int) -> int:
    """Drop the partitions of months that ended `keep` months ago or earlier; answers how many.

    What lies in the default partition and is as old goes too.
    """
    dropped = 0
    oldest = month_after(today, months=-keep)
    for table in PARTITIONED_TABLES:
        for first in sorted(_months(table, connection=connection)):
            if first < oldest:
                connection.execute(text(f"DROP TABLE {table}_{first:%Y_%m}"))
                dropped += 1
        connection.execute(
            text(f"DELETE FROM {table}_default WHERE received_at < '{oldest} 00:00Z'")
        )
    return dropped


def _months(table: str, *, connection: Connection) -> set[date]:
    names = connection.scalars(
        text(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = to_regclass(:table)"
        ),
        {"table": table},
    )
    found = (re.fullmatch(rf"{table}_(\d{{4}})_(\d\d)", name) for name in names)
    return {date(int(match[1]), int(match[2]), 1) for match in found if match}


def _default_holds(table: str, first: date, *, connection: Connection) -> bool:
    """Whether rows of the month are in the default partition: then they stay there."""
    return bool(
        connection.scalar(
            text(
                f"SELECT EXISTS (SELECT FROM {table}_default WHERE received_at >= "
                f"'{first} 00:00Z' AND received_at < '{month_after(first, months=1)} 00:00Z')"
            )
        )
    )
