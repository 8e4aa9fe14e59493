"""Grace for points that a reversal restores to a lot that has expired meanwhile."""

from __future__ import annotations

from datetime import datetime

from coalition.agreements.domain import grace_instant
from coalition.posting_context import PostingContext


class GraceDates(dict[int, datetime]):
    """Per agreement number: until when points live that return to an expired lot."""

    def __init__(self, context: PostingContext) -> None:
        super().__init__()
        self._context = context

    def __missing__(self, agreement_no: int) -> datetime:
        snapshot = self._context.snapshot
        return grace_instant(
            terms=snapshot.agreement_by_no[agreement_no].terms,
            now=self._context.now,
            zone=snapshot.hub.time_zone,
        )
