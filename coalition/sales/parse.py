"""Reading a sale from JSON, by hand: this is the hub's busiest message.

Every fault is collected with its JSON pointer; nothing is guessed or converted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from coalition.errors import FieldError, HubError
from coalition.sales.domain import (
    REFUND_STATUSES,
    TENDER_KINDS,
    Line,
    MemberRef,
    Refund,
    RefundLine,
    SalePut,
    Tender,
)
from partner_sdk.wire.amounts import MAX_POINTS, MAX_SAFE_INTEGER, InvalidAmount, parse_decimal
from partner_sdk.wire.ids import InvalidId, decode
from partner_sdk.wire.instants import parse_instant

MAX_LINES = 1_000
MAX_REFUNDS = 200
MAX_TENDERS = 50
SALE_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)

_FIELDS = frozenset(
    [
        "revision",
        "occurred_at",
        "member",
        "store",
        "till",
        "receipt",
        "currency",
        "cancelled",
        "lines",
        "tenders",
        "refunds",
    ]
)
_LINE_FIELDS = frozenset({"id", "category", "quantity", "amount"})
_TENDER_FIELDS = frozenset({"kind", "amount", "redemption"})
_REFUND_FIELDS = frozenset({"id", "status", "amount", "occurred_at", "lines", "points"})
_REFUND_LINE_FIELDS = frozenset({"id", "quantity", "amount"})
_T = TypeVar("_T")


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name, None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def parse_sale(*, external_id: str, body: object, zone: ZoneInfo) -> SalePut:
    """Read a sale; `zone` is the store's time zone where the body names none.

    Raises:
        HubError: `validation_failed`, `wrong_currency`, with a pointer for every wrong place.
    """
    reader = _Reader()
    put = reader.sale(external_id, body, zone)
    if reader.errors or put is None:
        raise HubError(
            reader.code,
            "The sale is not well-formed; mend the listed places and send it again.",
            errors=tuple(reader.errors[:100]),
        )
    return put


def parse_member(body: object, pointer: str) -> MemberRef:
    """Read `{"id" | "card" | "reference": text}`.

    Raises:
        HubError: `validation_failed`.
    """
    reader = _Reader()
    found = reader.member(body, pointer)
    if reader.errors or found is None:
        raise HubError(
            "validation_failed", "The member is not named well.", errors=tuple(reader.errors)
        )
    return found


class _Reader:
    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.code = "validation_failed"
        self.currency: object = None

    def wrong(self, pointer: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, detail))

    def sale(self, external_id: str, body: object, zone: ZoneInfo) -> SalePut | None:
        if SALE_ID.fullmatch(external_id) is None:
            self.wrong("/id", "must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
        if not isinstance(body, dict):
            self.wrong("", "must be an object")
            return None
        self.unknown(body, _FIELDS, "")
        currency = self.currency = body.get("currency")
        if not (isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency)):
            self.wrong("/currency", "must be three capital letters (ISO 4217)")
        revision = self.integer(body.get("revision"), "/revision", 0, MAX_SAFE_INTEGER)
        occurred_at = self.instant(body.get("occurred_at"), "/occurred_at")
        store, zone_name, store_zone = self.store(body.get("store"), zone)
        member_body = body.get("member")
        member = None if member_body is None else self.member(member_body, "/member")
        lines = self.each(body.get("lines"), "/lines", 1, MAX_LINES, self.line)
        self.distinct([line.id for line in lines], "/lines")
        tenders = self.each(body.get("tenders", []), "/tenders", 0, MAX_TENDERS, self.tender)
        refunds = self.each(body.get("refunds", []), "/refunds", 0, MAX_REFUNDS, self.refund)
        self.distinct([refund.id for refund in refunds], "/refunds")
        till = self.optional_text(body.get("till"), "/till", 64)
        receipt = self.optional_text(body.get("receipt"), "/receipt", 64)
        cancelled = body.get("cancelled", False)
        if not isinstance(cancelled, bool):
            self.wrong("/cancelled", "must be true or false")
        if self.errors or occurred_at is None:
            return None
        return SalePut(
            external_id=external_id,
            revision=revision,
            occurred_at=occurred_at,
            member=member,
            store=store,
            store_time_zone=zone_name,
            till=till,
            receipt=receipt,
            currency=str(currency),
            local_date=occurred_at.astimezone(store_zone).date(),
            lines=tuple(lines),
            tenders=tuple(tenders),
            refunds=tuple(refunds),
            cancelled=cancelled,
        )

    def unknown(self, body: Mapping[str, Any], known: frozenset[str], at: str) -> None:
        if not body.keys() <= known:
            for name in body.keys() - known:
                self.wrong(f"{at}/{name}", "is not a known field")

    def each(
        self,
        value: object,
        at: str,
        least: int,
        most: int,
        read: Callable[[Mapping[str, Any], str], _T | None],
    ) -> list[_T]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            self.wrong(at, f"must be a list of {least} to {most} entries")
            return []
        found = []
        for i, entry in enumerate(value):
            place = f"{at}/{i}"
            if not isinstance(entry, dict):
                self.wrong(place, "must be an object")
                continue
            read_entry = read(entry, place)
            if read_entry is not None:
                found.append(read_entry)
        return found

    def distinct(self, ids: list[str], at: str) -> None:
        if len(set(ids)) != len(ids):
            self.wrong(at, "has two entries with one id")

    def text(self, value: object, at: str, most: int) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= most or not value.isprintable():
            self.wrong(at, f"must be a text of 1 to {most} printable characters")
            return ""
        return value

    def optional_text(self, value: object, at: str, most: int) -> str | None:
        return None if value is None else self.text(value, at, most)

    def integer(self, value: object, at: str, least: int, most: int) -> int:
        if type(value) is not int:
            self.wrong(at, "must be a whole number")
            return least
        if not least <= value <= most:
            self.wrong(at, f"must be from {least} to {most}")
            return least
        return value

    def instant(self, value: object, at: str) -> datetime | None:
        try:
            return parse_instant(value)
        except ValueError as fault:
            self.wrong(at, str(fault))
            return None

    def money(self, value: object, at: str, *, least: int = 0) -> int:
        if not isinstance(value, dict) or value.keys() != {"amount", "currency"}:
            self.wrong(at, "must be an object with exactly amount and currency")
            return 0
        if value["currency"] != self.currency:
            self.code = "wrong_currency" if not self.errors else self.code
            self.wrong(f"{at}/currency", "must be the sale's currency")
        micros = self.decimal(value["amount"], f"{at}/amount", 6)
        if micros < least:
            self.wrong(f"{at}/amount", "must not be negative")
        return micros

    def decimal(self, value: object, at: str, digits: int) -> int:
        try:
            return parse_decimal(value, max_digits_after=digits)
        except InvalidAmount as fault:
            self.wrong(at, str(fault))
            return 0

    def quantity(self, value: object, at: str) -> int:
        micros = self.decimal(value, at, 3)
        if micros < 0:
            self.wrong(at, "must not be negative")
        return micros

    def store(self, value: object, zone: ZoneInfo) -> tuple[str | None, str | None, ZoneInfo]:
        if value is None:
            return None, None, zone
        if not isinstance(value, dict):
            self.wrong("/store", "must be an object")
            return None, None, zone
        self.unknown(value, frozenset({"id", "time_zone"}), "/store")
        store = self.text(value.get("id"), "/store/id", 64)
        name = value.get("time_zone")
        if name is None:
            return store, None, zone
        found = zone_named(name) if isinstance(name, str) else None
        if found is None:
            self.wrong("/store/time_zone", "must be an IANA time zone such as Europe/Kyiv")
            return store, None, zone
        return store, name, found

    def member(self, value: object, at: str) -> MemberRef | None:
        if not isinstance(value, dict) or len(value) != 1:
            self.wrong(at, "must be an object with exactly one of id, card, reference")
            return None
        ((kind, named),) = value.items()
        if kind not in ("id", "card", "reference"):
            self.wrong(f"{at}/{kind}", "is not a known field; name id, card or reference")
            return None
        return MemberRef(kind, self.text(named, f"{at}/{kind}", 64))

    def line(self, body: Mapping[str, Any], at: str) -> Line:
        if not body.keys() <= _LINE_FIELDS:
            self.unknown(body, _LINE_FIELDS, at)
        return Line(
            self.text(body.get("id"), f"{at}/id", 64),
            self.text(body.get("category"), f"{at}/category", 64),
            self.quantity(body.get("quantity", "1"), f"{at}/quantity"),
            self.money(body.get("amount"), f"{at}/amount"),
        )

    def tender(self, body: Mapping[str, Any], at: str) -> Tender:
        self.unknown(body, _TENDER_FIELDS, at)
        kind = body.get("kind")
        if kind not in TENDER_KINDS:
            self.wrong(f"{at}/kind", f"must be one of {', '.join(TENDER_KINDS)}")
        redemption = body.get("redemption")
        if redemption is not None:
            self.redemption(redemption, f"{at}/redemption")
        return Tender(str(kind), self.money(body.get("amount"), f"{at}/amount"), redemption)

    def refund(self, body: Mapping[str, Any], at: str) -> Refund:
        self.unknown(body, _REFUND_FIELDS, at)
        status = body.get("status")
        if status not in REFUND_STATUSES:
            self.wrong(f"{at}/status", f"must be one of {', '.join(REFUND_STATUSES)}")
        if body.get("occurred_at") is not None:
            self.instant(body["occurred_at"], f"{at}/occurred_at")
        amount = self.money(body.get("amount"), f"{at}/amount")
        lines = self.each(body.get("lines", []), f"{at}/lines", 0, MAX_LINES, self.refund_line)
        self.distinct([line.id for line in lines], f"{at}/lines")
        if sum(line.amount_micros for line in lines) > amount:
            self.wrong(f"{at}/lines", "add up to more than the refund's amount")
        redemption, points = self.points_back(body.get("points"), f"{at}/points")
        return Refund(
            self.text(body.get("id"), f"{at}/id", 64),
            str(status),
            amount,
            tuple(lines),
            redemption,
            points,
        )

    def refund_line(self, body: Mapping[str, Any], at: str) -> RefundLine:
        self.unknown(body, _REFUND_LINE_FIELDS, at)
        quantity = body.get("quantity")
        return RefundLine(
            self.text(body.get("id"), f"{at}/id", 64),
            self.money(body.get("amount"), f"{at}/amount"),
            None if quantity is None else self.quantity(quantity, f"{at}/quantity"),
        )

    def points_back(self, body: object, at: str) -> tuple[UUID | None, int]:
        if body is None:
            return None, 0
        if not isinstance(body, dict):
            self.wrong(at, "must be an object with redemption and points")
            return None, 0
        self.unknown(body, frozenset({"redemption", "points"}), at)
        points = self.integer(body.get("points"), f"{at}/points", 1, MAX_POINTS)
        return self.redemption(body.get("redemption"), f"{at}/redemption"), points

    def redemption(self, value: object, at: str) -> UUID | None:
        try:
            return decode("red", value)  # type: ignore[arg-type]  # it checks the type itself
        except InvalidId as fault:
            self.wrong(at, str(fault))
            return None
