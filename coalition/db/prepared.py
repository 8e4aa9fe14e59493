"""Statements of the busiest path: prepared once a connection, run in one round trip.

They go to libpq through psycopg's own low-level interface. Through SQLAlchemy's and psycopg's
cursors the client's share of such a statement is three times as large: its text, longer than what
psycopg caches, is parsed again for every call. The connection stays SQLAlchemy's: its pool, its
transaction, its errors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NoReturn

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_KNOWN = "prepared statements"


def run_prepared(
    *, connection: Connection, statement: str, parameters: Sequence[bytes | None]
) -> list[tuple[Any, ...]]:
    """Run a statement with parameters $1, $2 … in PostgreSQL's text form; gives its rows.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy would.
    """
    fairy = connection.connection
    driver = fairy.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the hub speaks to PostgreSQL through psycopg")
    pgconn = driver.pgconn
    if pgconn.transaction_status == TransactionStatus.IDLE and not driver.autocommit:
        # The driver begins a transaction before the first statement that it knows of.
        connection.exec_driver_sql("SELECT 1")
    known: set[bytes] = fairy.info.setdefault(_KNOWN, set())
    name, text = _named(statement)
    try:
        if name not in known:
            prepared = pgconn.prepare(name, text)
            if prepared.status != ExecStatus.COMMAND_OK:
                _fail(connection, driver, statement, psycopg.errors.error_from_result(prepared))
            known.add(name)
        # None is NULL; psycopg's hints leave it out.
        result = pgconn.exec_prepared(name, parameters, None, Format.BINARY)  # type: ignore[arg-type]
    except psycopg.Error as error:
        _fail(connection, driver, statement, error)
    if result.status != ExecStatus.TUPLES_OK:
        _fail(connection, driver, statement, psycopg.errors.error_from_result(result))
    rows = Transformer(driver)
    rows.set_pgresult(result)
    return rows.load_rows(0, result.ntuples, tuple)


@lru_cache(maxsize=1024)
def _named(statement: str) -> tuple[bytes, bytes]:
    text = statement.encode()
    return b"coalition_" + hashlib.sha256(text).hexdigest()[:24].encode(), text


def _fail(
    connection: Connection, driver: psycopg.Connection[Any], statement: str, error: psycopg.Error
) -> NoReturn:
    """Raise what SQLAlchemy would have raised."""
    if driver.pgconn.status == ConnStatus.BAD:
        # It fails in SQLAlchemy's own hands, which also lets go of the pool's other connections.
        connection.exec_driver_sql("SELECT 1")
    raise DBAPIError.instance(
        statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
    ) from error
