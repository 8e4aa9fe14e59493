"""Routes of sales: parse, one service call, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalition.db.writing import WriteSet
from coalition.errors import FieldError, HubError
from coalition.http.endpoint import MAX_BATCH_BODY, Answer, RequestContext, Routes
from coalition.http.evidence import evidence_writes
from coalition.http.posting import posting_context
from coalition.http.problems import document_of
from coalition.http.strict_json import load_strict
from coalition.sales.combiner import Combiner
from coalition.sales.domain import SalePut
from coalition.sales.parse import parse_member, parse_sale
from coalition.sales.schemas import (
    MAX_BATCH,
    AssignBody,
    BatchAnswer,
    BatchBody,
    SaleAnswerSchema,
    SaleBody,
)
from coalition.sales.service import SaleAnswer, answer_of, assign_sale, put_sales
from coalition.sales.service.read import current_answer
from coalition.sales.wire import answer_document
from partner_sdk.wire.ids import encode

routes = Routes(tag="Sales")

_EARNING = (
    "agreement_not_in_force",
    "cap_reached",
    "card_not_found",
    "conflict_retry",
    "member_closed",
    "member_frozen",
    "member_not_found",
    "occurred_at_in_future",
    "partner_not_live",
    "partner_state_forbids",
    "redemption_not_found",
    "refund_conflict",
    "refund_exceeds_sale",
    "reversal_exceeds_redemption",
    "sale_revision_conflict",
    "wrong_currency",
)


@routes.endpoint(
    "PUT",
    "/v1/sales/{sale_id}",
    summary="State a sale as it is now",
    description=(
        "Absolute: lines and tenders of the highest revision win, refunds are a set by id. The "
        "same statement twice, late or out of order ends in the same state."
    ),
    body=SaleBody,
    parse=load_strict,
    answer=SaleAnswerSchema,
    also_statuses=(201,),
    mode="own",
    problems=_EARNING,
)
def put_one_sale(context: RequestContext, *, sale_id: str) -> Answer:
    """PUT one sale."""
    posting = posting_context(context)
    zone = posting.snapshot.hub.time_zone
    combiner = context.hub.once(Combiner, lambda: Combiner(database=context.database))
    answer = combiner.put_sale(
        context=posting,
        put=parse_sale(external_id=sale_id, body=context.body, zone=zone),
        extra=lambda: evidence_writes(context),
    )
    return Answer(
        answer_document(answer, context.snapshot),
        status=201 if answer.outcome == "created" else 200,
    )


@routes.endpoint(
    "GET",
    "/v1/sales/{sale_id}",
    summary="What the hub holds of a sale",
    answer=SaleAnswerSchema,
    problems=("sale_not_found",),
)
def get_sale(context: RequestContext, *, sale_id: str) -> Answer:
    """GET one of the partner's own sales."""
    answer = current_answer(
        connection=context.connection,
        party_no=context.caller.party_no,
        external_id=sale_id,
    )
    return Answer(answer_document(answer, context.snapshot))


@routes.endpoint(
    "POST",
    "/v1/sales/batch",
    summary="State up to 1,000 sales, each by itself",
    description=(
        "An answer per sale, in the order of the request; a refused one does not stop the others. "
        "An id twice in one batch: the highest revision wins. Repeating a batch changes nothing."
    ),
    body=BatchBody,
    parse=load_strict,
    answer=BatchAnswer,
    mode="own",
    max_body=MAX_BATCH_BODY,
    problems=("conflict_retry", "partner_not_live", "partner_state_forbids"),
)
def put_sales_batch(context: RequestContext) -> Answer:
    """POST a batch of sales."""
    items = _batch_items(context.body)
    posting = posting_context(context)
    zone = posting.snapshot.hub.time_zone
    puts: dict[int, SalePut] = {}
    answers: dict[int, SaleAnswer | HubError] = {}
    for i, item in enumerate(items):
        try:
            body = {name: value for name, value in item.items() if name != "id"}
            puts[i] = parse_sale(external_id=_text(item.get("id")), body=body, zone=zone)
        except HubError as refusal:
            answers[i] = refusal
    if puts:
        found = put_sales(
            database=context.database,
            context=posting,
            puts=list(puts.values()),
            extra=lambda: evidence_writes(context),
        )
        answers.update(zip(puts, found, strict=True))
    results = [_result(context, _text(item.get("id")), answers[i]) for i, item in enumerate(items)]
    return Answer({"results": results})


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _batch_items(body: object) -> list[Mapping[str, Any]]:
    items = body.get("sales") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise HubError(
            "validation_failed",
            f"A batch is an object with `sales`, a list of 1 to {MAX_BATCH} sales.",
            errors=(FieldError("/sales", f"must be a list of 1 to {MAX_BATCH} sales"),),
        )
    wrong = [i for i, item in enumerate(items) if not isinstance(item, dict)]
    if wrong:
        raise HubError(
            "validation_failed",
            "Every sale of a batch is an object.",
            errors=tuple(FieldError(f"/sales/{i}", "must be an object") for i in wrong[:100]),
        )
    return items


def _result(
    context: RequestContext, external_id: str, answer: SaleAnswer | HubError
) -> dict[str, Any]:
    if isinstance(answer, HubError):
        problem = document_of(answer, request_id=encode("req", context.request_id))
        return {
            "id": external_id,
            "status": problem["status"],
            "sale": None,
            "problem": problem,
        }
    return {
        "id": external_id,
        "status": 201 if answer.outcome == "created" else 200,
        "sale": answer_document(answer, context.snapshot),
        "problem": None,
    }


def _assign(context: RequestContext, sale_id: str, *, claim: bool) -> Answer:
    book, before = assign_sale(
        connection=context.connection,
        context=posting_context(context),
        external_id=sale_id,
        member=parse_member(context.body["member"], "/member"),
        claim=claim,
        extra=WriteSet,
    )
    answer = answer_of(book, sale_id, "updated", before)
    return Answer(answer_document(answer, context.snapshot))


_ASSIGNING = (*_EARNING, "sale_not_found", "sale_already_claimed")


@routes.endpoint(
    "POST",
    "/v1/sales/{sale_id}/claim",
    summary="Give a guest's sale to a member, at its original terms",
    body=AssignBody,
    answer=SaleAnswerSchema,
    problems=_ASSIGNING,
)
def claim_sale(context: RequestContext, *, sale_id: str) -> Answer:
    """POST a claim of a guest's sale."""
    return _assign(context, sale_id, claim=True)


@routes.endpoint(
    "POST",
    "/v1/sales/{sale_id}/move",
    summary="Move a sale that went to the wrong member, at its original terms",
    body=AssignBody,
    answer=SaleAnswerSchema,
    problems=_ASSIGNING,
)
def move_sale(context: RequestContext, *, sale_id: str) -> Answer:
    """POST a move of a sale to another member."""
    return _assign(context, sale_id, claim=False)
