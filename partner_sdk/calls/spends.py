"""Calls about points paid at a checkout platform: ask for a code, look again, take it back."""

from collections.abc import Iterator

from partner_sdk.calls.base import Calls, MemberLike, given, member_wire, path_of
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.spends import Spend

__all__ = ["SpendCalls"]


class SpendCalls(Calls):
    """Spends at the partner's own connections."""

    def spend(
        self,
        connection_id: str,
        member: MemberLike,
        *,
        reference: str,
        points: int | None = None,
        amount: Money | None = None,
        order: str | None = None,
        customer_id: str | None = None,
        customer_email: str | None = None,
        customer_phone: str | None = None,
        expires_in_seconds: int | None = None,
    ) -> Spend:
        """Hold points and have the platform make what the shopper pays with.

        The same ``reference`` again is the same spend. ``points``, or as many as ``amount`` is
        worth. ``order`` is the platform's open order, where its means are put on one. The
        customer's details are the platform's: some bind the code to that person.
        """
        customer = given(id=customer_id, email=customer_email, phone=customer_phone)
        body = {
            "reference": reference,
            "member": member_wire(member),
            **given(
                points=points,
                amount=None if amount is None else amount.to_wire(),
                order=order,
                customer=customer or None,
                expires_in_seconds=expires_in_seconds,
            ),
        }
        return self._post(Spend.from_wire, path_of("connections", connection_id, "spends"), body)

    def get_spend(self, connection_id: str, spend_id: str) -> Spend:
        """Return a spend as it is now: its code, once the platform made one."""
        return self._get(Spend.from_wire, path_of("connections", connection_id, "spends", spend_id))

    def spends(self, connection_id: str) -> Iterator[Spend]:
        """Go through the spends of a connection, the oldest first."""
        return self._list(Spend.from_wire, path_of("connections", connection_id, "spends"))

    def undo_spend(self, connection_id: str, spend_id: str) -> Spend:
        """Have the platform take the code back; the points are the member's again after that."""
        path = path_of("connections", connection_id, "spends", spend_id, "undo")
        return self._post(Spend.from_wire, path, {})
