"""A till that states its orders itself: by message, or by file."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.contract import Answer, Call, Headers, Request
from adapters.signatures import base64_mac
from adapters.testing.shop import URL, GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits
from partner_sdk.wire.orders import FileHeader, OrderRows, read_order


def _secret(name: bytes) -> str:
    return "whsec_" + base64.b64encode(name.ljust(32, b".")).decode()


class GenericShop(Shop):
    """Each change is a message with the whole order."""

    signing = (_secret(b"newest"), _secret(b"before"), _secret(b"nobody's"))
    signature_header = "webhook-signature"

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        return [self.message("order.changed", self.order(purchase))]

    def message(self, kind: str, data: Mapping[str, Any]) -> Request:
        """A signed message."""
        said = {"type": kind, "timestamp": self.now.isoformat(), "data": data}
        return self.sign(json.dumps(said).encode())

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        return self.signed(body, "application/json", message=_name_of(like))

    def signed(
        self,
        body: bytes,
        kind: str,
        *,
        secret: str | None = None,
        message: str | None = None,
    ) -> Request:
        """A body of some kind, signed by the standard as this class understands it."""
        message, at = message or f"msg_{len(self.sent)}", str(int(self.now.timestamp()))
        text = (self.secrets.signing[0] if secret is None else secret).removeprefix("whsec_")
        signature = base64_mac(base64.b64decode(text), f"{message}.{at}.".encode() + body)
        fields = {
            "content-type": kind,
            "webhook-id": message,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{signature}",
        }
        return Request("POST", URL, Headers(fields), body)

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        paid = sum(minor for _, minor in purchase.tenders)
        tenders = [*purchase.tenders, ("card", purchase.total - paid)]
        order: dict[str, Any] = {
            "id": self.order_id(purchase),
            "revision": purchase.version,
            "status": "cancelled" if purchase.cancelled else "paid",
            "occurred_at": purchase.placed_at.isoformat(),
            "currency": purchase.currency,
            "store": "store-7",
            "receipt": f"R {purchase.number}",
            "lines": [self.line(item) for item in purchase.items],
            "tenders": [
                {"kind": kind, "amount": self.money(minor)} for kind, minor in tenders if minor > 0
            ],
            "refunds": [self.given_back(refund) for refund in purchase.refunds],
        }
        if purchase.customer is not None:
            order["customer"] = {"id": purchase.customer, "email": purchase.email}
        return order

    def line(self, item: Item) -> dict[str, Any]:
        """One line."""
        return {
            "id": item.id,
            "category": item.kind,
            "quantity": str(item.count),
            "amount": self.money(item.minor),
        }

    def given_back(self, refund: GivenBack) -> dict[str, Any]:
        """One refund."""
        return {
            "id": refund.id,
            "status": refund.status,
            "amount": self.money(refund.minor),
            "occurred_at": refund.at.isoformat(),
            "lines": [
                {"id": item, "amount": self.money(minor), "quantity": str(pieces)}
                for item, minor, pieces in refund.items
            ],
        }

    def money(self, minor: int) -> str:
        """An amount as decimal text."""
        return major(minor, minor_digits(self.currency))

    def answer(self, call: Call) -> Answer:
        return json_answer({"status": 404}, 404)

    def batch(self, requests: Sequence[Request]) -> Request:
        said = [json.loads(request.body)["data"] for request in requests]
        return self.message("orders.changed", {"orders": said})

    def forged_batch(self, requests: Sequence[Request]) -> Request:
        """An order more, put behind those that were signed."""
        signed = self.batch(requests)
        said = json.loads(signed.body)
        said["data"]["orders"].append(said["data"]["orders"][0])
        return replace(signed, body=json.dumps(said).encode())


class FileShop(GenericShop):
    """Each change is a file with the order as it is then."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files = 0

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        return [self.sign(self.file([self.order(purchase)]))]

    def file(self, orders: Sequence[Mapping[str, Any]], *, store: str = "store-7") -> bytes:
        """The next file."""
        self.files += 1
        today = self.now.date()
        rows = OrderRows(FileHeader(store, self.files, self.now, today, today))
        begun = rows.begin()
        return begun + b"".join(rows.order(read_order(each)) for each in orders) + rows.finish()

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        return self.signed(body, "text/csv; charset=utf-8", message=_name_of(like))

    def batch(self, requests: Sequence[Request]) -> Request:
        return self.sign(self.file([self.order(each) for each in self.purchases.values()]))

    def forged_batch(self, requests: Sequence[Request]) -> Request:
        signed = self.batch(requests)
        return replace(signed, body=self.batch(requests).body)


def _name_of(like: Request | None) -> str | None:
    """The message's name: the same when it is signed and sent again."""
    return None if like is None else like.headers.get("webhook-id")
