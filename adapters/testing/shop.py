"""A shop on some platform, in memory: purchases, what the platform says of them, what it serves.

The purchases here are the truth, in minor units and plain terms; a platform's own class renders
them as that platform writes them. The conformance kit compares what an adapter makes of it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal

from adapters.contract import Answer, Call, Headers, Request, Secrets, Settings

START = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
URL = "https://hub.example/hooks/con_1"

ItemKind = Literal["goods", "shipping", "tip", "gift_card"]
What = Literal["paid", "edited", "cancelled", "refund", "refund_changed", "identified"]


@dataclass(frozen=True, slots=True)
class Item:
    """What was bought: `minor` for the whole line, tax in it, after `discount` and with `tax`."""

    id: str
    minor: int
    count: int = 1
    kind: ItemKind = "goods"
    discount: int = 0
    tax: int = 0


@dataclass(slots=True)
class GivenBack:
    """A refund; `items`: id, minor units and pieces of a line. A chargeback is one too."""

    id: str
    minor: int
    items: tuple[tuple[str, int, int], ...]
    status: Literal["pending", "succeeded", "failed"]
    at: datetime
    chargeback: bool = False


@dataclass(slots=True)
class Purchase:
    """An order as it is now. `tenders`: kind and minor units; what they leave is paid by card."""

    number: int
    placed_at: datetime
    changed_at: datetime
    currency: str
    items: tuple[Item, ...]
    tenders: tuple[tuple[str, int], ...] = ()
    customer: str | None = None
    email: str | None = None
    cancelled: bool = False
    version: int = 1
    refunds: list[GivenBack] = field(default_factory=list)
    #: The code for points that was used, and what it took off in minor units.
    code: str | None = None
    by_points: int = 0

    @property
    def total(self) -> int:
        """What was to pay, in minor units."""
        return sum(item.minor for item in self.items)

    @property
    def goods(self) -> int:
        """What of that points can pay."""
        return sum(item.minor for item in self.items if item.kind == "goods")

    def item(self, item_id: str) -> Item:
        """One of the items."""
        return next(item for item in self.items if item.id == item_id)

    def off(self, item: Item) -> int:
        """What the code for points took off an item: its share, to the last minor unit."""
        goods = [each for each in self.items if each.kind == "goods"]
        if item not in goods or not self.by_points:
            return 0
        whole, before = self.goods, 0
        for each in goods[: goods.index(item)]:
            before += each.minor
        after = before + item.minor
        return self.by_points * after // whole - self.by_points * before // whole


@dataclass(frozen=True, slots=True)
class Message:
    """What the platform sends, and when it signed that."""

    request: Request
    at: datetime


class Shop(ABC):
    """A platform's shop. A class per platform says how it writes, signs and answers."""

    #: The newest signing secret, the one before it, and one that is nobody's.
    signing: ClassVar[tuple[str, str, str]]
    extra: ClassVar[Mapping[str, str]] = {}
    #: Where the signature stands; None: in the body.
    signature_header: ClassVar[str | None]
    signs_url: ClassVar[bool] = False
    #: Whether a message's body is signed, and not only who sends it.
    signs_body: ClassVar[bool] = True
    can_identify: ClassVar[bool] = True
    options: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, *, currency: str = "EUR", now: datetime = START, first: int = 1, page: int = 100
    ) -> None:
        self.currency = currency
        self.now = now
        #: How far the platform's clock goes between two changes; zero makes its times tie.
        self.step = timedelta(seconds=1)
        #: Where the platform was told to deliver; some sign that as well.
        self.url = URL
        #: The longest page of a list.
        self.page = page
        self.numbers = iter(range(first, first + 10_000))
        self.purchases: dict[int, Purchase] = {}
        #: Orders that are not paid yet, by number.
        self.opened: dict[int, Purchase] = {}
        self.sent: list[Message] = []
        #: What was made for points: the platform's id → what it is worth in minor units.
        self.spent: dict[str, int] = {}
        self.secrets = Secrets(self.signing[:1], self.extra)
        self.settings = Settings(
            currency=currency,
            time_zone="Europe/Kyiv",
            store_url="https://shop.example",
            options=self.options,
        )

    def buy(
        self,
        items: Iterable[Item],
        *,
        tenders: Iterable[tuple[str, int]] = (),
        customer: str | None = "77",
        email: str | None = "ann@example.com",
        code: str | None = None,
    ) -> Purchase:
        """Buy and pay; with a `code` that was made for points, they pay what it is worth.

        Raises:
            LookupError: there is no such code, or it was used.
        """
        opened = self.open(items, tenders=tenders, customer=customer, email=email)
        return self.pay(opened, code=code)

    def open(
        self,
        items: Iterable[Item],
        *,
        tenders: Iterable[tuple[str, int]] = (),
        customer: str | None = "77",
        email: str | None = "ann@example.com",
    ) -> Purchase:
        """Fill a basket: an order that is not paid yet, of which nothing is said."""
        purchase = Purchase(
            number=next(self.numbers),
            placed_at=self.now,
            changed_at=self.now,
            currency=self.currency,
            items=tuple(items),
            tenders=tuple(tenders),
            customer=customer,
            email=email if customer else None,
        )
        self.opened[purchase.number] = purchase
        return purchase

    def pay(self, purchase: Purchase, *, code: str | None = None) -> Purchase:
        """Pay an open order, as far as a `code` that was made for points does not.

        Raises:
            LookupError: there is no such code, or it was used.
        """
        if code is not None:
            purchase.code = code
            purchase.by_points = min(self.used_up(code), purchase.goods)
        del self.opened[purchase.number]
        self.purchases[purchase.number] = purchase
        self._say(purchase, "paid")
        return purchase

    def edit(self, purchase: Purchase, items: Iterable[Item]) -> None:
        """Change what was bought."""
        purchase.items = tuple(items)
        self._change(purchase, "edited")

    def cancel(self, purchase: Purchase) -> None:
        """Take the whole order back."""
        purchase.cancelled = True
        self._change(purchase, "cancelled")

    def identify(self, purchase: Purchase, customer: str) -> None:
        """A guest turns out to be a customer."""
        purchase.customer = customer
        self._change(purchase, "identified")

    def refund(
        self,
        purchase: Purchase,
        minor: int,
        items: Sequence[tuple[str, int, int]] = (),
        *,
        status: Literal["pending", "succeeded", "failed"] = "succeeded",
        chargeback: bool = False,
    ) -> GivenBack:
        """Give money back, or have it charged back."""
        number = purchase.number * 100 + len(purchase.refunds)
        given = GivenBack(
            str(number), minor, tuple(items), status, self.now + self.step, chargeback
        )
        purchase.refunds.append(given)
        self._change(purchase, "refund", given)
        return given

    def settle(
        self, purchase: Purchase, refund: GivenBack, status: Literal["succeeded", "failed"]
    ) -> None:
        """A refund comes through, fails, or is reversed after it had come through."""
        refund.status = status
        self._change(purchase, "refund_changed", refund)

    def _change(self, purchase: Purchase, what: What, refund: GivenBack | None = None) -> None:
        self.now += self.step
        purchase.changed_at = self.now
        purchase.version += 1
        self._say(purchase, what, refund)

    def _say(self, purchase: Purchase, what: What, refund: GivenBack | None = None) -> None:
        for request in self.messages(purchase, what, refund):
            self.sent.append(Message(request, self.now))

    @abstractmethod
    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        """What the platform sends of a change, signed."""

    @abstractmethod
    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        """A body signed as the platform signs, now; other headers as those of `like`."""

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """What the platform answers, and does."""

    def used_up(self, code: str) -> int:
        """What a code for points is worth, in minor units; it is worth that once."""
        raise NotImplementedError("say how this platform knows the codes that were made")

    def possible(self, items: Sequence[Item]) -> Sequence[Item]:
        """Of random items, those that go together in one purchase of this platform."""
        return items

    def order_id(self, purchase: Purchase) -> str:
        """The id by which the adapter should know it."""
        return str(purchase.number)

    def unsigned(self, request: Request) -> Request:
        """The message without its signature."""
        if self.signature_header is None:
            raise NotImplementedError("say how a message looks without its signature")
        kept = {n: v for n, v in request.headers.items() if n != self.signature_header.lower()}
        return replace(request, headers=Headers(kept))

    def signed_bytes(self, request: Request) -> Iterator[int]:
        """Which bytes of the body are signed: all, where the platform does not say otherwise."""
        yield from range(len(request.body))

    def redelivered(self, request: Request) -> Request:
        """The same message, delivered again."""
        return request

    def batch(self, requests: Sequence[Request]) -> Request:
        """Several messages as one, each part signed as the platform does."""
        raise NotImplementedError("say how the platform batches")

    def forged_batch(self, requests: Sequence[Request]) -> Request:
        """The same, with another's signature on the last part."""
        raise NotImplementedError("say how a forged part would look")


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of JSON."""
    fields = {"Content-Type": "application/json"} | dict(headers or {})
    return Answer(status, Headers(fields), json.dumps(value).encode())


def major(minor: int, digits: int, *, decimals: int | None = None) -> str:
    """Minor units as decimal text."""
    sign = "-" if minor < 0 else ""
    units, rest = divmod(abs(minor), 10**digits)
    after = f"{rest:0{digits}d}" if digits else ""
    after = after.ljust(digits if decimals is None else decimals, "0")
    return f"{sign}{units}.{after}" if after else f"{sign}{units}"
