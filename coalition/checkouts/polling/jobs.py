"""The job that asks platforms for what no message told."""

from __future__ import annotations

from coalition.checkouts.making import make_poller
from coalition.checkouts.polling.service import Poller
from coalition.jobs.job import Done, JobContext, SelfLockingJob


def _look(context: JobContext) -> Done:
    poller = context.once(
        Poller,
        lambda: make_poller(
            config=context.config,
            database=context.database,
            directory=context.directory,
            clocks=context.clocks,
        ),
    )
    return Done(counts=dict(poller.look()))


JOBS = (SelfLockingJob(name="poll-platforms", every_seconds=60, run=_look),)
