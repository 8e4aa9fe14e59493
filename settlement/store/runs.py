"""Which steps were done, and the right to do the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from settlement.domain.chain import STEPS
from settlement.locks import CLAIM
from settlement.store.tables import step_failure, step_run


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step that was done; times are wall time."""

    business_date: date
    step: str
    started_at: datetime
    finished_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepFailure:
    """An attempt at a step that came to nothing."""

    business_date: date
    step: str
    failed_at: datetime
    error: str


def claim(*, connection: Connection) -> bool:
    """Take the right to do a step, for this transaction; False while somebody else has it.

    The lock goes with the transaction: a process that dies loses both, and what it had written in
    it.
    """
    allow_idle(connection=connection)
    # A dead client is noticed within a second, also in the middle of a long statement.
    connection.execute(select(func.set_config("client_connection_check_interval", "1s", True)))
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(*CLAIM))))


def allow_idle(*, connection: Connection) -> None:
    """Let this transaction wait without a limit of time, as it must while files are written."""
    connection.execute(select(func.set_config("idle_in_transaction_session_timeout", "0", True)))


def forbid_writing(*, connection: Connection) -> None:
    """Have the server refuse whatever this transaction would write."""
    connection.execute(select(func.set_config("transaction_read_only", "on", True)))


def done_steps(*, connection: Connection, business_date: date) -> dict[str, Mapping[str, Any]]:
    """The steps done for a date, and what each reported."""
    rows = connection.execute(
        select(step_run.c.step, step_run.c.facts).where(step_run.c.business_date == business_date)
    )
    return {row.step: row.facts for row in rows}


def record_step(
    *,
    connection: Connection,
    business_date: date,
    step: str,
    started_at: datetime,
    finished_at: datetime,
    facts: Mapping[str, Any],
) -> None:
    """Record a step in the transaction of its work; a second record of it is impossible."""
    connection.execute(
        insert(step_run).values(
            business_date=business_date,
            step=step,
            started_at=started_at,
            finished_at=finished_at,
            facts=dict(facts),
        )
    )


def record_failure(
    *, connection: Connection, business_date: date, step: str, failed_at: datetime, error: str
) -> None:
    """Note a failed attempt, for people to read."""
    connection.execute(
        insert(step_failure).values(
            business_date=business_date, step=step, failed_at=failed_at, error=error[:4000]
        )
    )


def read_runs(*, connection: Connection, dates: Sequence[date]) -> tuple[StepRun, ...]:
    """The steps done for the dates, in the chain's order."""
    rows = connection.execute(select(step_run).where(step_run.c.business_date.in_(dates)))
    runs = [StepRun(r.business_date, r.step, r.started_at, r.finished_at, r.facts) for r in rows]
    return tuple(sorted(runs, key=lambda run: (run.business_date, STEPS.index(run.step))))


def read_failures(*, connection: Connection, dates: Sequence[date]) -> tuple[StepFailure, ...]:
    """The last failed attempt of each step of the dates."""
    rows = connection.execute(
        select(
            step_failure.c.business_date,
            step_failure.c.step,
            step_failure.c.failed_at,
            step_failure.c.error,
        )
        .ext(distinct_on(step_failure.c.business_date, step_failure.c.step))
        .where(step_failure.c.business_date.in_(dates))
        .order_by(step_failure.c.business_date, step_failure.c.step, step_failure.c.no.desc())
    )
    return tuple(StepFailure(*row) for row in rows)
