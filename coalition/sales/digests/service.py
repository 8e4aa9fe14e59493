"""Taking an hour's digests and saying where the hub holds something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from coalition.directory import Snapshot
from coalition.errors import FieldError, HubError
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.posting_context import PostingContext
from coalition.sales.digests import store
from coalition.sales.digests.domain import Figures, StoreHour
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.digests import format_hour
from partner_sdk.wire.ids import encode_window

HOUR = timedelta(hours=1)
MOST_HOURS = 31 * 24
_NOTHING = Figures(0, 0, 0, sha256(b"").digest())


def take_digests(
    *,
    connection: Connection,
    context: PostingContext,
    hour: datetime,
    told: Mapping[str, Figures],
    received_at: datetime,
) -> tuple[StoreHour, ...]:
    """Keep what a partner says of an hour and compare it with what the hub holds.

    A partner that subscribed is told of a difference by `digest.differed`. `told` is by store,
    '' for sales of no store; `received_at` is wall time.
    """
    store.replace_hour(
        connection=connection,
        party_no=context.party_no,
        hour=hour,
        # Sales of no store are always told, so that an hour without any sale is told too.
        told={"": _NOTHING, **told}.items(),
        received_at=received_at,
    )
    found = store.compare_hours(
        connection=connection, party_no=context.party_no, since=hour, until=hour + HOUR
    )
    if any(not each.matches for each in found):
        rows = event_rows(
            snapshot=context.snapshot,
            type="digest.differed",
            party_no=context.party_no,
            payload=hour_document(
                hour, found, context.snapshot, context.party_no, differing_only=True
            ),
            now=context.now,
            new_id=context.new_id,
        )
        if rows:
            insert_events(connection=connection, rows=rows)
    return found


def check_span(*, since: datetime, until: datetime) -> None:
    """Refuse a span that is empty or too long. Raises HubError (`validation_failed`)."""
    if not since < until <= since + timedelta(hours=MOST_HOURS):
        raise HubError(
            "validation_failed",
            "The span must have an end after its start, and at most 31 days.",
            errors=(FieldError("/to", "must be later than from, by 31 days at most"),),
        )


def hour_document(
    hour: datetime,
    found: Sequence[StoreHour],
    snapshot: Snapshot,
    party_no: int,
    *,
    differing_only: bool = False,
) -> dict[str, Any]:
    """An hour's comparison in wire form."""
    currency = currency_of(hour, snapshot, party_no)
    day = business_date(hour, snapshot)
    shown = [each for each in found if not (differing_only and each.matches) and not _idle(each)]
    return {
        "hour": format_hour(hour),
        "window": encode_window(day),
        "open": day > snapshot.hub.last_closed,
        "matches": all(each.matches for each in found),
        "stores": [
            {
                "store": each.store or None,
                "matches": each.matches,
                "yours": _side(each, each.told, currency),
                "hub": _side(each, each.held, currency),
            }
            for each in shown
        ],
    }


def currency_of(hour: datetime, snapshot: Snapshot, party_no: int) -> str:
    """The currency of a partner's sales of an hour: that of its agreement as the hour ends.

    A sale in another is refused. Without an agreement there is none, and it is the coalition's.
    """
    last = hour + HOUR - timedelta.resolution
    agreement = snapshot.agreement_at(party_no=party_no, instant=last)
    return snapshot.hub.currency if agreement is None else agreement.terms.currency


def business_date(hour: datetime, snapshot: Snapshot) -> date:
    """The business date that the hour began in."""
    return hour.astimezone(snapshot.hub.time_zone).date()


def _idle(each: StoreHour) -> bool:
    """Whether neither side has a sale of it."""
    return all(side is None or side.sales == 0 for side in (each.told, each.held))


def _side(each: StoreHour, side: Figures | None, currency: str) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "store": each.store or None,
        "sales": side.sales,
        "amount": Money(side.amount_micros, currency).to_wire(),
        "refunded": Money(side.refunded_micros, currency).to_wire(),
        "sha256": side.sha256.hex(),
    }
