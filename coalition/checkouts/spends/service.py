"""Use cases of spends: wanting one, letting one go, doing what is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection as Session

from adapters.contract import Customer
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection
from coalition.checkouts.spends import store
from coalition.checkouts.spends.domain import (
    GRACE,
    SPEND_SECONDS,
    StoredSpend,
    UnknownSpend,
)
from coalition.checkouts.spends.means import Means
from coalition.checkouts.spends.platform import can_redeem, seal_customer, step
from coalition.db.transactions import in_transaction
from coalition.errors import FieldError, HubError
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Till
from coalition.redemptions.service import hold_points, price_of
from partner_sdk.wire.amounts import Money

BATCH = 20
_STEPS = 2


def _nothing(_connection: Session) -> None:
    """Nothing to keep: the request was not signed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: points, or an amount that points shall pay."""

    reference: str
    account_id: UUID
    points: int | None = None
    amount: Money | None = None
    order_id: str | None = None
    customer: Customer | None = None
    lasts: timedelta = timedelta(seconds=SPEND_SECONDS)


def want_spend(
    *,
    means: Means,
    context: PostingContext,
    checkout: Connection,
    wanted: Wanted,
    keep: Callable[[Session], None] = _nothing,
) -> tuple[StoredSpend, bool]:
    """Hold points for a checkout and have the platform told; the spend, and whether it is new.

    The same reference again is the same spend; `keep` writes the request that asks for a new one.
    Where the platform cannot be asked now, the spend stays `wanted` and is made as soon as it can.

    Raises:
        HubError: `connection_not_live`, `spending_not_supported`, `wrong_currency`,
            `spend_reference_taken`, and what forbids a hold.
    """
    if checkout.state != "live":
        raise HubError("connection_not_live", f"The connection is {checkout.state}.")
    if not can_redeem(adapter_named(checkout.platform)):
        raise HubError(
            "spending_not_supported", f"Points cannot be paid at {checkout.platform} itself."
        )

    def work(connection: Session) -> tuple[StoredSpend, bool]:
        found = store.find_by_reference(
            connection=connection, connection_no=checkout.no, reference=wanted.reference
        )
        if found is not None:
            _check_same(found, wanted)
            return found, False
        keep(connection)
        made = _hold(connection, means, context, checkout, wanted)
        store.insert_spend(connection=connection, made=made)
        return made, True

    made, new = in_transaction(database=means.database, work=work)
    if new:
        drive(means=means, spend_id=made.spend_id)
    with means.database.autocommit() as connection:
        now = store.find_spend(connection=connection, spend_id=made.spend_id)
    return now or made, new


def _hold(
    connection: Session,
    means: Means,
    context: PostingContext,
    checkout: Connection,
    wanted: Wanted,
) -> StoredSpend:
    price = price_of(context)
    points = wanted.points
    if wanted.amount is not None:
        if wanted.amount.currency != price.currency:
            raise HubError(
                "wrong_currency",
                f"Points pay in {price.currency} here.",
                errors=(FieldError("/amount/currency", f"must be {price.currency}"),),
            )
        points = wanted.amount.micros // price.face_micros
    if not points:
        raise HubError(
            "validation_failed",
            "The amount is less than a point is worth.",
            errors=(FieldError("/amount", "must be worth a point or more"),),
        )
    spend_id, wall_now = means.new_id(), means.clocks.wall()
    hold = hold_points(
        connection=connection,
        context=context,
        account_id=wanted.account_id,
        points=points,
        till=Till(reference=wanted.reference),
        lasts=wanted.lasts + GRACE,
    )
    return StoredSpend(
        spend_id=spend_id,
        connection_no=checkout.no,
        party_no=context.party_no,
        reference=wanted.reference,
        hold_id=hold.hold_id,
        account_id=wanted.account_id,
        points=points,
        amount_micros=points * price.face_micros,
        face_micros=price.face_micros,
        currency=price.currency,
        state="wanted",
        undo=False,
        expires_at=wall_now + wanted.lasts,
        created_at=wall_now,
        changed_at=wall_now,
        order_id=wanted.order_id,
        customer=seal_customer(means, spend_id, wanted.customer),
        due_at=wall_now,
    )


def _check_same(found: StoredSpend, wanted: Wanted) -> None:
    points = wanted.points
    if wanted.amount is not None:
        same_currency = wanted.amount.currency == found.currency
        points = wanted.amount.micros // found.face_micros if same_currency else 0
    # Once an order has told of it, `order_id` is the platform's, whatever was asked for.
    another = found.order_revision is None and wanted.order_id not in (None, found.order_id)
    if (found.account_id, found.points) != (wanted.account_id, points) or another:
        raise HubError(
            "spend_reference_taken", "This reference names another spend of this connection."
        )


def stop_spend(
    *,
    means: Means,
    checkout: Connection,
    spend_id: UUID,
    keep: Callable[[Session], None] = _nothing,
) -> StoredSpend:
    """Have the platform take a spend back, and let go of the points; a second time is harmless.

    Raises:
        HubError: `spend_not_found`, `spend_used`.
    """

    def work(connection: Session) -> None:
        row = own_spend(
            connection=connection, checkout_no=checkout.no, spend_id=spend_id, lock=True
        )
        if row.state == "used":
            raise HubError(
                "spend_used", "An order was paid with it; cancel or refund that at the checkout."
            )
        if row.state in ("wanted", "made") and not row.undo:
            keep(connection)
            wall_now = means.clocks.wall()
            store.change_spend(
                connection=connection,
                spend_id=spend_id,
                wall_now=wall_now,
                undo=True,
                due_at=wall_now,
            )

    in_transaction(database=means.database, work=work)
    drive(means=means, spend_id=spend_id)
    with means.database.autocommit() as connection:
        return own_spend(connection=connection, checkout_no=checkout.no, spend_id=spend_id)


def own_spend(
    *, connection: Session, checkout_no: int, spend_id: UUID, lock: bool = False
) -> StoredSpend:
    """A spend of a connection.

    Raises:
        HubError: `spend_not_found`.
    """
    found = store.find_spend(
        connection=connection, spend_id=spend_id, connection_no=checkout_no, lock=lock
    )
    if found is None:
        raise UnknownSpend
    return found


def drive(*, means: Means, spend_id: UUID) -> None:
    """Do what is due for a spend, and what follows from that at once."""
    for _ in range(_STEPS):
        if not step(means=means, spend_id=spend_id):
            return


def drive_due(*, means: Means, limit: int = BATCH) -> int:
    """Do what is due for spends; gives for how many."""
    with means.database.autocommit() as connection:
        due = store.due_spends(connection=connection, wall_now=means.clocks.wall(), limit=limit)
    for spend_id in due:
        drive(means=means, spend_id=spend_id)
    return len(due)
