"""WooCommerce's checkout: what it says, what to ask, how a shopper pays with points there."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from adapters.contract import (
    Answer,
    Call,
    Fetch,
    Headers,
    Ignored,
    Malformed,
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
from adapters.reading import identifier, load, number, object_at, optional, records
from adapters.signatures import base64_mac, matches
from adapters.webshop import acknowledge, answered, code_of, money_text, next_page
from adapters.woocommerce.manifest import MANIFEST
from adapters.woocommerce.orders import order_of

__all__ = ["ADAPTER", "WooCommerce"]

_SIGNATURE = "X-WC-Webhook-Signature"
_API = "/wp-json/wc/v3"
_PAGE = 100
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
#: What WordPress decodes in a secret before it signs with it.
_ENTITIES = {
    "&amp;": "&", "&#038;": "&", "&lt;": "<", "&gt;": ">",
    "&quot;": '"', "&#034;": '"', "&#x22;": '"', "&#039;": "'", "&#x27;": "'",
}  # fmt: skip
_ENTITY = re.compile("|".join(map(re.escape, _ENTITIES)))


class WooCommerce:
    """One order and its refunds: a message only says which, and both are asked for."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        given = request.headers.get(_SIGNATURE)
        if not given and _PING.fullmatch(request.body):
            # The shop wants a 200 before it saves the webhook; the ping says nothing.
            return Verified()
        if not given:
            return Rejected("signature_missing", f"there is no {_SIGNATURE}")
        wanted = [base64_mac(_key(secret), request.body) for secret in secrets.signing]
        if not matches(given=given, wanted=wanted):
            return Rejected("signature_wrong", "is the webhook's secret the one set here?")
        return Verified()

    def delivery_key(self, *, request: Request) -> str:
        return hashlib.sha256(request.body).hexdigest()

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        if _PING.fullmatch(request.body):
            return Ignored("a ping")
        said = object_at(load(request.body), "the body")
        # A deleted order is its id alone. The topic is not signed, and only says whom to ask about.
        topic = request.headers.get("X-WC-Webhook-Topic", "")
        if topic.startswith("order.") or {"status", "total", "line_items"} <= set(said):
            return _ask(identifier(said.get("id"), "id"), 1)
        return Ignored("a message that is not about an order")

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        order, *pages = (answered(one, "order") for one in answers)
        if isinstance(order, Ignored):
            return order
        order = object_at(order, "the order")
        if any(isinstance(page, Ignored) for page in pages):
            raise Malformed("the order's refunds are not there")
        found = [records(page, "refunds") for page in pages]
        if found and len(found[-1]) == _PAGE:
            return _ask(fetch.about, len(found) + 1)
        refunds = {identifier(one.get("id"), "refunds.id"): one for page in found for one in page}
        return order_of(order, [refunds[each] for each in refunds], settings)

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        return acknowledge(outcome)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        email = None if spend.customer is None else spend.customer.email
        coupon: dict[str, Any] = {
            "code": code_of(spend),
            "discount_type": "fixed_cart",
            "amount": money_text(spend.amount_micros, spend.currency),
            "usage_limit": 1,
            "individual_use": False,
            "email_restrictions": [] if email is None else [email],
        }
        if spend.expires_at is not None:
            until = spend.expires_at.astimezone(UTC)
            coupon["date_expires_gmt"] = until.strftime("%Y-%m-%dT%H:%M:%S")
        body = json.dumps(coupon).encode()
        headers = {"Content-Type": "application/json"}
        return (Call("POST", f"{_API}/coupons", body, headers, spend.id),)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        answer = answers[-1]
        code = optional(object_at(load(answer.body), "the coupon").get("code"))
        # A code that exists is the one that this spend made before.
        if answer.status == 201 or code == "woocommerce_rest_coupon_code_already_exists":
            return SpendResult(code=code_of(spend))
        return SpendResult(problem=f"WooCommerce made no coupon: {answer.status} {code}")

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return (Call("GET", f"{_API}/coupons?code={quote(code_of(spend))}"),)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        found = answered(answers[-1], "coupons")
        # Deleting answers the coupon that was deleted; one that is not there is gone already.
        if isinstance(found, Ignored | Mapping):
            return SpendResult()
        calls = tuple(
            Call("DELETE", f"{_API}/coupons/{identifier(one.get('id'), 'id')}?force=true")
            for one in records(found, "coupons")
        )
        return SpendResult(more=calls)

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        # Both ends are exclusive and count seconds: one more at each loses nothing.
        first, last = since - timedelta(seconds=2), until + timedelta(seconds=2)
        asked = {
            "modified_after": first.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "modified_before": last.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "dates_are_gmt": "true",
            "orderby": "id",
            "order": "asc",
            "per_page": str(_PAGE),
            "page": cursor or "1",
        }
        return Call("GET", f"{_API}/orders?{urlencode(asked)}")

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        found = answered(answer, "orders")
        ids = [identifier(one.get("id"), "orders.id") for one in records(found, "orders")]
        return Page(
            parsed=tuple(_ask(one, 1) for one in ids),
            cursor=next_page(answer.headers, "page"),
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        if scenario not in MANIFEST.scenarios:
            raise ValueError(f"WooCommerce has no scenario {scenario}")
        url = "https://hub.example/hooks/sample"
        if scenario == "ping":
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            return (Request("POST", url, Headers(form), b"webhook_id=1"),)
        status = {"refunded": "refunded", "cancelled": "cancelled"}.get(scenario, "processing")
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        order = {
            "id": int(now.timestamp()),
            "status": status,
            "total": "0.00",
            "date_modified_gmt": at,
            "line_items": [],
        }
        body = json.dumps(order).encode()
        headers = {
            "Content-Type": "application/json",
            _SIGNATURE: base64_mac(_key(secrets.signing[0]), body),
            "X-WC-Webhook-Topic": "order.created" if scenario == "paid" else "order.updated",
            "X-WC-Webhook-Delivery-ID": hashlib.sha256(body).hexdigest()[:32],
        }
        return (Request("POST", url, Headers(headers), body),)


def _key(secret: str) -> bytes:
    """The key that WordPress signs with: the secret, its HTML entities decoded once."""
    return _ENTITY.sub(lambda found: _ENTITIES[found.group()], secret).encode()


def _ask(order_id: str, pages: int) -> Fetch:
    """The order first: refunds read after it are a set, and only add to it."""
    order_id = number(order_id, "the order's id")
    refunds = f"{_API}/orders/{order_id}/refunds?order=asc&orderby=id&per_page={_PAGE}"
    return Fetch(
        about=order_id,
        calls=(
            Call("GET", f"{_API}/orders/{order_id}"),
            *(Call("GET", f"{refunds}&page={page}") for page in range(1, pages + 1)),
        ),
    )


ADAPTER = WooCommerce()
