"""Routes of acceptances: a party accepts its own statements, and fetches what it signed."""

from __future__ import annotations

from uuid import UUID

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import AnswerSchema, Body
from coalition.partners.domain import Action
from partner_sdk.wire.acceptance import InvalidAcceptance, SignedAcceptance
from settlement.acceptances import service
from settlement.acceptances.service import OtherStatement
from settlement.http.visible import visible_statement

routes = Routes(tag="Statements")

_BASE64 = "[A-Za-z0-9+/]{86}=="


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
    keys = {
        key.key_id: key.public_key
        for key in context.snapshot.keys.values()
        if key.party_no == caller.party_no and key.public_key and key.revoked_at is None
    }
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
