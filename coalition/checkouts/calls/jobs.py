"""The log of calls is kept for a month."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from coalition.checkouts.calls.store import forget_calls
from coalition.jobs.job import Done, JobContext, RepeatedJob

KEPT = timedelta(days=30)
BATCH = 10_000


def _forget(context: JobContext, connection: Connection) -> Done:
    before = context.clocks.wall() - KEPT
    gone = forget_calls(connection=connection, before=before, limit=BATCH)
    return Done(counts={"forgotten": gone}, more=gone == BATCH)


JOBS = (RepeatedJob(name="forget-calls", every_seconds=3600, run=_forget),)
