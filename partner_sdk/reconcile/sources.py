"""Where a partner's own sales come from: a CSV file of any shape, a till's journal, its queue."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from partner_sdk.errors import CoalitionError
from partner_sdk.reconcile.book import SalesBook
from partner_sdk.wire.amounts import Money, parse_decimal
from partner_sdk.wire.digests import SaleFigures
from partner_sdk.wire.instants import parse_instant

__all__ = ["InvalidSource", "Mapping", "read_csv", "read_journal", "read_queue"]

_COLUMNS = ("id", "occurred_at", "amount", "revision", "store", "refunded")
_NEEDED = _COLUMNS[:3]


class InvalidSource(CoalitionError):  # noqa: N818 - the name says it
    """A file of sales, or its mapping, cannot be read; the message names the place."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the columns of a CSV file are to be read; names of columns in the file.

    ``rows`` is ``sales`` (one row a sale) or ``lines`` (rows of one id are summed). Times that have
    no offset are in ``time_zone``; ``time_format`` is as for ``strptime``, without it RFC 3339 or
    ``2026-11-22 09:30:00``. A missing ``revision`` switches digests off.
    """

    id: str
    occurred_at: str
    amount: str
    currency: str
    revision: str | None = None
    store: str | None = None
    refunded: str | None = None
    rows: str = "sales"
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8-sig"
    time_zone: str | None = None
    time_format: str | None = None

    @classmethod
    def from_file(cls, path: Path | str) -> "Mapping":
        """Read the mapping from a JSON file.

        Raises:
            InvalidSource: unknown or missing members.
        """
        try:
            document = json.loads(Path(path).read_text("utf-8"))
            mapping = cls(**document)
        except (OSError, ValueError, TypeError) as error:
            raise InvalidSource(f"{path} is not a mapping: {error}") from error
        if mapping.rows not in ("sales", "lines"):
            raise InvalidSource(f"{path}: rows must be sales or lines")
        if any(value is not None and not isinstance(value, str) for value in document.values()):
            raise InvalidSource(f"{path}: every member must be text")
        return mapping


def read_csv(*, path: Path | str, mapping: Mapping, book: SalesBook) -> None:
    """Take the sales of a CSV file.

    Raises:
        InvalidSource: a column is missing, or a row cannot be read; names the line.
    """
    book.use_currency(mapping.currency)
    take = book.add_line if mapping.rows == "lines" else book.state
    try:
        zone = None if mapping.time_zone is None else ZoneInfo(mapping.time_zone)
        with Path(path).open(encoding=mapping.encoding, newline="") as file:
            rows = csv.DictReader(file, delimiter=mapping.delimiter)
            named = {name: getattr(mapping, name) for name in _COLUMNS}
            missing = [
                c for c in named.values() if c is not None and c not in (rows.fieldnames or ())
            ]
            if missing:
                raise InvalidSource(f"{path} has no column {', '.join(missing)}")
            for row in rows:
                try:
                    take(_figures(row, mapping, zone))
                except (ValueError, TypeError) as error:
                    raise InvalidSource(f"{path}, line {rows.line_num}: {error}") from error
    except (OSError, UnicodeError, csv.Error, ZoneInfoNotFoundError, LookupError) as error:
        raise InvalidSource(f"{path} cannot be read: {error}") from error


def _figures(row: dict[str, Any], mapping: Mapping, zone: ZoneInfo | None) -> SaleFigures:
    key = row[mapping.id].strip()
    if not key:
        raise ValueError(f"{mapping.id} is empty")
    store = row[mapping.store].strip() if mapping.store else ""
    return SaleFigures(
        id=key,
        revision=int(row[mapping.revision]) if mapping.revision else 0,
        occurred_at=_instant(row[mapping.occurred_at].strip(), mapping, zone),
        store=store or None,
        amount_micros=_amount(row[mapping.amount], mapping),
        refunded_micros=_amount(row[mapping.refunded], mapping) if mapping.refunded else 0,
    )


def _amount(text: str, mapping: Mapping) -> int:
    plain = text.strip().replace(mapping.decimal, ".") or "0"
    return parse_decimal(plain)


def _instant(text: str, mapping: Mapping, zone: ZoneInfo | None) -> datetime:
    if mapping.time_format is not None:
        instant = datetime.strptime(text, mapping.time_format)  # noqa: DTZ007 - the zone follows
    else:
        instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        if zone is None:
            raise ValueError(f"{text} has no offset; name the time_zone in the mapping")
        instant = instant.replace(tzinfo=zone)
    return instant


def read_journal(*, path: Path | str, book: SalesBook) -> None:
    """Take the sales of a till's journal: one sale a line, as it was sent.

    Raises:
        InvalidSource: a line is not such a sale; names it.
    """
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _take(book, line, where=f"{path}:{number}", note="")
    except (OSError, UnicodeError) as error:
        raise InvalidSource(f"{path} cannot be read: {error}") from error


def read_queue(*, path: Path | str, book: SalesBook) -> None:
    """Take the sales that wait in an offline queue, or were set aside there.

    Raises:
        InvalidSource: the file is not a queue.
    """
    try:
        for body, code in _queued(Path(path)):
            note = "waits in the queue" if code is None else f"set aside: {code}"
            _take(book, body, where=str(path), note=note)
    except sqlite3.Error as error:
        raise InvalidSource(f"{path} is not a queue: {error}") from error


def _queued(path: Path) -> Iterator[tuple[bytes, str | None]]:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield from db.execute("SELECT body, aside_code FROM queue ORDER BY seq")
    finally:
        db.close()


def _take(book: SalesBook, text: str | bytes, *, where: str, note: str) -> None:
    try:
        body = json.loads(text)
        amounts = [Money.from_wire(line["amount"]) for line in body["lines"]]
        refunds = {
            refund["id"]: (
                refund.get("status", "succeeded"),
                Money.from_wire(refund["amount"]).micros,
            )
            for refund in body.get("refunds") or ()
        }
        book.use_currency(body["currency"])
        figures = SaleFigures(
            id=body["id"],
            revision=body["revision"],
            occurred_at=parse_instant(body["occurred_at"]),
            store=(body.get("store") or {}).get("id"),
            amount_micros=sum(amount.micros for amount in amounts),
        )
        book.state(figures, refunds=refunds, note=note)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidSource(f"{where} is not a sale: {error!r}") from error
