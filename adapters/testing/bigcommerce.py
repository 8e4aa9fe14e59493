"""A shop on BigCommerce."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Answer, Call, Headers, Request
from adapters.signatures import base64_mac
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits

_SCOPES = {
    "paid": "store/order/created",
    "cancelled": "store/order/statusUpdated",
    "refund": "store/order/refund/created",
}


class BigShop(Shop):
    """Thin messages, orders as the V2 API writes them, refunds as V3 does."""

    signing = ("big0new0123456789", "big0old0123456789", "big0stranger")
    extra = {"access_token": "token0123456789"}  # noqa: RUF012 - a constant
    signature_header = "webhook-signature"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ids: dict[tuple[int, Item], int] = {}
        self.coupons: dict[str, int] = {}

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        for item in purchase.items:
            self.ids.setdefault((purchase.number, item), len(self.ids) + 1)
        data: dict[str, Any] = {"type": "order", "id": purchase.number}
        if refund is not None:
            data["refund"] = {"refund_id": int(refund.id)}
        said = {
            "scope": _SCOPES.get(what, "store/order/updated"),
            "store_id": "1025646",
            "data": data,
            "created_at": int(self.now.timestamp()),
            "producer": "stores/abc",
        }
        mark = json.dumps([said, len(self.sent)]).encode()
        said["hash"] = hashlib.sha1(mark, usedforsecurity=False).hexdigest()
        return [self.sign(json.dumps(said).encode())]

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        message, at = f"msg_{len(self.sent)}", str(int(self.now.timestamp()))
        signed = f"{message}.{at}.".encode() + body
        fields = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64_mac(self.secrets.signing[0].encode(), signed),
        }
        return Request("POST", self.url, Headers(fields), body)

    def money(self, minor: int) -> str:
        """An amount as V2 writes it."""
        return major(minor, minor_digits(self.currency), decimals=4)

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        shipping = sum(item.minor for item in purchase.items if item.kind == "shipping")
        paid = dict(purchase.tenders)
        return {
            "id": purchase.number,
            "status_id": 5 if purchase.cancelled else 14 if purchase.refunds else 11,
            "date_created": format_datetime(purchase.placed_at),
            "date_modified": format_datetime(purchase.changed_at),
            "currency_code": purchase.currency,
            "total_inc_tax": self.money(purchase.total - purchase.by_points),
            "shipping_cost_inc_tax": self.money(shipping),
            "handling_cost_inc_tax": "0.0000",
            "store_credit_amount": self.money(paid.get("store_credit", 0)),
            "gift_certificate_amount": self.money(paid.get("gift_card", 0)),
            "customer_id": int(purchase.customer or 0),
            "payment_method": "Credit Card",
            "billing_address": {"email": purchase.email or "", "form_fields": []},
        }

    def products(self, purchase: Purchase) -> list[dict[str, Any]]:
        """The order's products."""
        return [
            {
                "id": self.ids[purchase.number, item],
                "product_id": 7,
                "sku": item.id,
                "type": "giftcertificate" if item.kind == "gift_card" else "physical",
                "quantity": item.count,
                "total_inc_tax": self.money(item.minor + item.discount),
                "applied_discounts": [
                    {"id": "total-coupon", "amount": self.money(off), "code": code}
                    for code, off in ((None, item.discount), (purchase.code, purchase.off(item)))
                    if off
                ],
            }
            for item in purchase.items
            if item.kind != "shipping"
        ]

    def refund_of(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        """A refund as V3 writes it: amounts are numbers."""
        items: list[dict[str, Any]] = []
        rest = refund.minor
        for item_id, minor, count in refund.items:
            item = purchase.item(item_id)
            rest -= minor
            goods = item.kind != "shipping"
            items.append(
                {
                    "item_type": "PRODUCT" if goods else "SHIPPING",
                    "item_id": self.ids[purchase.number, item],
                    "quantity": count if goods else None,
                    "requested_amount": float(self.money(minor)),
                }
            )
        if rest:
            whole = {"item_type": "ORDER", "item_id": purchase.number, "quantity": None}
            items.append(whole | {"requested_amount": float(self.money(rest))})
        return {
            "id": int(refund.id),
            "order_id": purchase.number,
            "created": refund.at.astimezone(UTC).isoformat(timespec="seconds"),
            "total_amount": float(self.money(refund.minor)),
            "total_tax": 0,
            "items": items,
            "payments": [{"id": 1, "is_declined": refund.status == "failed"}],
        }

    def used_up(self, code: str) -> int:
        return self.spent.pop(str(self.coupons[code]))

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.split("/")[2:]
        if path[:1] == ["coupons"]:
            return self._coupon(call, path, asked)
        if path == ["orders"]:
            return self._list(asked)
        number = path[1] if len(path) > 1 else ""
        purchase = self.purchases.get(int(number)) if number.isdecimal() else None
        if purchase is None:
            return json_answer([{"status": 404, "message": "not found"}], 404)
        if path[2:] == ["products"]:
            return json_answer(self.products(purchase))
        if path[2:] == ["coupons"]:
            used = {"code": purchase.code, "discount": self.money(purchase.by_points)}
            return json_answer([used] if purchase.code else [])
        if path[2:] == ["payment_actions", "refunds"]:
            found = [self.refund_of(purchase, refund) for refund in purchase.refunds]
            return json_answer({"data": found, "meta": {}})
        return json_answer(self.order(purchase))

    def _list(self, asked: Mapping[str, str]) -> Answer:
        low, high = (
            parsedate_to_datetime(asked[name])
            for name in ("min_date_modified", "max_date_modified")
        )
        found = [
            self.order(p)
            for p in sorted(self.purchases.values(), key=lambda p: p.number)
            if low <= _whole(p.changed_at) <= high and p.number >= int(asked["min_id"])
        ]
        return json_answer(found[: self.page])

    def _coupon(self, call: Call, path: list[str], asked: Mapping[str, str]) -> Answer:
        if call.method == "POST":
            coupon = json.loads(call.body)
            if coupon["code"] in self.coupons:
                return json_answer([{"status": 409, "message": "the code is taken"}], 409)
            self.coupons[coupon["code"]] = number = len(self.coupons) + 1
            self.spent[str(number)] = int(coupon["amount"].replace(".", ""))
            return json_answer(coupon | {"id": number}, 201)
        if call.method == "DELETE":
            self.spent.pop(path[1], None)
            self.coupons = {c: n for c, n in self.coupons.items() if str(n) != path[1]}
            return Answer(204, Headers({}), b"")
        found = self.coupons.get(asked["code"])
        if found is None:
            return Answer(204, Headers({}), b"")
        return json_answer([{"id": found, "code": asked["code"]}])


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
