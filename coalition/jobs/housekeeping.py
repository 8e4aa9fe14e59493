"""The hub's housekeeping: partitions made ahead and dropped, and what nobody asks for any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from coalition.db.partitions import drop_months, make_months
from coalition.http.store import SIGNATURE_LASTS, forget_answers, forget_refused
from coalition.jobs.job import Done, JobContext, RepeatedJob, SlotJob
from coalition.sales.digests.store import delete_hours

_BATCH = 5_000


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


def _refused(context: JobContext, connection: Connection) -> Done:
    before = context.clocks.wall() - SIGNATURE_LASTS
    count = forget_refused(connection=connection, before=before, limit=_BATCH)
    return Done(counts={"forgotten": count}, more=count == _BATCH)


def _answers(context: JobContext, connection: Connection) -> Done:
    wall_now = context.clocks.wall()
    count = forget_answers(connection=connection, wall_now=wall_now, limit=_BATCH)
    return Done(counts={"forgotten": count}, more=count == _BATCH)


def _digests(context: JobContext, connection: Connection) -> Done:
    snapshot = context.directory.refresh(connection=connection)
    before = context.clocks.business(snapshot) - timedelta(days=context.config.digest_days)
    count = 0
    for no in sorted(snapshot.parties):
        count += delete_hours(
            connection=connection, party_no=no, before=before, limit=_BATCH - count
        )
    return Done(counts={"deleted": count}, more=count == _BATCH)


JOBS = (
    SlotJob(name="evidence-partitions", every_seconds=3600, slots=_today, run=_partitions),
    RepeatedJob(name="forget-refused", every_seconds=300, run=_refused),
    RepeatedJob(name="forget-answers", every_seconds=300, run=_answers),
    RepeatedJob(name="old-digests", every_seconds=3600, run=_digests),
)
