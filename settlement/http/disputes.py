"""Routes of disputes: a partner disputes lines and answers; the operator rules."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.paths import plain_text
from coalition.partners.domain import Action
from settlement.disputes import service, store
from settlement.disputes.documents import Viewer, dispute_document, dispute_summary
from settlement.disputes.domain import DisputeRefused
from settlement.disputes.values import Act, Evidence, StoredDispute
from settlement.http.dispute_schemas import (
    MAX_PIECE_BYTES,
    DisputeAnswerBody,
    DisputeBody,
    DisputeDocument,
    DisputeListItem,
    DisputesQuery,
    DisputeStepBody,
    RulingBody,
    WithdrawBody,
)
from settlement.store import statements

routes = Routes(tag="Disputes")

_NO = {"evidence_no": plain_text("[1-9][0-9]{0,3}", "not_found", "Its number.", max_length=4)}
_STEP = ("dispute_not_found", "dispute_state_forbids", "dispute_deadline_passed")


@routes.endpoint(
    "POST",
    "/v1/disputes",
    body=DisputeBody,
    answer=DisputeDocument,
    status=201,
    summary="Dispute lines of a statement",
    description="The disputed amounts leave the next netting; the counterparty has to answer.",
    problems=(
        "statement_not_found",
        "dispute_line_not_disputable",
        "dispute_line_taken",
        "dispute_of_two_parties",
        "dispute_deadline_passed",
        "wrong_currency",
    ),
)
def open_dispute(context: RequestContext) -> Answer:
    """Lines of the caller's own published statement."""
    found = statements.read_statement(
        connection=context.connection, statement_id=context.body["statement"]
    )
    if (
        found is None
        or found.published_at is None
        or found.plan.party_no != context.caller.party_no
    ):
        raise HubError("statement_not_found", "There is no such statement of yours.")
    lines: list[tuple[int, int | None]] = []
    for place, each in enumerate(context.body["lines"]):
        amount = each.get("amount")
        if amount is not None and amount.currency != found.plan.currency:
            fault = FieldError(f"/lines/{place}/amount", f"must be in {found.plan.currency}")
            raise HubError("wrong_currency", "The statement is in another one.", errors=(fault,))
        lines.append((each["line"], None if amount is None else amount.micros))
    with _refusals():
        made = service.open_dispute(
            act=_act(context),
            statement=found,
            lines=lines,
            reason=context.body["reason"],
            text=context.body["text"],
            evidence=_evidence(context),
        )
    return Answer(_document(context, made))


@routes.endpoint(
    "GET",
    "/v1/disputes",
    caller="either",
    query=DisputesQuery,
    answer=DisputeListItem,
    paged=True,
    permission=Action.STATEMENT,
    summary="List disputes, the newest first",
)
def list_disputes(context: RequestContext) -> Answer:
    """Those of the caller, on either side; the operator's list has all."""
    page = context.page
    found = store.list_disputes(
        connection=context.connection,
        party_no=None if context.caller.is_operator else context.caller.party_no,
        state=context.query.get("state"),
        after=UUID(str(page.after[0])) if page.after else None,
        limit=page.limit + 1,
    )
    viewer, slugs = Viewer(context.caller.party_no), _slugs(context)

    def render(each: StoredDispute) -> dict[str, Any]:
        return dispute_summary(
            connection=context.connection, stored=each, viewer=viewer, slugs=slugs
        )

    return Answer(context.paged(found, key=lambda each: (str(each.dispute_id),), render=render))


@routes.endpoint(
    "GET",
    "/v1/disputes/{dispute_id}",
    caller="either",
    answer=DisputeDocument,
    permission=Action.STATEMENT,
    summary="Get a dispute",
    problems=("dispute_not_found",),
)
def get_dispute(context: RequestContext, *, dispute_id: UUID) -> Answer:
    """With its history and the list of its evidence."""
    return Answer(_document(context, _found(context, dispute_id)))


@routes.endpoint(
    "GET",
    "/v1/disputes/{dispute_id}/evidence/{evidence_no}",
    caller="either",
    permission=Action.STATEMENT,
    answer_type="application/octet-stream",
    path_types=_NO,
    summary="Fetch a piece of evidence",
    problems=("dispute_not_found", "not_found"),
)
def get_dispute_evidence(context: RequestContext, *, dispute_id: UUID, evidence_no: str) -> Answer:
    """The bytes as they were sent."""
    _found(context, dispute_id)
    content = store.read_content(
        connection=context.connection, dispute_id=dispute_id, no=int(evidence_no)
    )
    if content is None:
        raise HubError("not_found", "There is no such piece, or its bytes are kept elsewhere.")
    return Answer(content, headers={"Content-Disposition": "attachment"})


@routes.endpoint(
    "POST",
    "/v1/disputes/{dispute_id}/answer",
    caller="either",
    body=DisputeAnswerBody,
    answer=DisputeDocument,
    summary="Answer a dispute",
    description="As its respondent; the operator answers for itself and for the pool.",
    problems=(*_STEP, "forbidden"),
)
def answer_dispute(context: RequestContext, *, dispute_id: UUID) -> Answer:
    """Accepting ends it at once; rejecting lets the claimant escalate."""
    accepted = context.body["decision"] == "accept"
    return _step(context, service.answer_dispute, dispute_id, accepted=accepted, shows=True)


@routes.endpoint(
    "POST",
    "/v1/disputes/{dispute_id}/escalation",
    body=DisputeStepBody,
    answer=DisputeDocument,
    summary="Escalate a dispute",
    description="As its claimant, once the respondent has rejected it: the operator will rule.",
    problems=(*_STEP, "forbidden"),
)
def escalate_dispute(context: RequestContext, *, dispute_id: UUID) -> Answer:
    """Nothing happens by itself from here on; the amount stays withheld until the ruling."""
    return _step(context, service.escalate_dispute, dispute_id, shows=True)


@routes.endpoint(
    "POST",
    "/v1/disputes/{dispute_id}/withdrawal",
    body=WithdrawBody,
    answer=DisputeDocument,
    summary="Withdraw a dispute",
    description="As its claimant: the lines stand, and cannot be disputed again.",
    problems=(*_STEP, "forbidden"),
)
def withdraw_dispute(context: RequestContext, *, dispute_id: UUID) -> Answer:
    """At any time until it is closed."""
    return _step(context, service.withdraw_dispute, dispute_id)


@routes.endpoint(
    "POST",
    "/v1/disputes/{dispute_id}/ruling",
    caller="operator",
    body=RulingBody,
    answer=DisputeDocument,
    summary="Rule on a dispute",
    description="From the coalition's threshold on, and where the operator is a party, the ruling "
    "takes effect when a second person, with another key, makes the very same one.",
    problems=(*_STEP, "another_person_needed", "wrong_currency"),
)
def rule_dispute(context: RequestContext, *, dispute_id: UUID) -> Answer:
    """Uphold, reject, or split by amount."""
    outcome, amount = context.body["outcome"], context.body.get("upheld")
    if (outcome == "split") != (amount is not None):
        fault = FieldError("/upheld", "must be given with split, and only with it")
        raise HubError("validation_failed", "The ruling is not complete.", errors=(fault,))
    upheld: int | None = {"uphold": None, "reject": 0}.get(outcome)
    if amount is not None:
        currency = _found(context, dispute_id).dispute.currency
        if amount.currency != currency:
            raise HubError("wrong_currency", f"The dispute is in {currency}.")
        upheld = amount.micros
    return _step(context, service.rule_dispute, dispute_id, upheld=upheld)


def _step(
    context: RequestContext,
    act: Callable[..., StoredDispute],
    dispute_id: UUID,
    *,
    shows: bool = False,
    **facts: Any,
) -> Answer:
    if shows:
        facts["evidence"] = _evidence(context)
    with _refusals():
        after = act(act=_act(context), dispute_id=dispute_id, text=context.body["text"], **facts)
    return Answer(_document(context, after))


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DisputeRefused as refused:
        faults = () if refused.pointer is None else (FieldError(refused.pointer, refused.detail),)
        raise HubError(refused.code, refused.detail, errors=faults) from None


def _act(context: RequestContext) -> Act:
    caller = context.caller
    return Act(
        connection=context.connection,
        party=caller.party_no,
        now=context.now,
        wall=context.wall_now,
        new_id=context.new_id,
        person=caller.person,
        request_id=None if context.evidence is None else context.request_id,
    )


def _found(context: RequestContext, dispute_id: UUID) -> StoredDispute:
    found = store.find(connection=context.connection, dispute_id=dispute_id)
    if found is None or not Viewer(context.caller.party_no).concerns(found):
        raise HubError("dispute_not_found", "There is no such dispute.")
    return found


def _document(context: RequestContext, stored: StoredDispute) -> dict[str, Any]:
    return dispute_document(
        connection=context.connection,
        stored=stored,
        viewer=Viewer(context.caller.party_no),
        slugs=_slugs(context),
    )


def _slugs(context: RequestContext) -> Mapping[int, str]:
    return {no: party.slug for no, party in context.snapshot.parties.items()}


def _evidence(context: RequestContext) -> list[Evidence]:
    pieces = []
    for place, each in enumerate(context.body.get("evidence", ())):
        content = None
        stated = bytes.fromhex(each["sha256"])
        if "content" in each:
            content = base64.b64decode(each["content"], validate=True)
            if len(content) > MAX_PIECE_BYTES:
                fault = f"must be at most {MAX_PIECE_BYTES} bytes"
            elif hashlib.sha256(content).digest() != stated:
                fault = "has another SHA-256 than stated"
            else:
                fault = ""
            if fault:
                pointed = FieldError(f"/evidence/{place}/content", fault)
                raise HubError("validation_failed", f"The evidence {fault}.", errors=(pointed,))
        pieces.append(Evidence(each["name"], stated, content, each.get("reference")))
    return pieces


__all__ = ["routes"]
