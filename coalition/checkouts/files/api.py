"""The route of files: what became of each, for whoever dropped it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from coalition.checkouts.api.own import own_connection
from coalition.checkouts.files.domain import FILE_STATES, MAX_TOLD, Told
from coalition.checkouts.files.store.told import list_told
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema, Query
from partner_sdk.wire.instants import format_instant

routes = Routes(tag="Checkouts")


class FileQuery(Query):
    """Which files."""

    state = fields.Choice(FILE_STATES)


class FileAnswer(AnswerSchema):
    """A file that was dropped: what became of it last, why, and what to do about it."""

    name = fields.Text(max_length=200, required=True)
    state = fields.Choice(FILE_STATES, required=True)
    since = fields.Instant(required=True)
    store = fields.Text(max_length=64, required=True, allow_none=True)
    sequence = fields.WholeNumber(min=0, required=True, allow_none=True)
    reason = fields.Text(max_length=1000, required=True)
    lines = fields.ListOf(
        fields.Text(max_length=1000),
        required=True,
        max_items=MAX_TOLD,
        doc="Faults by row and column, and orders that were not taken: the first of the report's.",
    )
    more_lines = fields.WholeNumber(min=0, required=True, doc="How many more the report has.")
    what_to_do = fields.Text(max_length=300, required=True, allow_none=True)


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/files",
    summary="List files of orders",
    description=(
        "What became of each file that was dropped for the connection, the newest change first: "
        "those `held` and `refused`, with the reason. Kept for 90 days."
    ),
    caller="either",
    query=FileQuery,
    answer=FileAnswer,
    paged=True,
    problems=("connection_not_found",),
)
def list_files(context: RequestContext, *, connection_id: UUID) -> Answer:
    """Files as the pick-up saw them last."""
    page = context.page
    found = list_told(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        what=context.query.get("state"),
        before=int(page.after[0]) if page.after else None,
        limit=page.limit + 1,
    )
    return Answer(
        context.paged(found, key=lambda row: (row[0],), render=lambda row: _document(row[1]))
    )


def _document(told: Told) -> dict[str, Any]:
    return {
        "name": told.name,
        "state": told.what,
        "since": format_instant(told.since),
        "store": told.store,
        "sequence": told.sequence,
        "reason": told.text,
        "lines": list(told.lines),
        "more_lines": told.more,
        "what_to_do": told.advice,
    }
