"""Routes of quotes, holds, redemptions and reversals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.posting import posting_context
from coalition.members.service import account_named
from coalition.redemptions.domain import Till
from coalition.redemptions.schemas import (
    HOLD_SECONDS,
    CaptureBody,
    HoldAnswer,
    HoldBody,
    QuoteAnswer,
    QuoteBody,
    RedemptionAnswer,
    RedemptionBody,
    ReversalAnswer,
    ReversalBody,
)
from coalition.redemptions.service import (
    capture_hold,
    hold_points,
    own_hold,
    own_redemption,
    quote,
    redeem_points,
    reverse_redemption,
    void_hold,
)
from coalition.redemptions.wire import hold_document, money_of_points, redemption_document
from partner_sdk.wire.ids import encode

routes = Routes(tag="Redemptions")

_MEMBER = (
    "agreement_not_in_force",
    "card_not_found",
    "member_closed",
    "member_frozen",
    "member_not_found",
    "partner_not_live",
    "partner_state_forbids",
    "spend_locked",
)
_SPENDING = (*_MEMBER, "insufficient_points")


def _account(context: RequestContext) -> UUID:
    return account_named(
        connection=context.connection,
        party_no=context.caller.party_no,
        named=context.body["member"],
    )


def _announce(context: RequestContext, type_: str, payload: Mapping[str, Any]) -> None:
    insert_events(
        connection=context.connection,
        rows=event_rows(
            snapshot=context.snapshot,
            type=type_,
            party_no=context.caller.party_no,
            payload=payload,
            now=context.now,
            new_id=context.hub.new_id,
        ),
    )


@routes.endpoint(
    "POST",
    "/v1/quotes",
    summary="What a member could pay with points here",
    body=QuoteBody,
    answer=QuoteAnswer,
    mode="read",
    problems=(*_MEMBER, "wrong_currency"),
)
def quote_points(context: RequestContext) -> Answer:
    """POST a quote; nothing is set aside."""
    body = context.body
    account_id = _account(context)
    price, available = quote(
        connection=context.connection, context=posting_context(context), account_id=account_id
    )
    points = body.get("points", available)
    if "points" in body and "amount" in body:
        raise HubError(
            "validation_failed",
            "Ask for points or for an amount, not for both.",
            errors=(FieldError("/amount", "must not come with points"),),
        )
    if "amount" in body:
        if body["amount"].currency != price.currency:
            raise HubError(
                "wrong_currency",
                f"Points pay in {price.currency} here.",
                errors=(FieldError("/amount/currency", f"must be {price.currency}"),),
            )
        points = body["amount"].micros // price.face_micros
    points = min(points, available)
    return Answer(
        {
            "member": encode("mem", account_id),
            "points": points,
            "amount": money_of_points(points, price.face_micros, price.currency),
            "available": available,
        }
    )


def _till(body: Mapping[str, Any]) -> Till:
    return Till(body.get("reference"), body.get("store"), body.get("till"), body.get("receipt"))


@routes.endpoint(
    "POST",
    "/v1/holds",
    summary="Set points aside at a till",
    body=HoldBody,
    answer=HoldAnswer,
    status=201,
    problems=_SPENDING,
)
def hold_member_points(context: RequestContext) -> Answer:
    """POST a hold."""
    body = context.body
    hold = hold_points(
        connection=context.connection,
        context=posting_context(context),
        account_id=_account(context),
        points=body["points"],
        till=_till(body),
        lasts=timedelta(seconds=body.get("expires_in_seconds", HOLD_SECONDS)),
    )
    return Answer(hold_document(hold))


@routes.endpoint(
    "GET",
    "/v1/holds/{hold_id}",
    summary="A hold as it is now",
    answer=HoldAnswer,
    problems=("hold_not_found",),
)
def get_hold(context: RequestContext, *, hold_id: UUID) -> Answer:
    """GET one of the partner's own holds."""
    hold = own_hold(
        connection=context.connection, context=posting_context(context), hold_id=hold_id
    )
    return Answer(hold_document(hold))


@routes.endpoint(
    "POST",
    "/v1/holds/{hold_id}/capture",
    summary="Spend held points, in whole or part; the rest is released",
    body=CaptureBody,
    answer=RedemptionAnswer,
    status=201,
    problems=("hold_not_found", "hold_expired", "hold_not_open", "capture_exceeds_hold"),
)
def capture_points(context: RequestContext, *, hold_id: UUID) -> Answer:
    """POST the capture of a hold."""
    redemption = capture_hold(
        connection=context.connection,
        context=posting_context(context),
        hold_id=hold_id,
        points=context.body.get("points"),
        receipt=context.body.get("receipt"),
    )
    document = redemption_document(redemption)
    _announce(context, "redemption.captured", document)
    return Answer(document)


@routes.endpoint(
    "POST",
    "/v1/holds/{hold_id}/void",
    summary="Release a hold",
    answer=HoldAnswer,
    problems=("hold_not_found", "hold_expired", "hold_not_open"),
)
def void_points(context: RequestContext, *, hold_id: UUID) -> Answer:
    """POST the void of a hold; a second one changes nothing."""
    hold = void_hold(
        connection=context.connection, context=posting_context(context), hold_id=hold_id
    )
    return Answer(hold_document(hold))


@routes.endpoint(
    "POST",
    "/v1/redemptions",
    summary="Spend points in one step",
    body=RedemptionBody,
    answer=RedemptionAnswer,
    status=201,
    problems=_SPENDING,
)
def redeem_member_points(context: RequestContext) -> Answer:
    """POST a redemption."""
    body = context.body
    redemption = redeem_points(
        connection=context.connection,
        context=posting_context(context),
        account_id=_account(context),
        points=body["points"],
        till=_till(body),
    )
    document = redemption_document(redemption)
    _announce(context, "redemption.captured", document)
    return Answer(document)


@routes.endpoint(
    "GET",
    "/v1/redemptions/{redemption_id}",
    summary="A redemption as it is now",
    answer=RedemptionAnswer,
    problems=("redemption_not_found",),
)
def get_redemption(context: RequestContext, *, redemption_id: UUID) -> Answer:
    """GET one of the partner's own redemptions."""
    redemption = own_redemption(
        connection=context.connection,
        context=posting_context(context),
        redemption_id=redemption_id,
    )
    return Answer(redemption_document(redemption))


@routes.endpoint(
    "POST",
    "/v1/redemptions/{redemption_id}/reversals",
    summary="Give points of a redemption back, in whole or part",
    body=ReversalBody,
    answer=ReversalAnswer,
    status=201,
    problems=(
        "member_closed",
        "partner_not_live",
        "partner_state_forbids",
        "redemption_not_found",
        "reversal_exceeds_redemption",
    ),
)
def reverse_points(context: RequestContext, *, redemption_id: UUID) -> Answer:
    """POST a reversal."""
    points = context.body["points"]
    redemption, reversal_id = reverse_redemption(
        connection=context.connection,
        context=posting_context(context),
        redemption_id=redemption_id,
        points=points,
        reason=context.body.get("reason", "reversed"),
    )
    document = {
        "id": encode("rev", reversal_id),
        "redemption": encode("red", redemption_id),
        "points": points,
        "amount": money_of_points(points, redemption.face_micros, redemption.currency),
        "reversed_points": redemption.reversed_points,
    }
    _announce(context, "redemption.reversed", document)
    return Answer(document)
