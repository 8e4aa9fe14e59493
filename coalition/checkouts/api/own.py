"""Whose connections a caller sees."""

from __future__ import annotations

from uuid import UUID

from coalition.checkouts import service
from coalition.checkouts.store.connections import StoredConnection
from coalition.http.endpoint import RequestContext


def scope(context: RequestContext) -> int | None:
    """A partner sees its own; the operator sees all."""
    return None if context.caller.is_operator else context.caller.party_no


def own_connection(context: RequestContext, connection_id: UUID) -> StoredConnection:
    """A connection that the caller sees.

    Raises:
        HubError: `connection_not_found`.
    """
    return service.connection_named(
        connection=context.connection, connection_id=connection_id, party_no=scope(context)
    )
