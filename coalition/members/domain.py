"""Members: how they are named, what their state allows, and the numbers of their cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from coalition.errors import HubError
from partner_sdk.wire import ids

CARD_PREFIX: Final = "9710"
"""First digits of every card. ISO/IEC 7812-1 keeps the 9 for national use: no bank card has it."""
CARD_DIGITS: Final = 16
CARD_RANDOM_BYTES: Final = 16
MAX_CARDS: Final = 20
"""Active cards of one member at a time."""

STATES: Final = ("active", "frozen", "closed")


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What earning and spending need to know of a member."""

    member_id: UUID
    account_id: UUID
    state: str
    spend_locked: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A card; its state is active, replaced or closed."""

    number: str
    state: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member as one party sees it: `reference` is that party's own, or None."""

    member_id: UUID
    account_id: UUID
    state: str
    spend_locked: bool
    enrolled_at: datetime
    cards: tuple[Card, ...]
    reference: str | None


@dataclass(frozen=True, slots=True)
class FoundMembers:
    """Members found by the names that a partner gave them, each way of naming apart."""

    by_id: Mapping[UUID, MemberFacts] = field(default_factory=dict)
    by_card: Mapping[str, MemberFacts] = field(default_factory=dict)
    by_reference: Mapping[str, MemberFacts] = field(default_factory=dict)
    replaced_cards: frozenset[str] = frozenset()

    def named(self, *, kind: Literal["id", "card", "reference"], value: str) -> MemberFacts:
        """The member of that name; an id is in its public form.

        Raises:
            HubError: `member_not_found`, or `card_not_found` for a card.
        """
        found: MemberFacts | None = None
        if kind == "card":
            found = self.by_card.get(value)
            if found is None:
                raise card_not_found(value, replaced=value in self.replaced_cards)
        elif kind == "reference":
            found = self.by_reference.get(value)
        else:
            member_id = member_id_or_none(value)
            found = None if member_id is None else self.by_id.get(member_id)
        if found is None:
            raise HubError("member_not_found", f"There is no member with this {kind}.")
        return found


def member_id_or_none(text: str) -> UUID | None:
    """The UUID behind a member's public id; None for a text that is none."""
    try:
        return ids.decode("mem", text)
    except ids.InvalidId:
        return None


def new_member_id(*, random: bytes) -> UUID:
    """A member's id from 16 random bytes (UUID version 4): it carries nothing, not even a time."""
    return UUID(bytes=random, version=4)


def check_not_closed(*, state: str) -> None:
    """Refuse what no closed account allows.

    Raises:
        HubError: `member_closed`.
    """
    if state == "closed":
        raise HubError("member_closed", "The member's account is closed.")


def check_may_earn(*, member: MemberFacts) -> None:
    """Refuse earning for a member whose state forbids it; a spend lock does not.

    Raises:
        HubError: `member_closed`, `member_frozen`.
    """
    check_not_closed(state=member.state)
    if member.state == "frozen":
        raise HubError("member_frozen", "The member is frozen and can neither earn nor spend.")


def check_may_spend(*, member: MemberFacts) -> None:
    """Refuse spending for a member whose state or lock forbids it.

    Raises:
        HubError: `member_closed`, `member_frozen`, `spend_locked`.
    """
    check_may_earn(member=member)
    if member.spend_locked:
        raise HubError("spend_locked", "The member locked spending.")


def check_digit(digits: str) -> str:
    """The Luhn check digit of a string of decimal digits (ISO/IEC 7812-1 annex B)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_card_number(text: str) -> bool:
    """Whether the hub could have issued a card with this number."""
    return (
        len(text) == CARD_DIGITS
        and text.isascii()
        and text.isdigit()
        and text.startswith(CARD_PREFIX)
        and check_digit(text[:-1]) == text[-1]
    )


def make_card_number(*, random: bytes) -> str:
    """A card number: prefix, eleven random digits, check digit. `random` is 16 random bytes."""
    free = CARD_DIGITS - len(CARD_PREFIX) - 1
    # 128 bits over 10^11: what the remainder is uneven by cannot be noticed.
    digits = CARD_PREFIX + str(int.from_bytes(random, "big") % 10**free).zfill(free)
    return digits + check_digit(digits)


def card_not_found(number: str, *, replaced: bool = False) -> HubError:
    """The refusal of a card, with the reason that helps at the till."""
    if replaced:
        why = "This card was replaced by another; ask for the new one."
    elif is_card_number(number):
        why = "There is no card with this number."
    else:
        why = "This is not a number of one of our cards: its length or check digit is wrong."
    return HubError("card_not_found", why, replaced=replaced)
