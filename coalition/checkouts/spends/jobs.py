"""The job of spends: making what is wanted, taking back what is over."""

from __future__ import annotations

from coalition.checkouts.making import make_spends
from coalition.checkouts.spends.means import Means
from coalition.checkouts.spends.service import BATCH, drive_due
from coalition.jobs.job import Done, JobContext, SelfLockingJob


def _drive(context: JobContext) -> Done:
    means = context.once(
        Means,
        lambda: make_spends(
            config=context.config,
            database=context.database,
            directory=context.directory,
            clocks=context.clocks,
        ),
    )
    done = drive_due(means=means)
    return Done(counts={"driven": done}, more=done == BATCH)


JOBS = (SelfLockingJob(name="drive-spends", every_seconds=5, run=_drive),)
