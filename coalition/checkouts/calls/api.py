"""The route of calls: what the hub asked of a platform, and what was answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.checkouts.api.own import own_connection
from coalition.checkouts.calls.domain import CALL_OUTCOMES, Asked
from coalition.checkouts.calls.store import calls_of
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema
from partner_sdk.wire.instants import format_instant

routes = Routes(tag="Checkouts")


class CallAnswer(AnswerSchema):
    """A call of the hub's to a platform: no header, no query, nothing of a body, no secret."""

    at = fields.Instant(required=True)
    method = fields.Text(max_length=20, required=True)
    path = fields.Text(max_length=300, required=True)
    key = fields.Text(
        max_length=200, required=True, allow_none=True, doc="Its idempotency key, if it had one."
    )
    outcome = fields.Choice(
        CALL_OUTCOMES,
        required=True,
        doc=(
            "`answered`, with whatever status; `refused`: the hub was not let in, or it makes no "
            "such call; `slow_down`: asked again later; `unreachable`: no answer."
        ),
    )
    status = fields.WholeNumber(min=100, max=999, required=True, allow_none=True)
    detail = fields.Text(max_length=200, min_length=0, required=True)
    duration_ms = fields.WholeNumber(min=0, required=True)
    bytes = fields.WholeNumber(min=0, required=True, doc="Of the answer's body.")


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/calls",
    summary="List what the hub asked of a platform",
    description="Newest first; kept as the operator sets: 30 days unless changed.",
    caller="either",
    answer=CallAnswer,
    paged=True,
    problems=("connection_not_found",),
)
def list_calls(context: RequestContext, *, connection_id: UUID) -> Answer:
    """What was asked, and what was answered."""
    page = context.page
    found = calls_of(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        before=int(page.after[0]) if page.after else None,
        limit=page.limit + 1,
    )
    return Answer(
        context.paged(found, key=lambda row: (row[0],), render=lambda row: _document(row[1]))
    )


def _document(asked: Asked) -> dict[str, Any]:
    return {
        "at": format_instant(asked.called_at),
        "method": asked.method,
        "path": asked.path,
        "key": asked.key,
        "outcome": asked.outcome,
        "status": asked.status,
        "detail": asked.detail,
        "duration_ms": asked.duration_ms,
        "bytes": asked.bytes,
    }
