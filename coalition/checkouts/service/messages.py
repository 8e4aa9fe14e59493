"""What partners see of their messages, and having one worked on again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection as Database

from coalition.checkouts.domain import Message, UnknownMessage
from coalition.checkouts.store import inbox


def message_of(*, connection: Database, connection_no: int, message_id: UUID) -> Message:
    """A message of a connection.

    Raises:
        HubError: `message_not_found`.
    """
    found = inbox.find_message(
        connection=connection, connection_no=connection_no, message_id=message_id
    )
    if found is None:
        raise UnknownMessage
    return found


def message_anywhere(*, connection: Database, message_id: UUID) -> Message:
    """A message, whose connection it may be.

    Raises:
        HubError: `message_not_found`.
    """
    found = inbox.find_message(connection=connection, message_id=message_id)
    if found is None:
        raise UnknownMessage
    return found


def replay(*, connection: Database, message: Message, wall_now: datetime) -> Message:
    """Have a message worked on again, from the start; what was done of it changes nothing.

    A question was answered when it was asked, and is not asked again.

    Raises:
        HubError: `message_not_found`.
    """
    if "kind" not in message.result:
        inbox.make_due(connection=connection, message=message, wall_now=wall_now)
    return message_of(
        connection=connection,
        connection_no=message.connection_no,
        message_id=message.message_id,
    )
