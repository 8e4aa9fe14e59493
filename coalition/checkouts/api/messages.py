"""Routes of what platforms sent, and of what was refused."""

from __future__ import annotations

from uuid import UUID

from coalition.checkouts.api.own import own_connection
from coalition.checkouts.schemas import (
    MessageAnswer,
    MessageQuery,
    RejectionAnswer,
    WholeMessageAnswer,
)
from coalition.checkouts.service.messages import message_of, replay
from coalition.checkouts.store import inbox, rejections
from coalition.checkouts.wire import (
    message_document,
    rejection_document,
    whole_message_document,
)
from coalition.http.endpoint import Answer, RequestContext, Routes

routes = Routes(tag="Checkouts")


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/messages",
    summary="List messages of a platform",
    description="Newest first; `state=dead` are the dead letters.",
    caller="either",
    query=MessageQuery,
    answer=MessageAnswer,
    paged=True,
)
def list_messages(context: RequestContext, *, connection_id: UUID) -> Answer:
    """What the platform sent, and what became of it."""
    page = context.page
    found = inbox.list_messages(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        state=context.query.get("state"),
        before=UUID(str(page.after[0])) if page.after else None,
        limit=page.limit + 1,
        bodies=False,
    )
    return Answer(
        context.paged(found, key=lambda row: (str(row.message_id),), render=message_document)
    )


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/messages/{message_id}",
    summary="Get a message of a platform",
    caller="either",
    answer=WholeMessageAnswer,
)
def get_message(context: RequestContext, *, connection_id: UUID, message_id: UUID) -> Answer:
    """A message as it was received."""
    found = message_of(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        message_id=message_id,
    )
    return Answer(whole_message_document(found))


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/messages/{message_id}/replay",
    summary="Work on a message again",
    description="From the start; what was done of it changes nothing.",
    caller="either",
    answer=MessageAnswer,
)
def replay_message(context: RequestContext, *, connection_id: UUID, message_id: UUID) -> Answer:
    """Make a message due again, a dead letter above all."""
    found = message_of(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        message_id=message_id,
    )
    again = replay(connection=context.connection, message=found, wall_now=context.wall_now)
    return Answer(message_document(again))


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/rejections",
    summary="List refused deliveries",
    description="Newest first; the last hundred.",
    caller="either",
    answer=RejectionAnswer,
    paged=True,
)
def list_rejections(context: RequestContext, *, connection_id: UUID) -> Answer:
    """What came with a signature that is none of the connection's."""
    page = context.page
    found = rejections.list_rejections(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        before=int(page.after[0]) if page.after else None,
        limit=page.limit + 1,
    )
    return Answer(
        context.paged(
            found, key=lambda row: (row[0],), render=lambda row: rejection_document(row[1])
        )
    )
