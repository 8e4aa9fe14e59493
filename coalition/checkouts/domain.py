"""Connections, the states of a message, and when what failed is tried again. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol
from uuid import UUID

from adapters.contract import Answer, Call, Facts, Fetch, Parsed, Parts, Request, Secrets, Settings
from coalition.errors import HubError
from partner_sdk.wire import ids

ConnectionState = Literal["test", "live", "paused", "closed"]
MessageState = Literal["waiting", "done", "ignored", "dead"]
Guests = Literal["keep", "ignore"]

CONNECTION_STATES: Final[tuple[ConnectionState, ...]] = ("test", "live", "paused", "closed")
MESSAGE_STATES: Final = ("waiting", "done", "ignored", "dead")
GUESTS: Final[tuple[Guests, ...]] = ("keep", "ignore")
MEMBER_BY: Final = ("card_attribute", "customer_id", "phone", "email")
"""How a member may be recognised; a connection says in which order they are tried."""
NAME_PATTERN: Final = "[a-z][a-z0-9-]{0,19}"

MAX_BODY: Final = 1024 * 1024
"""Bytes of a delivery."""
MAX_CONNECTIONS: Final = 100
"""Connections of one partner that are not closed."""
MAX_REJECTED: Final = 100
"""Refused deliveries of one connection that are remembered."""
MAX_ATTEMPTS: Final = 40
"""With the delays below: about a day and a half."""
LEASE: Final = timedelta(minutes=2)
"""For how long a worker has messages to itself. One that is slower works on, at no harm: what it
fetched before another did is not believed over what that one fetched."""
PREVIOUS_SECRET_LASTS: Final = timedelta(hours=24)

_FIRST_DELAY_SECONDS = 5
_LONGEST_DELAY_SECONDS = 3600
_MAX_KEY = 200
# A credential lets its holder in again; a signature is of one message only, and is kept.
_CREDENTIAL = re.compile(
    r"authorization|cookie|token|secret|password|passwd|api[-_]?key|(^|[-_])auth([-_]|$)",
    re.IGNORECASE,
)
_ORDER_JOIN = "."


class Unreachable(Exception):  # noqa: N818 - the name says it
    """The platform cannot be asked now; try later, at `retry_at` (wall time) if it is known."""

    def __init__(self, detail: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_at = retry_at


class Refused(Exception):  # noqa: N818 - the name says it
    """The platform does not take the hub's credentials, or the store's address is wrong."""

    def __init__(self, status: int | None, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Connection:
    """A partner's shop or account on a platform. Secrets are in the clear here, and only here."""

    no: int
    id: UUID
    party_no: int
    name: str
    platform: str
    state: ConnectionState
    settings: Settings
    guests: Guests = "keep"
    secrets: Secrets = field(default_factory=lambda: Secrets(()), repr=False)
    #: Until when the previous signing secret is good too (wall time); None: there is none.
    previous_until: datetime | None = None
    rotated_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def posts(self) -> bool:
        """Whether sales are stated; a connection in test only shows what it would state."""
        return self.state == "live"

    def secrets_at(self, wall_now: datetime) -> Secrets:
        """The secrets that are good now: the newest, and the one before while it lasts."""
        keeps = self.previous_until is not None and wall_now < self.previous_until
        return self.secrets if keeps else Secrets(self.secrets.signing[:1], self.secrets.extra)


class Asks(Protocol):
    """Makes calls to a platform, in their order (`coalition.checkouts.calls.Client`)."""

    def ask(self, connection: Connection, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """An answer to each call.

        Raises:
            Unreachable: try later.
            Refused: the credentials are wrong.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it is put into the inbox; `about` names the order, where one is named."""

    message_id: UUID
    connection_no: int
    key: str
    about: str | None
    request: Request
    received_at: datetime
    state: MessageState = "waiting"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the inbox. Times are wall time."""

    message_id: UUID
    connection_no: int
    key: str
    about: str | None
    request: Request
    received_at: datetime
    state: MessageState
    attempts: int
    due_at: datetime | None = None
    reason: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    settled_at: datetime | None = None
    #: Bytes of the body, which lists leave out.
    size: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A delivery that was refused: why, and as much of it as helps to find out."""

    connection_no: int
    rejected_at: datetime
    reason: str
    detail: str
    bytes: int


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """What was last stated of an order: the platform's revision, and the one it was stated by.

    `digest` is of the sale as stated; `asked_at` when the platform was asked for it (the
    database's time), None where it was told. `problem` is the code of a refusal.
    """

    order_id: str
    revision: int
    stated: int
    digest: bytes
    asked_at: datetime | None
    problem: str | None = None


class UnknownConnection(HubError):  # noqa: N818 - the name says it
    """There is no such connection for the caller to see."""

    def __init__(self) -> None:
        super().__init__("connection_not_found", "There is no such connection.")


class UnknownMessage(HubError):  # noqa: N818 - the name says it
    """The connection has no such message."""

    def __init__(self) -> None:
        super().__init__("message_not_found", "There is no such message.")


def connection_id_of(text: str) -> UUID:
    """A connection's id as it is told.

    Raises:
        UnknownConnection: it is none.
    """
    try:
        return ids.decode("con", text)
    except ids.InvalidId:
        raise UnknownConnection from None


def order_name(connection: Connection, order_id: str) -> str:
    """An order's id among all sales of the partner: two platforms may count alike.

    It becomes the sale's id by `adapters.sale.wire_id`.
    """
    return f"{connection.name}{_ORDER_JOIN}{order_id}"


def fits(text: str) -> bool:
    """Whether a text of a platform's can stand in the database, and be found there, as it is."""
    return len(text) <= _MAX_KEY and text.isprintable()


def shown(text: str) -> str:
    """A text of a platform's for people, as the database takes it: controls are replaced."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def kept_key(key: str) -> str:
    """A delivery key as it is stored; a long one by its two ends would not do, so by its hash."""
    if fits(key):
        return key
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def is_credential(name: str) -> bool:
    """Whether a header or parameter of that name may let its holder in again."""
    return _CREDENTIAL.search(name) is not None


def about_of(parsed: Parsed) -> str | None:
    """The one order that a message is about, as a key; None where there are several or none."""
    names: set[str] = set()
    match parsed:
        case Fetch(about=about):
            names = {about}
        case Facts(orders=orders):
            names = {order.id for order in orders}
        case Parts(parts=parts):
            names = {part.about for part in parts}
        case _:
            pass
    return kept_key(names.pop()) if len(names) == 1 else None


def next_delay(*, attempts: int, jitter: float) -> timedelta | None:
    """How long to wait after that many failed attempts; None: no more, it is a dead letter.

    Exponential from 5 seconds to an hour, times 0.75 to 1.25 (`jitter` is in [0, 1)).
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    seconds = min(_FIRST_DELAY_SECONDS * 3 ** min(attempts - 1, 10), _LONGEST_DELAY_SECONDS)
    return timedelta(seconds=seconds * (0.75 + jitter / 2))


def revision_to_state(
    *, known: KnownOrder | None, revision: int, digest: bytes, asked_at: datetime | None
) -> int | None:
    """The revision to state an order by; None where there is nothing new to say.

    The platform's own, unless it says something else under a revision that was stated before:
    then the next one, if it was asked for later than what is known.
    """
    if known is None:
        return revision
    if revision > known.revision:
        return max(revision, known.stated + 1)
    if revision < known.revision:
        # Late: the hub takes only its refunds.
        return revision
    if digest == known.digest:
        return known.stated if known.problem is not None else None
    if asked_at is not None and known.asked_at is not None and asked_at < known.asked_at:
        return None
    return known.stated + 1
