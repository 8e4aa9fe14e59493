"""Routes of acceptances: a party accepts its own statements, and fetches what it signed."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema, Body
from coalition.partners.domain import Action
from partner_sdk.wire import ids
from partner_sdk.wire.acceptance import InvalidAcceptance, SignedAcceptance
from partner_sdk.wire.archive import PDF, InvalidArchive, read_entry
from partner_sdk.wire.instants import format_instant
from settlement.acceptances import service
from settlement.acceptances.service import OtherStatement, PdfAcceptance
from settlement.http.visible import visible_statement
from settlement.profiles.service import read_profile_of

routes = Routes(tag="Statements")

_BASE64 = "[A-Za-z0-9+/]{86}=="


_MAX_PDF = 1 << 20


class PdfAcceptanceBody(Body):
    """The statement's PDF with the party's signature in it, base64: all of the file."""

    pdf = fields.Text(max_length=_MAX_PDF * 4 // 3 + 4, pattern="[A-Za-z0-9+/]+={0,2}",
                      required=True)  # fmt: skip


class PdfAcceptanceAnswer(AnswerSchema):
    """The signed PDF that is kept: its SHA-256, who signed it, when by its clock and by ours."""

    statement = fields.PublicId("stm", required=True)
    sha256 = fields.Text(max_length=64, pattern="[0-9a-f]{64}", required=True)
    signer = fields.Text(max_length=1000, required=True)
    signed_at = fields.Instant(required=True, allow_none=True)
    accepted_at = fields.Instant(required=True)


class AcceptanceBody(Body):
    """The JSON of `coalition.acceptance/1` exactly as signed, and the Ed25519 signature."""

    acceptance = fields.Text(max_length=1000, required=True)
    signature = fields.Text(max_length=88, pattern=_BASE64, required=True)


class AcceptanceAnswer(AnswerSchema):
    """The acceptance that is kept."""

    acceptance = fields.Text(max_length=1000, required=True)
    signature = fields.Text(max_length=88, pattern=_BASE64, required=True)


@routes.endpoint(
    "POST",
    "/v1/statements/{statement_id}/acceptance",
    body=AcceptanceBody,
    answer=AcceptanceAnswer,
    permission=Action.STATEMENT,
    summary="Accept a statement",
    description="The first acceptance is kept; a later one changes nothing and gets the first.",
    problems=("statement_not_found", "acceptance_invalid", "acceptance_mismatch"),
)
def post_acceptance(context: RequestContext, *, statement_id: UUID) -> Answer:
    """Keep the caller's signed acceptance of its own statement."""
    found = visible_statement(context, statement_id)
    caller = context.caller
    keys = _keys(context)
    try:
        kept = service.accept(
            connection=context.connection,
            statement_id=statement_id,
            sha256=found.sha256,
            party_no=caller.party_no,
            keys=keys,
            signed=SignedAcceptance.from_wire(
                context.body["acceptance"], context.body["signature"]
            ),
            now=context.wall_now,
        )
    except InvalidAcceptance as error:
        raise HubError("acceptance_invalid", f"The acceptance is {error}.") from None
    except OtherStatement:
        raise HubError(
            "acceptance_mismatch", "It accepts another statement, or other bytes of it."
        ) from None
    return Answer(kept.to_wire())


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/acceptance",
    answer=AcceptanceAnswer,
    caller="either",
    permission=Action.STATEMENT,
    summary="Fetch the acceptance of a statement",
    problems=("statement_not_found", "acceptance_not_found"),
)
def get_acceptance(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The acceptance exactly as it was signed."""
    visible_statement(context, statement_id)
    kept = service.read_acceptance(connection=context.connection, statement_id=statement_id)
    if kept is None:
        raise HubError("acceptance_not_found", "The statement has not been accepted.")
    return Answer(kept.to_wire())


@routes.endpoint(
    "POST",
    "/v1/statements/{statement_id}/acceptance/pdf",
    body=PdfAcceptanceBody,
    answer=PdfAcceptanceAnswer,
    permission=Action.STATEMENT,
    max_body=_MAX_PDF * 4 // 3 + 1024,
    summary="Accept a statement by signing its PDF",
    description=(
        "The bundle's `statement.pdf` with one signature more, in the field `Acceptance`: made "
        "with the certificate of the finance profile, or one of a key that is registered. The "
        "first acceptance is kept; a later one changes nothing and gets the first."
    ),
    problems=("statement_not_found", "acceptance_invalid", "acceptance_not_found"),
)
def post_pdf_acceptance(context: RequestContext, *, statement_id: UUID) -> Answer:
    """Keep the PDF that the caller signed as its acceptance of its own statement."""
    issued = _issued_pdf(context, statement_id)
    party_no = context.caller.party_no
    profile = read_profile_of(connection=context.connection, party_no=party_no)
    named = profile.acceptance_certificate
    try:
        kept = service.accept_pdf(
            connection=context.connection,
            statement_id=statement_id,
            party_no=party_no,
            issued=issued,
            signed=base64.b64decode(context.body["pdf"]),
            certificates=() if named is None else (base64.b64decode(named),),
            keys=frozenset(_keys(context).values()),
            now=context.wall_now,
        )
    except (InvalidAcceptance, ValueError) as error:
        raise HubError("acceptance_invalid", f"The PDF {error}.") from None
    return Answer(_pdf_document(statement_id, kept))


@routes.endpoint(
    "GET",
    "/v1/statements/{statement_id}/acceptance/pdf",
    caller="either",
    permission=Action.STATEMENT,
    answer_type="application/pdf",
    summary="Fetch the PDF by which a statement was accepted",
    problems=("statement_not_found", "acceptance_not_found"),
)
def get_pdf_acceptance(context: RequestContext, *, statement_id: UUID) -> Answer:
    """The PDF with both signatures."""
    issued = _issued_pdf(context, statement_id)
    kept = service.read_pdf_acceptance(connection=context.connection, statement_id=statement_id)
    if kept is None:
        raise HubError("acceptance_not_found", "The statement has not been accepted by its PDF.")
    return Answer(issued + kept.added)


def _keys(context: RequestContext) -> dict[UUID, bytes]:
    """The caller's public keys that are not revoked."""
    return {
        key.key_id: key.public_key
        for key in context.snapshot.keys.values()
        if key.party_no == context.caller.party_no and key.public_key and key.revoked_at is None
    }


def _issued_pdf(context: RequestContext, statement_id: UUID) -> bytes:
    path: Path = context.hub.config.data_folder / visible_statement(context, statement_id).path
    try:
        with path.open("rb") as stream:
            return read_entry(stream=stream, name=PDF)
    except (KeyError, InvalidArchive):
        raise HubError("acceptance_not_found", "The statement was issued without a PDF.") from None


def _pdf_document(statement_id: UUID, kept: PdfAcceptance) -> dict[str, Any]:
    def spelled(instant: datetime | None) -> str | None:
        return None if instant is None else format_instant(instant)

    return {
        "statement": ids.encode("stm", statement_id),
        "sha256": kept.sha256,
        "signer": kept.subject,
        "signed_at": spelled(kept.signed_at),
        "accepted_at": spelled(kept.received_at),
    }
