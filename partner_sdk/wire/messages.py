"""The hub's answers as typed values.

``from_wire`` reads what it knows and ignores the rest, so that an older SDK keeps working with a
newer hub. A missing or mistyped member raises ``KeyError``, ``TypeError`` or ``ValueError``,
which the client reports as an unexpected answer. Points are integers; instants are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partner_sdk.wire._read import instant, optional_text, text, whole
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import parse_instant
from partner_sdk.wire.problems import Problem

__all__ = [
    "Agreement",
    "Balance",
    "Card",
    "Hold",
    "Member",
    "NextExpiry",
    "Problem",
    "Quote",
    "Redemption",
    "Reversal",
    "SaleAnswer",
    "SalePoints",
    "SaleResult",
]

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A card of a member; ``state`` is ``active`` or says why it is not accepted."""

    number: str
    state: str

    @classmethod
    def from_wire(cls, value: Wire) -> "Card":
        return cls(number=text(value["number"]), state=text(value["state"]))


@dataclass(frozen=True, slots=True)
class Member:
    """A member as this partner sees it; ``reference`` is the partner's own."""

    id: str
    state: str
    spend_locked: bool
    cards: tuple[Card, ...]
    reference: str | None
    enrolled_at: datetime | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Member":
        return cls(
            id=text(value["id"]),
            state=text(value["state"]),
            spend_locked=value.get("spend_locked") is True,
            cards=tuple(Card.from_wire(card) for card in value.get("cards", ())),
            reference=optional_text(value.get("reference")),
            enrolled_at=instant(value.get("enrolled_at")),
        )


@dataclass(frozen=True, slots=True)
class NextExpiry:
    """The points that expire soonest, and when."""

    points: int
    expires_at: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "NextExpiry":
        return cls(points=whole(value["points"]), expires_at=parse_instant(value["expires_at"]))


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of a member; ``active`` can be spent now, ``debt`` is recovered from later ones."""

    member: str
    active: int
    pending: int
    held: int
    blocked: int
    debt: int
    next_expiry: NextExpiry | None
    as_of: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "Balance":
        soonest = value.get("next_expiry")
        return cls(
            member=text(value["member"]),
            active=whole(value["active"]),
            pending=whole(value["pending"]),
            held=whole(value["held"]),
            blocked=whole(value.get("blocked", 0)),
            debt=whole(value["debt"]),
            next_expiry=None if soonest is None else NextExpiry.from_wire(soonest),
            as_of=parse_instant(value["as_of"]),
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement version that priced something."""

    id: str
    version: int

    @classmethod
    def from_wire(cls, value: Wire) -> "Agreement":
        return cls(id=text(value["id"]), version=whole(value["version"]))


@dataclass(frozen=True, slots=True)
class SalePoints:
    """``earned``: net points of the sale; ``change``: what this call changed, signed."""

    earned: int
    change: int
    pending: int
    debt: int

    @classmethod
    def from_wire(cls, value: Wire) -> "SalePoints":
        return cls(
            earned=whole(value["earned"]),
            change=whole(value["change"]),
            pending=whole(value.get("pending", 0)),
            debt=whole(value.get("debt", 0)),
        )


@dataclass(frozen=True, slots=True)
class SaleAnswer:
    """What the hub made of a sale; ``outcome`` is created, updated, unchanged or superseded."""

    id: str
    revision: int
    outcome: str
    member: str | None
    agreement: Agreement | None
    points: SalePoints
    activates_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def from_wire(cls, value: Wire) -> "SaleAnswer":
        agreement = value.get("agreement")
        return cls(
            id=text(value["id"]),
            revision=whole(value["revision"]),
            outcome=text(value.get("outcome", "unchanged")),
            member=optional_text(value.get("member")),
            agreement=None if agreement is None else Agreement.from_wire(agreement),
            points=SalePoints.from_wire(value["points"]),
            activates_at=instant(value.get("activates_at")),
            expires_at=instant(value.get("expires_at")),
        )


@dataclass(frozen=True, slots=True)
class SaleResult:
    """The answer to one sale of a batch: ``sale`` if it was taken, else ``problem``."""

    id: str
    status: int
    sale: SaleAnswer | None
    problem: Problem | None

    @classmethod
    def from_wire(cls, value: Wire) -> "SaleResult":
        sale, problem = value.get("sale"), value.get("problem")
        return cls(
            id=str(value["id"]),
            status=whole(value["status"]),
            sale=None if sale is None else SaleAnswer.from_wire(sale),
            problem=None if problem is None else Problem.from_wire(problem),
        )

    @property
    def ok(self) -> bool:
        return self.problem is None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Quote:
    """What points are worth at the till; ``available`` is what the member can spend."""

    member: str
    points: int
    amount: Money
    available: int

    @classmethod
    def from_wire(cls, value: Wire) -> "Quote":
        return cls(
            member=text(value["member"]),
            points=whole(value["points"]),
            amount=Money.from_wire(value["amount"]),
            available=whole(value["available"]),
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Points reserved for a payment; ``state``: held, captured, voided or expired."""

    id: str
    member: str
    state: str
    points: int
    amount: Money
    captured_points: int
    expires_at: datetime
    redemption: str | None
    reference: str | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Hold":
        return cls(
            id=text(value["id"]),
            member=text(value["member"]),
            state=text(value["state"]),
            points=whole(value["points"]),
            amount=Money.from_wire(value["amount"]),
            captured_points=whole(value.get("captured_points") or 0),
            expires_at=parse_instant(value["expires_at"]),
            redemption=optional_text(value.get("redemption")),
            reference=optional_text(value.get("reference")),
        )


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points spent as payment; ``reversed_points`` have been given back since."""

    id: str
    member: str
    points: int
    amount: Money
    reversed_points: int
    hold: str | None
    reference: str | None
    created_at: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "Redemption":
        return cls(
            id=text(value["id"]),
            member=text(value["member"]),
            points=whole(value["points"]),
            amount=Money.from_wire(value["amount"]),
            reversed_points=whole(value["reversed_points"]),
            hold=optional_text(value.get("hold")),
            reference=optional_text(value.get("reference")),
            created_at=parse_instant(value["created_at"]),
        )


@dataclass(frozen=True, slots=True)
class Reversal:
    """Points of a redemption given back; ``reversed_points`` is the total so far."""

    id: str
    redemption: str
    points: int
    amount: Money
    reversed_points: int

    @classmethod
    def from_wire(cls, value: Wire) -> "Reversal":
        return cls(
            id=text(value["id"]),
            redemption=text(value["redemption"]),
            points=whole(value["points"]),
            amount=Money.from_wire(value["amount"]),
            reversed_points=whole(value["reversed_points"]),
        )
