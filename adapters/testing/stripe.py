"""A shop that takes money by Stripe, with Checkout Sessions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from adapters.contract import Answer, Call, Request
from adapters.stripe import signed_headers
from adapters.testing.shop import GivenBack, Item, Purchase, Shop, What, json_answer


class StripeShop(Shop):
    """Payments, sessions, refunds, disputes and events, as Stripe's API writes them."""

    signing = ("whsec_new0123456789abcdef", "whsec_old0123456789abcdef", "whsec_stranger")
    extra = {"api_key": "rk_test_0123456789abcdef"}  # noqa: RUF012 - a constant
    signature_header = "Stripe-Signature"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.events: list[dict[str, Any]] = []
        #: Promotion codes and the coupons that they are for.
        self.codes: dict[str, str] = {}
        #: Coupons that paid, and are there still.
        self.used: set[str] = set()

    def order_id(self, purchase: Purchase) -> str:
        """Nothing to pay is no payment: then there is the session alone."""
        return f"{'pi' if _paid(purchase) else 'cs'}_{purchase.number}"

    def used_up(self, code: str) -> int:
        worth = self.spent.pop(self.codes[code])
        self.used.add(self.codes[code])
        return worth

    def possible(self, items: Sequence[Item]) -> Sequence[Item]:
        tipped = any(item.kind == "tip" for item in items)
        return [item for item in items if not (tipped and item.kind == "shipping")]

    def messages(
        self, purchase: Purchase, what: What, refund: GivenBack | None
    ) -> Sequence[Request]:
        kinds: list[tuple[str, dict[str, Any]]] = []
        if what == "paid":
            if _paid(purchase):
                kinds = [("payment_intent.succeeded", self.payment(purchase))]
            if not _direct(purchase):
                kinds.append(("checkout.session.completed", self.session(purchase)))
        elif what == "identified":
            # Stripe tells nobody that a payment got a customer; the next event will.
            kinds = [("payment_intent.succeeded", self.payment(purchase))]
        elif refund is not None and refund.chargeback:
            over = "created" if what == "refund" else "closed"
            kinds = [(f"charge.dispute.{over}", self.dispute(purchase, refund))]
        elif refund is not None:
            over = "created" if what == "refund" else "updated"
            over = "failed" if refund.status == "failed" else over
            kinds = [(f"refund.{over}", self.refunded(purchase, refund))]
        return [self.event(kind, about) for kind, about in kinds]

    def event(self, kind: str, about: dict[str, Any]) -> Request:
        """An event, kept for whoever asks for it later."""
        event = {
            "id": f"evt_{len(self.events) + 1:06d}",
            "object": "event",
            "api_version": "2025-03-31.basil",
            "created": int(self.now.timestamp()),
            "type": kind,
            "livemode": False,
            "data": {"object": about},
        }
        self.events.append(event)
        return self.sign(json.dumps(event).encode())

    def sign(self, body: bytes, *, like: Request | None = None) -> Request:
        return Request("POST", self.url, signed_headers(body, self.secrets, self.now), body)

    def payment(self, purchase: Purchase) -> dict[str, Any]:
        """The payment as it is now."""
        tip = next((item.minor for item in purchase.items if item.kind == "tip"), None)
        placed = int(purchase.placed_at.timestamp())
        return {
            "id": self.order_id(purchase),
            "object": "payment_intent",
            "status": "succeeded",
            "amount": _paid(purchase),
            "amount_received": _paid(purchase),
            "amount_details": {"tip": {} if tip is None else {"amount": tip}},
            "currency": purchase.currency.lower(),
            "customer": purchase.customer,
            "created": placed,
            "metadata": {},
            "receipt_email": purchase.email,
            "latest_charge": {
                "id": f"ch_{purchase.number}",
                "created": placed,
                "payment_method_details": {"type": "card"},
            },
        }

    def session(self, purchase: Purchase) -> dict[str, Any]:
        """The Checkout Session of it."""
        shipping = sum(item.minor for item in purchase.items if item.kind == "shipping")
        paid = _paid(purchase)
        return {
            "id": f"cs_{purchase.number}",
            "object": "checkout.session",
            "mode": "payment",
            "created": int(purchase.placed_at.timestamp()),
            "currency": purchase.currency.lower(),
            "payment_intent": self.order_id(purchase) if paid else None,
            "payment_status": "paid" if paid else "no_payment_required",
            "amount_total": paid,
            "shipping_cost": {"amount_total": shipping} if shipping else None,
            "customer": purchase.customer,
            "customer_details": {"email": purchase.email},
            "metadata": {},
        }

    def refunded(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        """A refund of it."""
        return {
            "id": f"re_{refund.id}",
            "object": "refund",
            "amount": refund.minor,
            "currency": purchase.currency.lower(),
            "payment_intent": self.order_id(purchase),
            "status": refund.status,
            "created": int(refund.at.timestamp()),
        }

    def dispute(self, purchase: Purchase, refund: GivenBack) -> dict[str, Any]:
        """A dispute of it."""
        statuses = {"pending": "warning_needs_response", "succeeded": "lost", "failed": "won"}
        return self.refunded(purchase, refund) | {
            "id": f"dp_{refund.id}",
            "object": "dispute",
            "status": statuses[refund.status],
        }

    def answer(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        query = parse_qsl(parts.query)
        path = parts.path.removeprefix("/v1/").split("/")
        if call.method == "GET":
            return self._look_up(path, query)
        return self._change_at(call, path, dict(parse_qsl(call.body.decode())))

    def _look_up(self, path: list[str], query: list[tuple[str, str]]) -> Answer:
        asked = dict(query)
        if path == ["events"]:
            kinds = {value for name, value in query if name == "types[]"}
            low, high = int(asked["created[gte]"]), int(asked["created[lt]"])
            found = [e for e in self.events if e["type"] in kinds and low <= e["created"] < high]
            return self._page(found[::-1], asked)
        number = path[-1] if path[0] == "payment_intents" else asked.get("payment_intent")
        if path[0] == "checkout" and len(path) > 2:
            number = path[2]
        purchase = self._purchase(number)
        if purchase is None:
            return json_answer({"error": {"code": "resource_missing"}}, 404)
        refunds = [r for r in purchase.refunds if not r.chargeback]
        disputes = [r for r in purchase.refunds if r.chargeback]
        makers: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
            "refunds": lambda: [self.refunded(purchase, r) for r in refunds],
            "disputes": lambda: [self.dispute(purchase, r) for r in disputes],
            "checkout/sessions": lambda: [] if _direct(purchase) else [self.session(purchase)],
        }
        if path[0] == "payment_intents":
            return json_answer(self.payment(purchase))
        if path[0] == "checkout" and len(path) == 3:
            return json_answer(self.session(purchase))
        if len(path) == 4:
            lines = self.lines(purchase)
            if ("expand[]", "data.discounts") not in query:
                lines = [{n: v for n, v in one.items() if n != "discounts"} for one in lines]
            return json_answer({"data": lines, "has_more": False})
        return json_answer({"data": makers["/".join(path)](), "has_more": False})

    def lines(self, purchase: Purchase) -> list[dict[str, Any]]:
        """The session's line items."""
        found = []
        for item in purchase.items:
            if item.kind == "shipping":
                continue
            taken = [("SUMMER", item.discount), (self._coupon(purchase), purchase.off(item))]
            line = {
                "id": item.id,
                "quantity": item.count,
                "amount_subtotal": item.minor + item.discount - item.tax,
                "amount_discount": item.discount + purchase.off(item),
                "amount_tax": item.tax,
                "amount_total": item.minor - purchase.off(item),
                "price": {"id": f"price_{item.id}", "product": {"id": f"prod_{item.id}"}},
                "discounts": [
                    {"amount": minor, "discount": {"object": "discount", "coupon": {"id": coupon}}}
                    for coupon, minor in taken
                    if minor
                ],
            }
            found.append(line)
        return found

    def _coupon(self, purchase: Purchase) -> str:
        return self.codes.get(purchase.code or "", "")

    def _page(self, found: list[dict[str, Any]], asked: Mapping[str, str]) -> Answer:
        after = asked.get("starting_after")
        if after is not None:
            found = found[[e["id"] for e in found].index(after) + 1 :]
        return json_answer({"data": found[: self.page], "has_more": len(found) > self.page})

    def _purchase(self, name: str | None) -> Purchase | None:
        number = (name or "").partition("_")[2]
        return self.purchases.get(int(number)) if number.isdecimal() else None

    def _change_at(self, call: Call, path: list[str], fields: Mapping[str, str]) -> Answer:
        there = self.used | self.spent.keys()
        if call.method == "DELETE":
            self.spent.pop(path[-1], None)
            self.used.discard(path[-1])
            return json_answer({"deleted": True}, 200 if path[-1] in there else 404)
        taken = fields["id"] in there if path == ["coupons"] else fields["code"] in self.codes
        if taken:
            return json_answer({"error": {"code": "resource_already_exists"}}, 400)
        if path == ["coupons"]:
            self.spent[fields["id"]] = int(fields["amount_off"])
        elif fields["coupon"] in there:
            self.codes[fields["code"]] = fields["coupon"]
        else:
            return json_answer({"error": {"code": "resource_missing"}}, 400)
        return json_answer({"id": fields.get("id", "promo_1"), "code": fields.get("code")})


def _paid(purchase: Purchase) -> int:
    """What was paid with money."""
    return purchase.total - purchase.by_points


def _direct(purchase: Purchase) -> bool:
    """A payment at a terminal or by the shop's own page has a tip perhaps, and no session."""
    return any(item.kind == "tip" for item in purchase.items)
