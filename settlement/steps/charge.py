"""Charging for what is late: the interest and penalties of a date go into its own window."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from settlement.payments.service.late import charge_late
from settlement.steps.night import Night


def charge(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:  # noqa: ARG001 - the signature of a step
    """Post what overdue payments cost to the end of the business date."""
    return charge_late(connection=claim, business_date=business_date)
