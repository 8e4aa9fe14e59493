"""Bodies and answers of spends, as the API publishes them."""

from __future__ import annotations

from coalition.checkouts.spends.domain import (
    LEAST_SPEND_SECONDS,
    MOST_SPEND_SECONDS,
    SPEND_STATES,
)
from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body


class SpendMemberBody(Body):
    """Whose points: by id, by card number, or by the partner's own reference."""

    exactly_one = ("id", "card", "reference")

    id = fields.Text(max_length=64)
    card = fields.Text(max_length=64)
    reference = fields.Text(max_length=64)


class SpendCustomerBody(Body):
    """Who buys, as the platform knows them: some bind the code to that person."""

    at_least_one = ("id", "email", "phone")

    id = fields.Text(max_length=200)
    email = fields.Text(max_length=254)
    phone = fields.Text(max_length=32)


class SpendBody(Body):
    """Points to pay with at a checkout: so many, or as many as pay an amount."""

    exactly_one = ("points", "amount")

    reference = fields.Text(
        max_length=64,
        required=True,
        doc="The partner's own name of this payment: the same again is the same spend.",
    )
    member = fields.Nested(SpendMemberBody, required=True)
    points = fields.Points()
    amount = fields.MoneyField()
    order = fields.Text(
        max_length=200, doc="The platform's open order, where its means are put on one."
    )
    customer = fields.Nested(SpendCustomerBody)
    expires_in_seconds = fields.WholeNumber(min=LEAST_SPEND_SECONDS, max=MOST_SPEND_SECONDS)


class SpendAnswer(AnswerSchema):
    """A spend as it is now; `code` is what the shopper or the till uses."""

    id = fields.PublicId("spd", required=True)
    connection = fields.PublicId("con", required=True)
    reference = fields.Text(max_length=64, required=True)
    member = fields.PublicId("mem", required=True)
    state = fields.Choice(SPEND_STATES, required=True)
    points = fields.WholeNumber(min=1, required=True)
    amount = fields.MoneyField(required=True)
    code = fields.Text(max_length=200, required=True, allow_none=True)
    order = fields.Text(max_length=200, required=True, allow_none=True)
    undoing = fields.Flag(required=True, doc="The platform is still to take it back.")
    problem = fields.Text(max_length=300, required=True, allow_none=True)
    hold = fields.PublicId("hld", required=True)
    redemption = fields.PublicId("red", required=True, allow_none=True)
    expires_at = fields.Instant(required=True)
    created_at = fields.Instant(required=True)
