"""A database on which everything is tried and nothing is done: all of it is rolled back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine

from coalition.db.database import Database

__all__ = ["rehearse"]


@dataclass(frozen=True, slots=True)
class _Rehearsal(Database):
    """Both kinds of unit of work are savepoints of one transaction, one unit at a time."""

    connection: Connection = field(kw_only=True)
    lock: threading.RLock = field(default_factory=threading.RLock, kw_only=True)

    def __post_init__(self) -> None:
        """It keeps no connections."""

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield the connection in a savepoint; what fails leaves nothing."""
        with self.lock, self.connection.begin_nested():
            yield self.connection

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """The same, where the unit may go on after its statement failed: that leaves nothing."""
        with self.lock, self.connection.begin_nested() as savepoint:
            yield self.connection
            if self._has_failed():
                savepoint.rollback()

    def _has_failed(self) -> bool:
        driver = self.connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the hub speaks to PostgreSQL through psycopg")
        return driver.pgconn.transaction_status == TransactionStatus.INERROR


@contextmanager
def rehearse(engine: Engine) -> Iterator[Database]:
    """Yield a database whose units of work see each other and are all undone at the end.

    Until then its locks are held: what runs in it must be short, and ask nobody outside.
    """
    with engine.connect() as connection:
        whole = connection.begin()
        try:
            yield _Rehearsal(engine, connection=connection)
        finally:
            whole.rollback()
