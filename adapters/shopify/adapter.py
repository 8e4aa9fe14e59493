"""Shopify's checkout: what it says, what to ask, and how a shopper pays with points there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from adapters.contract import (
    Answer,
    Call,
    Fetch,
    Headers,
    Ignored,
    Outcome,
    Page,
    Parsed,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Spend,
    SpendResult,
    Verified,
)
from adapters.graphql import data, graphql, refused
from adapters.reading import identifier, load, number, object_at, records
from adapters.shopify.manifest import MANIFEST, VERSION
from adapters.shopify.orders import order_of
from adapters.signatures import base64_mac, matches
from adapters.webshop import acknowledge, answered, code_of, money_text, next_page

__all__ = ["ADAPTER", "Shopify"]

_HMAC = "X-Shopify-Hmac-Sha256"
_API = f"/admin/api/{VERSION}"
_GRAPHQL = f"{_API}/graphql.json"
_PAGE = 250
#: A start that has passed, whenever the code is made.
_LONG_AGO = "2020-01-01T00:00:00Z"
_CREATE = (
    "mutation($discount: DiscountCodeBasicInput!) {"
    " discountCodeBasicCreate(basicCodeDiscount: $discount)"
    " { codeDiscountNode { id } userErrors { code field message } } }"
)
_FIND = "query($code: String!) { codeDiscountNodeByCode(code: $code) { id } }"
_DELETE = (
    "mutation($id: ID!) { discountCodeDelete(id: $id)"
    " { deletedCodeDiscountId userErrors { code field message } } }"
)


class Shopify:
    """One order, one document: a message only says which, and it is asked for."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        given = request.headers.get(_HMAC)
        if not given:
            return Rejected("signature_missing", f"there is no {_HMAC}")
        wanted = [base64_mac(secret.encode(), request.body) for secret in secrets.signing]
        if not matches(given=given, wanted=wanted):
            return Rejected("signature_wrong", "is the app's client secret the one set here?")
        return Verified()

    def delivery_key(self, *, request: Request) -> str:
        headers = request.headers
        known = headers.get("X-Shopify-Webhook-Id") or headers.get("X-Shopify-Event-Id")
        if known:
            return f"{known}:{headers.get('X-Shopify-Topic', '')}"
        return hashlib.sha256(request.body).hexdigest()

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        said = object_at(load(request.body), "the body")
        # The topic is not signed: the body tells what it is.
        edit = said.get("order_edit")
        if isinstance(edit, Mapping):
            return _ask(identifier(edit.get("order_id"), "order_edit.order_id"), settings)
        if "order_id" in said and "refund_line_items" in said:
            return _ask(identifier(said["order_id"], "order_id"), settings)
        if "line_items" in said and "financial_status" in said:
            return _ask(identifier(said.get("id"), "id"), settings)
        return Ignored("a message that is not about an order")

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        order, transactions = (answered(one, "order") for one in answers)
        if isinstance(order, Ignored):
            return order
        paid = object_at(transactions, "transactions").get("transactions")
        found = object_at(object_at(order, "the answer").get("order"), "the order")
        return order_of(found, records(paid, "transactions"), settings)

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        return acknowledge(outcome)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        buyer = None if spend.customer is None else spend.customer.id
        who: dict[str, Any] = {"all": "ALL"}
        if buyer is not None:
            who = {"customers": {"add": [f"gid://shopify/Customer/{buyer}"]}}
        discount = {
            "title": code_of(spend),
            "code": code_of(spend),
            "startsAt": _LONG_AGO,
            "endsAt": None if spend.expires_at is None else spend.expires_at.isoformat(),
            "usageLimit": 1,
            "appliesOncePerCustomer": True,
            "context": who,
            "combinesWith": {
                "orderDiscounts": True,
                "productDiscounts": True,
                "shippingDiscounts": True,
            },
            "customerGets": {
                "items": {"all": True},
                "value": {
                    "discountAmount": {
                        "amount": money_text(spend.amount_micros, spend.currency),
                        "appliesOnEachItem": False,
                    }
                },
            },
        }
        return (graphql(_GRAPHQL, _CREATE, {"discount": discount}, spend.id),)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        said = data(answers[-1], "Shopify")
        wrong = refused(said, "discountCodeBasicCreate", under="userErrors")
        # A code that is taken is the one that this spend made before.
        wrong = [code for code in wrong if code != "TAKEN"]
        if wrong:
            return SpendResult(problem=f"Shopify made no code: {', '.join(wrong)}")
        return SpendResult(code=code_of(spend))

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return (graphql(_GRAPHQL, _FIND, {"code": code_of(spend)}, f"{spend.id}-find"),)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        said = data(answers[-1], "Shopify")
        if "discountCodeDelete" in said:
            wrong = refused(said, "discountCodeDelete", under="userErrors")
            problem = f"Shopify did not delete the code: {', '.join(wrong)}" if wrong else None
            return SpendResult(problem=problem)
        if said.get("codeDiscountNodeByCode") is None:
            return SpendResult()
        found = object_at(said["codeDiscountNodeByCode"], "codeDiscountNodeByCode")
        node = identifier(found.get("id"), "codeDiscountNodeByCode.id")
        return SpendResult(more=(graphql(_GRAPHQL, _DELETE, {"id": node}, f"{spend.id}-undo"),))

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        if cursor is not None:
            return Call("GET", f"{_API}/orders.json?limit={_PAGE}&page_info={quote(cursor)}")
        # Seconds are cut at the platform: one more at each end loses nothing.
        asked = {
            "status": "any",
            "limit": str(_PAGE),
            "order": "updated_at asc",
            "updated_at_min": (since - timedelta(seconds=1)).isoformat(),
            "updated_at_max": (until + timedelta(seconds=1)).isoformat(),
        }
        return Call("GET", f"{_API}/orders.json?{urlencode(asked)}")

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        found = object_at(answered(answer, "orders"), "orders")
        ids = [identifier(o.get("id"), "orders.id") for o in records(found.get("orders"), "orders")]
        return Page(
            parsed=tuple(_ask(one, settings) for one in ids),
            cursor=next_page(answer.headers, "page_info"),
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        if scenario not in MANIFEST.scenarios:
            raise ValueError(f"Shopify has no scenario {scenario}")
        number = int(now.timestamp())
        topic, body = _said(scenario, number, now.isoformat(timespec="seconds"))
        raw = json.dumps(body).encode()
        headers = {
            "Content-Type": "application/json",
            _HMAC: base64_mac(secrets.signing[0].encode(), raw),
            "X-Shopify-Topic": topic,
            "X-Shopify-Webhook-Id": f"{scenario}-{number}",
            "X-Shopify-Shop-Domain": "shop.myshopify.com",
            "X-Shopify-Api-Version": VERSION,
        }
        return (Request("POST", "https://hub.example/hooks/sample", Headers(headers), raw),)


def _said(scenario: str, number: int, at: str) -> tuple[str, dict[str, Any]]:
    """What Shopify writes of an order, as far as a message says what to ask for."""
    if scenario == "edited":
        return "orders/edited", {"order_edit": {"id": number + 1, "order_id": number}}
    if scenario == "refunded":
        refund = {"id": number + 2, "order_id": number, "created_at": at, "refund_line_items": []}
        return "refunds/create", refund
    order = {
        "id": number,
        "created_at": at,
        "updated_at": at,
        "cancelled_at": at if scenario == "cancelled" else None,
        "currency": "EUR",
        "financial_status": "paid",
        "line_items": [],
    }
    return ("orders/cancelled" if scenario == "cancelled" else "orders/paid"), order


def _ask(order_id: str, settings: Settings) -> Fetch:
    """The order first: what is read after it can only be newer than its revision says."""
    order_id = number(order_id, "the order's id")
    shop = settings.options.get("money") != "presentment"
    paid = f"{_API}/orders/{order_id}/transactions.json{'?in_shop_currency=true' if shop else ''}"
    return Fetch(
        about=order_id,
        calls=(Call("GET", f"{_API}/orders/{order_id}.json"), Call("GET", paid)),
    )


ADAPTER = Shopify()
