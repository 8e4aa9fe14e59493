"""A shop on WooCommerce."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Answer, Call, Headers, Request
from adapters.signatures import base64_mac
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits


class WooShop(Shop):
    """Orders as WooCommerce's REST API writes them; what edits add gets new, higher ids."""

    signing = ("woo & <new> secret", "woo-old-secret", "woo-stranger")
    extra = {  # noqa: RUF012 - a constant
        "consumer_key": "ck_0123456789",
        "consumer_secret": "cs_0123456789",
    }
    signature_header = "X-WC-Webhook-Signature"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ids: dict[tuple[int, Item], int] = {}
        self.coupons: dict[str, int] = {}

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        for item in purchase.items:
            self.ids.setdefault((purchase.number, item), len(self.ids) + 1)
        request = self.sign(json.dumps(self.order(purchase)).encode())
        topic = "order.created" if what == "paid" else "order.updated"
        fields = dict(request.headers) | {
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Delivery-ID": f"d{len(self.sent)}",
        }
        return [Request("POST", self.url, Headers(fields), request.body)]

    def redelivered(self, request: Request) -> Request:
        fields = dict(request.headers) | {"x-wc-webhook-delivery-id": "another"}
        return Request("POST", self.url, Headers(fields), request.body)

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        fields = {} if like is None else dict(like.headers.items())
        signature = base64_mac(self.secrets.signing[0].encode(), body)
        fields |= {self.signature_header.lower(): signature, "content-type": "application/json"}
        return Request("POST", self.url, Headers(fields), body)

    def money(self, minor: int) -> str:
        """An amount as text."""
        return major(minor, minor_digits(self.currency))

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        lines: dict[str, list[dict[str, Any]]] = {
            "line_items": [],
            "shipping_lines": [],
            "fee_lines": [],
        }
        for item in purchase.items:
            paid = item.minor - purchase.off(item)
            written = {
                "id": self.ids[purchase.number, item],
                "total": self.money(paid - item.tax),
                "total_tax": self.money(item.tax),
            }
            if item.kind == "shipping":
                lines["shipping_lines"].append(written | {"method_id": "flat_rate"})
            elif item.kind == "tip":
                lines["fee_lines"].append(written | {"name": "Tip"})
            else:
                before = self.money(item.minor - item.tax + item.discount)
                lines["line_items"].append(
                    written
                    | {
                        "quantity": item.count,
                        "sku": item.id,
                        "product_id": 93,
                        "subtotal": before,
                        "subtotal_tax": self.money(item.tax),
                    }
                )
        cards = sum(minor for kind, minor in purchase.tenders if kind == "gift_card")
        return lines | {
            "id": purchase.number,
            "number": str(purchase.number),
            "status": "cancelled" if purchase.cancelled else "processing",
            "currency": purchase.currency,
            **_times("date_created", purchase.placed_at),
            **_times("date_modified", purchase.changed_at),
            "total": self.money(purchase.total - cards - purchase.by_points),
            "customer_id": int(purchase.customer or 0),
            "billing": {"email": purchase.email or "", "phone": ""},
            "payment_method": "stripe",
            "gift_cards": [{"id": 1, "amount": self.money(cards)}] if cards else [],
            "coupon_lines": [
                {"id": 1, "code": purchase.code, "discount": self.money(purchase.by_points)}
            ]
            if purchase.code
            else [],
            "meta_data": [],
            "refunds": [
                {"id": int(r.id), "reason": "", "total": self.money(-r.minor)}
                for r in purchase.refunds
            ],
        }

    def _refund(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        lines: dict[str, list[dict[str, Any]]] = {
            "line_items": [],
            "shipping_lines": [],
            "fee_lines": [],
        }
        for item_id, minor, count in refund.items:
            item = purchase.item(item_id)
            kinds = {"shipping": "shipping_lines", "tip": "fee_lines"}
            of = str(self.ids[purchase.number, item])
            lines[kinds.get(item.kind, "line_items")].append(
                {
                    "id": int(refund.id) + 1,
                    "quantity": -count,
                    "total": self.money(-minor),
                    "total_tax": "0.00",
                    "meta_data": [{"key": "_refunded_item_id", "value": of}],
                }
            )
        return lines | {
            "id": int(refund.id),
            "amount": self.money(refund.minor),
            **_times("date_created", refund.at),
        }

    def used_up(self, code: str) -> int:
        return self.spent.pop(str(self.coupons[code]))

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.split("/")[4:]
        if path[:1] == ["coupons"]:
            return self._coupon(call, path, asked)
        if path == ["orders"]:
            low, high = (
                datetime.fromisoformat(asked[name]).replace(tzinfo=UTC)
                for name in ("modified_after", "modified_before")
            )
            found = [p for p in self.purchases.values() if low < p.changed_at < high]
            return self._page([self.order(p) for p in found], asked)
        number = path[1] if len(path) > 1 else ""
        purchase = self.purchases.get(int(number)) if number.isdecimal() else None
        if purchase is None:
            return json_answer({"code": "woocommerce_rest_shop_order_invalid_id"}, 404)
        if len(path) == 3:
            return self._page([self._refund(purchase, r) for r in purchase.refunds], asked)
        return json_answer(self.order(purchase))

    def _page(self, found: list[dict[str, Any]], asked: Mapping[str, str]) -> Answer:
        page, size = int(asked["page"]), int(asked["per_page"])
        if "modified_after" in asked:
            size = min(size, self.page)
        link = ""
        if page * size < len(found):
            link = f'<https://shop.example/wp-json/wc/v3/orders?page={page + 1}>; rel="next"'
        return json_answer(found[(page - 1) * size : page * size], headers={"Link": link})

    def _coupon(self, call: Call, path: list[str], asked: Mapping[str, str]) -> Answer:
        if call.method == "POST":
            coupon = json.loads(call.body)
            if coupon["code"] in self.coupons:
                return json_answer({"code": "woocommerce_rest_coupon_code_already_exists"}, 400)
            self.coupons[coupon["code"]] = number = len(self.coupons) + 1
            self.spent[str(number)] = int(coupon["amount"].replace(".", ""))
            return json_answer(coupon | {"id": number}, 201)
        if call.method == "DELETE":
            if self.spent.pop(path[1], None) is None:
                return json_answer({"code": "woocommerce_rest_shop_coupon_invalid_id"}, 404)
            self.coupons = {c: n for c, n in self.coupons.items() if str(n) != path[1]}
            return json_answer({"id": int(path[1])})
        found = self.coupons.get(asked["code"])
        return json_answer([] if found is None else [{"id": found, "code": asked["code"]}])


def _times(name: str, instant: datetime) -> dict[str, str]:
    """A time of the shop, three hours from UTC, and of UTC; neither says so."""
    gmt = instant.astimezone(UTC).replace(tzinfo=None)
    return {
        name: gmt.replace(hour=(gmt.hour + 3) % 24).isoformat(timespec="seconds"),
        f"{name}_gmt": gmt.isoformat(timespec="seconds"),
    }
