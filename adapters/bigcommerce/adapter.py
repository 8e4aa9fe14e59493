"""BigCommerce's checkout: what it says, what to ask, how a shopper pays with points there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

from adapters.bigcommerce.manifest import MANIFEST
from adapters.bigcommerce.orders import order_of
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
from adapters.reading import identifier, load, number, object_at, records
from adapters.standard import signed_headers, verify_standard
from adapters.webshop import acknowledge, answered, code_of, money_text

__all__ = ["ADAPTER", "BigCommerce"]

_PAGE = 250
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class BigCommerce:
    """One order in four answers: a message only says which, and all four are asked for."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        # The key is the client secret as it is written.
        return verify_standard(
            request=request,
            keys=(secret.encode() for secret in secrets.signing),
            now=now,
            tolerance_seconds=MANIFEST.tolerance_seconds,
            hint="is the app's client secret the one set here?",
        )

    def delivery_key(self, *, request: Request) -> str:
        try:
            said = load(request.body)
        except Malformed:
            said = None
        if isinstance(said, Mapping) and isinstance(said.get("hash"), str):
            return f"{said['hash']}:{said.get('created_at', '')}"
        return hashlib.sha256(request.body).hexdigest()

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        said = object_at(load(request.body), "the body")
        scope = said.get("scope")
        if not isinstance(scope, str) or not scope.startswith("store/order/"):
            return Ignored("a message that is not about an order")
        data = object_at(said.get("data"), "data")
        # Messages about a part of an order name the order likewise, or as `order_id`.
        named = data.get("id") if data.get("type") == "order" else data.get("order_id")
        return _ask(identifier(named, "data.id"), 1)

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        order, coupons, refunds, *pages = (answered(one, "order") for one in answers)
        if isinstance(order, Ignored):
            return order
        order = object_at(order, "the order")
        found = [_listed(page, "products") for page in pages]
        if found and len(found[-1]) == _PAGE:
            return _ask(fetch.about, len(found) + 1)
        products = {identifier(o.get("id"), "products.id"): o for page in found for o in page}
        given = {} if refunds is None or isinstance(refunds, Ignored) else refunds
        return order_of(
            order,
            [products[each] for each in products],
            _listed(coupons, "coupons"),
            _listed(given.get("data") if isinstance(given, Mapping) else given, "refunds"),
            settings,
        )

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        return acknowledge(outcome)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        coupon: dict[str, Any] = {
            "name": code_of(spend),
            "code": code_of(spend),
            "type": "per_total_discount",
            "amount": money_text(spend.amount_micros, spend.currency),
            "enabled": True,
            "max_uses": 1,
            "applies_to": {"entity": "categories", "ids": [0]},
        }
        if spend.expires_at is not None:
            coupon["expires"] = format_datetime(spend.expires_at.astimezone(UTC))
        return (Call("POST", "/v2/coupons", json.dumps(coupon).encode(), _JSON, spend.id),)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        status = answers[-1].status
        # A code that exists is the one that this spend made before.
        if status in (200, 201, 409):
            return SpendResult(code=code_of(spend))
        return SpendResult(problem=f"BigCommerce made no coupon: {status}")

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return (Call("GET", f"/v2/coupons?code={quote(code_of(spend))}", headers=_JSON),)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        found = answered(answers[-1], "coupons")
        # No content: there is none, or it was deleted just now.
        if found is None or isinstance(found, Ignored):
            return SpendResult()
        return SpendResult(
            more=tuple(
                Call("DELETE", f"/v2/coupons/{identifier(one.get('id'), 'id')}", headers=_JSON)
                for one in records(found, "coupons")
            )
        )

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        # The platform counts seconds: one more at each end loses nothing.
        asked = {
            "min_date_modified": format_datetime((since - timedelta(seconds=1)).astimezone(UTC)),
            "max_date_modified": format_datetime((until + timedelta(seconds=1)).astimezone(UTC)),
            "sort": "id:asc",
            "limit": str(_PAGE),
            "min_id": cursor or "1",
        }
        return Call("GET", f"/v2/orders?{urlencode(asked)}", headers=_JSON)

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        ids = [
            identifier(one.get("id"), "orders.id")
            for one in _listed(answered(answer, "orders"), "orders")
        ]
        # Pages are not numbered in the answer; an empty one is the last.
        return Page(
            parsed=tuple(_ask(one, 1) for one in ids),
            cursor=str(int(ids[-1]) + 1) if ids else None,
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        if scenario not in MANIFEST.scenarios:
            raise ValueError(f"BigCommerce has no scenario {scenario}")
        seconds = int(now.timestamp())
        scope = {
            "paid": "store/order/created",
            "edited": "store/order/updated",
            "refunded": "store/order/refund/created",
            "cancelled": "store/order/statusUpdated",
        }[scenario]
        data: dict[str, Any] = {"type": "order", "id": seconds}
        if scenario == "refunded":
            data["refund"] = {"refund_id": seconds + 1}
        said = {"scope": scope, "store_id": "1", "data": data, "created_at": seconds}
        said["hash"] = hashlib.sha1(json.dumps(said).encode(), usedforsecurity=False).hexdigest()
        body = json.dumps(said).encode()
        signed = signed_headers(
            key=secrets.signing[0].encode(), message=f"msg_{said['hash']}", at=now, body=body
        )
        headers = {"Content-Type": "application/json", **signed}
        return (Request("POST", "https://hub.example/hooks/sample", Headers(headers), body),)


def _listed(value: Any, at: str) -> list[Mapping[str, Any]]:
    """A list; of an answer without content (none of it, in V2), an empty one."""
    return [] if value is None or isinstance(value, Ignored) else list(records(value, at))


def _ask(order_id: str, pages: int) -> Fetch:
    """The order first: what is read after it can only be newer than its revision says."""
    order_id = number(order_id, "the order's id")
    order = f"/v2/orders/{order_id}"
    paths = (
        order,
        f"{order}/coupons?limit={_PAGE}",
        f"/v3/orders/{order_id}/payment_actions/refunds",
        *(f"{order}/products?limit={_PAGE}&page={page}" for page in range(1, pages + 1)),
    )
    return Fetch(about=order_id, calls=tuple(Call("GET", path, headers=_JSON) for path in paths))


ADAPTER = BigCommerce()
