"""Routes of payments: a party sees what it owes and is owed, the operator all."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paths import public_id
from coalition.http.schemas import AnswerSchema, Query
from coalition.partners.domain import Action
from settlement import hub
from settlement.payments.domain.aging import age
from settlement.payments.domain.items import DIRECTIONS, STATES, Item
from settlement.payments.store.items import read_item, read_items, read_pay_to
from settlement.payments.wire import aged_document, item_document

routes = Routes(tag="Payments")


class AccountAnswer(AnswerSchema):
    """An account to pay to."""

    iban = fields.Text(max_length=34, required=True)
    bic = fields.Text(max_length=11, required=True, allow_none=True)
    account_holder = fields.Text(max_length=70, required=True)


class PaymentAnswer(AnswerSchema):
    """A position that is due. To `collect`: the party pays it; to `pay`: the party gets it."""

    id = fields.PublicId("pay", required=True)
    party = fields.Text(max_length=40, required=True)
    window = fields.Text(max_length=12, pattern="win_[0-9]{8}", required=True)
    direction = fields.Choice(DIRECTIONS, required=True)
    state = fields.Choice(STATES, required=True)
    amount = fields.MoneyField(required=True)
    paid = fields.MoneyField(required=True)
    open = fields.MoneyField(required=True)
    due_date = fields.DateOnly(required=True)
    reference = fields.Text(
        max_length=25,
        pattern="RF[0-9]{2}[0-9A-Z]{1,21}",
        required=True,
        doc="To be given with the payment (ISO 11649).",
    )
    reference_printed = fields.Text(max_length=32, required=True)
    pay_to = fields.Nested(
        AccountAnswer, required=True, allow_none=True, doc="Where the party is to pay to."
    )


class PaymentQuery(Query):
    """Which payments."""

    state = fields.Choice(("open", "all"), doc="Those with something open (the default), or all.")


class AgedAnswer(AnswerSchema):
    """What is open of one party in one currency, by days overdue."""

    party = fields.Text(max_length=40, required=True)
    direction = fields.Choice(DIRECTIONS, required=True)
    total = fields.MoneyField(required=True)
    not_due = fields.MoneyField(required=True)
    to_30 = fields.MoneyField(required=True)
    to_60 = fields.MoneyField(required=True)
    to_90 = fields.MoneyField(required=True)
    over_90 = fields.MoneyField(required=True)


class AgingAnswer(AnswerSchema):
    """What is open by age, on a business date."""

    on = fields.DateOnly(required=True)
    items = fields.ListOf(fields.Nested(AgedAnswer), max_items=100_000, required=True)


@routes.endpoint(
    "GET",
    "/v1/payments",
    summary="List payments that are due, the newest window first",
    description="The caller's own; for the operator, those of every party.",
    caller="either",
    answer=PaymentAnswer,
    query=PaymentQuery,
    paged=True,
    permission=Action.STATEMENT,
)
def list_payments(context: RequestContext) -> Answer:
    """With references to pay under."""
    page = context.page
    found = read_items(
        connection=context.connection,
        party_no=None if context.caller.is_operator else context.caller.party_no,
        only_open=context.query.get("state", "open") == "open",
        after=None if page.after is None else _key_read(page.after),
        limit=page.limit + 1,
    )
    pay_to = read_pay_to(connection=context.connection, item_ids=[each.item_id for each in found])
    return Answer(
        context.paged(
            found,
            key=_key,
            render=lambda item: item_document(
                item=item, party=_slug(context, item), pay_to=pay_to.get(item.item_id)
            ),
        )
    )


@routes.endpoint(
    "GET",
    "/v1/payments/{payment_id}",
    summary="Get a payment that is due",
    description="What to pay, where to, by when and under which reference.",
    caller="either",
    answer=PaymentAnswer,
    permission=Action.STATEMENT,
    path_types={"payment_id": public_id("pay", "payment_not_found", "The payment.")},
    problems=("payment_not_found",),
)
def get_payment(context: RequestContext, *, payment_id: UUID) -> Answer:
    """A party sees its own."""
    found = read_item(connection=context.connection, item_id=payment_id)
    if found is None or (
        not context.caller.is_operator and found[0].party_no != context.caller.party_no
    ):
        raise HubError("payment_not_found", "There is no such payment for you to see.")
    item, pay_to = found
    return Answer(item_document(item=item, party=_slug(context, item), pay_to=pay_to))


@routes.endpoint(
    "GET",
    "/v1/aging",
    summary="Get what is open, by age",
    description="Not yet due, and 1 to 30, 31 to 60, 61 to 90 and more days overdue.",
    caller="either",
    answer=AgingAnswer,
    permission=Action.STATEMENT,
)
def get_aging(context: RequestContext) -> Answer:
    """On the business date; a party sees its own."""
    zone = hub.read_coalition(connection=context.connection).time_zone
    on = context.now.astimezone(zone).date()
    found = read_items(
        connection=context.connection,
        party_no=None if context.caller.is_operator else context.caller.party_no,
        only_open=True,
    )
    document: dict[str, Any] = {
        "on": on.isoformat(),
        "items": [
            aged_document(aged=each, party=context.snapshot.parties[each.party_no].slug)
            for each in age(items=found, on=on)
        ],
    }
    return Answer(document)


def _slug(context: RequestContext, item: Item) -> str:
    return context.snapshot.parties[item.party_no].slug


def _key(item: Item) -> tuple[str | int, ...]:
    return (item.business_date.isoformat(), item.party_no, item.currency)


def _key_read(key: tuple[str | int, ...]) -> tuple[date, int, str]:
    return date.fromisoformat(str(key[0])), int(key[1]), str(key[2])
