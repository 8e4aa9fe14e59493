"""The job that asks platforms for what no message told."""

from __future__ import annotations

import random

from coalition.checkouts.making import make_connections, make_processing
from coalition.checkouts.polling.service import Poller
from coalition.jobs.job import Done, JobContext, SelfLockingJob


def _look(context: JobContext) -> Done:
    config, database, directory = context.config, context.database, context.directory
    poller = Poller(
        connections=make_connections(config=config, database=database, directory=directory),
        processing=make_processing(
            config=config, database=database, directory=directory, clocks=context.clocks
        ),
        jitter=random.SystemRandom().random,
    )
    return Done(counts=dict(poller.look()))


JOBS = (SelfLockingJob(name="poll-platforms", every_seconds=60, run=_look),)
