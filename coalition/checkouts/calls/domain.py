"""A call that was made, as it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

CALL_OUTCOMES: Final = ("answered", "refused", "slow_down", "unreachable")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that was made; `called_at` is wall time, `path` has no query and no secret."""

    connection_no: int
    called_at: datetime
    method: str
    path: str
    key: str | None
    status: int | None
    outcome: str
    detail: str
    duration_ms: int
    bytes: int = 0
