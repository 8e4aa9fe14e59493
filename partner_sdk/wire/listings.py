"""The items of the hub's lists as typed values: history, lots, statements, webhooks, events.

See ``messages`` for how strictly they are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from partner_sdk.wire._read import instant, optional_text, text, whole
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.ids import decode_window
from partner_sdk.wire.instants import parse_instant

__all__ = [
    "Attempt",
    "Event",
    "Lot",
    "Page",
    "StatementSummary",
    "Transaction",
    "TransactionAmount",
    "Webhook",
]

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; ``next_cursor`` is None on the last one."""

    items: tuple[Wire, ...]
    next_cursor: str | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Page":
        items = value["items"]
        if not isinstance(items, list):
            raise TypeError("expected a list of items")
        return cls(items=tuple(items), next_cursor=optional_text(value.get("next_cursor")))


@dataclass(frozen=True, slots=True)
class TransactionAmount:
    """One obligation of a movement: positive is owed to the caller, negative by the caller."""

    kind: str
    counterparty: str
    amount: Money

    @classmethod
    def from_wire(cls, value: Wire) -> "TransactionAmount":
        return cls(
            kind=text(value["kind"]),
            counterparty=text(value["counterparty"]),
            amount=Money.from_wire(value["amount"]),
        )


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement of points of one lot from one bucket to another."""

    id: str
    kind: str
    member: str | None
    lot: str | None
    points: int
    from_bucket: str | None
    to_bucket: str | None
    posted_at: datetime
    window: str
    sale: str | None
    redemption: str | None
    reason: str | None
    amounts: tuple[TransactionAmount, ...]

    @classmethod
    def from_wire(cls, value: Wire) -> "Transaction":
        return cls(
            id=text(value["id"]),
            kind=text(value["kind"]),
            member=optional_text(value.get("member")),
            lot=optional_text(value.get("lot")),
            points=whole(value["points"]),
            from_bucket=optional_text(value.get("from")),
            to_bucket=optional_text(value.get("to")),
            posted_at=parse_instant(value["posted_at"]),
            window=text(value["window"]),
            sale=optional_text(value.get("sale")),
            redemption=optional_text(value.get("redemption")),
            reason=optional_text(value.get("reason")),
            amounts=tuple(TransactionAmount.from_wire(item) for item in value.get("amounts", ())),
        )


@dataclass(frozen=True, slots=True)
class Lot:
    """One granted quantity; ``buckets`` says how many of its points are where."""

    id: str
    issuer: str | None
    sale: str | None
    granted: int
    buckets: dict[str, int]
    expires_at: datetime | None
    activates_at: datetime | None
    raw: dict[str, Any]

    @classmethod
    def from_wire(cls, value: Wire) -> "Lot":
        names = ("pending", "active", "held", "spent", "expired", "clawed_back", "taken")
        buckets = {name: whole(value[name]) for name in names if name in value}
        granted = value.get("granted", value.get("points"))
        return cls(
            id=text(value["id"]),
            issuer=optional_text(value.get("issuer")),
            sale=optional_text(value.get("sale")),
            granted=sum(buckets.values()) if granted is None else whole(granted),
            buckets=buckets,
            expires_at=instant(value.get("expires_at")),
            activates_at=instant(value.get("activates_at")),
            raw=dict(value),
        )


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """A statement in the list; its amounts are exact decimals of ``currency`` as text."""

    id: str
    window: str
    business_date: date
    currency: str | None
    opening: str | None
    net: str | None
    closing: str | None
    issued_at: datetime | None
    raw: dict[str, Any]

    @classmethod
    def from_wire(cls, value: Wire) -> "StatementSummary":
        # The list may name the window by its id, or show it as statement.json does.
        window = value["window"]
        window_id = text(window["id"] if isinstance(window, Mapping) else window)
        return cls(
            id=text(value["id"] if "id" in value else value["statement_id"]),
            window=window_id,
            business_date=decode_window(window_id),
            currency=optional_text(value.get("currency")),
            opening=_amount(value.get("opening")),
            net=_amount(value.get("net")),
            closing=_amount(value.get("closing")),
            issued_at=instant(value.get("issued_at")),
            raw=dict(value),
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription; ``secret`` is only known in the answer that made it."""

    id: str
    url: str | None
    types: tuple[str, ...]
    secret: str | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Webhook":
        return cls(
            id=text(value["id"]),
            url=optional_text(value.get("url")),
            types=tuple(text(kind) for kind in value.get("types", ())),
            secret=optional_text(value.get("secret")),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as webhooks and the list of events tell it."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]

    @classmethod
    def from_wire(cls, value: Wire) -> "Event":
        return cls(
            id=text(value["id"]),
            type=text(value["type"]),
            timestamp=parse_instant(value["timestamp"]),
            data=dict(value["data"]),
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event; ``status`` is the receiver's HTTP status, if any."""

    at: datetime | None
    status: int | None
    error: str | None
    raw: dict[str, Any]

    @classmethod
    def from_wire(cls, value: Wire) -> "Attempt":
        status = value.get("status")
        return cls(
            at=instant(value.get("at", value.get("attempted_at"))),
            status=status if type(status) is int else None,
            error=optional_text(value.get("error")),
            raw=dict(value),
        )


def _amount(value: object) -> str | None:
    """Read an amount that is text, or an object with currency."""
    return text(value["amount"]) if isinstance(value, Mapping) else optional_text(value)
