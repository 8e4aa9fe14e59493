"""Routes of digests, and the list of sales that a difference is looked for in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paths import plain_text
from coalition.http.posting import posting_context
from coalition.http.schemas import AnswerSchema, Body, Query
from coalition.sales.digests import store
from coalition.sales.digests.domain import Figures, ListedSale
from coalition.sales.digests.service import (
    HOUR,
    check_span,
    currency_of,
    hour_document,
    take_digests,
)
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.digests import HOUR_PATTERN, format_hour, hour_of, parse_hour
from partner_sdk.wire.instants import format_instant, parse_instant

routes = Routes(tag="Reconciliation")

MAX_STORES = 1_000
_HOUR = {
    "hour": plain_text(HOUR_PATTERN, "not_found", "An hour of UTC: 2026-11-22T09Z.", max_length=14)
}
_SHA256 = "[0-9a-f]{64}"


class StoreDigestBody(Body):
    """What one store sold in the hour."""

    store = fields.Text(max_length=64, required=True, allow_none=True)
    sales = fields.WholeNumber(min=0, required=True)
    amount = fields.MoneyField(required=True, doc="the lines of its sales")
    refunded = fields.MoneyField(required=True, doc="their refunds that succeeded")
    sha256 = fields.Text(max_length=64, pattern=_SHA256, required=True)


class DigestsBody(Body):
    """All stores that sold something in the hour; one that is not named sold nothing."""

    stores = fields.ListOf(fields.Nested(StoreDigestBody), required=True, max_items=MAX_STORES)


class StoreDigestAnswer(AnswerSchema):
    """A store's hour as one side has it."""

    store = fields.Text(max_length=64, required=True, allow_none=True)
    sales = fields.WholeNumber(min=0, required=True)
    amount = fields.MoneyField(required=True)
    refunded = fields.MoneyField(required=True)
    sha256 = fields.Text(max_length=64, pattern=_SHA256, required=True)


class StoreComparisonAnswer(AnswerSchema):
    """A store's hour on both sides."""

    store = fields.Text(max_length=64, required=True, allow_none=True)
    matches = fields.Flag(required=True)
    yours = fields.Nested(StoreDigestAnswer, required=True, allow_none=True)
    hub = fields.Nested(StoreDigestAnswer, required=True, allow_none=True)


class HourAnswer(AnswerSchema):
    """An hour's comparison; while its window is `open`, what is missing can still be sent."""

    hour = fields.Text(max_length=14, pattern=HOUR_PATTERN, required=True)
    window = fields.Text(max_length=12, pattern="win_[0-9]{8}", required=True)
    open = fields.Flag(required=True)
    matches = fields.Flag(required=True)
    stores = fields.ListOf(fields.Nested(StoreComparisonAnswer), required=True)


class HourSummary(AnswerSchema):
    """An hour that was told, or of which the hub holds sales."""

    hour = fields.Text(max_length=14, pattern=HOUR_PATTERN, required=True)
    told = fields.Flag(required=True)
    matches = fields.Flag(required=True)
    differing = fields.ListOf(
        fields.Text(max_length=64, allow_none=True), required=True, doc="the stores that differ"
    )


class HoursAnswer(AnswerSchema):
    """The hours of a span, compared now."""

    hours = fields.ListOf(fields.Nested(HourSummary), required=True)


class SpanQuery(Query):
    """From (included) to (excluded), at most 31 days."""

    from_ = fields.Instant(data_key="from", required=True)
    to = fields.Instant(required=True)


class ListedSaleAnswer(AnswerSchema):
    """A sale as the hub has it."""

    id = fields.Text(max_length=64, required=True)
    revision = fields.WholeNumber(min=0, required=True)
    occurred_at = fields.Instant(required=True)
    store = fields.Text(max_length=64, required=True, allow_none=True)
    amount = fields.MoneyField(required=True)
    refunded = fields.MoneyField(required=True)
    points = fields.WholeNumber(min=0, required=True)


@routes.endpoint(
    "PUT",
    "/v1/digests/{hour}",
    path_types=_HOUR,
    body=DigestsBody,
    answer=HourAnswer,
    summary="Tell what was sold in an hour, and learn where the hub holds something else",
    description=(
        "Absolute: what is told of an hour takes the place of what was told before. The hub makes "
        "the same digest of the sales that it holds and compares, store by store."
    ),
    problems=("wrong_currency",),
)
def put_digests(context: RequestContext, *, hour: str) -> Answer:
    """PUT an hour's digests."""
    start = _hour(hour)
    found = take_digests(
        connection=context.connection,
        context=posting_context(context),
        hour=start,
        told=_told(
            context.body["stores"],
            currency_of(start, context.snapshot, context.caller.party_no),
        ),
        received_at=context.wall_now,
    )
    return Answer(hour_document(start, found, context.snapshot, context.caller.party_no))


@routes.endpoint(
    "GET",
    "/v1/digests/{hour}",
    path_types=_HOUR,
    answer=HourAnswer,
    summary="Compare an hour again with what was told of it",
)
def get_digests(context: RequestContext, *, hour: str) -> Answer:
    """GET an hour's comparison, made now."""
    start = _hour(hour)
    found = store.compare_hours(
        connection=context.connection,
        party_no=context.caller.party_no,
        since=start,
        until=start + HOUR,
    )
    return Answer(hour_document(start, found, context.snapshot, context.caller.party_no))


@routes.endpoint(
    "GET",
    "/v1/digests",
    query=SpanQuery,
    answer=HoursAnswer,
    summary="Which hours of a span differ",
)
def list_digests(context: RequestContext) -> Answer:
    """GET the hours of a span, each told or not, alike or not."""
    since, until = hour_of(context.query["from_"]), context.query["to"]
    check_span(since=since, until=until)
    party_no = context.caller.party_no
    told = store.told_hours(
        connection=context.connection, party_no=party_no, since=since, until=until
    )
    differing: dict[datetime, list[str | None]] = {hour: [] for hour in told}
    for each in store.compare_hours(
        connection=context.connection, party_no=party_no, since=since, until=until
    ):
        of_hour = differing.setdefault(each.hour, [])
        if not each.matches:
            of_hour.append(each.store or None)
    hours = [
        {
            "hour": format_hour(hour),
            "told": hour in told,
            "matches": hour in told and not stores,
            "differing": stores,
        }
        for hour, stores in sorted(differing.items())
    ]
    return Answer({"hours": hours})


@routes.endpoint(
    "GET",
    "/v1/sales",
    query=SpanQuery,
    answer=ListedSaleAnswer,
    paged=True,
    summary="List the partner's own sales of a span, by time",
)
def list_sales(context: RequestContext) -> Answer:
    """GET a page of the caller's sales."""
    since, until = context.query["from_"], context.query["to"]
    check_span(since=since, until=until)
    after = (since, "")
    if context.page.after is not None:
        after = (parse_instant(str(context.page.after[0])), str(context.page.after[1]))
    found = store.list_sales(
        connection=context.connection,
        party_no=context.caller.party_no,
        since=since,
        until=until,
        after=after,
        limit=context.page.limit + 1,
    )
    return Answer(
        context.paged(
            found,
            key=lambda sale: (format_instant(sale.occurred_at), sale.external_id),
            render=_sale_document,
        )
    )


def _hour(value: str) -> datetime:
    try:
        return parse_hour(value)
    except ValueError:
        raise HubError("not_found", "There is no such hour.") from None


def _told(stores: list[Mapping[str, Any]], currency: str) -> dict[str, Figures]:
    """What is told, by store. Raises HubError."""
    told: dict[str, Figures] = {}
    for i, each in enumerate(stores):
        name = each["store"] or ""
        if name in told:
            raise HubError(
                "validation_failed",
                "A store is named twice.",
                errors=(FieldError(f"/stores/{i}/store", "is named twice"),),
            )
        for field in ("amount", "refunded"):
            if each[field].currency != currency:
                raise HubError(
                    "wrong_currency",
                    f"Your agreement's currency is {currency}.",
                    errors=(FieldError(f"/stores/{i}/{field}", f"must be in {currency}"),),
                )
        told[name] = Figures(
            each["sales"],
            each["amount"].micros,
            each["refunded"].micros,
            bytes.fromhex(each["sha256"]),
        )
    return told


def _sale_document(sale: ListedSale) -> dict[str, Any]:
    return {
        "id": sale.external_id,
        "revision": sale.revision,
        "occurred_at": format_instant(sale.occurred_at),
        "store": sale.store,
        "amount": Money(sale.amount_micros, sale.currency).to_wire(),
        "refunded": Money(sale.refunded_micros, sale.currency).to_wire(),
        "points": sale.points,
    }
