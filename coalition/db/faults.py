"""What the database's errors mean: try again, it is away, or a fault of the hub's own."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from coalition.errors import HubError

RETRY_STATES = frozenset({"40001", "40P01", "23505", "23P01"})
"""SQLSTATEs after which the same unit of work, run again, finds a clear answer: serialization
failure, deadlock, and two that wrote the same unique thing at once."""
_WAITED_TOO_LONG = "55P03"
_CANCELLED = "57014"


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of a database error, if it has one."""
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlstate", None)
    return None


def passes(error: BaseException) -> bool:
    """Whether the trouble is the database's own, and the same may be done when it is over."""
    return isinstance(error, SQLAlchemyError) and from_database_error(error) is not None


def from_database_error(error: SQLAlchemyError) -> HubError | None:
    """The refusal for a database error that is nobody's mistake; None for a real fault."""
    state = sqlstate(error)
    if state in RETRY_STATES or state == _WAITED_TOO_LONG:
        return HubError("conflict_retry", "Another request was in the way.")
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    # Class 08: connection; 53: out of resources; 57: operator intervention, shutdown.
    unable = state is not None and state[:2] in ("08", "53", "57")
    if isinstance(error, PoolTimeout) or lost or state == _CANCELLED or unable:
        return HubError("service_unavailable", "The hub's database did not answer in time.")
    if isinstance(error, OperationalError) and state is None:
        return HubError("service_unavailable", "The hub's database cannot be reached.")
    return None
