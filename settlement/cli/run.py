"""Running nights from the command line."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from datetime import date
from typing import Any

import typer

from coalition.logging import logger
from settlement.reports import outcome, read_status
from settlement.steps.chain import Busy, NotDue, dates_to_settle, settle_date
from settlement.steps.night import Night

_log = logger(__name__)
_BUSY_PAUSE_SECONDS = 0.2
_NOT_DUE_PAUSE_SECONDS = 1.0
_PATIENCE_SECONDS = 3600.0
NOT_DUE = 3


def next_date(*, night: Night) -> date:
    """The first date whose chain is not complete; it may not have ended yet."""
    open_or_due = [s for s in read_status(night=night, count=1000) if s.next_step is not None]
    return open_or_due[0].business_date


def run_through(*, night: Night, last: date | None, wait: bool) -> int:
    """Settle what is due, up to and with `last`; tells each date, and gives the exit code."""
    try:
        dates = dates_to_settle(night=night, through=last)
        for business_date in dates:
            _tell(_settle(night, business_date, wait=wait))
    except NotDue as reason:
        typer.echo(f"settlement: {reason}", err=True)
        return NOT_DUE
    if last is not None and last not in dates:
        _tell(outcome(night=night, business_date=last, seconds=0))
    elif not dates:
        typer.echo("Nothing is due.")
    return 0


def serve_dates(*, night: Night, dates: Iterable[str]) -> None:
    """Settle each date read, and any unsettled one before it; answers one JSON line for each.

    A failure is an answer too; the next line is read all the same.
    """
    for line in dates:
        asked = line.strip()
        if not asked:
            continue
        at = asked
        try:
            last = date.fromisoformat(asked)
            due = dates_to_settle(night=night, through=last)
            for business_date in due:
                at = business_date.isoformat()
                _answer(_settle(night, business_date, wait=False))
            if last not in due:
                at = asked
                _answer(outcome(night=night, business_date=last, seconds=0))
        except Exception as error:  # noqa: BLE001 - the edge: told to whoever asked
            _log.exception("night_failed", date=at)
            message = str(error) or type(error).__name__
            _answer({"business_date": at, "status": "failed", "error": message})


def _settle(night: Night, business_date: date, *, wait: bool) -> dict[str, Any]:
    """Settle a date, sharing the work with whoever else is at it."""
    began = time.monotonic()
    while True:
        try:
            settle_date(night=night, business_date=business_date)
        except Busy:
            if time.monotonic() - began > _PATIENCE_SECONDS:
                raise
            night.pause(_BUSY_PAUSE_SECONDS)
        except NotDue:
            if not wait:
                raise
            night.pause(_NOT_DUE_PAUSE_SECONDS)
        else:
            seconds = time.monotonic() - began
            return outcome(night=night, business_date=business_date, seconds=seconds)


def _answer(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _tell(found: dict[str, Any]) -> None:
    typer.echo(
        f"{found['business_date']}: gross {found['gross']}, net {found['net']} "
        f"{found['currency']}, {len(found['statements'])} statements, "
        f"{sum(each['lines'] for each in found['statements'])} lines, {found['seconds']} s"
    )
