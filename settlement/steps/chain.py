"""Running the chain: one step at a time, once, whoever runs it and however often it is killed.

Each step is claimed, done and recorded in one transaction. What a step does outside of it (the
hub's jobs, files) can be repeated without harm, so a kill at any point costs only time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from coalition.logging import logger
from settlement import hub
from settlement.domain.chain import STEPS, Step, dates_due
from settlement.steps.charge import charge
from settlement.steps.close import close
from settlement.steps.disputes import lapse_disputes
from settlement.steps.issue import issue
from settlement.steps.log import log
from settlement.steps.net import net
from settlement.steps.night import Night
from settlement.steps.prepare import activate_points, expire_holds, expire_lots
from settlement.steps.publish import publish
from settlement.store import runs

_log = logger(__name__)

_WORK: Mapping[Step, Callable[..., dict[str, Any]]] = {
    "expire_holds": expire_holds,
    "activate_points": activate_points,
    "expire_lots": expire_lots,
    "close": close,
    "charge": charge,
    "disputes": lapse_disputes,
    "net": net,
    "issue": issue,
    "log": log,
    "publish": publish,
}
_MAX_CLOSE_ATTEMPTS = 400


class Busy(Exception):  # noqa: N818 - the name says it
    """Another process is at work on a step."""


class NotDue(Exception):  # noqa: N818 - the name says it
    """The business date has not ended yet."""


def dates_to_settle(*, night: Night, through: date | None = None) -> tuple[date, ...]:
    """The ended business dates whose chain is not complete, oldest first.

    Without `through`, all of them up to the business clock. With it, also a date that is still
    under way, if it is the one asked for; NotDue is raised for one that lies ahead.
    """
    with night.database.transaction() as connection:
        coalition = hub.read_coalition(connection=connection)
        now = hub.business_now(connection=connection)
        unfinished = hub.read_windows(connection=connection, states=("closed", "netted"))
    today = now.astimezone(coalition.time_zone).date()
    last = through or today
    if last > today + timedelta(days=1):
        raise NotDue(f"{last} has not begun; business time is {now.isoformat()}")
    due = dates_due(
        unfinished=[window.business_date for window in unfinished],
        last_closed=coalition.last_closed,
        through=last,
    )
    if through is None:
        due = tuple(
            d
            for d in due
            if hub.end_of_business_date(business_date=d, zone=coalition.time_zone) <= now
        )
    return due


def settle_date(*, night: Night, business_date: date) -> None:
    """Do all steps of a date that are not done yet.

    Raises NotDue before the date's end, Busy when another process is at it; whatever a step
    raises is noted and raised again.
    """
    with night.database.transaction() as connection:
        coalition = hub.read_coalition(connection=connection)
        now = hub.business_now(connection=connection)
    ends_at = hub.end_of_business_date(business_date=business_date, zone=coalition.time_zone)
    if now < ends_at:
        raise NotDue(
            f"{business_date} ends at {ends_at.isoformat()}; business time is {now.isoformat()}"
        )
    for step in STEPS:
        try:
            _run_step(night, business_date, step)
        except Busy:
            raise
        except Exception as error:
            _note_failure(night, business_date, step, error)
            raise


def _run_step(night: Night, business_date: date, step: Step) -> None:
    for _attempt in range(_MAX_CLOSE_ATTEMPTS):
        try:
            done = _try_step(night, business_date, step)
        except hub.WindowBusy:
            # Postings go first; a random pause keeps out of step with what they do.
            night.pause(random.uniform(0.02, 0.3))
            continue
        if done:
            night.observe(business_date, f"{step}:committed")
        return
    raise hub.WindowBusy(
        f"postings held the window of {business_date} at {_MAX_CLOSE_ATTEMPTS} attempts to close it"
    )


def _try_step(night: Night, business_date: date, step: Step) -> bool:
    """Do the step unless it is done; False if it was."""
    started_at = night.wall()
    with night.database.transaction() as claim:
        if not runs.claim(connection=claim):
            raise Busy(f"another process is settling; {step} of {business_date} is left to it")
        done = runs.done_steps(connection=claim, business_date=business_date)
        if step in done:
            return False
        _check_order(claim, business_date, step, done)
        night.observe(business_date, f"{step}:claimed")
        facts = _WORK[step](night=night, claim=claim, business_date=business_date)
        finished_at = night.wall()
        runs.record_step(
            connection=claim,
            business_date=business_date,
            step=step,
            started_at=started_at,
            finished_at=finished_at,
            facts=facts,
        )
        night.observe(business_date, f"{step}:done")
    seconds = (finished_at - started_at).total_seconds()
    _log.info("step_done", date=str(business_date), step=step, seconds=seconds)
    return True


def _check_order(
    connection: Connection, business_date: date, step: Step, done: Mapping[str, Any]
) -> None:
    missing = [each for each in STEPS[: STEPS.index(step)] if each not in done]
    if missing:
        raise hub.WindowOutOfOrder(f"{step} of {business_date} needs {', '.join(missing)} first")
    if step == STEPS[0]:
        earlier = [
            window.business_date
            for window in hub.read_windows(connection=connection, states=("closed", "netted"))
            if window.business_date < business_date
        ]
        if earlier:
            raise hub.WindowOutOfOrder(f"{business_date} waits for {earlier[0]} to be issued")


def _note_failure(night: Night, business_date: date, step: Step, error: Exception) -> None:
    _log.error("step_failed", date=str(business_date), step=step, error=str(error))
    try:
        with night.database.transaction() as connection:
            runs.record_failure(
                connection=connection,
                business_date=business_date,
                step=step,
                failed_at=night.wall(),
                error=f"{type(error).__name__}: {error}",
            )
    except Exception:  # noqa: BLE001 - the note must not hide what it is about
        _log.exception("failure_not_noted", date=str(business_date), step=step)
