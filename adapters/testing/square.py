"""A shop with Square: tills, orders, payments, and refunds that are orders of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.contract import Answer, Call, Request
from adapters.square import signed_headers
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer

_TENDERS = {"gift_card": "SQUARE_GIFT_CARD", "card": "CARD", "cash": "CASH"}
_REFUNDS = {"pending": "PENDING", "succeeded": "COMPLETED", "failed": "FAILED"}
#: As long as Square's own are.
_TAIL = "69MmgHubkLqx9wGhnmenRUHOaKitE6llfZuxcWYjGxd"


class SquareShop(Shop):
    """Orders, payments, refunds and their events, as Square's API writes them."""

    signing = ("new-signature-key-000001", "old-signature-key-000001", "a-strangers-key-00001")
    extra = {"access_token": "EAAAl-access-token-0001"}  # noqa: RUF012 - a constant
    signature_header = "x-square-hmacsha256-signature"
    signs_url = True
    options = {"location_id": "L1"}  # noqa: RUF012 - a constant

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.events = 0
        self.done: set[str] = set()

    def order_id(self, purchase: Purchase) -> str:
        return f"O{purchase.number}"

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        thin = {
            "order_updated": {
                "order_id": self.order_id(purchase),
                "version": purchase.version,
                "state": "OPEN",
            }
        }
        sent = [self.event("order.updated", thin)]
        if what == "paid":
            payments = [{"payment": each} for each in self.payments(purchase)]
            sent += [self.event("payment.updated", each) for each in payments]
        if refund is not None:
            kind = "refund.created" if what == "refund" else "refund.updated"
            sent = [self.event(kind, {"refund": self.refunded(purchase, refund)})]
        return sent

    def event(self, kind: str, about: dict[str, Any]) -> Request:
        """An event about it."""
        self.events += 1
        event = {
            "merchant_id": "M1",
            "type": kind,
            "event_id": f"event-{self.events}",
            "created_at": _time(self.now),
            "data": {"type": kind.partition(".")[0], "id": "x", "object": about},
        }
        return self.sign(json.dumps(event).encode())

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        return Request("POST", self.url, signed_headers(body, self.url, self.secrets), body)

    def _money(self, minor: int) -> dict[str, Any]:
        return {"amount": minor, "currency": self.currency}

    def tenders(self, purchase: Purchase) -> list[tuple[str, int]]:
        """All that paid it."""
        if purchase.number in self.opened:
            return []
        rest = purchase.total - purchase.by_points - sum(minor for _, minor in purchase.tenders)
        return [*purchase.tenders, *([("card", rest)] if rest else [])]

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        tips = sum(item.minor for item in purchase.items if item.kind == "tip")
        charges = [item for item in purchase.items if item.kind == "shipping"]
        return {
            "id": self.order_id(purchase),
            "location_id": "L1",
            "state": self._state(purchase),
            "version": purchase.version,
            "created_at": _time(purchase.placed_at),
            "updated_at": _time(purchase.changed_at),
            "customer_id": purchase.customer,
            "line_items": [
                self._line(purchase, item)
                for item in purchase.items
                if item.kind in ("goods", "gift_card")
            ],
            "discounts": [
                {
                    "uid": purchase.code,
                    "scope": "ORDER",
                    "applied_money": self._money(purchase.by_points),
                }
            ]
            if purchase.code
            else [],
            "service_charges": [
                {"uid": item.id, "name": "Post", "total_money": self._money(item.minor)}
                for item in charges
            ],
            "fulfillments": [{"type": "SHIPMENT"}] if charges else [],
            "total_tip_money": self._money(tips),
            "total_money": self._money(purchase.total - purchase.by_points),
            "tenders": [
                {
                    "id": payment["id"],
                    "payment_id": payment["id"],
                    "type": _TENDERS[kind],
                    "amount_money": self._money(minor),
                }
                for payment, (kind, minor) in zip(
                    self.payments(purchase), self.tenders(purchase), strict=True
                )
            ],
        }

    def _state(self, purchase: Purchase) -> str:
        """Nothing to pay is no payment: then the till completes the order."""
        if purchase.cancelled:
            return "CANCELED"
        unpaid = purchase.number in self.opened or self.tenders(purchase)
        return "OPEN" if unpaid else "COMPLETED"

    def _line(self, purchase: Purchase, item: Item) -> dict[str, Any]:
        off = purchase.off(item)
        return {
            "uid": item.id,
            "name": item.id,
            "quantity": str(item.count),
            "item_type": "GIFT_CARD" if item.kind == "gift_card" else "ITEM",
            "gross_sales_money": self._money(item.minor + item.discount - item.tax),
            "total_tax_money": self._money(item.tax),
            "total_discount_money": self._money(item.discount + off),
            "applied_discounts": [
                {"uid": f"a{item.id}", "discount_uid": uid, "applied_money": self._money(minor)}
                for uid, minor in (("summer", item.discount), (purchase.code, off))
                if minor
            ],
            "total_money": self._money(item.minor - off),
        }

    def payments(self, purchase: Purchase) -> list[dict[str, Any]]:
        """The payments of it; refunds go to the last."""
        tenders = self.tenders(purchase)
        refunds = [self.refund_id(purchase, refund) for refund in purchase.refunds]
        return [
            {
                "id": f"P{purchase.number}t{index}",
                "order_id": self.order_id(purchase),
                "status": "COMPLETED",
                "amount_money": self._money(minor),
                "total_money": self._money(minor),
                "buyer_email_address": purchase.email,
                "refund_ids": refunds if index == len(tenders) - 1 else [],
                "updated_at": _time(purchase.changed_at),
            }
            for index, (_, minor) in enumerate(tenders)
        ]

    def refund_id(self, purchase: Purchase, refund: GivenBack) -> str:
        """Longer than a sale's refund may be called."""
        return f"P{purchase.number}t{len(self.tenders(purchase)) - 1}_{refund.id}_{_TAIL}"

    def refunded(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        """The refund as it is now."""
        return {
            "id": self.refund_id(purchase, refund),
            "payment_id": f"P{purchase.number}t{len(self.tenders(purchase)) - 1}",
            "order_id": f"R{refund.id}",
            "amount_money": self._money(refund.minor),
            "status": _REFUNDS[refund.status],
            "created_at": _time(refund.at),
        }

    def returned(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        """The order in which a refund says which lines came back."""
        kinds = {item.id: item.kind for item in purchase.items}
        back = {"source_order_id": self.order_id(purchase)}
        lines = [
            {
                "uid": f"r{item_id}",
                "source_line_item_uid": item_id,
                "quantity": str(count),
                "total_money": self._money(minor),
            }
            for item_id, minor, count in refund.items
            if kinds[item_id] != "shipping"
        ]
        charges = [
            {"source_service_charge_uid": item_id, "total_money": self._money(minor)}
            for item_id, minor, _ in refund.items
            if kinds[item_id] == "shipping"
        ]
        returns = {**back, "return_line_items": lines, "return_service_charges": charges}
        return {"id": f"R{refund.id}", "state": "COMPLETED", "version": 1, "returns": [returns]}

    def answer(self, call: Call) -> Answer:
        body = json.loads(call.body) if call.body else {}
        match call.path.removeprefix("/v2/").split("/"):
            case ["orders", "search"]:
                return self._search(body)
            case ["orders", "batch-retrieve"]:
                wanted = set(body["order_ids"])
                found = [
                    self.returned(p, r)
                    for p in self.purchases.values()
                    for r in p.refunds
                    if f"R{r.id}" in wanted
                ]
                return json_answer({"orders": found})
            case ["orders", order_id] if call.method == "PUT":
                return self._update(order_id, body)
            case [kind, found_id]:
                for purchase in (*self.purchases.values(), *self.opened.values()):
                    answer = self._find(purchase, kind, found_id)
                    if answer is not None:
                        return answer
        return json_answer({"errors": [{"code": "NOT_FOUND"}]}, 404)

    def _find(self, purchase: Purchase, kind: str, wanted: str) -> Answer | None:
        if kind == "orders" and wanted == self.order_id(purchase):
            return json_answer({"order": self.order(purchase)})
        if kind == "payments":
            for payment in self.payments(purchase):
                if payment["id"] == wanted:
                    return json_answer({"payment": payment})
        if kind == "refunds":
            for refund in purchase.refunds:
                if self.refund_id(purchase, refund) == wanted:
                    return json_answer({"refund": self.refunded(purchase, refund)})
        return None

    def _search(self, body: Mapping[str, Any]) -> Answer:
        times = body["query"]["filter"]["date_time_filter"]["updated_at"]
        low, high = (
            datetime.fromisoformat(times["start_at"]),
            datetime.fromisoformat(times["end_at"]),
        )
        found = [p for p in self.purchases.values() if low <= p.changed_at <= high]
        start = int(body.get("cursor", "0"))
        page = found[start : start + self.page]
        answer: dict[str, Any] = {"order_entries": [{"order_id": self.order_id(p)} for p in page]}
        if start + self.page < len(found):
            answer["cursor"] = str(start + self.page)
        return json_answer(answer)

    def _update(self, order_id: str, body: Mapping[str, Any]) -> Answer:
        purchase = self.opened.get(int(order_id[1:]))
        if purchase is None:
            return json_answer({"errors": [{"code": "BAD_REQUEST"}]}, 400)
        if body["idempotency_key"] in self.done:
            return json_answer({"order": self.order(purchase)})
        if body["order"]["version"] != purchase.version:
            return json_answer({"errors": [{"code": "VERSION_MISMATCH"}]}, 409)
        self.done.add(body["idempotency_key"])
        purchase.version += 1
        for each in body["order"].get("discounts", ()):
            purchase.code, worth = each["uid"], each["amount_money"]["amount"]
            purchase.by_points = min(worth, purchase.goods)
            self.spent[each["uid"]] = worth
        for cleared in body.get("fields_to_clear", ()):
            uid = cleared.removeprefix("discounts[").removesuffix("]")
            if self.spent.pop(uid, None) is not None:
                purchase.code, purchase.by_points = None, 0
        return json_answer({"order": self.order(purchase)})

    def used_up(self, code: str) -> int:
        return self.spent.pop(code)


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
