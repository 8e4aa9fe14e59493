"""The hub's way to its database: one transaction per request or job, committed at the edge only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with the two kinds of unit of work that the hub knows.

    A *transaction* is the usual one. *Autocommit* is for a unit that is one statement: the
    statement is its own transaction, which saves two round trips; nothing else is written in it.
    """

    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a READ COMMITTED transaction; commit on success, else roll back."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Yield a connection on which every statement commits by itself."""
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
