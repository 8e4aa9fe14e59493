"""A shop on Shopware 6: it writes, signs and answers as that does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters.contract import Answer, Call, Headers, Request
from adapters.signatures import hex_mac
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits

__all__ = ["ShopwareShop"]

_LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"
_REFUND = {"pending": "in_progress", "succeeded": "completed", "failed": "failed"}


class ShopwareShop(Shop):
    """Orders as the Admin API writes them: ids of 32 digits, prices as JSON numbers.

    Its times count milliseconds, and one write of an order takes longer than that: where the clock
    of the tests stands still, each change is one millisecond after the one before.
    """

    signing = ("new-shop-secret-0123456789", "old-shop-secret-0123456789", "strangers-secret-01234")
    extra = {  # noqa: RUF012 - a constant
        "client_id": "SWIAOFVWZU1PEWTYDZHQ0123",
        "client_secret": "secret-access-key-0123456789",
    }
    signature_header = "shopware-shop-signature"
    #: A guest is a customer of its own there, and an order stays with it.
    can_identify = False
    #: `net` shops write prices without the tax, which stands beside them.
    tax_status = "gross"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ids: dict[tuple[int, Item], int] = {}
        #: Promotions by id: the code, and what it is worth in the spend's currency.
        self.promotions: dict[str, str] = {}

    def order_id(self, purchase: Purchase) -> str:
        return _id(purchase.number)

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        for item in purchase.items:
            self.ids.setdefault((purchase.number, item), len(self.ids) + 1)
        if what == "edited":
            return [self._written([self.order_id(purchase)])]
        events = [f"order_transaction.state.{self._paid_state(purchase)}"]
        if what == "cancelled":
            events = ["order.state.cancelled"]
        if refund is not None:
            told = f"order_transaction_capture_refund.state.{_REFUND[refund.status]}"
            events = [told, *events] if refund.status == "succeeded" else [told]
        payload = {"order": {"id": self.order_id(purchase), "amountTotal": 0.1, "lineItems": None}}
        named = [(f"state_enter.{event}", f"{place}") for place, event in enumerate(events)]
        return [self._message(event, payload, place) for event, place in named]

    def _message(self, event: str, payload: Any, name: str) -> Request:
        said = {
            "data": {"payload": payload, "event": event},
            "source": {"shopId": "dgrH7nLU6tlE", "eventId": f"event-{len(self.sent)}-{name}"},
            "timestamp": int(self.now.timestamp()),
        }
        return self.sign(json.dumps(said).encode())

    def _written(self, order_ids: Sequence[str]) -> Request:
        told = {"entity": "order", "operation": "update", "updatedFields": ["price", "updatedAt"]}
        payload = [told | {"primaryKey": each, "versionId": _LIVE} for each in order_ids]
        return self._message("order.written", payload, "written")

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        fields = {} if like is None else dict(like.headers.items())
        signature = hex_mac(self.secrets.signing[0].encode(), body)
        fields |= {"content-type": "application/json", "sw-version": "6.6.7.0"}
        fields |= {self.signature_header: signature}
        return Request("POST", self.url, Headers(fields), body)

    def redelivered(self, request: Request) -> Request:
        said = json.loads(request.body)
        said["timestamp"] += 4
        return self.sign(json.dumps(said).encode(), like=request)

    def batch(self, requests: Sequence[Request]) -> Request:
        said = [json.loads(request.body)["data"]["payload"] for request in requests]
        return self._written([each["order"]["id"] for each in said])

    def forged_batch(self, requests: Sequence[Request]) -> Request:
        whole = self.batch(requests)
        forged = hex_mac(self.signing[2].encode(), whole.body)
        fields = dict(whole.headers.items()) | {self.signature_header: forged}
        return Request("POST", self.url, Headers(fields), whole.body)

    def price(self, minor: int, tax: int = 0) -> dict[str, Any]:
        """A calculated price; the tax is in it, or beside it in a shop of net prices."""
        whole = minor - tax if self.tax_status == "net" else minor
        taxes = [{"tax": self._number(tax), "taxRate": 19, "price": self._number(whole)}]
        return {"totalPrice": self._number(whole), "calculatedTaxes": taxes if tax else []}

    def _number(self, minor: int) -> float:
        # Shopware's numbers are doubles, written with the fewest digits that name them.
        return float(major(minor, minor_digits(self.currency)))

    def _paid_state(self, purchase: Purchase) -> str:
        back = sum(each.minor for each in purchase.refunds if each.status == "succeeded")
        if not back:
            return "paid"
        return "refunded" if back >= purchase.total - purchase.by_points else "refunded_partially"

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        times = {"createdAt": _time(purchase.placed_at), "updatedAt": _written_at(purchase)}
        shipping = sum(item.minor for item in purchase.items if item.kind == "shipping")
        return {
            "id": self.order_id(purchase),
            "autoIncrement": purchase.number,
            "orderNumber": str(10_000 + purchase.number),
            **times,
            "orderDateTime": _time(purchase.placed_at),
            "taxStatus": self.tax_status,
            "amountTotal": self._number(purchase.total - purchase.by_points),
            "shippingCosts": self.price(shipping),
            "currency": {"isoCode": purchase.currency},
            "stateMachineState": _state("cancelled" if purchase.cancelled else "open"),
            "billingAddress": {"phoneNumber": None, "createdAt": _time(purchase.placed_at)},
            "orderCustomer": {
                "email": purchase.email,
                "customerId": purchase.customer or _id(9_000_000 + purchase.number),
                "customFields": None,
                "createdAt": _time(purchase.placed_at),
                "updatedAt": None,
                "customer": {"guest": purchase.customer is None, "customFields": []},
            },
            "customFields": None,
            "lineItems": self._lines(purchase),
            "transactions": [
                {
                    "id": _id(purchase.number, "a"),
                    **times,
                    "amount": self.price(purchase.total - purchase.by_points),
                    "stateMachineState": _state(self._paid_state(purchase)),
                    "paymentMethod": {"technicalName": "payment_example_card", "name": "Card"},
                    "captures": [
                        {
                            "id": _id(purchase.number, "c"),
                            "createdAt": _time(purchase.placed_at),
                            "refunds": [self._refund(purchase, each) for each in purchase.refunds],
                        }
                    ],
                }
            ],
        }

    def _lines(self, purchase: Purchase) -> list[dict[str, Any]]:
        goods = [item for item in purchase.items if item.kind != "shipping"]
        lines = [
            {
                "id": self._line_id(purchase, item),
                "identifier": item.id,
                "type": "product",
                "productId": _id(self.ids[purchase.number, item], "b"),
                "parentId": None,
                "position": place,
                "quantity": item.count,
                "price": self.price(item.minor + item.discount, item.tax),
                "payload": {"productNumber": item.id},
                "createdAt": _time(purchase.placed_at),
                "updatedAt": _written_at(purchase),
            }
            for place, item in enumerate(goods, 1)
        ]
        lines += [self._promotion(purchase, None, {i: i.discount}) for i in goods if i.discount]
        if purchase.by_points:
            off = {item: purchase.off(item) for item in goods}
            lines.append(self._promotion(purchase, purchase.code, off))
        # The API gives them in no order.
        return lines[::-1]

    def _promotion(
        self, purchase: Purchase, code: str | None, off: Mapping[Item, int]
    ) -> dict[str, Any]:
        named = "".join(item.id for item in off)
        return {
            "id": _id(purchase.number, "d") + named if code is None else _id(purchase.number, "e"),
            "identifier": f"discount-{code}-{named}",
            "type": "promotion",
            "referencedId": code or "",
            "parentId": None,
            "position": 90,
            "quantity": 1,
            "price": self.price(-sum(off.values())),
            "payload": {
                "code": code or "",
                "composition": [
                    {"id": item.id, "quantity": item.count, "discount": self._number(minor)}
                    for item, minor in off.items()
                ],
            },
            "createdAt": _time(purchase.placed_at),
        }

    def _line_id(self, purchase: Purchase, item: Item) -> str:
        return _id(self.ids[purchase.number, item], "f")

    def _refund(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        return {
            "id": refund.id,
            "createdAt": _time(refund.at),
            "updatedAt": _written_at(purchase),
            "amount": self.price(refund.minor),
            "stateMachineState": _state(_REFUND[refund.status]),
            "positions": [
                {
                    "orderLineItemId": self._line_id(purchase, purchase.item(item_id)),
                    "quantity": count,
                    "amount": self.price(minor),
                }
                for item_id, minor, count in refund.items
            ],
        }

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        if Headers(call.headers).get("Accept") != "application/json":
            return json_answer({"errors": [{"detail": "it would answer in another form"}]}, 406)
        match (call.method, *parts.path.removeprefix("/api/").split("/")):
            case ("POST", "search", "order"):
                return self._search(json.loads(call.body))
            case ("GET", "sales-channel"):
                return _listed([{"id": _id(1, "5"), "active": True}])
            case ("GET", "currency"):
                (code,) = parse_qs(parts.query)["filter[isoCode]"]
                return _listed([{"id": _id(2, "5")}] if code == self.currency else [])
            case ("POST", "_action", "sync"):
                return self._sync(*json.loads(call.body).values())
            case ("DELETE", "promotion", gone) if gone in self.promotions:
                self.spent.pop(self.promotions.pop(gone), None)
                return Answer(204, Headers({}), b"")
        return json_answer({"errors": [{"status": "404", "title": "Not Found"}]}, 404)

    def _sync(self, operation: Mapping[str, Any]) -> Answer:
        assert (operation["entity"], operation["action"]) == ("promotion", "upsert")
        for made in operation["payload"]:
            (discount,), (code,) = made["discounts"], made["individualCodes"]
            (price,) = discount["promotionDiscountPrices"]
            assert made["salesChannels"], "it could be used nowhere"
            assert price["currencyId"] == _id(2, "5")
            if made["id"] not in self.promotions:
                self.promotions[made["id"]] = code["code"]
                self.spent[code["code"]] = int(discount["value"].replace(".", ""))
        return json_answer({"data": {}, "notFound": [], "deleted": []})

    def used_up(self, code: str) -> int:
        return self.spent.pop(code)

    def _search(self, asked: Mapping[str, Any]) -> Answer:
        if "ids" in asked:
            wanted = set(asked["ids"])
            found = [p for p in self.purchases.values() if self.order_id(p) in wanted]
            return _listed([self.order(purchase) for purchase in found])
        changed, after = asked["filter"]
        assert {"updatedAt", "transactions.updatedAt"} <= {q["field"] for q in changed["queries"]}
        since, until = (
            datetime.fromisoformat(changed["queries"][0]["parameters"][end]).replace(tzinfo=UTC)
            for end in ("gte", "lte")
        )
        later = [
            {"id": self.order_id(purchase), "autoIncrement": purchase.number}
            for purchase in sorted(self.purchases.values(), key=lambda p: p.number)
            if since <= _changed(purchase) <= until and purchase.number > after["parameters"]["gt"]
        ]
        return _listed(later[: min(self.page, asked["limit"])])


def _listed(found: Sequence[Any]) -> Answer:
    return json_answer({"total": len(found), "data": found, "aggregations": []})


def _state(name: str) -> dict[str, str]:
    return {"technicalName": name}


def _id(number: int, kind: str = "0") -> str:
    return f"{kind}{number:031x}"


def _changed(purchase: Purchase) -> datetime:
    return purchase.changed_at + timedelta(milliseconds=purchase.version - 1)


def _written_at(purchase: Purchase) -> str | None:
    return _time(_changed(purchase)) if purchase.version > 1 else None


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
