"""Routes of finance profiles: a partner's own, the operator's of every party."""

from __future__ import annotations

from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.field_base import CURRENCY_PATTERN
from coalition.http.schemas import AnswerSchema, Body
from settlement.profiles import service
from settlement.profiles.domain import ERPS, LANGUAGES, InvalidProfile
from settlement.profiles.wire import profile_document, read_profile

routes = Routes(tag="Statements")

_ACCOUNTS: fields.Json = {
    "type": "object",
    "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 64},
    "propertyNames": {"pattern": "^[a-z][a-z_]{0,39}$"},
    "maxProperties": 100,
}
_BIC = "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"
_IBAN = "[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"
_BASE64 = "[A-Za-z0-9+/]+={0,2}"
_SHARE = r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?)"


class FinanceProfileBody(Body):
    """How a party keeps its books; what is left out has its default."""

    language = fields.Choice(LANGUAGES)
    erp = fields.Choice(ERPS)
    accounts = fields.AnyObject(schema=_ACCOUNTS)
    iban = fields.Text(max_length=34, min_length=15, pattern=_IBAN, allow_none=True)
    bic = fields.Text(max_length=11, min_length=8, pattern=_BIC, allow_none=True)
    account_holder = fields.Text(max_length=70, allow_none=True)
    tax_id = fields.Text(max_length=20, allow_none=True)
    settlement_currency = fields.Text(
        max_length=3, min_length=3, pattern=CURRENCY_PATTERN.strip("^$"), allow_none=True
    )
    payment_days = fields.WholeNumber(min=0, max=365)
    interest_per_annum = fields.Text(max_length=8, pattern=_SHARE)
    acceptance_certificate = fields.Text(max_length=12_000, pattern=_BASE64, allow_none=True)


class FinanceProfileAnswer(AnswerSchema):
    """The profile that holds from the next statement on."""

    language = fields.Choice(LANGUAGES, required=True)
    erp = fields.Choice(ERPS, required=True)
    accounts = fields.AnyObject(schema=_ACCOUNTS, required=True)
    iban = fields.Text(max_length=34, required=True, allow_none=True)
    bic = fields.Text(max_length=11, required=True, allow_none=True)
    account_holder = fields.Text(max_length=70, required=True, allow_none=True)
    tax_id = fields.Text(max_length=20, required=True, allow_none=True)
    settlement_currency = fields.Text(max_length=3, required=True, allow_none=True)
    payment_days = fields.WholeNumber(min=0, max=365, required=True)
    interest_per_annum = fields.Text(max_length=8, pattern=_SHARE, required=True)
    acceptance_certificate = fields.Text(
        max_length=12_000, pattern=_BASE64, required=True, allow_none=True
    )


@routes.endpoint(
    "GET",
    "/v1/partners/{partner_id}/finance-profile",
    caller="either",
    answer=FinanceProfileAnswer,
    summary="Get a finance profile",
    problems=("partner_not_found",),
)
def get_finance_profile(context: RequestContext, *, partner_id: UUID) -> Answer:
    """A partner's own; the operator's of every party, the clearing house among them."""
    party_no = _party_no(context, partner_id)
    profile = service.read_profile_of(connection=context.connection, party_no=party_no)
    return Answer(profile_document(profile))


@routes.endpoint(
    "PUT",
    "/v1/partners/{partner_id}/finance-profile",
    caller="either",
    body=FinanceProfileBody,
    answer=FinanceProfileAnswer,
    summary="Set a finance profile",
    description="It replaces the profile whole, and holds from the next statement on.",
    problems=("partner_not_found",),
)
def set_finance_profile(context: RequestContext, *, partner_id: UUID) -> Answer:
    """A partner sets its own; who set it, and when, is kept."""
    party_no = _party_no(context, partner_id)
    document = dict(context.body)
    try:
        profile = read_profile(document)
    except InvalidProfile as error:
        raise HubError(
            "validation_failed",
            f"Wrong: {error.field}.",
            errors=(FieldError(f"/{error.field}", error.message),),
        ) from None
    service.set_profile(
        connection=context.connection,
        party_no=party_no,
        profile=profile,
        set_by=context.caller.party.slug,
        now=context.wall_now,
    )
    return Answer(profile_document(profile))


def _party_no(context: RequestContext, party_id: UUID) -> int:
    """The party's number. Raises HubError where the caller has no business with it."""
    party = context.snapshot.party_by_id.get(party_id)
    own = party is not None and party.no == context.caller.party_no
    if party is None or not (own or context.caller.is_operator):
        raise HubError("partner_not_found", "There is no such partner for you to see.")
    return party.no
