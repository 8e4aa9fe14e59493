"""The hub's way to its database: one transaction per request or job, committed at the edge only."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, QueuePool, event

_MOST_KEPT = 8
_KEPT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Database:
    """An engine with the two kinds of unit of work that the hub knows.

    A *transaction* is the usual one. *Autocommit* is for a unit that is one statement: the
    statement is its own transaction, which saves two round trips; nothing else is written in it.

    A few connections are kept in autocommit: to take one from the pool, turn it to autocommit and
    back, and return it, costs as much as working out a sale. At most half of the pool is kept, and
    nothing for longer than the pool itself keeps a connection; what is kept ends with the engine.
    """

    engine: Engine
    _kept: deque[tuple[Connection, float]] = field(
        default_factory=deque, init=False, repr=False, compare=False
    )
    _most_kept: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Know how many may be kept, and when to let go of them."""
        pool = self.engine.pool
        size = pool.size() if isinstance(pool, QueuePool) else 0
        object.__setattr__(self, "_most_kept", min(_MOST_KEPT, size // 2))
        event.listen(self.engine, "engine_disposed", self._let_go)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection in a READ COMMITTED transaction; commit on success, else roll back."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Yield a connection on which every statement commits by itself."""
        try:
            connection, until = self._kept.pop()
        except IndexError:
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            until = time.monotonic() + _KEPT_SECONDS
        try:
            yield connection
        except BaseException:
            # Whatever it was, the pool finds out whether the connection is still good.
            connection.close()
            raise
        keeps = len(self._kept) < self._most_kept and time.monotonic() < until
        if keeps and not connection.invalidated:
            self._kept.append((connection, until))
        else:
            connection.close()

    def _let_go(self, _engine: Engine) -> None:
        with suppress(IndexError):
            while True:
                connection, _ = self._kept.pop()
                # The pool is gone; it could only leave the connection open.
                connection.invalidate()
                connection.close()
