"""A shop on Saleor."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from adapters.contract import Answer, Call, Headers, Request
from adapters.saleor.jws import is_key_set, signed
from adapters.saleor.values import global_id
from adapters.signatures import hex_mac
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer, major
from partner_sdk.wire.amounts import minor_digits

_EVENTS = {
    "paid": ("OrderFullyPaid", "order_fully_paid"),
    "cancelled": ("OrderCancelled", "order_cancelled"),
    "refund": ("OrderRefunded", "order_refunded"),
}


def key_set(name: str, *, bits: int = 2048) -> str:
    """A JWKS of one new key with its private half, so that a shop for tests can sign."""
    numbers = generate_private_key(65537, bits).private_numbers()
    parts = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    key = {part: _big(number) for part, number in parts.items()}
    return json.dumps({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name} | key]})


def _big(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SaleorShop(Shop):
    """Orders as the GraphQL API writes them; each save has its own microsecond."""

    signing = (key_set("new"), key_set("old"), key_set("stranger"))
    extra = {"app_token": "saleor-app-0123456789abcdef"}  # noqa: RUF012 - a constant
    signature_header = "Saleor-Signature"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ids: dict[tuple[int, Item], int] = {}
        #: What happened to each refund: the event's number, its type and its time.
        self.events: dict[str, list[tuple[int, str, datetime]]] = {}
        self.cards: dict[str, dict[str, Any]] = {}

    def order_id(self, purchase: Purchase) -> str:
        return str(UUID(int=purchase.number))

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        for item in purchase.items:
            self.ids.setdefault((purchase.number, item), len(self.ids) + 1)
        if refund is not None:
            self._note(refund)
        name, event = _EVENTS.get(what, ("OrderUpdated", "order_updated"))
        said = {
            "__typename": name,
            "issuedAt": (self.now + timedelta(microseconds=len(self.sent))).isoformat(),
            "order": {"id": global_id("Order", self.order_id(purchase))},
        }
        request = self.sign(json.dumps(said).encode())
        fields = {"Saleor-Event": event, "Saleor-Domain": "shop.example"}
        return [Request("POST", self.url, Headers(dict(request.headers) | fields), request.body)]

    def _note(self, refund: GivenBack) -> None:
        """What the transaction tells of a refund that came to this status."""
        told = self.events.setdefault(refund.id, [])
        known = {kind for _, kind, _ in told}
        new = [] if known else ["REFUND_REQUEST"]
        if refund.status == "succeeded":
            new.append("REFUND_SUCCESS")
        elif refund.status == "failed":
            new.append("REFUND_REVERSE" if "REFUND_SUCCESS" in known else "REFUND_FAILURE")
        for kind in new:
            number = sum(len(each) for each in self.events.values()) + 1
            told.append((number, kind, self.now))

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        fields = {} if like is None else dict(like.headers.items())
        secret = self.secrets.signing[0]
        by_key = is_key_set(secret)
        fields["saleor-signature"] = (
            signed(body=body, key_set=secret) if by_key else hex_mac(secret.encode(), body)
        )
        fields["content-type"] = "application/json"
        return Request("POST", self.url, Headers(fields), body)

    def money(self, minor: int) -> dict[str, Any]:
        """An amount: a number, as GraphQL's Float."""
        return {"amount": float(major(minor, minor_digits(self.currency)))}

    def order(self, purchase: Purchase) -> dict[str, Any]:
        """The order as it is now."""
        by_card = dict(purchase.tenders).get("gift_card", 0)
        total = purchase.total - by_card - purchase.by_points
        shipping = sum(item.minor for item in purchase.items if item.kind == "shipping")
        came = sum(refund.minor for refund in purchase.refunds if refund.status == "succeeded")
        changed_at = purchase.changed_at + timedelta(microseconds=purchase.version)
        events = [each for refund in purchase.refunds for each in self._events(refund)]
        return {
            "id": global_id("Order", self.order_id(purchase)),
            "number": str(purchase.number),
            "created": purchase.placed_at.isoformat(),
            "updatedAt": changed_at.isoformat(),
            "status": "CANCELED" if purchase.cancelled else "UNFULFILLED",
            "userEmail": purchase.email or "",
            "metadata": [],
            "user": None
            if purchase.customer is None
            else {"id": global_id("User", purchase.customer), "metadata": []},
            "billingAddress": None,
            "shippingAddress": {"phone": ""},
            "total": {"currency": purchase.currency, "gross": self.money(total)},
            "shippingPrice": {"gross": self.money(shipping)},
            "lines": [
                self._line(purchase, item) for item in purchase.items if item.kind != "shipping"
            ],
            "giftCards": [
                *([self._gift_card(by_card, "a present")] if by_card else []),
                *(
                    [self._gift_card(purchase.by_points, self._tag(purchase))]
                    if purchase.code
                    else []
                ),
            ],
            "transactions": [
                {
                    "name": "Credit card",
                    "chargedAmount": self.money(total - came),
                    "refundedAmount": self.money(came),
                    "refundPendingAmount": self.money(0),
                    "events": events,
                }
            ],
            "payments": [],
            "grantedRefunds": [
                self._granted(purchase, refund)
                for refund in purchase.refunds
                if any(count for _, _, count in refund.items)
            ],
        }

    def _line_id(self, purchase: Purchase, item: Item) -> str:
        return global_id("OrderLine", str(UUID(int=self.ids[purchase.number, item])))

    def _line(self, purchase: Purchase, item: Item) -> dict[str, Any]:
        kind = "GIFT_CARD" if item.kind == "gift_card" else "NORMAL"
        product = {"category": {"slug": "things"}, "productType": {"slug": "thing", "kind": kind}}
        return {
            "id": self._line_id(purchase, item),
            "productSku": item.id,
            "quantity": item.count,
            "totalPrice": {"gross": self.money(item.minor)},
            "variant": {"product": product},
        }

    def _gift_card(self, minor: int, tag: str) -> dict[str, Any]:
        balance = {"currentBalance": self.money(200), "oldCurrentBalance": self.money(200 + minor)}
        return {"tags": [{"name": tag}], "events": [{"balance": balance}]}

    def _tag(self, purchase: Purchase) -> str:
        (tag,) = next(c["tags"] for c in self.cards.values() if c["code"] == purchase.code)
        return str(tag["name"])

    def used_up(self, code: str) -> int:
        found = next((card for card in self.cards.values() if card["code"] == code), None)
        if found is None:
            raise LookupError(f"there is no gift card {code}")
        worth = self.spent.pop(found["id"])
        found["currentBalance"] = self.money(0)
        return worth

    def _events(self, refund: GivenBack) -> list[dict[str, Any]]:
        return [
            {
                "id": global_id("TransactionEvent", str(number)),
                "type": kind,
                "pspReference": f"re_{refund.id}",
                "createdAt": at.isoformat(),
                "amount": self.money(refund.minor),
            }
            for number, kind, at in self.events[refund.id]
        ]

    def _granted(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        goods = [(purchase.item(i), count) for i, _, count in refund.items if count]
        return {
            "amount": self.money(refund.minor),
            "shippingCostsIncluded": any(item.kind == "shipping" for item, _ in goods),
            "lines": [
                {"quantity": count, "orderLine": {"id": self._line_id(purchase, item)}}
                for item, count in goods
                if item.kind != "shipping"
            ],
            "transactionEvents": [{"id": event["id"]} for event in self._events(refund)],
        }

    def answer(self, call: Call) -> Answer:
        if call.path != "/graphql/":
            return json_answer({"errors": [{"message": "not found"}]}, 404)
        asked = json.loads(call.body)
        query, values = asked["query"], asked["variables"]
        if "orders(" in query:
            return self._list(values)
        if "order(" in query:
            orders = {global_id("Order", self.order_id(p)): p for p in self.purchases.values()}
            found = orders.get(values["id"])
            return json_answer({"data": {"order": found and self.order(found)}})
        return json_answer({"data": self._card(query, values)})

    def _list(self, asked: Mapping[str, Any]) -> Answer:
        since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
        found = [
            purchase
            for purchase in sorted(self.purchases.values(), key=lambda each: each.changed_at)
            if since <= purchase.changed_at <= until
        ]
        start = int(asked["after"] or 0)
        end = start + min(self.page, asked["first"])
        ids = [global_id("Order", self.order_id(purchase)) for purchase in found[start:end]]
        orders = {
            "edges": [{"node": {"id": each}} for each in ids],
            "pageInfo": {"hasNextPage": end < len(found), "endCursor": str(end)},
        }
        return json_answer({"data": {"orders": orders}})

    def _card(self, query: str, values: Mapping[str, Any]) -> dict[str, Any]:
        if "giftCardCreate" in query:
            asked = values["input"]
            if asked["code"] in {card["code"] for card in self.cards.values()}:
                taken = [{"code": "ALREADY_EXISTS", "field": "code"}]
                return {"giftCardCreate": {"giftCard": None, "errors": taken}}
            card_id = global_id("GiftCard", str(len(self.cards) + 1))
            amount = {"amount": float(asked["balance"]["amount"])}
            self.cards[card_id] = {
                "id": card_id,
                "code": asked["code"],
                "tags": [{"name": tag.lower()} for tag in asked["addTags"]],
                "isActive": True,
                "initialBalance": amount,
                "currentBalance": amount,
            }
            self.spent[card_id] = int(asked["balance"]["amount"].replace(".", ""))
            return {"giftCardCreate": {"giftCard": {"id": card_id}, "errors": []}}
        if "giftCards(" in query:
            found = [card for card in self.cards.values() if card["code"] == values["code"]]
            return {"giftCards": {"edges": [{"node": card} for card in found]}}
        name = "giftCardDelete" if "giftCardDelete" in query else "giftCardDeactivate"
        card = self.cards.get(values["id"])
        if card is None:
            missing = [{"code": "NOT_FOUND", "field": "id"}]
            return {name: {"giftCard": None, "errors": missing}}
        card["isActive"] = False
        self.spent.pop(values["id"], None)
        if name == "giftCardDelete":
            del self.cards[values["id"]]
        return {name: {"giftCard": card, "errors": []}}
