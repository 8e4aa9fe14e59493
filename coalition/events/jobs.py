"""Delivering the outbox."""

from __future__ import annotations

import random

from coalition.events.sender import PinnedSender
from coalition.events.service import BATCH, deliver_due
from coalition.jobs.job import Done, Job, JobContext, SelfLockingJob
from coalition.metrics import DELIVERIES
from coalition.outgoing.pinned import system_resolver

SECRETS_KEY = "webhook secrets"


def deliver(context: JobContext) -> Done:
    """One batch of deliveries."""
    config = context.config
    attempts = deliver_due(
        database=context.database,
        send=PinnedSender(allow_private=config.webhook_private_hosts, resolve=system_resolver),
        key=config.derived_key(purpose=SECRETS_KEY),
        wall=context.clocks.wall,
        jitter=random.SystemRandom().random,
    )
    counts: dict[str, int] = {}
    for each in attempts:
        DELIVERIES.labels(each.outcome).inc()
        counts[each.outcome] = counts.get(each.outcome, 0) + 1
    return Done(counts=counts, more=len(attempts) >= BATCH)


JOBS: tuple[Job, ...] = (SelfLockingJob(name="deliver-events", every_seconds=5, run=deliver),)
