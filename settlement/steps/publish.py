"""Publishing: parties can fetch their statements, and those that subscribed are told."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from settlement import hub
from settlement.steps.night import Night
from settlement.store import statements


def publish(*, night: Night, claim: Connection, business_date: date) -> dict[str, Any]:
    """Open the window's statements to their parties and put the events into the outbox."""
    published = statements.mark_published(
        connection=claim, business_date=business_date, published_at=night.wall()
    )
    payloads = [
        (
            each.plan.party_no,
            {
                "statement": each.plan.public_id,
                "window": ids.encode_window(business_date),
                "statement_no": each.plan.no,
                "net": Money(each.plan.net_micros, each.plan.currency).to_wire(),
                "closing": Money(each.plan.closing_micros, each.plan.currency).to_wire(),
                "sha256": each.issued.sha256,
            },
        )
        for each in statements.read_window_statements(connection=claim, business_date=business_date)
        if each.issued is not None
    ]
    events = hub.announce_statements(
        connection=claim,
        statements=payloads,
        now=hub.business_now(connection=claim),
        new_id=night.new_id,
    )
    hub.mark_window(connection=claim, business_date=business_date, before="netted", after="issued")
    return {"published": published, "events": events}
