"""Points paid at a checkout platform, as the hub answers them. See ``messages``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from partner_sdk.wire._read import optional_text, text, whole
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import parse_instant

__all__ = ["Spend"]

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spend:
    """A member's payment with points at a connection; ``reference`` is the partner's name of it.

    ``state``: ``wanted`` (the platform is to be told), ``made`` (``code`` is what the shopper or
    the till uses), ``used`` (an order was paid with it, ``redemption`` is its id), ``undone``, or
    ``failed`` (``problem`` says why). ``undoing``: the platform is still to take it back.
    """

    id: str
    connection: str
    reference: str
    member: str
    state: str
    points: int
    amount: Money
    code: str | None = field(repr=False)
    order: str | None
    undoing: bool
    problem: str | None
    hold: str
    redemption: str | None
    expires_at: datetime
    created_at: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "Spend":
        undoing = value["undoing"]
        if not isinstance(undoing, bool):
            raise TypeError("expected true or false")
        return cls(
            id=text(value["id"]),
            connection=text(value["connection"]),
            reference=text(value["reference"]),
            member=text(value["member"]),
            state=text(value["state"]),
            points=whole(value["points"]),
            amount=Money.from_wire(value["amount"]),
            code=optional_text(value.get("code")),
            order=optional_text(value.get("order")),
            undoing=undoing,
            problem=optional_text(value.get("problem")),
            hold=text(value["hold"]),
            redemption=optional_text(value.get("redemption")),
            expires_at=parse_instant(value["expires_at"]),
            created_at=parse_instant(value["created_at"]),
        )
