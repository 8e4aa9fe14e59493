"""Calls about members: enrolment, look-up, cards, locks, balances."""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from partner_sdk.calls.base import Calls, given, path_of
from partner_sdk.wire.listings import Lot, Transaction
from partner_sdk.wire.messages import Balance, Card, Member

__all__ = ["UNCHANGED", "MemberCalls", "Unchanged"]


class Unchanged(Enum):
    """Says of an argument that it was not given."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


class MemberCalls(Calls):
    """Members."""

    def enrol(
        self,
        *,
        reference: str | None = None,
        phone: str | None = None,
        email: str | None = None,
        idempotency_key: str | None = None,
    ) -> Member:
        """Enrol a person and issue the first card; ``reference`` is the partner's own."""
        body = given(reference=reference, phone=phone, email=email)
        return self._post(Member.from_wire, "/v1/members", body, idempotency_key)

    def find_member(
        self,
        *,
        card: str | None = None,
        reference: str | None = None,
        phone: str | None = None,
        email: str | None = None,
    ) -> Member:
        """Look a member up by exactly one of these; ``MemberNotFound`` if there is none."""
        body = given(card=card, reference=reference, phone=phone, email=email)
        if len(body) != 1:
            raise ValueError("look up by exactly one of card, reference, phone and email")
        return self._post(Member.from_wire, "/v1/members/lookup", body)

    def member(self, member_id: str) -> Member:
        """Return a member by its id."""
        return self._get(Member.from_wire, path_of("members", member_id))

    def add_card(self, member_id: str, *, idempotency_key: str | None = None) -> Card:
        """Issue another card."""
        return self._post(
            Card.from_wire, path_of("members", member_id, "cards"), {}, idempotency_key
        )

    def replace_card(
        self, member_id: str, number: str, *, idempotency_key: str | None = None
    ) -> Card:
        """Block a lost card and issue a new one in its place."""
        path = path_of("members", member_id, "cards", number, "replace")
        return self._post(Card.from_wire, path, {}, idempotency_key)

    def set_reference(self, member_id: str, reference: str) -> Member:
        """Give a member the partner's own reference, or another one."""
        path = path_of("members", member_id, "reference")
        return self._put(Member.from_wire, path, {"reference": reference})

    def set_contacts(
        self,
        member_id: str,
        *,
        phone: str | Unchanged | None = UNCHANGED,
        email: str | Unchanged | None = UNCHANGED,
    ) -> Member:
        """Change contacts; None forgets one, and one that is not named stays."""
        named = {"phone": phone, "email": email}
        body = {name: value for name, value in named.items() if value is not UNCHANGED}
        return self._put(Member.from_wire, path_of("members", member_id, "contacts"), body)

    def set_spend_lock(self, member_id: str, *, locked: bool) -> Member:
        """Lock or unlock spending; earning goes on."""
        return self._put(
            Member.from_wire, path_of("members", member_id, "spend-lock"), {"locked": locked}
        )

    def balance(self, member_id: str) -> Balance:
        """Return a member's points."""
        return self._get(Balance.from_wire, path_of("members", member_id, "balance"))

    def lots(self, member_id: str) -> Iterator[Lot]:
        """Go through the lots of a member that this partner issued."""
        return self._list(Lot.from_wire, path_of("members", member_id, "lots"))

    def member_transactions(self, member_id: str) -> Iterator[Transaction]:
        """Go through the member's history as far as it is this partner's."""
        return self._list(Transaction.from_wire, path_of("members", member_id, "transactions"))
