"""The jobs of the inbox."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from coalition.checkouts.making import make_workshop
from coalition.checkouts.store import inbox
from coalition.checkouts.workshop import Workshop
from coalition.jobs.job import Done, JobContext, RepeatedJob, SelfLockingJob

FORGET_BATCH = 5_000


def _work(context: JobContext) -> Done:
    """All that is due."""
    workshop = context.once(
        Workshop,
        lambda: make_workshop(
            config=context.config,
            database=context.database,
            directory=context.directory,
            clocks=context.clocks,
        ),
    )
    return Done(counts=workshop.run())


def _forget(context: JobContext, connection: Connection) -> Done:
    before = context.clocks.wall() - timedelta(days=context.config.inbox_days)
    gone = inbox.forget_before(connection=connection, instant=before, limit=FORGET_BATCH)
    return Done(counts={"forgotten": gone}, more=gone == FORGET_BATCH)


JOBS = (
    SelfLockingJob(name="work-inbox", every_seconds=2, run=_work),
    RepeatedJob(name="forget-messages", every_seconds=3600, run=_forget),
)
