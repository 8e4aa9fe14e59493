"""Statements of the busiest path: prepared at their first run on a connection, not parsed again.

They go through psycopg's raw cursor, which takes PostgreSQL's own placeholders. The usual way,
through SQLAlchemy's and psycopg's ordinary cursors, reads the whole text anew for every call, since
it is longer than what psycopg keeps. The connection stays SQLAlchemy's: its pool, its transaction,
its errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def run_prepared(
    *, connection: Connection, statement: str, parameters: Sequence[str | None]
) -> list[tuple[Any, ...]]:
    """Run a statement with parameters $1, $2 … in PostgreSQL's text form; gives its rows.

    The connection is in autocommit, or in a transaction that was begun explicitly.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the hub speaks to PostgreSQL through psycopg")
    cursor = psycopg.RawCursor(driver)
    try:
        cursor.execute(statement.encode(), parameters, prepare=True)
        return cursor.fetchall()
    except psycopg.Error as error:
        if driver.closed:
            # It fails in SQLAlchemy's own hands, which lets go of the pool's other connections.
            connection.exec_driver_sql("SELECT 1")
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
