"""Verify a message, and read the orders that it states: as documents, or as rows of a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from adapters.absent import WithoutMost
from adapters.contract import (
    Facts,
    FileCheck,
    FiledOrder,
    FileFault,
    FileHead,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Parsed,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Verified,
)
from adapters.generic.manifest import BATCH, CHANGED, MANIFEST, PING
from adapters.generic.orders import order_of
from adapters.reading import load, object_at, records
from adapters.standard import ID, key_of, signed_headers, verify_standard
from adapters.webshop import acknowledge
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.orders import (
    Buyer,
    FileHeader,
    InvalidOrder,
    OrderFileReader,
    OrderRows,
    StatedOrder,
    read_order,
)
from partner_sdk.wire.sales import Refund, RefundLine, SaleLine

__all__ = ["MOST_BYTES", "MOST_ORDERS", "Generic"]

#: Orders in one message, and bytes of a file in one; larger files go into a folder.
MOST_ORDERS = 100
MOST_BYTES = 1 << 20
_CSV = "text/csv"


class Generic(WithoutMost):
    """The adapter, which reads files too (`FileReader`)."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """By Standard Webhooks, whatever the body is."""
        keys = (key_of(secret) for secret in secrets.signing)
        return verify_standard(
            request=request,
            keys=[key for key in keys if key is not None],
            now=now,
            tolerance_seconds=MANIFEST.tolerance_seconds,
            hint="is the secret `whsec_` and base64, and is it signed with the bytes behind that?",
        )

    def delivery_key(self, *, request: Request) -> str:
        """The sender's name of the message; the hash of a long one, or of a body without one."""
        given = request.headers.get(ID, "")
        if given and len(given) <= 100 and given.isprintable():
            return given
        return hashlib.sha256(given.encode("utf-8", "replace") or request.body).hexdigest()

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """Orders, from a document or a file."""
        if _is_csv(request):
            return self._file(request.body, settings)
        said = object_at(load(request.body), "the message")
        kind = said.get("type")
        if kind == PING:
            return Ignored("a ping: the address is right")
        if kind == CHANGED:
            stated = [(said.get("data"), "data")]
        elif kind == BATCH:
            data = said.get("data")
            listed = records(data.get("orders") if isinstance(data, Mapping) else None, "orders")
            if not 1 <= len(listed) <= MOST_ORDERS:
                raise Malformed(f"data.orders is not a list of 1 to {MOST_ORDERS}")
            stated = [(one, f"data.orders[{i}]") for i, one in enumerate(listed)]
        elif isinstance(kind, str) and kind:
            return Ignored(f"its type is none of {CHANGED}, {BATCH} and {PING}")
        else:
            raise Malformed("type is not a text")
        return Facts(tuple(order_of(_read(one, at), settings) for one, at in stated))

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """200, 401, or 503 for trouble that passes."""
        return acknowledge(outcome)

    def check_file(self, *, lines: Iterable[bytes], settings: Settings) -> FileCheck:
        """Read a file from end to end."""
        reader = OrderFileReader(lines)
        orders = sum(1 for _ in reader)
        head, end = reader.header, reader.end
        return FileCheck(
            complete=reader.complete,
            head=None
            if head is None
            else FileHead(
                head.store, head.sequence, head.created_at, head.first_date, head.last_date
            ),
            sha256=None if end is None else end.sha256,
            orders=orders,
            faults=tuple(FileFault(f.row, f.column, f.text) for f in reader.faults),
        )

    def read_file(self, *, lines: Iterable[bytes], settings: Settings) -> Iterator[FiledOrder]:
        """The orders of a file, row by row."""
        reader = OrderFileReader(lines)
        for row, order in reader:
            yield FiledOrder(row, order_of(order, settings))
        _refuse(reader)

    def _file(self, body: bytes, settings: Settings) -> Parsed:
        if len(body) > MOST_BYTES:
            raise Malformed(f"a file beyond {MOST_BYTES} bytes goes into the connection's folder")
        reader = OrderFileReader(BytesIO(body))
        orders = tuple(order_of(order, settings) for _, order in reader)
        _refuse(reader)
        return Facts(orders) if orders else Ignored("a file without orders")

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """One order of that scenario."""
        if scenario not in MANIFEST.scenarios:
            raise ValueError(f"there is no scenario {scenario}")
        if scenario == "ping":
            return (_signed(PING, {}, secrets, now),)
        order = _sample_order(scenario, settings, now)
        if scenario == "file":
            today = now.date()
            rows = OrderRows(FileHeader("sample-store", 1, now, today, today))
            body = rows.begin() + rows.order(order) + rows.finish()
            return (_request(body, _CSV, secrets, now),)
        if scenario == "batch":
            return (_signed(BATCH, {"orders": [order.to_wire()]}, secrets, now),)
        return (_signed(CHANGED, order.to_wire(), secrets, now),)


def _is_csv(request: Request) -> bool:
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    return kind.strip().lower() == _CSV


def _read(value: Any, at: str) -> StatedOrder:
    try:
        return read_order(value)
    except InvalidOrder as error:
        raise Malformed(f"{at}: {error}") from None


def _refuse(reader: OrderFileReader) -> None:
    """Raises Malformed for a file that is not whole, or has a fault."""
    if reader.faults:
        more = len(reader.faults) - 3
        told = "; ".join(str(fault) for fault in reader.faults[:3])
        raise Malformed(told + (f" (and {more} more)" if more > 0 else ""))
    if not reader.complete:
        raise Malformed("the file ends without its row `end`")


def _sample_order(scenario: str, settings: Settings, now: datetime) -> StatedOrder:
    def money(units: int) -> Money:
        return Money(units * 1_000_000, settings.currency)

    refund = Refund(
        id="sample-refund-1",
        amount=money(9),
        occurred_at=now,
        lines=(RefundLine("2", money(9), "1"),),
    )
    return StatedOrder(
        id=f"sample-{int(now.timestamp())}",
        revision={"edited": 2, "refunded": 3, "cancelled": 4}.get(scenario, 1),
        status="cancelled" if scenario == "cancelled" else "paid",
        occurred_at=now - timedelta(minutes=1),
        currency=settings.currency,
        lines=(
            SaleLine("1", "goods", "1", money(12 if scenario == "edited" else 16)),
            SaleLine("2", "goods", "1", money(9)),
        ),
        refunds=(refund,) if scenario == "refunded" else (),
        customer=Buyer(card="SAMPLE-CARD"),
        store="sample-store",
        receipt="sample-1",
    )


def _signed(kind: str, data: Mapping[str, Any], secrets: Secrets, now: datetime) -> Request:
    said = {"type": kind, "timestamp": now.isoformat(), "data": data}
    return _request(json.dumps(said).encode(), "application/json", secrets, now)


def _request(body: bytes, kind: str, secrets: Secrets, now: datetime) -> Request:
    message = f"msg_{hashlib.sha256(body).hexdigest()[:24]}"
    key = key_of(secrets.signing[0]) or b""
    headers = signed_headers(key=key, message=message, at=now, body=body)
    return Request(
        "POST", "https://hub.example/hooks/sample", Headers({"Content-Type": kind, **headers}), body
    )
