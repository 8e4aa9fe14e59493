"""Which statements a caller may see: its own that are published; the operator, everyone's."""

from __future__ import annotations

from uuid import UUID

from coalition.errors import HubError
from coalition.http.endpoint import RequestContext
from settlement.store import statements
from settlement.store.statements import Issued, StoredStatement


class UnknownStatement(HubError):  # noqa: N818 - the name says it
    """There is no such statement, or not for this caller."""

    def __init__(self) -> None:
        super().__init__("statement_not_found", "There is no such statement.")


def stored_statement(context: RequestContext, statement_id: UUID) -> StoredStatement:
    """A published statement that the caller may see. Raises UnknownStatement."""
    found = statements.read_statement(connection=context.connection, statement_id=statement_id)
    if found is None or found.published_at is None:
        raise UnknownStatement
    if not context.caller.is_operator and found.plan.party_no != context.caller.party_no:
        raise UnknownStatement
    return found


def visible_statement(context: RequestContext, statement_id: UUID) -> Issued:
    """What was issued as a published statement that the caller may see. Raises UnknownStatement."""
    issued = stored_statement(context, statement_id).issued
    if issued is None:
        raise UnknownStatement
    return issued
