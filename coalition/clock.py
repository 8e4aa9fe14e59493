"""The wall clock of the hub's processes. Everything else is given its instants."""

from __future__ import annotations

from datetime import UTC, datetime


def wall_now() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)
