"""The file of orders, `coalition.orders/1`: its rows, their columns and its limits.

CSV (RFC 4180) in UTF-8, one record a line. The first column says what a row is; each kind of row
has its own columns. The rows of an order stand together, behind its row `order`.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from partner_sdk.wire.amounts import MICROS

__all__ = [
    "END",
    "FORMAT",
    "HEADER",
    "MAX_FAULTS",
    "MAX_ORDERS",
    "MAX_ROW_BYTES",
    "MAX_SEQUENCE",
    "RECORDS",
    "FileEnd",
    "FileHeader",
    "RowFault",
    "fields_of",
    "row_of",
    "total_micros",
]

FORMAT = "coalition.orders/1"
HEADER, END = "file", "end"
RECORDS: Mapping[str, tuple[str, ...]] = {
    HEADER: ("record", "format", "store", "sequence", "created_at", "first_date", "last_date"),
    "order": (
        "record", "id", "revision", "status", "occurred_at", "currency", "store", "till",
        "receipt", "customer_id", "card", "phone", "email",
    ),
    "line": ("record", "order", "id", "category", "quantity", "amount"),
    "tender": ("record", "order", "kind", "amount", "redemption"),
    "refund": ("record", "order", "id", "status", "amount", "occurred_at"),
    "refund_line": ("record", "order", "refund", "line", "amount", "quantity"),
    END: (
        "record", "rows", "orders", "lines_total", "tenders_total", "refunds_total", "sha256",
    ),
}  # fmt: skip
MAX_ROW_BYTES = 4_096
MAX_ORDERS = 200_000
MAX_SEQUENCE = 999_999_999
#: After so many faults a file is not read for more.
MAX_FAULTS = 1_000

_TOTAL = re.compile(r"(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,6}))?", re.ASCII)
_QUOTED = re.compile('[",\r\n]')


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong in a row (from 1, the header) and column; never what stands there."""

    row: int
    column: str | None
    text: str

    def __str__(self) -> str:
        return f"row {self.row}{f', {self.column}' if self.column else ''}: {self.text}"


@dataclass(frozen=True, slots=True)
class FileHeader:
    """The first row: whose file it is, its number, and the business dates that it is about."""

    store: str
    sequence: int
    created_at: datetime
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class FileEnd:
    """The last row: how many rows between it and the header, control totals, the hash above it.

    Totals are sums of micros as numbers, whatever the currency.
    """

    rows: int
    orders: int
    lines_micros: int
    tenders_micros: int
    refunds_micros: int
    sha256: str


def fields_of(text: str) -> list[str] | None:
    """The fields of a row, or None where it is not CSV."""
    try:
        (found,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        return None
    return found


def row_of(fields: Sequence[str]) -> bytes:
    """A row, ended by a line feed; quoted where it must be."""
    quoted = ('"' + f.replace('"', '""') + '"' if _QUOTED.search(f) else f for f in fields)
    return (",".join(quoted) + "\n").encode()


def total_micros(text: str) -> int | None:
    """A control total: a decimal of up to 18 digits before the point; None for anything else."""
    found = _TOTAL.fullmatch(text)
    if found is None:
        return None
    return int(found[1]) * MICROS + int((found[2] or "").ljust(6, "0"))
