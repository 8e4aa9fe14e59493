"""The shapes of holds and redemptions on the wire."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body

HOLD_SECONDS = 900
LEAST_HOLD_SECONDS, MOST_HOLD_SECONDS = 60, 7 * 86_400


class MemberRefBody(Body):
    """How a member is named: by id, by card number, or by the partner's own reference."""

    exactly_one = ("id", "card", "reference")

    id = fields.Text(max_length=64)
    card = fields.Text(max_length=64)
    reference = fields.Text(max_length=64)


class QuoteBody(Body):
    """What is asked for: points, or an amount to be paid with points; neither: all there are."""

    member = fields.Nested(MemberRefBody, required=True)
    points = fields.Points()
    amount = fields.MoneyField()


class HoldBody(Body):
    """Points to set aside at a till."""

    member = fields.Nested(MemberRefBody, required=True)
    points = fields.Points(required=True)
    reference = fields.Text(max_length=64)
    store = fields.Text(max_length=64)
    till = fields.Text(max_length=64)
    expires_in_seconds = fields.WholeNumber(min=LEAST_HOLD_SECONDS, max=MOST_HOLD_SECONDS)


class CaptureBody(Body):
    """How much of the hold to spend; all of it where nothing is said."""

    points = fields.Points()
    receipt = fields.Text(max_length=64)


class RedemptionBody(Body):
    """Points to spend in one step."""

    member = fields.Nested(MemberRefBody, required=True)
    points = fields.Points(required=True)
    reference = fields.Text(max_length=64)
    store = fields.Text(max_length=64)
    till = fields.Text(max_length=64)
    receipt = fields.Text(max_length=64)


class ReversalBody(Body):
    """Points of a redemption to give back."""

    points = fields.Points(required=True)
    # A code, for it stands on the statements of all whom the reversal concerns.
    reason = fields.Text(
        max_length=32,
        pattern="[a-z][a-z_]*",
        expected="must be a code of small letters and _, such as wrong_item",
    )


class QuoteAnswer(AnswerSchema):
    """What would be spent, what it pays for, and how many points could be spent at most."""

    member = fields.PublicId("mem", required=True)
    points = fields.WholeNumber(min=0, required=True)
    amount = fields.MoneyField(required=True)
    available = fields.WholeNumber(min=0, required=True)


class HoldAnswer(AnswerSchema):
    """A hold as it is now."""

    id = fields.PublicId("hld", required=True)
    member = fields.PublicId("mem", required=True)
    state = fields.Choice(("held", "captured", "voided", "expired"), required=True)
    points = fields.WholeNumber(min=1, required=True)
    amount = fields.MoneyField(required=True)
    captured_points = fields.WholeNumber(min=0, required=True)
    expires_at = fields.Instant(required=True)
    redemption = fields.PublicId("red", required=True, allow_none=True)
    reference = fields.Text(max_length=64, required=True, allow_none=True)


class RedemptionAnswer(AnswerSchema):
    """Points spent as payment."""

    id = fields.PublicId("red", required=True)
    member = fields.PublicId("mem", required=True)
    points = fields.WholeNumber(min=1, required=True)
    amount = fields.MoneyField(required=True)
    reversed_points = fields.WholeNumber(min=0, required=True)
    hold = fields.PublicId("hld", required=True, allow_none=True)
    reference = fields.Text(max_length=64, required=True, allow_none=True)
    created_at = fields.Instant(required=True)


class ReversalAnswer(AnswerSchema):
    """Points given back by this call, and of the redemption in all."""

    id = fields.PublicId("rev", required=True)
    redemption = fields.PublicId("red", required=True)
    points = fields.WholeNumber(min=1, required=True)
    amount = fields.MoneyField(required=True)
    reversed_points = fields.WholeNumber(min=1, required=True)
