"""Routes of points paid at checkouts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from adapters.contract import Customer
from coalition.checkouts import service as checkouts
from coalition.checkouts.api.own import own_connection
from coalition.checkouts.domain import Connection
from coalition.checkouts.making import make_spends
from coalition.checkouts.spends import service, store
from coalition.checkouts.spends.domain import SPEND_SECONDS, StoredSpend
from coalition.checkouts.spends.means import Means
from coalition.checkouts.spends.schemas import SpendAnswer, SpendBody
from coalition.checkouts.spends.wire import spend_document
from coalition.errors import HubError
from coalition.http.endpoint import Answer, RequestContext, Routes
from coalition.http.evidence import keep_evidence
from coalition.http.posting import posting_context
from coalition.members.service import account_named

routes = Routes(tag="Checkouts")

#: How long a request waits for the platform's turn, and for each answer.
_PATIENCE, _SECONDS = 2.0, 8.0
_CONNECTION = ("connection_not_found", "connection_closed")


def _means(context: RequestContext) -> Means:
    hub = context.hub
    return hub.once(
        Means,
        lambda: make_spends(
            config=hub.config,
            database=hub.database,
            directory=hub.directory,
            clocks=hub.clocks,
            patience=_PATIENCE,
            seconds=_SECONDS,
        ),
    )


def _checkout(context: RequestContext, means: Means, connection_id: UUID) -> Connection:
    with context.database.autocommit() as session:
        stored = checkouts.connection_named(
            connection=session, connection_id=connection_id, party_no=context.caller.party_no
        )
    found = means.connection(stored.no)
    if found is None:
        raise HubError("connection_closed", "The connection is closed.")
    return found


def _account(context: RequestContext) -> UUID:
    with context.database.autocommit() as session:
        return account_named(
            connection=session, party_no=context.caller.party_no, named=context.body["member"]
        )


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/spends",
    summary="Pay with points at a checkout",
    description=(
        "Holds the points and makes what the shopper pays with there: a code, or a discount on "
        "the order. The same `reference` again is the same spend. `wanted`: the platform could "
        "not be asked yet, look again. An order that pays with it captures the points; refunds "
        "and cancellation give them back; what is not used in time is taken back."
    ),
    body=SpendBody,
    answer=SpendAnswer,
    status=201,
    also_statuses=(200,),
    mode="own",
    problems=(
        *_CONNECTION,
        "agreement_not_in_force",
        "card_not_found",
        "conflict_retry",
        "connection_not_live",
        "insufficient_points",
        "member_closed",
        "member_frozen",
        "member_not_found",
        "partner_not_live",
        "partner_state_forbids",
        "spend_locked",
        "spend_reference_taken",
        "spending_not_supported",
        "wrong_currency",
    ),
)
def spend_points(context: RequestContext, *, connection_id: UUID) -> Answer:
    """POST a spend."""
    body, means = context.body, _means(context)
    checkout = _checkout(context, means, connection_id)
    made, new = service.want_spend(
        means=means,
        context=posting_context(context),
        checkout=checkout,
        wanted=service.Wanted(
            reference=body["reference"],
            account_id=_account(context),
            points=body.get("points"),
            amount=body.get("amount"),
            order_id=body.get("order"),
            customer=Customer(**body["customer"]) if "customer" in body else None,
            lasts=timedelta(seconds=body.get("expires_in_seconds", SPEND_SECONDS)),
        ),
        keep=lambda session: keep_evidence(connection=session, context=context),
    )
    return Answer(spend_document(made, connection_id), status=201 if new else 200)


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/spends",
    summary="List spends of a connection",
    description="Oldest first.",
    caller="either",
    answer=SpendAnswer,
    paged=True,
    problems=("connection_not_found",),
)
def list_spends(context: RequestContext, *, connection_id: UUID) -> Answer:
    """What was paid with points there, and what was to be."""
    page = context.page
    found = store.list_spends(
        connection=context.connection,
        connection_no=own_connection(context, connection_id).no,
        after=UUID(str(page.after[0])) if page.after else None,
        limit=page.limit + 1,
    )

    def key(row: StoredSpend) -> tuple[str]:
        return (str(row.spend_id),)

    return Answer(
        context.paged(found, key=key, render=lambda row: spend_document(row, connection_id))
    )


@routes.endpoint(
    "GET",
    "/v1/connections/{connection_id}/spends/{spend_id}",
    summary="A spend as it is now",
    caller="either",
    answer=SpendAnswer,
    problems=("connection_not_found", "spend_not_found"),
)
def get_spend(context: RequestContext, *, connection_id: UUID, spend_id: UUID) -> Answer:
    """GET a spend."""
    found = service.own_spend(
        connection=context.connection,
        checkout_no=own_connection(context, connection_id).no,
        spend_id=spend_id,
    )
    return Answer(spend_document(found, connection_id))


@routes.endpoint(
    "POST",
    "/v1/connections/{connection_id}/spends/{spend_id}/undo",
    summary="Take a spend back",
    description=(
        "The code pays no more and the points are the member's again: at once, or, where the "
        "platform cannot be asked now (`undoing`), as soon as it can. A second time is harmless."
    ),
    answer=SpendAnswer,
    mode="own",
    problems=(*_CONNECTION, "conflict_retry", "spend_not_found", "spend_used"),
)
def undo_spend(context: RequestContext, *, connection_id: UUID, spend_id: UUID) -> Answer:
    """POST the undoing of a spend."""
    means = _means(context)
    undone = service.stop_spend(
        means=means,
        checkout=_checkout(context, means, connection_id),
        spend_id=spend_id,
        keep=lambda session: keep_evidence(connection=session, context=context),
    )
    return Answer(spend_document(undone, connection_id))
