"""Routes of statements: a partner fetches its own, the operator all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema
from coalition.partners.domain import Action
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.archive import STATEMENT, read_entry
from partner_sdk.wire.instants import format_instant
from settlement.store import statements
from settlement.store.statements import StoredStatement

routes = Routes(tag="Statements")


class UnknownStatement(HubError):  # noqa: N818 - the name says it
    """There is no such statement, or not for this caller."""

    def __init__(self) -> None:
        super().__init__("statement_not_found", "There is no such statement.")


class StatementAnswer(AnswerSchema):
    """One statement in the list; the whole of it is in its own document and bundle."""

    id = fields.PublicId("stm", required=True)
    statement_no = fields.WholeNumber(min=1, required=True)
    party = fields.Text(max_length=40, required=True)
    window = fields.Text(max_length=12, pattern="win_[0-9]{8}", required=True)
    opening = fields.MoneyField(signed=True, required=True)
    net = fields.MoneyField(signed=True, required=True)
    closing = fields.MoneyField(signed=True, required=True)
    lines = fields.WholeNumber(min=0, required=True)
    sha256 = fields.Text(max_length=64, pattern="[0-9a-f]{64}", required=True)
    bundle_bytes = fields.WholeNumber(min=1, required=True)
    issued_at = fields.Instant(required=True)


@routes.endpoint(
    "GET",
    "/v1/statements",
    answer=StatementAnswer,
    caller="either",
    paged=True,
    permission=Action.STATEMENT,
    summary="List statements, the newest first",
    problems=("invalid_cursor", "limit_out_of_range"),
)
def list_statements(context: RequestContext) -> Answer:
    """Published statements: the caller's own, or, for the operator, those of every party."""
    page = context.page
    found = statements.read_published(
        connection=context.connection,
        party_no=None if context.caller.is_operator else context.caller.party_no,
        after=None if page.after is None else _key_read(page.after),
        limit=page.limit + 1,
    )
    return Answer(context.paged(found, key=_key, render=lambda each: _document(context, each)))


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}",
    caller="either",
    permission=Action.STATEMENT,
    summary="Fetch a statement",
    description="The exact bytes of `statement.json`, which the bundle's signature covers.",
    problems=("statement_not_found",),
)
def get_statement(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The statement as signed."""
    with _bundle(context, statement_id).open("rb") as stream:
        return Answer(read_entry(stream=stream, name=STATEMENT))


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/bundle",
    caller="either",
    permission=Action.STATEMENT,
    answer_type="application/zip",
    summary="Fetch a statement's bundle",
    description="The statement with its lines, signature, certificates and proofs, as a zip file.",
    problems=("statement_not_found",),
)
def get_statement_bundle(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The whole bundle."""
    path = _bundle(context, statement_id)
    disposition = f'attachment; filename="{path.parent.name}-{path.name}"'
    return Answer(path, headers={"Content-Disposition": disposition})


def _bundle(context: RequestContext, statement_id: UUID) -> Path:
    """The file of a published statement that the caller may see. Raises UnknownStatement."""
    found = statements.read_statement(connection=context.connection, statement_id=statement_id)
    if found is None or found.published_at is None or found.issued is None:
        raise UnknownStatement
    if not context.caller.is_operator and found.plan.party_no != context.caller.party_no:
        raise UnknownStatement
    return context.hub.config.data_folder / found.issued.path


def _document(context: RequestContext, found: StoredStatement) -> dict[str, Any]:
    plan, issued = found.plan, found.issued
    if issued is None:
        raise UnknownStatement  # only what is issued is ever published
    return {
        "id": plan.public_id,
        "statement_no": plan.no,
        "party": context.snapshot.parties[plan.party_no].slug,
        "window": ids.encode_window(plan.business_date),
        "opening": Money(plan.opening_micros, plan.currency).to_wire(),
        "net": Money(plan.net_micros, plan.currency).to_wire(),
        "closing": Money(plan.closing_micros, plan.currency).to_wire(),
        "lines": plan.all_lines,
        "sha256": issued.sha256,
        "bundle_bytes": issued.bytes,
        "issued_at": format_instant(issued.issued_at),
    }


def _key(found: StoredStatement) -> tuple[str | int, ...]:
    return (found.plan.business_date.isoformat(), found.plan.party_no)


def _key_read(key: tuple[str | int, ...]) -> tuple[date, int]:
    return date.fromisoformat(str(key[0])), int(key[1])
