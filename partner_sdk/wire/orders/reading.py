"""Reading a file of orders, row by row: what is wrong is told by row and column."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from partner_sdk.wire.instants import InvalidInstant, parse_instant
from partner_sdk.wire.orders.columns import (
    END,
    FORMAT,
    HEADER,
    MAX_FAULTS,
    MAX_ORDERS,
    MAX_ROW_BYTES,
    MAX_SEQUENCE,
    RECORDS,
    FileEnd,
    FileHeader,
    RowFault,
    fields_of,
    total_micros,
)
from partner_sdk.wire.orders.document import InvalidOrder, Place, read_order
from partner_sdk.wire.orders.stated import StatedOrder

__all__ = ["OrderFileReader"]

_NAME = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BOM = b"\xef\xbb\xbf"
#: Columns that a document calls otherwise, by kind of row.
_DOCUMENT = {"order": {"customer_id": "id"}, "refund_line": {"line": "id"}}
#: What a document lists, by kind of row.
_LISTS = {"lines": "line", "tenders": "tender", "refunds": "refund", "refund_lines": "refund_line"}
_BUYER = ("customer_id", "card", "phone", "email")


class OrderFileReader:
    """Reads a file once. Iterate it for its orders, each with the number of its row.

    Only when that is done is it known whether the file is whole: look at `complete` and `faults`
    before anything of it is believed. `rows_only` reads rows that have neither header nor end yet.
    """

    def __init__(self, lines: Iterable[bytes], *, rows_only: bool = False) -> None:
        self.header: FileHeader | None = None
        self.end: FileEnd | None = None
        self.faults: list[RowFault] = []
        self._lines, self._rows_only = lines, rows_only
        self._hash = hashlib.sha256()
        self._row = 0
        self._counted = {"order": 0, "line": 0, "tender": 0, "refund": 0, "refund_line": 0}
        self._totals = {"line": 0, "tender": 0, "refund": 0}
        self._ids: set[str] = set()
        self._order: dict[str, Any] | None = None
        self._rows: dict[Place, int] = {}
        self._ended = False

    @property
    def complete(self) -> bool:
        """Whether the row `end` is there: else the file is not written to its end yet."""
        return self._ended

    def __iter__(self) -> Iterator[tuple[int, StatedOrder]]:
        for line in self._lines:
            self._row += 1
            yield from self._line(line)
            if len(self.faults) >= MAX_FAULTS:
                # The rest is only looked through for its end.
                self._order = None
        yield from self._flush()
        if self._row == 0:
            self._wrong(None, "the file is empty")

    def _wrong(self, column: str | None, text: str, *, row: int | None = None) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(RowFault(row or self._row, column, text))

    def _line(self, line: bytes) -> Iterator[tuple[int, StatedOrder]]:
        before = self._hash.copy() if line.startswith((b"end,", b'"end"')) else None
        self._hash.update(line)
        if self._ended:
            # Nothing may follow, or the end was not the end.
            self._wrong(None, "there must be nothing behind the row `end`")
            return
        fields = self._fields(line)
        if fields is None:
            return
        kind = fields[0]
        columns = RECORDS.get(kind)
        if columns is None:
            self._wrong("record", f"must be one of {', '.join(RECORDS)}")
        elif len(fields) != len(columns):
            self._wrong(None, f"a row `{kind}` has {len(columns)} columns, this one {len(fields)}")
            self._ended = kind == END and line.endswith(b"\n")
        elif kind == HEADER:
            self._read_header(fields)
        elif self._row == 1 and not self._rows_only:
            self._wrong("record", "the first row must be `file`")
        elif kind == END and before is not None and not self._rows_only:
            yield from self._flush()
            self._read_end(fields, before.hexdigest(), whole=line.endswith(b"\n"))
        elif kind == END:
            self._wrong("record", "must not be `end` here")
        else:
            if kind == "order":
                yield from self._flush()
            self._data(kind, dict(zip(columns, fields, strict=True)))

    def _fields(self, line: bytes) -> list[str] | None:
        if len(line) > MAX_ROW_BYTES:
            self._wrong(None, f"a row must not be longer than {MAX_ROW_BYTES} bytes")
            return None
        if self._row == 1:
            line = line.removeprefix(_BOM)
        try:
            text = line.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            self._wrong(None, "must be UTF-8")
            return None
        if _CONTROL.search(text):
            self._wrong(None, "must have no control characters")
            return None
        fields = fields_of(text) if text else None
        if fields is None:
            self._wrong(None, "must be fields parted by commas (RFC 4180), and not empty")
        return fields

    def _read_header(self, fields: list[str]) -> None:
        _, form, store, sequence, created, first, last = fields
        if self._row != 1 or self._rows_only:
            self._wrong("record", "`file` is the first row, and no other")
            return
        before = len(self.faults)
        if form != FORMAT:
            self._wrong("format", f"must be {FORMAT}")
        if not _NAME.fullmatch(store):
            self._wrong("store", "must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
        number = int(sequence) if _WHOLE.fullmatch(sequence) else 0
        if not 1 <= number <= MAX_SEQUENCE:
            self._wrong("sequence", f"must be a whole number from 1 to {MAX_SEQUENCE}")
        created_at = None
        try:
            created_at = parse_instant(created)
        except InvalidInstant as error:
            self._wrong("created_at", str(error))
        dates = [_date_of(text) for text in (first, last)]
        for column, found in zip(("first_date", "last_date"), dates, strict=True):
            if found is None:
                self._wrong(column, 'must be a date, such as "2026-11-22"')
        if dates[0] and dates[1] and dates[1] < dates[0]:
            self._wrong("last_date", "must not be before first_date")
        if len(self.faults) == before and created_at and dates[0] and dates[1]:
            self.header = FileHeader(store, number, created_at, dates[0], dates[1])

    def _read_end(self, fields: list[str], above: str, *, whole: bool) -> None:
        _, *numbers, sha256 = fields
        if not _SHA256.fullmatch(sha256):
            self._ended = whole
            self._wrong("sha256", "must be 64 digits of 0-9 a-f")
            return
        self._ended = True
        counted = (sum(self._counted.values()), self._counted["order"])
        found = [
            *(int(text) if _WHOLE.fullmatch(text) else None for text in numbers[:2]),
            *(total_micros(text) for text in numbers[2:]),
        ]
        wanted = [*counted, *(self._totals[kind] for kind in ("line", "tender", "refund"))]
        clean = not self.faults
        for column, said, true in zip(RECORDS[END][1:6], found, wanted, strict=True):
            if said is None:
                self._wrong(column, "must be a plain number")
            elif said != true and clean:
                self._wrong(column, "is not what the rows add up to")
        if sha256 != above:
            self._wrong("sha256", "is not the SHA-256 of all bytes before this row")
        rows, orders, *totals = (each or 0 for each in found)
        self.end = FileEnd(rows, orders, totals[0], totals[1], totals[2], sha256)

    def _data(self, kind: str, row: dict[str, str]) -> None:
        self._counted[kind] += 1
        if kind in self._totals:
            self._totals[kind] += total_micros(row["amount"]) or 0
        if kind == "order":
            self._begin(row)
            return
        order = self._order
        if order is None or row["order"] != order.get("id"):
            self._wrong("order", "must be the id of the row `order` above it")
            return
        says = {name: text for name, text in row.items() if text}
        if kind == "refund_line":
            self._refund_line(order, row["refund"], says)
            return
        listed = order[f"{kind}s"]
        self._rows[(f"{kind}s", len(listed))] = self._row
        listed.append(says)

    def _begin(self, row: dict[str, str]) -> None:
        if self._counted["order"] > MAX_ORDERS:
            self._wrong(None, f"a file has at most {MAX_ORDERS} orders")
        if row["id"] in self._ids:
            self._wrong("id", "a file says an order once, as it is at the end")
        self._ids.add(row["id"])
        revision = row["revision"]
        buyer = {_DOCUMENT["order"].get(name, name): row[name] for name in _BUYER if row[name]}
        self._order = {name: text for name, text in row.items() if text and name not in _BUYER} | {
            "revision": int(revision) if _WHOLE.fullmatch(revision) else None,
            "customer": buyer or None,
            "lines": [],
            "tenders": [],
            "refunds": [],
        }
        self._rows = {(): self._row}

    def _refund_line(self, order: dict[str, Any], refund: str, says: dict[str, str]) -> None:
        refunds = order["refunds"]
        if not refunds or refunds[-1].get("id") != refund:
            self._wrong("refund", "must be the id of the row `refund` above it")
            return
        parts = refunds[-1].setdefault("lines", [])
        self._rows[("refunds", len(refunds) - 1, "lines", len(parts))] = self._row
        parts.append({"id" if name == "line" else name: text for name, text in says.items()})

    def _flush(self) -> Iterator[tuple[int, StatedOrder]]:
        """The order whose rows have all been read."""
        order, self._order = self._order, None
        if order is None:
            return
        if order.get("store") is None and self.header is not None:
            order["store"] = self.header.store
        try:
            read = read_order(order)
        except InvalidOrder as error:
            for fault in error.faults:
                row, column = self._located(fault.place)
                if column in _LISTS:
                    said = f"rows `{_LISTS[column]}`: {fault.text.replace('a list of ', '')}"
                    self._wrong(None, said, row=row)
                else:
                    self._wrong(column, fault.text, row=row)
            return
        yield self._rows[()], read

    def _located(self, place: Place) -> tuple[int, str | None]:
        """The row and the column of a place of the document."""
        at = place
        while at not in self._rows:
            at = at[:-1]
        names = [part for part in place[len(at) :] if isinstance(part, str)]
        column = names[-1] if names else None
        if place == ("customer", "id"):
            column = "customer_id"
        elif len(at) == 4 and column == "id":
            column = "line"
        elif len(at) == 2 and column == "lines":
            column = "refund_lines"
        return self._rows[at], column


def _date_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
