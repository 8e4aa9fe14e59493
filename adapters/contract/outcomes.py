"""What an adapter makes of a message, and what the hub makes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from adapters.contract.facts import Customer, Order, TenderKind
from adapters.contract.messages import Call
from adapters.contract.questions import Question


@dataclass(frozen=True, slots=True)
class Settings:
    """What a connection is set to.

    `categories` maps the platform's categories, product types or SKUs to the agreement's, and
    `tenders` its payment methods to kinds of tender; what is not named keeps the adapter's rule.
    `member_by` names how a member is recognised, in order of trial (`adapters.members`).
    """

    currency: str
    time_zone: str
    store_url: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    tenders: Mapping[str, TenderKind] = field(default_factory=dict)
    member_by: tuple[str, ...] = ("card_attribute", "customer_id")
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message, or the answers that it asked for, say of orders."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """The message says only that something changed: make these calls, then `resolve`.

    `about` names the order (or what stands for it), so that one fetch serves several messages;
    `carry` is handed back to `resolve` and holds JSON values only.
    """

    about: str
    calls: tuple[Call, ...]
    carry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What one message says of an order that no message tells whole and no call can ask for.

    `about` names the order, `key` the part: a part once said never changes. `says` holds JSON
    values only.
    """

    about: str
    key: str
    says: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts for the hub to keep; with each it asks `assemble` about all that it has."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that earns or undoes points; the reason is shown to the partner's engineer."""

    reason: str


Parsed = Facts | Fetch | Parts | Ignored | Question


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message: `problem` is a code of the hub's problems, or None.

    `facts` are those that `adapters.contract.questions` fixes for each kind of question; of any
    other message there are none.
    """

    kind: Literal["kept", "repeated", "rejected", "unavailable", "answered"]
    problem: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spend:
    """Points that a shopper wants to pay with at this checkout.

    `id` is the hub's hold or redemption: it names what is made on the platform (a code, a
    discount), so that making it twice makes one.
    """

    id: str
    amount_micros: int
    currency: str
    order: str | None = None
    customer: Customer | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SpendResult:
    """`code` is what the shopper or the till uses; `problem` says why there is none.

    Where `more` is not empty the platform has to be told more: the hub makes these calls and
    reads their answers likewise.
    """

    code: str | None = None
    problem: str | None = None
    more: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a poll: what it said, and where to go on."""

    parsed: tuple[Parsed, ...]
    cursor: str | None = None
