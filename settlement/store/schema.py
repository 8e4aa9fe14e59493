"""What of the tables is in a database."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select


def has_table(*, connection: Connection, table: Table) -> bool:
    """Whether a table is there: a schema may be older than the code."""
    return connection.scalar(select(func.to_regclass(f"{table.schema}.{table.name}"))) is not None
