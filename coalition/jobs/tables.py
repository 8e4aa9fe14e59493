"""The ledger of job runs: a row (job, slot) is there if, and only if, that run's work is there."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, DateTime, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from coalition.db.schema import metadata

job_run = Table(
    "job_run",
    metadata,
    Column("job", Text, nullable=False),
    # What the run is for: a business date, or the start of a period, as text.
    Column("slot", Text, nullable=False),
    # Wall time.
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("duration_ms", Integer, nullable=False),
    # Counts that the job reports, for people.
    Column("result", JSONB, nullable=False),
    PrimaryKeyConstraint("job", "slot"),
    CheckConstraint("duration_ms >= 0", name="duration"),
)
