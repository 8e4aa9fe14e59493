"""The shapes of sales on the wire: the published description of what `parse` reads by hand."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body
from coalition.sales.domain import REFUND_STATUSES, TENDER_KINDS
from coalition.sales.parse import MAX_LINES, MAX_REFUNDS, MAX_TENDERS
from partner_sdk.wire.amounts import MAX_SAFE_INTEGER

MAX_BATCH = 1_000
"""Sales in one batch."""


class MemberRefBody(Body):
    """How a member is named: by id, by card number, or by the partner's own reference."""

    exactly_one = ("id", "card", "reference")

    id = fields.Text(max_length=64)
    card = fields.Text(max_length=64)
    reference = fields.Text(max_length=64)


class StoreBody(Body):
    """Where the sale happened; the time zone decides the member-day."""

    id = fields.Text(max_length=64, required=True)
    time_zone = fields.Text(max_length=64, allow_none=True)


class LineBody(Body):
    """A line of the receipt; the amount after discounts."""

    id = fields.Text(max_length=64, required=True)
    category = fields.Text(max_length=64, required=True)
    quantity = fields.Decimal(max_digits_after=3)
    amount = fields.MoneyField(required=True)


class TenderBody(Body):
    """A means of payment; points, gift card and store credit earn nothing."""

    kind = fields.Choice(TENDER_KINDS, required=True)
    amount = fields.MoneyField(required=True)
    redemption = fields.PublicId("red", allow_none=True)


class RefundLineBody(Body):
    """What of a line goes back."""

    id = fields.Text(max_length=64, required=True)
    quantity = fields.Decimal(max_digits_after=3, allow_none=True)
    amount = fields.MoneyField(required=True)


class PointsBackBody(Body):
    """Points of a redemption that a refund gives back."""

    redemption = fields.PublicId("red", required=True)
    points = fields.Points(required=True)


class RefundBody(Body):
    """Money given back; its amount never changes, its status only moves up."""

    id = fields.Text(max_length=64, required=True)
    status = fields.Choice(REFUND_STATUSES, required=True)
    amount = fields.MoneyField(required=True)
    occurred_at = fields.Instant(allow_none=True)
    lines = fields.ListOf(fields.Nested(RefundLineBody), max_items=MAX_LINES)
    points = fields.Nested(PointsBackBody, allow_none=True)


class SaleBody(Body):
    """A sale as it is now."""

    revision = fields.WholeNumber(min=0, max=MAX_SAFE_INTEGER, required=True)
    occurred_at = fields.Instant(required=True)
    member = fields.Nested(MemberRefBody, allow_none=True)
    store = fields.Nested(StoreBody, allow_none=True)
    till = fields.Text(max_length=64, allow_none=True)
    receipt = fields.Text(max_length=64, allow_none=True)
    currency = fields.Text(max_length=3, min_length=3, pattern="[A-Z]{3}", required=True)
    cancelled = fields.Flag(doc="Of a cancelled sale nothing is earned; its refunds still count.")
    lines = fields.ListOf(fields.Nested(LineBody), min_items=1, max_items=MAX_LINES, required=True)
    tenders = fields.ListOf(fields.Nested(TenderBody), max_items=MAX_TENDERS)
    refunds = fields.ListOf(fields.Nested(RefundBody), max_items=MAX_REFUNDS)


class BatchSaleBody(SaleBody):
    """A sale of a batch: its id stands in the object."""

    id = fields.Text(max_length=64, pattern="[A-Za-z0-9._~-]{1,64}", required=True)


class BatchBody(Body):
    """Up to 1,000 sales; each is judged by itself, and a malformed one has its own answer."""

    sales = fields.ListOf(
        fields.AnyObject(like=BatchSaleBody), min_items=1, max_items=MAX_BATCH, required=True
    )


class AssignBody(Body):
    """Whose the sale is."""

    member = fields.Nested(MemberRefBody, required=True)


class AgreementRef(AnswerSchema):
    """The agreement's version that prices the sale."""

    id = fields.PublicId("agr", required=True)
    version = fields.WholeNumber(min=1, required=True)


class SalePoints(AnswerSchema):
    """Points: of the sale now, changed by this call, of them pending, owed by the member."""

    earned = fields.WholeNumber(min=0, required=True)
    change = fields.WholeNumber(required=True)
    pending = fields.WholeNumber(min=0, required=True)
    debt = fields.WholeNumber(min=0, required=True)


class SaleAnswerSchema(AnswerSchema):
    """What the hub made of a sale."""

    id = fields.Text(max_length=64, required=True)
    revision = fields.WholeNumber(min=0, required=True)
    outcome = fields.Choice(("created", "updated", "unchanged", "superseded"), required=True)
    member = fields.PublicId("mem", required=True, allow_none=True)
    agreement = fields.Nested(AgreementRef, required=True)
    points = fields.Nested(SalePoints, required=True)
    activates_at = fields.Instant()
    expires_at = fields.Instant()


class BatchResult(AnswerSchema):
    """What became of one sale of a batch: the sale, or the problem."""

    id = fields.Text(max_length=64, min_length=0, required=True)
    status = fields.WholeNumber(min=200, max=599, required=True)
    sale = fields.Nested(SaleAnswerSchema, required=True, allow_none=True)
    problem = fields.AnyObject(required=True, allow_none=True)


class BatchAnswer(AnswerSchema):
    """Answers in the order of the request."""

    results = fields.ListOf(fields.Nested(BatchResult), required=True)
