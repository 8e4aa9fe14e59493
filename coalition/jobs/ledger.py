"""Running jobs exactly once, however many schedulers there are.

APScheduler decides only when to look: it fires twice across processes and daylight-saving nights.
That a slot runs once rests on the database: a transaction-level advisory lock keeps others from
starting it, and its row in `job_run` is committed together with its work. (Session-level locks
would break behind a transaction pooler.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, insert, select

from coalition.jobs.job import Done, Job, JobContext, RepeatedJob, SelfLockingJob, SlotJob
from coalition.jobs.tables import job_run

_MOST_BATCHES = 10_000


def look(job: Job, *, context: JobContext) -> int:
    """Run what is due of the job now; answers how many runs did something.

    Raises what a run raises; what it did is then rolled back, and found due at the next look.
    """
    match job:
        case SelfLockingJob():
            return _in_batches(lambda: job.run(context))
        case RepeatedJob():
            return _in_batches(lambda: _repeat(job, context=context))
        case SlotJob():
            with context.database.transaction() as connection:
                due = _without_recorded(job, job.slots(context, connection), connection=connection)
            return sum(run_slot(job, slot, context=context) for slot in due)


def run_slot(job: SlotJob, slot: str, *, context: JobContext) -> bool:
    """Run one slot in a transaction, unless it has been run or is being run; tells if it ran."""
    began = time.monotonic()
    with context.database.transaction() as connection:
        if not _lock(f"{job.name}/{slot}", connection=connection):
            return False
        # A statement of its own: it must see what was committed before the lock was obtained.
        if not _without_recorded(job, [slot], connection=connection):
            return False
        done = job.run(context, connection, slot)
        connection.execute(
            insert(job_run).values(
                job=job.name,
                slot=slot,
                finished_at=context.clocks.wall(),
                duration_ms=round((time.monotonic() - began) * 1000),
                result=dict(done.counts),
            )
        )
    return True


def _repeat(job: RepeatedJob, *, context: JobContext) -> Done:
    with context.database.transaction() as connection:
        if not _lock(job.name, connection=connection):
            return Done()
        return job.run(context, connection)


def _in_batches(batch: Callable[[], Done]) -> int:
    runs = 0
    for _ in range(_MOST_BATCHES):
        done = batch()
        runs += any(done.counts.values())
        if not done.more:
            break
    return runs


def _lock(name: str, *, connection: Connection) -> bool:
    key = func.hashtextextended(f"job/{name}", 0)
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(key))))


def _without_recorded(
    job: SlotJob, slots: Sequence[str], *, connection: Connection
) -> Sequence[str]:
    if not slots:
        return ()
    recorded = set(
        connection.scalars(
            select(job_run.c.slot).where(job_run.c.job == job.name, job_run.c.slot.in_(slots))
        )
    )
    return [slot for slot in slots if slot not in recorded]
