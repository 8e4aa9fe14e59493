"""Calls about what is due: what to pay, where to, under which reference."""

from collections.abc import Iterator

from partner_sdk.calls.base import Calls, path_of
from partner_sdk.wire.payments import PaymentDue

__all__ = ["PaymentCalls"]


class PaymentCalls(Calls):
    """Payments that are due."""

    def payments(self, *, all_states: bool = False) -> Iterator[PaymentDue]:
        """Go through what this partner owes and is owed: what is open, or all there ever was."""
        query = {"state": "all"} if all_states else {}
        return self._list(PaymentDue.from_wire, "/v1/payments", query)

    def get_payment(self, payment_id: str) -> PaymentDue:
        """Return one payment that is due."""
        return self._get(PaymentDue.from_wire, path_of("payments", payment_id))
