"""What time does to points, found and posted as it passes: holds end, points wake and expire.

The night does the same once more for the date that it closes (`coalition.feed.jobs`); whichever
comes first, nothing is posted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from coalition.db.database import Database
from coalition.directory import Directory
from coalition.jobs.job import Done, JobContext, SelfLockingJob
from coalition.ledger.jobs import activate_points, expire_lots
from coalition.redemptions.jobs import expire_holds


class _Posts(Protocol):
    def __call__(
        self,
        *,
        database: Database,
        directory: Directory,
        until: datetime,
        window_date: date | None = None,
    ) -> int: ...


def _until_now(post: _Posts) -> Callable[[JobContext], Done]:
    """The job posting what is due up to the present business instant, into the open window."""

    def run(context: JobContext) -> Done:
        with context.database.transaction() as connection:
            snapshot = context.directory.refresh(connection=connection)
        until = context.clocks.business(snapshot)
        posted = post(database=context.database, directory=context.directory, until=until)
        return Done(counts={"posted": posted})

    return run


JOBS = (
    SelfLockingJob(name="expire-holds", every_seconds=10, run=_until_now(expire_holds)),
    SelfLockingJob(name="activate-points", every_seconds=60, run=_until_now(activate_points)),
    SelfLockingJob(name="expire-lots", every_seconds=3600, run=_until_now(expire_lots)),
)
