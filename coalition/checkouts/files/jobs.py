"""What became of files is told for a time."""

from __future__ import annotations

from sqlalchemy import Connection

from coalition.checkouts.files.domain import KEPT
from coalition.checkouts.files.store.told import forget_before
from coalition.jobs.job import Done, JobContext, RepeatedJob

BATCH = 5_000


def _forget(context: JobContext, connection: Connection) -> Done:
    before = context.clocks.wall() - KEPT
    gone = forget_before(connection=connection, instant=before, limit=BATCH)
    return Done(counts={"forgotten": gone}, more=gone == BATCH)


JOBS = (RepeatedJob(name="forget-files", every_seconds=3600, run=_forget),)
