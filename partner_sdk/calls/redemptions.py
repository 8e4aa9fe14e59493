"""Calls about spending points: quote, hold, capture, void, one-step, reversal."""

from partner_sdk.calls.base import Calls, MemberLike, given, member_wire, path_of
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.messages import Hold, Quote, Redemption, Reversal

__all__ = ["RedemptionCalls"]


class RedemptionCalls(Calls):
    """Redemptions."""

    def quote(
        self, member: MemberLike, *, points: int | None = None, amount: Money | None = None
    ) -> Quote:
        """Say what points are worth, or how many an amount takes; without either, all there are."""
        body = given(points=points, amount=None if amount is None else amount.to_wire())
        return self._post(Quote.from_wire, "/v1/quotes", {"member": member_wire(member), **body})

    def hold(
        self,
        member: MemberLike,
        *,
        points: int,
        reference: str | None = None,
        store: str | None = None,
        till: str | None = None,
        expires_in_seconds: int | None = None,
        idempotency_key: str | None = None,
    ) -> Hold:
        """Reserve points at the till; capture or void it, else it expires by itself."""
        optional = given(
            reference=reference, store=store, till=till, expires_in_seconds=expires_in_seconds
        )
        body = {"member": member_wire(member), "points": points, **optional}
        return self._post(Hold.from_wire, "/v1/holds", body, idempotency_key)

    def get_hold(self, hold_id: str) -> Hold:
        """Return a hold."""
        return self._get(Hold.from_wire, path_of("holds", hold_id))

    def capture(
        self,
        hold_id: str,
        *,
        points: int | None = None,
        receipt: str | None = None,
        idempotency_key: str | None = None,
    ) -> Redemption:
        """Spend a hold, whole or in part; the rest is released."""
        path = path_of("holds", hold_id, "capture")
        body = given(points=points, receipt=receipt)
        return self._post(Redemption.from_wire, path, body, idempotency_key)

    def void(self, hold_id: str, *, idempotency_key: str | None = None) -> Hold:
        """Release a hold."""
        return self._post(Hold.from_wire, path_of("holds", hold_id, "void"), {}, idempotency_key)

    def redeem(
        self,
        member: MemberLike,
        *,
        points: int,
        reference: str | None = None,
        store: str | None = None,
        till: str | None = None,
        receipt: str | None = None,
        idempotency_key: str | None = None,
    ) -> Redemption:
        """Spend points in one step."""
        optional = given(reference=reference, store=store, till=till, receipt=receipt)
        body = {"member": member_wire(member), "points": points, **optional}
        return self._post(Redemption.from_wire, "/v1/redemptions", body, idempotency_key)

    def get_redemption(self, redemption_id: str) -> Redemption:
        """Return a redemption."""
        return self._get(Redemption.from_wire, path_of("redemptions", redemption_id))

    def reverse(
        self,
        redemption_id: str,
        *,
        points: int,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Reversal:
        """Give points of a redemption back, whole or in part."""
        body = {"points": points, **given(reason=reason)}
        path = path_of("redemptions", redemption_id, "reversals")
        return self._post(Reversal.from_wire, path, body, idempotency_key)
