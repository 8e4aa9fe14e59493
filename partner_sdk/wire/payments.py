"""What is due between a party and the clearing house, as the hub tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from partner_sdk.wire._read import optional_text, text
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import decode_window

__all__ = ["PayTo", "PaymentDue"]

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PayTo:
    """The account to pay to."""

    iban: str
    bic: str | None
    account_holder: str

    @classmethod
    def from_wire(cls, value: Wire) -> "PayTo":
        return cls(
            iban=text(value["iban"]),
            bic=optional_text(value.get("bic")),
            account_holder=text(value["account_holder"]),
        )


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """A position that is due: ``collect`` is to be paid by the party, ``pay`` is paid to it.

    ``reference`` is to be given with the payment; ``pay_to`` is None for what is paid to the party.
    """

    id: str
    party: str
    window: str
    business_date: date
    direction: str
    state: str
    amount: Money
    paid: Money
    open: Money
    due_date: date
    reference: str
    pay_to: PayTo | None

    @classmethod
    def from_wire(cls, value: Wire) -> "PaymentDue":
        window = text(value["window"])
        pay_to = value.get("pay_to")
        return cls(
            id=text(value["id"]),
            party=text(value["party"]),
            window=window,
            business_date=decode_window(window),
            direction=text(value["direction"]),
            state=text(value["state"]),
            amount=Money.from_wire(value["amount"]),
            paid=Money.from_wire(value["paid"]),
            open=Money.from_wire(value["open"]),
            due_date=date.fromisoformat(text(value["due_date"])),
            reference=text(value["reference"]),
            pay_to=None if pay_to is None else PayTo.from_wire(pay_to),
        )
