"""What every use case that posts needs to know about the moment and the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from coalition.directory import Snapshot


@dataclass(frozen=True, slots=True)
class PostingContext:
    """`party_no` calls, at the business instant `now`, by the signed request `request_id`."""

    snapshot: Snapshot
    now: datetime
    new_id: Callable[[], UUID]
    party_no: int
    request_id: UUID | None = None
