"""Routes of agreements: the operator publishes, a partner reads its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.agreements import store
from coalition.agreements.domain import Agreement
from coalition.agreements.reading import parse_terms
from coalition.agreements.schemas import AgreementAnswer, AgreementBody
from coalition.agreements.service import publish_agreement
from coalition.agreements.wire import agreement_document
from coalition.errors import FieldError, HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.partners.domain import Party
from coalition.partners.store import find_partner

routes = Routes(tag="Agreements")


@routes.endpoint(
    "POST",
    "/v1/partners/{partner_id}/agreements",
    summary="Publish the next version of a partner's terms",
    caller="operator",
    body=AgreementBody,
    answer=AgreementAnswer,
    status=201,
    problems=("partner_not_found",),
)
def add_agreement(context: RequestContext, *, partner_id: UUID) -> Answer:
    """A version never changes, so what has been priced stays priced."""
    party = _partner(context, partner_id)
    document = context.body["terms"]
    _check_terms(document)
    agreement = publish_agreement(
        connection=context.connection,
        existing=context.snapshot.agreements.get(party.no, ()),
        currency=context.snapshot.hub.currency,
        others=context.snapshot.other_currencies(at=context.body["effective_from"]),
        agreement_id=context.new_id(),
        party_no=party.no,
        effective_from=context.body["effective_from"],
        effective_to=context.body.get("effective_to"),
        document=document,
        now=context.now,
    )
    return Answer(agreement_document(agreement, party_id=party.id, terms=document))


@routes.endpoint(
    "GET",
    "/v1/partners/{partner_id}/agreements",
    summary="List the versions of a partner's terms",
    caller="either",
    answer=AgreementAnswer,
    paged=True,
    problems=("partner_not_found",),
)
def list_agreements(context: RequestContext, *, partner_id: UUID) -> Answer:
    """Oldest first; a partner sees its own."""
    if not context.caller.is_operator and context.caller.party.id != partner_id:
        raise HubError("partner_not_found", "There is no such partner for you to see.")
    party = _partner(context, partner_id)
    page = context.page
    after = int(page.after[0]) if page.after else 0
    agreements = store.load_agreements(connection=context.connection, party_no=party.no)
    versions = [each for each in agreements if each.version > after]

    def render(agreement: Agreement) -> dict[str, Any]:
        terms = store.load_terms_document(connection=context.connection, agreement_id=agreement.id)
        return agreement_document(agreement, party_id=party.id, terms=terms)

    return Answer(
        context.paged(versions[: page.limit + 1], key=lambda each: (each.version,), render=render)
    )


def _partner(context: RequestContext, partner_id: UUID) -> Party:
    party = find_partner(connection=context.connection, party_id=partner_id)
    if party is None:
        raise HubError("partner_not_found", "There is no such partner.")
    return party


def _check_terms(document: object) -> None:
    """Read the terms for their faults alone, so that these point into the body."""
    try:
        parse_terms(document)
    except HubError as refusal:
        inside = tuple(
            FieldError(f"/terms{fault.pointer}", fault.detail) for fault in refusal.errors
        )
        raise HubError(refusal.code, refusal.detail, errors=inside) from None
