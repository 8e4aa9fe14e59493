"""What is true of a platform, as data: the hub acts on it, the kit tests it, the docs print it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Capability(StrEnum):
    """What an adapter can do; the kit tests what is declared, and nothing is skipped in silence."""

    EARN = "earn"
    CANCEL = "cancel"
    REFUND_BY_LINE = "refund_by_line"
    REFUND_BY_AMOUNT = "refund_by_amount"
    REFUND_MAY_FAIL = "refund_may_fail"
    CHARGEBACK = "chargeback"
    EDIT = "edit"
    GUEST = "guest"
    GIFT_CARD_TENDER = "gift_card_tender"
    STORE_CREDIT_TENDER = "store_credit_tender"
    SHIPPING = "shipping"
    TIPS = "tips"
    REDEEM = "redeem"
    POLL = "poll"
    FETCH = "fetch"
    SIGNED_TIME = "signed_time"
    BATCH = "batch"
    PING = "ping"
    SYNCHRONOUS = "synchronous"


@dataclass(frozen=True, slots=True)
class Retries:
    """How the platform delivers again: how often, over how long, and what it takes for success."""

    tries: int
    over_seconds: int
    answer_within_ms: int
    succeeds_on: tuple[int, ...] = (200,)
    gives_up_on: tuple[int, ...] = ()
    switches_off_after: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast the platform may be asked: so many calls in so many seconds."""

    calls: int
    seconds: int
    retry_after_header: str | None = "Retry-After"


@dataclass(frozen=True, slots=True)
class Login:
    """How the hub gets a token that ends: OAuth 2.0 client credentials, as the platform spells it.

    A POST to `path`, below the store's address, of the fields that it `says`, and of those that
    `proves` names with the connection's secret that stands in each; as JSON, or as a `form`. The
    answer's JSON has the token at `token`, and for how many seconds it is good at `lasts`.
    """

    path: str
    says: Mapping[str, str] = field(default_factory=lambda: {"grant_type": "client_credentials"})
    proves: Mapping[str, str] = field(
        default_factory=lambda: {"client_id": "client_id", "client_secret": "client_secret"}
    )
    token: tuple[str, ...] = ("access_token",)
    lasts: tuple[str, ...] = ("expires_in",)
    form: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """How the hub proves itself to the platform; `secret` names one of the connection's extras.

    `client_credentials` is a bearer token that the hub gets by `login`, keeps until it ends and
    calls `secret`: the connection itself has no such secret.
    """

    scheme: Literal["none", "bearer", "basic", "header", "query", "client_credentials"]
    secret: str = "api_token"  # noqa: S105 - the name of a secret
    user: str | None = None
    header: str | None = None
    login: Login | None = None

    def __post_init__(self) -> None:
        """There is a login where it is needed, and nowhere else."""
        if (self.scheme == "client_credentials") != (self.login is not None):
            raise ValueError("client_credentials need a login, and nothing else has one")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One platform. Texts are for the partner's engineer and stand in the generated table."""

    name: str
    title: str
    auth: str
    signs: str
    dedupe: str
    revision: str
    money: str
    time: str
    redeem_by: str
    capabilities: frozenset[Capability]
    retries: Retries
    credentials: Credentials
    limits: Limits
    events: tuple[str, ...]
    scenarios: tuple[str, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    tolerance_seconds: int = 300
    ignores: Mapping[Capability, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def __post_init__(self) -> None:
        """A capability is declared, or left out with a reason; nothing is both or neither."""
        missing = set(Capability) - self.capabilities - set(self.ignores)
        both = self.capabilities & set(self.ignores)
        if missing or both:
            wrong = ", ".join(sorted(missing | both))
            raise ValueError(f"{self.name}: declare or give a reason for each capability: {wrong}")
