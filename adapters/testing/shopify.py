"""A shop on Shopify."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Answer, Call, Headers, Request
from adapters.signatures import base64_mac
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits

_GATEWAYS = {"gift_card": "gift_card", "store_credit": "shopify_store_credit"}
_STATUS = {"succeeded": "success", "pending": "pending", "failed": "failure"}


class ShopifyShop(Shop):
    """Orders as the Admin API writes them; what edits remove stays with a quantity of nothing."""

    signing = ("shpss_new0123456789", "shpss_old0123456789", "shpss_stranger")
    extra = {"access_token": "shpat_0123456789abcdef"}  # noqa: RUF012 - a constant
    signature_header = "X-Shopify-Hmac-Sha256"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines: dict[int, list[tuple[Item, int]]] = {}
        self.codes: dict[str, str] = {}

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        self._keep_lines(purchase)
        if what == "edited":
            about = {"order_edit": {"id": purchase.version, "order_id": purchase.number}}
            return [self._message("orders/edited", about)]
        if what == "refund" and refund is not None:
            said = self._refund(purchase, refund) | {"order_id": purchase.number}
            return [self._message("refunds/create", said)]
        topic = {"paid": "orders/paid", "cancelled": "orders/cancelled"}.get(what, "orders/updated")
        return [self._message(topic, self.order(purchase))]

    def _keep_lines(self, purchase: Purchase) -> None:
        """Give new items ids of their own, and none to what is there already."""
        known = self.lines.setdefault(purchase.number, [])
        now = {item for item, _ in known if item in purchase.items}
        last = max((line for _, line in known), default=purchase.number * 1000)
        for item in purchase.items:
            if item not in now:
                last += 1
                known.append((item, last))

    def _line(self, purchase: Purchase, item_id: str) -> tuple[Item, int]:
        item = purchase.item(item_id)
        return next(pair for pair in self.lines[purchase.number] if pair[0] == item)

    def _message(self, topic: str, body: Mapping[str, Any]) -> Request:
        request = self.sign(json.dumps(body).encode())
        fields = {"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": f"id-{len(self.sent)}"}
        return Request("POST", self.url, Headers(dict(request.headers) | fields), request.body)

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        fields = {} if like is None else dict(like.headers.items())
        signature = base64_mac(self.secrets.signing[0].encode(), body)
        fields |= {self.signature_header.lower(): signature, "content-type": "application/json"}
        return Request("POST", self.url, Headers(fields), body)

    def money(self, minor: int) -> str:
        """An amount as text."""
        return major(minor, minor_digits(self.currency))

    def both(self, name: str, minor: int) -> dict[str, Any]:
        """An amount in both currencies, and as Shopify's old field of it."""
        value = {"amount": self.money(minor), "currency_code": self.currency}
        other = {"amount": self.money(2 * minor), "currency_code": "CAD"}
        return {
            name: self.money(minor),
            f"{name}_set": {"shop_money": value, "presentment_money": other},
        }

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        back = {
            item: sum(c for r in purchase.refunds for i, _, c in r.items if i == item)
            for item in (item.id for item in purchase.items)
        }
        goods, shipping = [], []
        for item, line in self.lines[purchase.number]:
            if item.kind == "shipping":
                gone = item not in purchase.items
                cost = self.both("price", item.minor + item.discount - item.tax)
                shipping.append(cost | {"id": line, "is_removed": gone, "discount_allocations": []})
                continue
            gone = item not in purchase.items
            pieces = _pieces(item)
            left = pieces - (back.get(item.id, 0) if pieces == item.count else 0)
            goods.append(
                self.both("price", _gross(item) // pieces)
                | {
                    "id": line,
                    "quantity": pieces,
                    "current_quantity": 0 if gone else left,
                    "sku": item.id,
                    "gift_card": item.kind == "gift_card",
                    "tip": {"payment_gateway": "card"} if item.kind == "tip" else None,
                    "tax_lines": [self.both("price", item.tax)] if item.tax else [],
                    "discount_allocations": [
                        self.both("amount", off) | {"discount_application_index": index}
                        for index, off in enumerate((item.discount, purchase.off(item)))
                        if off
                    ],
                }
            )
        return {
            "id": purchase.number,
            "name": f"#{purchase.number}",
            "test": False,
            "created_at": _at(purchase.placed_at),
            "processed_at": _at(purchase.placed_at),
            "updated_at": _at(purchase.changed_at),
            "cancelled_at": _at(purchase.changed_at) if purchase.cancelled else None,
            "currency": purchase.currency,
            "presentment_currency": "CAD",
            "financial_status": "partially_refunded" if purchase.refunds else "paid",
            "taxes_included": False,
            "email": purchase.email,
            "note_attributes": [],
            "customer": None if purchase.customer is None else {"id": int(purchase.customer)},
            "discount_applications": [
                {"type": "manual", "title": "a rebate"},
                {"type": "discount_code", "code": purchase.code},
            ],
            "line_items": goods,
            "shipping_lines": shipping,
            "refunds": [self._refund(purchase, refund) for refund in purchase.refunds],
        }

    def _refund(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        items, shipping, rest = [], [], refund.minor
        for item_id, minor, count in refund.items:
            item, line = self._line(purchase, item_id)
            rest -= minor
            if item.kind == "shipping":
                subtotal = self.both("subtotal_amount", minor)
                shipping.append(subtotal | {"id": line, "shipping_line": {"id": line}})
                continue
            done = self.both("subtotal", minor) | self.both("total_tax", 0)
            # Shopify writes these two as numbers.
            done |= {"subtotal": float(self.money(minor)), "total_tax": 0.0}
            quantity = count if _pieces(item) == item.count else 0
            items.append(done | {"id": line, "line_item_id": line, "quantity": quantity})
        adjusted = self.both("amount", -rest) | self.both("tax_amount", 0)
        return {
            "id": int(refund.id),
            "created_at": _at(refund.at),
            "processed_at": _at(refund.at),
            "refund_line_items": items,
            "refund_shipping_lines": shipping,
            "order_adjustments": [adjusted | {"kind": "refund_discrepancy"}] if rest else [],
            "transactions": [
                {
                    "kind": "refund",
                    "status": _STATUS[refund.status],
                    "amount": self.money(refund.minor),
                }
            ],
        }

    def _transactions(self, purchase: Purchase) -> list[dict[str, Any]]:
        by_card = purchase.total - sum(minor for _, minor in purchase.tenders)
        by_card -= purchase.by_points
        paid = [*purchase.tenders, ("card", by_card)]
        return [
            {
                "kind": "sale",
                "status": "success",
                "gateway": _GATEWAYS.get(kind, "shopify_payments"),
                "amount": self.money(minor),
            }
            for kind, minor in paid
        ]

    def used_up(self, code: str) -> int:
        return self.spent.pop(self.codes[code])

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        path = parts.path.split("/")[4:]
        if path == ["graphql.json"]:
            return self._graphql(json.loads(call.body))
        if path == ["orders.json"]:
            return self._page(parse_qs(parts.query))
        number = path[1].removesuffix(".json") if len(path) > 1 else ""
        purchase = self.purchases.get(int(number)) if number.isdecimal() else None
        if purchase is None:
            return json_answer({"errors": "Not Found"}, 404)
        if len(path) == 3:
            return json_answer({"transactions": self._transactions(purchase)})
        return json_answer({"order": self.order(purchase)})

    def _page(self, asked: Mapping[str, list[str]]) -> Answer:
        if "page_info" in asked:
            first, low, high = asked["page_info"][0].split("~")
        else:
            first, low, high = "0", asked["updated_at_min"][0], asked["updated_at_max"][0]
        since, until = datetime.fromisoformat(low), datetime.fromisoformat(high)
        found = [p for p in self.purchases.values() if since <= p.changed_at <= until]
        start, after = int(first), int(first) + self.page
        link = ""
        if after < len(found):
            info = f"{after}~{low}~{high}".replace("+", "%2B")
            link = f'<https://shop.example/admin/orders.json?limit=1&page_info={info}>; rel="next"'
        orders = [self.order(purchase) for purchase in found[start:after]]
        return json_answer({"orders": orders}, headers={"Link": link})

    def _graphql(self, asked: Mapping[str, Any]) -> Answer:
        query, values = asked["query"], asked["variables"]
        if "discountCodeBasicCreate" in query:
            discount = values["discount"]
            wrong = []
            if discount["code"] in self.codes:
                wrong = [{"code": "TAKEN", "message": "it is taken"}]
            else:
                node = f"gid://shopify/DiscountCodeNode/{len(self.codes) + 1}"
                self.codes[discount["code"]] = node
                amount = discount["customerGets"]["value"]["discountAmount"]["amount"]
                self.spent[node] = int(amount.replace(".", ""))
            made = {"codeDiscountNode": None, "userErrors": wrong}
            return json_answer({"data": {"discountCodeBasicCreate": made}})
        if "discountCodeDelete" in query:
            self.spent.pop(values["id"], None)
            self.codes = {code: n for code, n in self.codes.items() if n != values["id"]}
            gone = {"deletedCodeDiscountId": values["id"], "userErrors": []}
            return json_answer({"data": {"discountCodeDelete": gone}})
        found = self.codes.get(values["code"])
        return json_answer({"data": {"codeDiscountNodeByCode": found and {"id": found}}})


def _gross(item: Item) -> int:
    """What it cost before discounts and tax."""
    return item.minor + item.discount - item.tax


def _pieces(item: Item) -> int:
    """What does not divide by its pieces is a line of one: Shopify states a price per piece."""
    return item.count if _gross(item) % item.count == 0 else 1


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
