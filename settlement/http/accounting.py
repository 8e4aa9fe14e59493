"""Deferred revenue as CSV: a partner its own points', the operator everyone's."""

from __future__ import annotations

from coalition.errors import FieldError, HubError
from coalition.http import fields
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.schemas import Query
from coalition.partners.domain import Action
from settlement.accounting.rendering import entries_csv, roll_csv
from settlement.accounting.service import AccountingRefused, RollRow, roll_forward

routes = Routes(tag="Accounting")


class WindowsQuery(Query):
    """Which windows: from and to, both included, at most 400."""

    from_ = fields.DateOnly(data_key="from", required=True)
    to = fields.DateOnly(required=True)


@routes.endpoint(
    "GET",
    "/v1/accounting/roll-forward",
    caller="either",
    permission=Action.STATEMENT,
    query=WindowsQuery,
    answer_type="text/csv",
    summary="Roll forward deferred revenue of points, as CSV",
    description=(
        "A row for each window, partner, funding model and currency: opening, issued, redeemed, "
        "expired, clawed back, change of estimate, closing; in money and in points (IFRS 15)."
    ),
)
def get_roll_forward(context: RequestContext) -> Answer:
    """The roll-forward of closed windows."""
    return Answer(roll_csv(rows=_rows(context), slugs=_slugs(context)))


@routes.endpoint(
    "GET",
    "/v1/accounting/entries",
    caller="either",
    permission=Action.STATEMENT,
    query=WindowsQuery,
    answer_type="text/csv",
    summary="The same changes as accounting entries, as CSV",
    description="A row for each change that is not zero, with the accounts to debit and credit.",
)
def get_accounting_entries(context: RequestContext) -> Answer:
    """The accounting entries of closed windows."""
    return Answer(entries_csv(rows=_rows(context), slugs=_slugs(context)))


def _rows(context: RequestContext) -> tuple[RollRow, ...]:
    caller = context.caller
    try:
        return roll_forward(
            connection=context.connection,
            first=context.query["from_"],
            last=context.query["to"],
            issuer=None if caller.is_operator else caller.party_no,
        )
    except AccountingRefused as reason:
        raise HubError(
            "validation_failed", f"{reason}.", errors=(FieldError("/to", str(reason)),)
        ) from None


def _slugs(context: RequestContext) -> dict[int, str]:
    return {no: party.slug for no, party in context.snapshot.parties.items()}
