"""The three steps before the closing: the hub's own jobs, posting into the date being closed.

They commit by themselves, account by account; what they did they do not find again, so repeating
one after a kill finishes it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Connection

from settlement import hub
from settlement.steps.night import Night


def expire_holds(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Holds that ended in the window give their points back."""
    return _post(hub.expire_holds, night, claim, business_date)


def activate_points(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Points whose return window ended become active."""
    return _post(hub.activate_points, night, claim, business_date)


def expire_lots(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Points past their expiry go to breakage."""
    return _post(hub.expire_lots, night, claim, business_date)


def _post(
    job: Callable[..., int], night: Night, claim: Connection, business_date: date
) -> dict[str, Any]:
    coalition = hub.read_coalition(connection=claim)
    if business_date <= coalition.last_closed:
        # A closed window cannot grow: what is still due belongs to the next date.
        return {"posted": 0, "window_was_closed": True}
    until = hub.end_of_business_date(business_date=business_date, zone=coalition.time_zone)
    posted = job(
        database=night.database,
        directory=night.directory,
        until=until,
        window_date=business_date,
    )
    return {"posted": posted}
