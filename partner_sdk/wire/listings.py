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
    """One granted quantity: what was granted is the sum of the seven that follow it."""

    id: str
    issuer: str
    granted: int
    pending: int
    active: int
    held: int
    spent: int
    expired: int
    clawed_back: int
    taken: int
    activates_at: datetime
    expires_at: datetime

    @classmethod
    def from_wire(cls, value: Wire) -> "Lot":
        return cls(
            id=text(value["id"]),
            issuer=text(value["issuer"]),
            granted=whole(value["granted"]),
            pending=whole(value["pending"]),
            active=whole(value["active"]),
            held=whole(value["held"]),
            spent=whole(value["spent"]),
            expired=whole(value["expired"]),
            clawed_back=whole(value["clawed_back"]),
            taken=whole(value["taken"]),
            activates_at=parse_instant(value["activates_at"]),
            expires_at=parse_instant(value["expires_at"]),
        )


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """A statement in the list; ``sha256`` is that of its ``statement.json``."""

    id: str
    statement_no: int
    party: str
    window: str
    business_date: date
    opening: Money
    net: Money
    closing: Money
    lines: int
    sha256: str
    bundle_bytes: int
    issued_at: datetime
    accepted_at: datetime | None = None

    @classmethod
    def from_wire(cls, value: Wire) -> "StatementSummary":
        window = text(value["window"])
        return cls(
            id=text(value["id"]),
            statement_no=whole(value["statement_no"]),
            party=text(value["party"]),
            window=window,
            business_date=decode_window(window),
            opening=Money.from_wire(value["opening"]),
            net=Money.from_wire(value["net"]),
            closing=Money.from_wire(value["closing"]),
            lines=whole(value["lines"]),
            sha256=text(value["sha256"]),
            bundle_bytes=whole(value["bundle_bytes"]),
            issued_at=parse_instant(value["issued_at"]),
            accepted_at=instant(value.get("accepted_at")),
        )


@dataclass(frozen=True, slots=True)
class Webhook:
    """A subscription; ``secret`` is only known in the answer that made it."""

    id: str
    url: str
    types: tuple[str, ...]
    state: str
    created_at: datetime
    secret: str | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Webhook":
        return cls(
            id=text(value["id"]),
            url=text(value["url"]),
            types=tuple(text(kind) for kind in value["types"]),
            state=text(value["state"]),
            created_at=parse_instant(value["created_at"]),
            secret=optional_text(value.get("secret")),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``state`` and ``attempts`` are told by the list only."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]
    state: str | None
    attempts: int | None

    @classmethod
    def from_wire(cls, value: Wire) -> "Event":
        attempts = value.get("attempts")
        return cls(
            id=text(value["id"]),
            type=text(value["type"]),
            timestamp=parse_instant(value["timestamp"]),
            data=dict(value["data"]),
            state=optional_text(value.get("state")),
            attempts=None if attempts is None else whole(attempts),
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event; ``status`` is the receiver's HTTP status, if any."""

    subscription: str
    at: datetime
    status: int | None
    outcome: str
    error: str | None
    duration_ms: int

    @classmethod
    def from_wire(cls, value: Wire) -> "Attempt":
        status = value.get("status")
        return cls(
            subscription=text(value["subscription"]),
            at=parse_instant(value["at"]),
            status=None if status is None else whole(status),
            outcome=text(value["outcome"]),
            error=optional_text(value.get("error")),
            duration_ms=whole(value["duration_ms"]),
        )
