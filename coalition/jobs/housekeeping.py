"""The hub's housekeeping: partitions made ahead and dropped when their time is over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from coalition.db.partitions import drop_months, make_months
from coalition.jobs.job import Done, JobContext, SlotJob


def _today(context: JobContext, _connection: Connection) -> Sequence[str]:
    return [context.clocks.wall().date().isoformat()]


def _partitions(context: JobContext, connection: Connection, _slot: str) -> Done:
    today = context.clocks.wall().date()
    keep = context.config.evidence_months
    return Done(
        counts={
            "made": make_months(connection=connection, today=today),
            "dropped": drop_months(connection=connection, today=today, keep=keep),
        }
    )


JOBS = (SlotJob(name="evidence-partitions", every_seconds=3600, slots=_today, run=_partitions),)
