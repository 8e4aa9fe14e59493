"""What an order says of the points that paid it: captured, given back, let go.

Absolute, as orders are: the difference between what should be and what is posted is posted, so
an order told again, or by half before a crash, ends alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Session

from adapters.contract import Order, Tender
from coalition.checkouts.domain import Connection
from coalition.checkouts.spends import store
from coalition.checkouts.spends.domain import StoredSpend, points_back, points_for
from coalition.checkouts.spends.means import Means
from coalition.errors import HubError, StaleDirectory
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Redemption, Till
from coalition.redemptions.service import (
    capture_hold,
    own_hold,
    own_redemption,
    redeem_points,
    reverse_redemption,
    void_hold,
)
from coalition.redemptions.wire import money_of_points, redemption_document
from partner_sdk.wire.ids import InvalidId, decode, encode

_NO_LONGER_HELD = ("hold_expired", "hold_not_open", "hold_not_found")


@dataclass(frozen=True, slots=True)
class Settling:
    """What orders say of spends (`coalition.checkouts.processing.Spends`)."""

    means: Means

    def used(self, *, connection: Connection, orders: Sequence[Order]) -> Mapping[str, str]:
        """Post what orders say of spends, in whatever state the orders are.

        Gives the redemption's public id by the spend's id as the adapter knows it. Ids that are
        not this connection's are left out, and those for which there were no points any more:
        the spend then says why. The same orders again change nothing.

        Raises:
            HubError: `conflict_retry`.
        """
        if not connection.posts or not orders:
            return {}
        with self.means.database.autocommit() as session:
            concerned = store.orders_with_spends(
                connection=session,
                connection_no=connection.no,
                named={order.id: list(_named(order)) for order in orders},
            )
        found: dict[str, str] = {}
        for order in sorted(orders, key=lambda each: each.revision):
            if order.id in concerned:
                found |= self._settle(connection, order)
        return found

    def _settle(self, checkout: Connection, order: Order) -> dict[str, str]:
        named = _named(order)

        def work(connection: Session, context: PostingContext) -> dict[str, str]:
            found: dict[str, str] = {}
            for row in store.lock_of_order(
                connection=connection,
                connection_no=checkout.no,
                order_id=order.id,
                named=list(named),
            ):
                redemption_id = row.redemption_id
                if row.order_revision is None or order.revision >= row.order_revision:
                    micros = named.get(row.spend_id, 0)
                    one = _One(self.means, connection, context, row, order, micros)
                    redemption_id = one.settle()
                if redemption_id is not None:
                    found[encode("spd", row.spend_id)] = encode("red", redemption_id)
            return found

        return self.means.post(checkout.party_no, work)


class _One:
    """One spend and the order that tells of it; `micros` of it were paid with the spend."""

    def __init__(
        self,
        means: Means,
        connection: Session,
        context: PostingContext,
        row: StoredSpend,
        order: Order,
        micros: int,
    ) -> None:
        self.means, self.connection, self.context = means, connection, context
        self.row, self.order, self.micros = row, order, micros

    def settle(self) -> UUID | None:
        """Post the difference; the id of the redemption, if there is one."""
        row, order = self.row, self.order
        if row.redemption_id is not None:
            redemption = own_redemption(
                connection=self.connection,
                context=self.context,
                redemption_id=row.redemption_id,
            )
            self._keep(redemption)
            return row.redemption_id
        if order.status == "paid" and self.micros:
            taken = self._take()
            if taken is None:
                return None
            self._keep(taken)
            return taken.redemption_id
        if order.status == "cancelled":
            self._let_go()
        elif self.micros:
            self._change()
        return None

    def _take(self) -> Redemption | None:
        """Capture the hold; if it is gone, spend the same points anew, if they are there."""
        row, order = self.row, self.order
        points = min(row.points, points_for(amount_micros=self.micros, face_micros=row.face_micros))
        receipt = None if order.receipt is None else order.receipt[:64]
        try:
            if order.currency != row.currency:
                raise HubError("wrong_currency", f"The order is in {order.currency}.")
            try:
                redemption = capture_hold(
                    connection=self.connection,
                    context=self.context,
                    hold_id=row.hold_id,
                    points=points,
                    receipt=receipt,
                )
            except HubError as refusal:
                if refusal.code not in _NO_LONGER_HELD:
                    raise
                redemption = redeem_points(
                    connection=self.connection,
                    context=self.context,
                    account_id=row.account_id,
                    points=points,
                    till=Till(reference=row.reference, receipt=receipt),
                )
        except StaleDirectory:
            raise
        except HubError as refusal:
            self._change(state="failed", problem=refusal.code, undo=False, due_at=None)
            return None
        self._announce("redemption.captured", redemption_document(redemption))
        self._change(
            state="used",
            redemption_id=redemption.redemption_id,
            problem=None,
            customer=None,
            undo=False,
            due_at=None,
        )
        return redemption

    def _keep(self, redemption: Redemption) -> None:
        """Give back what the order does not keep of the points that it was paid with."""
        order = self.order
        wanted = min(
            redemption.points,
            points_for(amount_micros=self.micros, face_micros=self.row.face_micros),
        )
        kept = 0 if order.status == "cancelled" else wanted - points_back(order=order, used=wanted)
        over = redemption.points - redemption.reversed_points - kept
        problem = None
        if over > 0:
            problem = self._give_back(redemption, over)
        elif over < 0:
            # What was given back is not taken again: the member may have spent it.
            problem = "reversal_exceeds_redemption"
        told_before = self.row.order_revision == order.revision
        if order.status == "cancelled" and not told_before:
            # A shop may have made the code good for another use.
            self._change(problem=problem, undo=True, due_at=self.means.clocks.wall())
        else:
            self._change(problem=problem)

    def _give_back(self, redemption: Redemption, points: int) -> str | None:
        try:
            after, reversal_id = reverse_redemption(
                connection=self.connection,
                context=self.context,
                redemption_id=redemption.redemption_id,
                points=points,
                reason="sale_cancelled" if self.order.status == "cancelled" else "sale_refunded",
            )
        except StaleDirectory:
            raise
        except HubError as refusal:
            return refusal.code
        self._announce(
            "redemption.reversed",
            {
                "id": encode("rev", reversal_id),
                "redemption": encode("red", redemption.redemption_id),
                "points": points,
                "amount": money_of_points(points, after.face_micros, after.currency),
                "reversed_points": after.reversed_points,
            },
        )
        return None

    def _let_go(self) -> None:
        """The order died before it was paid: the points are the member's again."""
        release_hold(self.connection, self.context, self.row)
        if self.row.state in ("wanted", "made"):
            self._change(undo=True, due_at=self.means.clocks.wall())
        else:
            self._change()

    def _change(self, **columns: Any) -> None:
        store.settle_spend(
            connection=self.connection,
            spend_id=self.row.spend_id,
            wall_now=self.means.clocks.wall(),
            order_id=self.order.id,
            order_revision=self.order.revision,
            **columns,
        )

    def _announce(self, kind: str, payload: Mapping[str, object]) -> None:
        insert_events(
            connection=self.connection,
            rows=event_rows(
                snapshot=self.context.snapshot,
                type=kind,
                party_no=self.context.party_no,
                payload=payload,
                now=self.context.now,
                new_id=self.context.new_id,
            ),
        )


def release_hold(connection: Session, context: PostingContext, row: StoredSpend) -> None:
    """Let go of a spend's hold, unless it is captured, let go or over already."""
    hold = own_hold(connection=connection, context=context, hold_id=row.hold_id)
    if hold.state != "held" or hold.expires_at <= context.now:
        return
    void_hold(connection=connection, context=context, hold_id=row.hold_id)


def _named(order: Order) -> dict[UUID, int]:
    """The spends that an order names, and what each paid (micros)."""
    named: dict[UUID, int] = defaultdict(int)
    for tender in order.tenders:
        spend_id = _spend_id(tender)
        if spend_id is not None:
            named[spend_id] += tender.amount_micros
    return dict(named)


def _spend_id(tender: Tender) -> UUID | None:
    if tender.kind != "points" or tender.redemption is None:
        return None
    try:
        return decode("spd", tender.redemption)
    except InvalidId:
        return None
