"""Routes of the operator: the clock of a test environment, the parties' positions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.context import Answer, RequestContext
from coalition.http.endpoint import Routes
from coalition.http.schemas import AnswerSchema, Body
from coalition.operations import service, store
from coalition.operations.store import Position
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import format_instant

routes = Routes(tag="Operations")


class ClockBody(Body):
    """The business time to set; null goes back to the real time."""

    instant = fields.Instant(required=True, allow_none=True)


class ClockAnswer(AnswerSchema):
    """The business clock: `instant` is what was set (null: nothing), `now` what it shows."""

    instant = fields.Instant(required=True, allow_none=True)
    now = fields.Instant(required=True)


class PositionAnswer(AnswerSchema):
    """How a party stands in a currency: `net` of windows not closed yet, positive when it is owed.

    `uncovered` is what it owes in all beyond what it paid in, its collateral among that: told where
    the party has a cap in this currency, and with what it owes in others where those are converted.
    """

    party = fields.Text(max_length=40, required=True)
    id = fields.PublicId("prt", required=True)
    currency = fields.Text(max_length=3, required=True)
    net = fields.MoneyField(signed=True, required=True)
    uncovered = fields.MoneyField(signed=True, required=True, allow_none=True)
    cap = fields.MoneyField(required=True, allow_none=True)
    collateral = fields.MoneyField(signed=True, required=True)
    measured_at = fields.Instant(required=True, allow_none=True)


@routes.endpoint(
    "GET",
    "/v1/test/clock",
    summary="Read the business clock",
    caller="operator",
    answer=ClockAnswer,
)
def get_clock(context: RequestContext) -> Answer:
    """In a test environment."""
    _require_test(context)
    return Answer(_clock(context, store.peek_clock(connection=context.connection)))


@routes.endpoint(
    "PUT",
    "/v1/test/clock",
    summary="Set the business clock",
    caller="operator",
    body=ClockBody,
    answer=ClockAnswer,
    description="Once anything is posted, business time moves forward only.",
)
def set_clock(context: RequestContext) -> Answer:
    """In a test environment."""
    instant: datetime | None = context.body["instant"]
    service.set_clock(
        connection=context.connection,
        environment=context.snapshot.hub.environment,
        instant=instant,
    )
    return Answer(_clock(context, instant))


@routes.endpoint(
    "GET",
    "/v1/positions",
    summary="List the parties' positions",
    description=(
        "Of every party, the coalition's own three included, one in the coalition's currency and "
        "one in each other that it owes, is owed, has put up or is capped in."
    ),
    caller="operator",
    answer=PositionAnswer,
    paged=True,
)
def list_positions(context: RequestContext) -> Answer:
    """Amounts of different currencies are never added up."""
    page = context.page
    no, currency = page.after or (0, "")
    rows = store.list_positions(
        connection=context.connection,
        after=(int(no), str(currency)),
        limit=page.limit + 1,
    )
    return Answer(
        context.paged(rows, key=lambda row: (row.party_no, row.currency), render=_position)
    )


def _require_test(context: RequestContext) -> None:
    if context.snapshot.hub.environment != "test":
        raise HubError("test_environment_only", "A live hub's clock cannot be set.")


def _clock(context: RequestContext, instant: datetime | None) -> dict[str, Any]:
    return {
        "instant": None if instant is None else format_instant(instant),
        "now": format_instant(instant or context.wall_now),
    }


def _position(row: Position) -> dict[str, Any]:
    def money(micros: int | None) -> dict[str, Any] | None:
        return None if micros is None else Money(micros, row.currency).to_wire()

    return {
        "party": row.slug,
        "id": ids.encode("prt", row.party_id),
        "currency": row.currency,
        "net": money(row.net_micros),
        "uncovered": money(row.uncovered_micros),
        "cap": money(row.cap_micros),
        "collateral": money(row.collateral_micros),
        "measured_at": None if row.measured_at is None else format_instant(row.measured_at),
    }
