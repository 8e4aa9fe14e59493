"""The route that explains an amount of a statement, to its party or the operator."""

from __future__ import annotations

from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema, Query
from coalition.partners.domain import Action
from settlement.explain import NothingToExplain, Sight, explain_stored, parse_subject
from settlement.http.visible import stored_statement

routes = Routes(tag="Statements")


class ExplainQuery(Query):
    """Which amount of the statement."""

    amount = fields.Text(
        max_length=100,
        required=True,
        doc="`line:N`, `opening`, `net`, `closing`, `activity:KIND`, `position:COUNTERPARTY` or "
        "`position:COUNTERPARTY/KIND`; of the PDF `section:SECTION[/KIND]`, `gross`, `bilateral`; "
        "of the other files `camt:ENTRY`, `1c:DOCUMENT`, `journal:ROW`; see Understand a number.",
        example="line:1",
    )


class StepAnswer(AnswerSchema):
    """One thing that is said of the amount; without a label it goes on with the step before."""

    label = fields.Text(max_length=40, required=True)
    text = fields.Text(max_length=2000, required=True)


class PartAnswer(AnswerSchema):
    """A part of a sum; `see` is the amount to ask for next, null where there is none."""

    what = fields.Text(max_length=200, required=True)
    amount = fields.Decimal(signed=True, required=True)
    lines = fields.WholeNumber(min=0, required=True)
    see = fields.Text(max_length=200, required=True, allow_none=True)


class ExplanationAnswer(AnswerSchema):
    """An amount, step by step or as a sum of parts; the parts add up to it exactly."""

    statement = fields.PublicId("stm", required=True)
    subject = fields.Text(max_length=100, required=True)
    title = fields.Text(max_length=400, required=True)
    amount = fields.Decimal(signed=True, required=True, allow_none=True)
    currency = fields.Text(max_length=3, required=True)
    steps = fields.ListOf(fields.Nested(StepAnswer), required=True)
    parts = fields.ListOf(fields.Nested(PartAnswer), required=True)


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/explain",
    caller="either",
    permission=Action.STATEMENT,
    query=ExplainQuery,
    answer=ExplanationAnswer,
    summary="Explain an amount of a statement",
    description=(
        "A line: receipt, movement, lots, agreement version, arithmetic; of a counterparty's copy, "
        "what the copy itself may say. A sum: its parts, and what to ask for next."
    ),
    problems=("amount_not_found", "statement_not_found"),
)
def explain_statement_amount(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The explanation, as whoever asks may see it."""
    found = stored_statement(context, statement_id)
    sight = Sight(
        sees_all=context.caller.is_operator,
        secret=context.hub.config.derived_key(purpose="statement pseudonyms"),
    )
    try:
        explained = explain_stored(
            connection=context.connection,
            found=found,
            subject=parse_subject(context.query["amount"]),
            sight=sight,
            data_folder=context.hub.config.data_folder,
        )
    except NothingToExplain as reason:
        raise HubError("amount_not_found", f"{reason}.") from None
    return Answer(explained.document())
