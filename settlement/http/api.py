"""Routes of statements: a partner fetches its own, the operator all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, Pieces, RequestContext, Routes
from coalition.http.schemas import AnswerSchema
from coalition.partners.domain import Action
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.archive import STATEMENT, read_entry
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.statement import Statement
from settlement.acceptances.service import read_accepted
from settlement.bundles.proved import with_proof
from settlement.bundles.workbook import workbook_of
from settlement.http.visible import UnknownStatement, visible_statement
from settlement.log.service import proof_of_statement
from settlement.store import statements
from settlement.store.statements import StoredStatement

routes = Routes(tag="Statements")
#: More would keep a worker busy for long.
_MAX_WORKBOOK_LINES = 100_000


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
    accepted_at = fields.Instant(required=True, allow_none=True)


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
    accepted = read_accepted(
        connection=context.connection, statement_ids=[each.plan.statement_id for each in found]
    )
    return Answer(
        context.paged(found, key=_key, render=lambda each: _document(context, each, accepted))
    )


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
    description=(
        "The statement with its lines, signature, certificates and proofs, as a zip file. The "
        "log's proof has the cosignatures that there are by now."
    ),
    problems=("statement_not_found",),
)
def get_statement_bundle(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The whole bundle."""
    path = _bundle(context, statement_id)
    disposition = f'attachment; filename="{path.parent.name}-{path.name}"'
    headers = {"Content-Disposition": disposition}
    proof = proof_of_statement(
        connection=context.connection, statement_id=ids.encode("stm", statement_id)
    )
    if proof is None:
        return Answer(path, headers=headers)
    size, blocks = with_proof(path=path, proof=proof.to_bytes())
    return Answer(Pieces(size, blocks), headers=headers)


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/xlsx",
    caller="either",
    permission=Action.STATEMENT,
    answer_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    summary="Fetch a statement's lines as a workbook",
    description=(
        "Made for this request of the bundle's lines, and signed by nobody: the bundle is what "
        f"counts. At most {_MAX_WORKBOOK_LINES} lines; a longer one is made of the bundle by "
        "`coalition-partner xlsx`."
    ),
    problems=("statement_not_found", "workbook_too_large"),
)
def get_statement_workbook(context: RequestContext, *, statement_id: UUID) -> Answer:
    """A sheet of figures, then the lines."""
    path = _bundle(context, statement_id)
    with path.open("rb") as stream:
        statement = Statement.from_bytes(read_entry(stream=stream, name=STATEMENT))
    if statement.lines.count > _MAX_WORKBOOK_LINES:
        raise HubError(
            "workbook_too_large",
            f"The statement has {statement.lines.count} lines; {_MAX_WORKBOOK_LINES} is the most.",
        )
    disposition = f'attachment; filename="{path.parent.name}-{path.stem}.xlsx"'
    size, blocks = workbook_of(path=path)
    return Answer(Pieces(size, blocks), headers={"Content-Disposition": disposition})


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/proof",
    caller="either",
    permission=Action.STATEMENT,
    answer_type="text/plain; charset=utf-8",
    summary="Fetch the proof that a statement is in the log",
    description="`statement.tlog-proof` (C2SP tlog-proof), with the cosignatures there are by now.",
    problems=("statement_not_found", "proof_not_ready"),
)
def get_statement_proof(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The log's proof of the statement."""
    _bundle(context, statement_id)
    proof = proof_of_statement(
        connection=context.connection, statement_id=ids.encode("stm", statement_id)
    )
    if proof is None:
        raise HubError("proof_not_ready", "The log has no published checkpoint with it yet.")
    return Answer(proof.to_bytes())


def _bundle(context: RequestContext, statement_id: UUID) -> Path:
    """The file of a published statement that the caller may see. Raises UnknownStatement."""
    return context.hub.config.data_folder / visible_statement(context, statement_id).path


def _document(
    context: RequestContext, found: StoredStatement, accepted: Mapping[UUID, datetime]
) -> dict[str, Any]:
    accepted_at = accepted.get(found.plan.statement_id)
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
        "accepted_at": None if accepted_at is None else format_instant(accepted_at),
    }


def _key(found: StoredStatement) -> tuple[str | int, ...]:
    return (found.plan.business_date.isoformat(), found.plan.party_no, found.plan.currency)


def _key_read(key: tuple[str | int, ...]) -> tuple[date, int, str]:
    return date.fromisoformat(str(key[0])), int(key[1]), str(key[2])
