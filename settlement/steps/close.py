"""Closing the window: from the commit on, no posting lands in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from settlement import hub
from settlement.steps.night import Night


def close(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Close the business date's window. Raises WindowBusy when postings hold it too long."""
    coalition = hub.read_coalition(connection=claim)
    starts_at = hub.start_of_business_date(business_date=business_date, zone=coalition.time_zone)
    ends_at = hub.end_of_business_date(business_date=business_date, zone=coalition.time_zone)
    if hub.read_window(connection=claim, business_date=business_date) is None:
        hub.close_window(
            connection=claim,
            business_date=business_date,
            starts_at=starts_at,
            ends_at=ends_at,
            closed_at=night.wall(),
            lock_timeout_ms=night.settings.close_wait_ms,
        )
    return {
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "hours": (ends_at - starts_at).total_seconds() / 3600,
    }
