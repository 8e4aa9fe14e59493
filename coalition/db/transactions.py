"""Units of work that are run again when another one got in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from coalition.db.database import Database
from coalition.db.faults import sqlstate
from coalition.errors import HubError

ATTEMPTS = 5
"""How often a unit of work is computed anew when what it had read has changed meanwhile."""

_AGAIN = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected

_R = TypeVar("_R")


class Conflict(Exception):  # noqa: N818 - it is one
    """What was read has changed since: read it again and compute anew. Nothing is written."""


def in_transaction(*, database: Database, work: Callable[[Connection], _R]) -> _R:
    """Run a unit of work in a transaction, anew where another one got in between.

    Raises:
        HubError: `conflict_retry` after too many attempts; whatever the work refuses.
    """
    for _ in range(ATTEMPTS):
        try:
            with database.transaction() as connection:
                return work(connection)
        except (Conflict, IntegrityError):
            continue
        except OperationalError as fault:
            if sqlstate(fault) not in _AGAIN:
                raise
    raise HubError("conflict_retry", "Others change the same account just now; send it again.")
