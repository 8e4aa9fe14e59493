"""Reading an order from a JSON document: every fault is found, and nothing is guessed."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from partner_sdk.wire.amounts import MAX_SAFE_INTEGER, InvalidAmount, Money, parse_decimal
from partner_sdk.wire.ids import InvalidId, decode
from partner_sdk.wire.instants import InvalidInstant, parse_instant
from partner_sdk.wire.orders.stated import STATUSES, Buyer, StatedOrder, Status
from partner_sdk.wire.sales import Refund, RefundLine, SaleLine, Tender

__all__ = [
    "MAX_LINES",
    "MAX_REFUNDS",
    "MAX_TENDERS",
    "InvalidOrder",
    "OrderFault",
    "Place",
    "read_order",
]

MAX_LINES = 1_000
MAX_REFUNDS = 200
MAX_TENDERS = 50
_LONGEST_ID, _LONGEST_NAME, _LONGEST_CONTACT = 200, 64, 254
_REFUND_STATUSES = ("pending", "succeeded", "failed")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CURRENCY = re.compile("[A-Z]{3}", re.ASCII)

#: Where a value stands: names of members and places in lists.
Place = tuple[str | int, ...]
_Read = TypeVar("_Read")
_NOWHEN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class OrderFault:
    """A place of the document and what is wrong with it; never what stands there."""

    place: Place
    text: str

    def __str__(self) -> str:
        path = ""
        for part in self.place:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
        return f"{path or 'the order'}: {self.text}"


class InvalidOrder(ValueError):  # noqa: N818 - the name says it
    """The document does not state an order; `faults` are all that is wrong with it."""

    def __init__(self, faults: Iterable[OrderFault]) -> None:
        self.faults = tuple(faults)
        more = f" (and {len(self.faults) - 3} more)" if len(self.faults) > 3 else ""
        super().__init__("; ".join(str(fault) for fault in self.faults[:3]) + more)


def read_order(value: object) -> StatedOrder:
    """Read an order. Members that are not known are left alone; null is as if not there.

    Raises:
        InvalidOrder: with every wrong place.
    """
    reader = _Reader()
    order = reader.order(value)
    if reader.faults or order is None:
        raise InvalidOrder(reader.faults)
    return order


class _Reader:
    """Reads on after a fault, so that all are told at once."""

    def __init__(self) -> None:
        self.faults: list[OrderFault] = []
        self.currency = "XXX"

    def wrong(self, place: Place, text: str) -> None:
        self.faults.append(OrderFault(place, text))

    def order(self, value: object) -> StatedOrder | None:
        if not isinstance(value, Mapping):
            self.wrong((), "must be an object")
            return None
        currency = value.get("currency")
        if isinstance(currency, str) and _CURRENCY.fullmatch(currency):
            self.currency = currency
        else:
            self.wrong(("currency",), "must be three capital letters (ISO 4217)")
        order = StatedOrder(
            id=self.text(value, (), "id", _LONGEST_ID),
            revision=self.revision(value.get("revision")),
            status=self.status(value.get("status")),
            occurred_at=self.instant(value.get("occurred_at"), ("occurred_at",)),
            currency=self.currency,
            lines=self.each(value, (), "lines", self.line, least=1, most=MAX_LINES),
            tenders=self.each(value, (), "tenders", self.tender, most=MAX_TENDERS),
            refunds=self.each(value, (), "refunds", self.refund, most=MAX_REFUNDS),
            customer=self.customer(value.get("customer")),
            store=self.optional(value, (), "store", _LONGEST_NAME),
            till=self.optional(value, (), "till", _LONGEST_NAME),
            receipt=self.optional(value, (), "receipt", _LONGEST_NAME),
        )
        if not self.faults:
            self.together(order)
        return order

    def together(self, order: StatedOrder) -> None:
        """What must be true of several places at once."""
        lines = {line.id for line in order.lines}
        self.distinct("lines", (), [line.id for line in order.lines])
        self.distinct("refunds", (), [refund.id for refund in order.refunds])
        for i, refund in enumerate(order.refunds):
            at: Place = ("refunds", i)
            self.distinct("lines", at, [part.id for part in refund.lines])
            for j, part in enumerate(refund.lines):
                if part.id not in lines:
                    self.wrong((*at, "lines", j, "id"), "must be the id of a line of this order")
            if sum(part.amount.micros for part in refund.lines) > refund.amount.micros:
                self.wrong((*at, "amount"), "must not be less than its lines together")

    def distinct(self, name: str, at: Place, ids: list[str]) -> None:
        seen: set[str] = set()
        for i, each in enumerate(ids):
            if each in seen:
                self.wrong((*at, name, i, "id"), "must differ from those before it")
            seen.add(each)

    def each(
        self,
        value: Mapping[str, Any],
        at: Place,
        name: str,
        read: Callable[[Mapping[str, Any], Place], _Read],
        *,
        least: int = 0,
        most: int,
    ) -> tuple[_Read, ...]:
        listed = value.get(name)
        if listed is None and not least:
            return ()
        if not isinstance(listed, list) or not least <= len(listed) <= most:
            self.wrong((*at, name), f"must be a list of {least} to {most}")
            return ()
        found = []
        for i, one in enumerate(listed):
            if isinstance(one, Mapping):
                found.append(read(one, (*at, name, i)))
            else:
                self.wrong((*at, name, i), "must be an object")
        return tuple(found)

    def line(self, value: Mapping[str, Any], at: Place) -> SaleLine:
        return SaleLine(
            id=self.text(value, at, "id", _LONGEST_ID),
            category=self.text(value, at, "category", _LONGEST_NAME),
            quantity=self.quantity(value.get("quantity"), (*at, "quantity")),
            amount=self.amount(value.get("amount"), (*at, "amount")),
        )

    def tender(self, value: Mapping[str, Any], at: Place) -> Tender:
        redemption = value.get("redemption")
        if redemption is not None:
            self.redemption(redemption, (*at, "redemption"))
        return Tender(
            kind=self.text(value, at, "kind", _LONGEST_NAME),
            amount=self.amount(value.get("amount"), (*at, "amount")),
            redemption=redemption,
        )

    def refund(self, value: Mapping[str, Any], at: Place) -> Refund:
        status, instant = value.get("status"), value.get("occurred_at")
        if status not in _REFUND_STATUSES:
            self.wrong((*at, "status"), "must be pending, succeeded or failed")
        return Refund(
            id=self.text(value, at, "id", _LONGEST_ID),
            amount=self.amount(value.get("amount"), (*at, "amount")),
            status=str(status),
            occurred_at=None if instant is None else self.instant(instant, (*at, "occurred_at")),
            lines=self.each(value, at, "lines", self.refund_line, most=MAX_LINES),
        )

    def refund_line(self, value: Mapping[str, Any], at: Place) -> RefundLine:
        quantity = value.get("quantity")
        return RefundLine(
            id=self.text(value, at, "id", _LONGEST_ID),
            amount=self.amount(value.get("amount"), (*at, "amount")),
            quantity=None if quantity is None else self.quantity(quantity, (*at, "quantity")),
        )

    def customer(self, value: object) -> Buyer | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.wrong(("customer",), "must be an object")
            return None
        at: Place = ("customer",)
        found = Buyer(
            id=self.optional(value, at, "id", _LONGEST_NAME),
            card=self.optional(value, at, "card", _LONGEST_NAME),
            phone=self.optional(value, at, "phone", _LONGEST_CONTACT),
            email=self.optional(value, at, "email", _LONGEST_CONTACT),
        )
        return None if found == Buyer() else found

    def text(self, value: Mapping[str, Any], at: Place, name: str, most: int) -> str:
        found = value.get(name)
        if not isinstance(found, str) or not 1 <= len(found) <= most or _UNPRINTABLE.search(found):
            self.wrong((*at, name), f"must be a text of 1 to {most} printable characters")
            return ""
        return found

    def optional(self, value: Mapping[str, Any], at: Place, name: str, most: int) -> str | None:
        return None if value.get(name) is None else self.text(value, at, name, most)

    def revision(self, value: object) -> int:
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and 0 <= value <= MAX_SAFE_INTEGER
        ):
            return value
        self.wrong(("revision",), f"must be a whole number from 0 to {MAX_SAFE_INTEGER}")
        return 0

    def status(self, value: object) -> Status:
        for status in STATUSES:
            if value == status:
                return status
        self.wrong(("status",), "must be open, paid or cancelled")
        return "open"

    def instant(self, value: object, at: Place) -> datetime:
        try:
            return parse_instant(value)
        except InvalidInstant as error:
            self.wrong(at, str(error))
            return _NOWHEN

    def amount(self, value: object, at: Place) -> Money:
        return Money(self.decimal(value, at, 6), self.currency)

    def quantity(self, value: object, at: Place) -> str:
        before = len(self.faults)
        self.decimal(value, at, 3)
        return str(value) if len(self.faults) == before else "0"

    def decimal(self, value: object, at: Place, digits: int) -> int:
        if isinstance(value, str) and value.startswith("-"):
            self.wrong(at, "must not be negative: what comes back is a refund")
            return 0
        try:
            return parse_decimal(value, max_digits_after=digits)
        except InvalidAmount as error:
            self.wrong(at, str(error))
            return 0

    def redemption(self, value: object, at: Place) -> None:
        for prefix in ("red", "hld"):
            try:
                decode(prefix, value if isinstance(value, str) else "")
            except InvalidId:
                continue
            return
        self.wrong(at, "must be a redemption (red_…) or a hold (hld_…) of the hub")
