"""Routes of currencies: quotes and policies, for the operator."""

from __future__ import annotations

from datetime import date
from typing import Any

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema, Body
from settlement.currencies import store
from settlement.currencies.domain import (
    InvalidQuotes,
    Policy,
    PolicyTooLate,
    Quote,
    QuoteDiffers,
)
from settlement.currencies.service import import_quotes, set_policy

routes = Routes(tag="Currencies")

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CODE = "[A-Z]{3}"
_RATE = r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?"


class FxQuoteBody(Body):
    """One unit of `base` was worth `rate` of `quote` on that date."""

    source = fields.Text(max_length=40, min_length=1, required=True)
    base = fields.Text(max_length=3, min_length=3, pattern=_CODE, required=True)
    quote = fields.Text(max_length=3, min_length=3, pattern=_CODE, required=True)
    date = fields.Text(max_length=10, min_length=10, pattern=_DATE, required=True)
    rate = fields.Text(max_length=22, pattern=_RATE, required=True)


class FxQuoteAnswer(AnswerSchema):
    """A quote; it never changes."""

    source = fields.Text(max_length=40, required=True)
    base = fields.Text(max_length=3, pattern=_CODE, required=True)
    quote = fields.Text(max_length=3, pattern=_CODE, required=True)
    date = fields.Text(max_length=10, pattern=_DATE, required=True)
    rate = fields.Text(max_length=22, pattern=_RATE, required=True)


class CurrencyPolicyBody(Body):
    """How other currencies settle from a business date on."""

    effective_from = fields.Text(max_length=10, min_length=10, pattern=_DATE, required=True)
    mode = fields.Choice(("per_currency", "convert"), required=True)
    method = fields.Choice(("spot", "mean5"), allow_none=True)
    source = fields.Text(max_length=40, min_length=1, allow_none=True)


class CurrencyPolicyAnswer(AnswerSchema):
    """A policy; it holds until the next one begins."""

    effective_from = fields.Text(max_length=10, pattern=_DATE, required=True)
    mode = fields.Choice(("per_currency", "convert"), required=True)
    method = fields.Choice(("spot", "mean5"), required=True, allow_none=True)
    source = fields.Text(max_length=40, required=True, allow_none=True)


@routes.endpoint(
    "POST",
    "/v1/currencies/quotes",
    caller="operator",
    body=FxQuoteBody,
    answer=FxQuoteAnswer,
    summary="Import a quote",
    description="A quote of the same source, pair and date changes nothing, and never changes.",
    problems=("quote_differs",),
)
def add_quote(context: RequestContext) -> Answer:
    """Into the table that windows are converted by."""
    body = context.body
    quoted_on = _date(body["date"], "/date")
    try:
        quote = Quote(body["source"], body["base"], body["quote"], quoted_on, body["rate"])
        import_quotes(connection=context.connection, quotes=[quote], imported_at=context.wall_now)
    except InvalidQuotes as error:
        raise _wrong("", str(error)) from None
    except QuoteDiffers as error:
        raise HubError("quote_differs", f"{error}.") from None
    return Answer(_quote_document(quote))


@routes.endpoint(
    "GET",
    "/v1/currencies/quotes",
    caller="operator",
    answer=FxQuoteAnswer,
    paged=True,
    summary="List quotes, the newest first",
    problems=("invalid_cursor", "limit_out_of_range"),
)
def list_quotes(context: RequestContext) -> Answer:
    """Of every source."""
    page = context.page
    found = store.read_quotes(
        connection=context.connection,
        after=None if page.after is None else _key_read(page.after),
        limit=page.limit + 1,
    )
    return Answer(context.paged(found, key=_key, render=_quote_document))


@routes.endpoint(
    "POST",
    "/v1/currencies/policies",
    caller="operator",
    body=CurrencyPolicyBody,
    answer=CurrencyPolicyAnswer,
    summary="Set how other currencies settle",
    description="From a business date on that is not netted yet; what was set never changes.",
    problems=("policy_too_late",),
)
def add_policy(context: RequestContext) -> Answer:
    """Netted per currency, or converted into the clearing currency."""
    body = context.body
    begins = _date(body["effective_from"], "/effective_from")
    try:
        policy = Policy(begins, body["mode"], body.get("method"), body.get("source"))
        set_policy(connection=context.connection, policy=policy, set_at=context.wall_now)
    except ValueError as error:
        raise _wrong("/mode", str(error)) from None
    except PolicyTooLate as error:
        raise HubError("policy_too_late", f"{error}.") from None
    return Answer(_policy_document(policy))


@routes.endpoint(
    "GET",
    "/v1/currencies/policies",
    caller="operator",
    answer=CurrencyPolicyAnswer,
    paged=True,
    summary="List the policies of currencies, the oldest first",
    problems=("invalid_cursor", "limit_out_of_range"),
)
def list_policies(context: RequestContext) -> Answer:
    """Where none has begun, each currency settles by itself."""
    page = context.page
    after = None if page.after is None else _date(str(page.after[0]), "/cursor")
    found = [
        each
        for each in store.read_policies(connection=context.connection)
        if after is None or each.effective_from > after
    ]
    return Answer(
        context.paged(
            found[: page.limit + 1],
            key=lambda each: (each.effective_from.isoformat(),),
            render=_policy_document,
        )
    )


def _quote_document(quote: Quote) -> dict[str, Any]:
    return {
        "source": quote.source,
        "base": quote.base,
        "quote": quote.quote,
        "date": quote.quoted_on.isoformat(),
        "rate": quote.rate,
    }


def _policy_document(policy: Policy) -> dict[str, Any]:
    return {
        "effective_from": policy.effective_from.isoformat(),
        "mode": policy.mode,
        "method": policy.method,
        "source": policy.source,
    }


def _key(quote: Quote) -> tuple[str | int, ...]:
    return (quote.quoted_on.isoformat(), quote.source, quote.base, quote.quote)


def _key_read(key: tuple[str | int, ...]) -> tuple[date, str, str, str]:
    return date.fromisoformat(str(key[0])), str(key[1]), str(key[2]), str(key[3])


def _date(text: str, pointer: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(pointer, "must be a date of the calendar") from None


def _wrong(pointer: str, detail: str) -> HubError:
    return HubError(
        "validation_failed",
        "Some fields are wrong.",
        errors=(FieldError(pointer, detail),),
    )
