"""Digests of sales: what a store sold in an hour, as a count, two sums and one hash.

Partner and hub each make the digest of what they hold. Where the two are alike they hold the same
sales, in the same revisions, with the same amounts; where not, the hour and the store are known.

The hash is SHA-256 over one line a sale, sorted by id (by code point; ids are ASCII)::

    <id> <revision> <amount in millionths> <refunded in millionths>\\n

An amount is the sum of the sale's lines; refunded is the sum of its refunds that succeeded.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from partner_sdk.wire._read import optional_text, text, whole
from partner_sdk.wire.amounts import Money

__all__ = [
    "EMPTY",
    "HOUR_PATTERN",
    "DigestAnswer",
    "SaleFigures",
    "StoreComparison",
    "StoreDigest",
    "digest_of",
    "format_hour",
    "hour_of",
    "parse_hour",
]

HOUR_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}Z"
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SaleFigures:
    """What of a sale goes into a digest; amounts in micros."""

    id: str
    revision: int
    occurred_at: datetime
    store: str | None
    amount_micros: int
    refunded_micros: int = 0


@dataclass(frozen=True, slots=True)
class StoreDigest:
    """The sales of one store (None: of no store) in one hour; amounts in micros, hash in hex."""

    store: str | None
    sales: int
    amount_micros: int
    refunded_micros: int
    sha256: str

    def to_wire(self, *, currency: str) -> dict[str, Any]:
        """Write the digest."""
        return {
            "store": self.store,
            "sales": self.sales,
            "amount": Money(self.amount_micros, currency).to_wire(),
            "refunded": Money(self.refunded_micros, currency).to_wire(),
            "sha256": self.sha256,
        }

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> "StoreDigest":
        """Read a digest."""
        return cls(
            store=optional_text(value.get("store")),
            sales=whole(value["sales"]),
            amount_micros=Money.from_wire(value["amount"]).micros,
            refunded_micros=Money.from_wire(value["refunded"]).micros,
            sha256=text(value["sha256"]),
        )


#: The hash of no sales at all.
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class StoreComparison:
    """One store of an hour on both sides; None where a side has no sales of it."""

    store: str | None
    matches: bool
    yours: StoreDigest | None
    hub: StoreDigest | None

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> "StoreComparison":
        """Read one store's comparison."""
        store = optional_text(value.get("store"))
        sides = [
            None if value.get(side) is None else StoreDigest.from_wire(value[side])
            for side in ("yours", "hub")
        ]
        return cls(store, value["matches"] is True, *sides)


@dataclass(frozen=True, slots=True)
class DigestAnswer:
    """What the hub answers to an hour's digests; `open`: the hour's window can still change."""

    hour: str
    window: str
    open: bool
    matches: bool
    stores: tuple[StoreComparison, ...]

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> "DigestAnswer":
        """Read the answer."""
        return cls(
            hour=text(value["hour"]),
            window=text(value["window"]),
            open=value["open"] is True,
            matches=value["matches"] is True,
            stores=tuple(StoreComparison.from_wire(each) for each in value["stores"]),
        )


def hour_of(instant: datetime) -> datetime:
    """Return the start of the UTC hour that holds an instant."""
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def format_hour(hour: datetime) -> str:
    """Write an hour as ``2026-11-22T09Z``."""
    return hour.astimezone(UTC).strftime("%Y-%m-%dT%HZ")


def parse_hour(value: str) -> datetime:
    """Read ``2026-11-22T09Z``.

    Raises:
        ValueError: another spelling, or no hour of the calendar.
    """
    if re.fullmatch(HOUR_PATTERN, value, re.ASCII) is None:
        raise ValueError("must be an hour such as 2026-11-22T09Z")
    return datetime.strptime(value, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)


def digest_of(*, store: str | None, sales: Iterable[SaleFigures]) -> StoreDigest:
    """Make the digest of a store's sales of an hour."""
    ordered = sorted(sales, key=lambda sale: sale.id)
    lines = "".join(
        f"{sale.id} {sale.revision} {sale.amount_micros} {sale.refunded_micros}\n"
        for sale in ordered
    )
    return StoreDigest(
        store=store,
        sales=len(ordered),
        amount_micros=sum(sale.amount_micros for sale in ordered),
        refunded_micros=sum(sale.refunded_micros for sale in ordered),
        sha256=hashlib.sha256(lines.encode()).hexdigest(),
    )
