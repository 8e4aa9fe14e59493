"""Statements of the busiest path: prepared at their first run on a connection, not parsed again.

The usual way, through SQLAlchemy's and psycopg's ordinary cursors, reads the whole text anew for
every call, since it is longer than what psycopg keeps. In a transaction, psycopg's raw cursor runs
them. A statement that is its own transaction goes straight to libpq, at a third of the cursor's
cost: it is what a till waits for. The connection stays SQLAlchemy's: its pool, its transaction, its
errors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_KNOWN = "prepared statements"


def run_prepared(
    *, connection: Connection, statement: str, parameters: Sequence[str | None]
) -> list[tuple[Any, ...]]:
    """Run a statement with parameters $1, $2 … in PostgreSQL's text form; gives its rows.

    The connection is in autocommit, or in a transaction that was begun explicitly.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    encoded = [None if value is None else value.encode() for value in parameters]
    return run_encoded(connection=connection, statement=statement, parameters=encoded)


def run_encoded(
    *, connection: Connection, statement: str, parameters: Sequence[bytes | None]
) -> list[tuple[Any, ...]]:
    """As `run_prepared`, with parameters that are UTF-8 already."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the hub speaks to PostgreSQL through psycopg")
    try:
        if driver.autocommit and driver.pgconn.transaction_status == TransactionStatus.IDLE:
            return _run_alone(connection, driver, statement, parameters)
        cursor = psycopg.RawCursor(driver)
        texts = [None if value is None else value.decode() for value in parameters]
        cursor.execute(statement.encode(), texts, prepare=True)
        return cursor.fetchall()
    except psycopg.Error as error:
        if driver.closed:
            # It fails in SQLAlchemy's own hands, which lets go of the pool's other connections.
            connection.exec_driver_sql("SELECT 1")
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def _run_alone(
    connection: Connection,
    driver: psycopg.Connection[Any],
    statement: str,
    parameters: Sequence[bytes | None],
) -> list[tuple[Any, ...]]:
    """Run a statement that is its own transaction; what is gone is prepared again."""
    known: set[bytes] = connection.connection.info.setdefault(_KNOWN, set())
    name, text = _named(statement)
    for _ in range(2):
        if name not in known:
            _expect(driver.pgconn.prepare(name, text), ExecStatus.COMMAND_OK)
            known.add(name)
        # None is NULL; psycopg's hints leave it out.
        result = driver.pgconn.exec_prepared(name, parameters, None, Format.BINARY)  # type: ignore[arg-type]
        try:
            _expect(result, ExecStatus.TUPLES_OK)
            break
        except psycopg.errors.InvalidSqlStatementName:
            # psycopg lets go of all that is prepared after a transaction that was rolled back.
            known.clear()
    else:
        raise psycopg.InternalError("a statement is gone as soon as it is prepared")
    rows = Transformer(driver)
    rows.set_pgresult(result)
    return rows.load_rows(0, result.ntuples, tuple)


def _expect(result: PGresult, status: ExecStatus) -> None:
    if result.status != status:
        raise psycopg.errors.error_from_result(result)


@lru_cache(maxsize=1024)
def _named(statement: str) -> tuple[bytes, bytes]:
    text = statement.encode()
    return b"coalition_" + hashlib.sha256(text).hexdigest()[:24].encode(), text
