"""The log of calls is kept for a time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from coalition.checkouts.calls.store import forget_calls
from coalition.jobs.job import Done, JobContext, RepeatedJob

BATCH = 10_000


def _forget(context: JobContext, connection: Connection) -> Done:
    before = context.clocks.wall() - timedelta(days=context.config.call_log_days)
    gone = forget_calls(connection=connection, before=before, limit=BATCH)
    return Done(counts={"forgotten": gone}, more=gone == BATCH)


JOBS = (RepeatedJob(name="forget-calls", every_seconds=3600, run=_forget),)
