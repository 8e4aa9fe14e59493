"""Default outcomes: who did not answer agreed, who did not escalate gave in."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from settlement import hub
from settlement.disputes import service
from settlement.disputes.values import Act
from settlement.steps.night import Night


def lapse_disputes(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Give every dispute whose deadline passed by the date's end its default outcome.

    What comes of it is netted with the date itself.
    """
    zone = hub.read_coalition(connection=claim).time_zone
    until = hub.end_of_business_date(business_date=business_date, zone=zone)
    act = Act(connection=claim, party=None, now=until, wall=night.wall(), new_id=night.new_id)
    return {"lapsed": service.lapse_disputes(act=act, until=until)}
