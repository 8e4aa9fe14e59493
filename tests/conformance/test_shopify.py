"""Shopify, by the kit, by Shopify's own library and by the messages that it once sent."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.conformance import AdapterSuite
from adapters.contract import (
    Customer,
    Facts,
    Fetch,
    Headers,
    Ignored,
    Order,
    Request,
    Spend,
    Verified,
)
from adapters.shopify import ADAPTER
from adapters.testing.shop import Item, json_answer
from adapters.testing.shopify import ShopifyShop
from tests.conformance.recorded import recorded


class TestShopify(AdapterSuite):
    adapter = ADAPTER
    shop = ShopifyShop


NODE = Path(__file__).parent / "node"


def by_vendor(requests: list[Request], secret: str) -> list[bool]:
    """What Shopify's library for node thinks; skips where it is not installed."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "@shopify").is_dir():
        pytest.skip("Shopify's library is not there: `make tools` installs it where node is")
    asked = [
        {"secret": secret, "headers": dict(request.headers), "body": request.body.decode()}
        for request in requests
    ]
    done = subprocess.run(
        [node, "shopify.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=NODE,
        timeout=60,
        check=True,
    )
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts


def test_shopifys_library_agrees_on_what_is_signed_and_on_what_was_changed() -> None:
    shop = ShopifyShop()
    good = [request for _, request in TestShopify().samples(shop)]
    changed = [replace(request, body=request.body + b" ") for request in good]
    name = "x-shopify-hmac-sha256"
    flipped = [
        replace(r, headers=Headers({**r.headers, name: "A" + r.headers[name][1:]}))
        for r in good
        if r.headers[name][0] != "A"
    ]
    tried = good + changed + flipped
    ours = [
        isinstance(ADAPTER.verify(request=r, secrets=shop.secrets, now=shop.now), Verified)
        for r in tried
    ]
    assert ours == [True] * len(good) + [False] * (len(changed) + len(flipped))
    assert by_vendor(tried, shop.signing[0]) == ours


def resolved(shop: ShopifyShop, order: dict[str, Any], paid: list[dict[str, Any]]) -> Order:
    answers = (json_answer({"order": order}), json_answer({"transactions": paid}))
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Facts)
    return parsed.orders[0]


@pytest.mark.parametrize(
    "event",
    ["orders.paid", "orders.updated", "orders.cancelled", "orders.edited", "refunds.create"],
)
def test_a_recorded_message_asks_for_its_order(event: str) -> None:
    shop = ShopifyShop()
    request = shop.sign(recorded(f"shopify/webhook_{event}.json", "body"))
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    assert fetch.about == "820982911946154500"


def test_the_recorded_order_with_the_recorded_refund_is_read_to_the_cent() -> None:
    shop = ShopifyShop(currency="USD")
    order = json.loads(recorded("shopify/webhook_orders.cancelled.json", "body"))
    order["refunds"] = [json.loads(recorded("shopify/webhook_refunds.create.json", "body"))]
    shop.settings = replace(shop.settings, options={"test_orders": "count"})
    found = resolved(shop, order, [])
    assert found.status == "cancelled"
    assert found.occurred_at == datetime(2022, 1, 1, tzinfo=UTC)
    assert [(line.id, line.category, line.amount_micros) for line in found.lines] == [
        ("866550311766439000", "goods", 199_000_000),
        ("141249953214522980", "goods", 199_000_000),
        ("shipping-271878346596884000", "shipping", 10_000_000),
    ]
    (refund,) = found.refunds
    assert (refund.id, refund.amount_micros) == ("890088186047892400", 398_000_000)
    assert [part.amount_micros for part in refund.lines] == [199_000_000, 199_000_000]
    assert found.customer is not None
    assert found.customer.id == "115310627314723950"


def test_a_test_order_is_left_out_unless_it_is_set_to_count() -> None:
    shop = ShopifyShop()
    order = shop.order(shop.buy([Item("L1", 900)])) | {"test": True}
    answers = (json_answer({"order": order}), json_answer({"transactions": []}))
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Ignored)


def test_sales_are_in_the_shops_currency_or_in_the_shoppers() -> None:
    shop = ShopifyShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    assert resolved(shop, order, []).lines[0].amount_micros == 9_000_000
    shop.settings = replace(shop.settings, options={"money": "presentment"})
    found = resolved(shop, order, [])
    assert (found.currency, found.lines[0].amount_micros) == ("CAD", 18_000_000)


def test_a_code_for_points_is_a_tender_and_what_comes_back_brings_its_share_along() -> None:
    shop = ShopifyShop()
    purchase = shop.buy([Item("L1", 8000, discount=2000), Item("L2", 3000)])
    shop.refund(purchase, 8000, [("L1", 8000, 1)])
    order = shop.order(purchase)
    order["discount_applications"] = [{"type": "discount_code", "code": "POINTS-HLD_1"}]
    found = resolved(shop, order, [])
    assert [line.amount_micros for line in found.lines] == [100_000_000, 30_000_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in found.tenders] == [
        ("points", 20_000_000, "hld_1")
    ]
    assert found.refunds[0].amount_micros == found.refunds[0].lines[0].amount_micros == 100_000_000


def test_change_is_taken_off_the_cash_that_was_paid() -> None:
    shop = ShopifyShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    paid = [
        {"kind": "sale", "status": "success", "gateway": "cash", "amount": "10.00"},
        {"kind": "change", "status": "success", "gateway": "cash", "amount": "1.00"},
        {"kind": "sale", "status": "failure", "gateway": "card", "amount": "9.00"},
    ]
    assert [(t.kind, t.amount_micros) for t in resolved(shop, order, paid).tenders] == [
        ("cash", 9_000_000)
    ]


def test_an_order_that_is_only_authorized_is_open() -> None:
    shop = ShopifyShop()
    order = shop.order(shop.buy([Item("L1", 900)])) | {"financial_status": "authorized"}
    assert resolved(shop, order, []).status == "open"


def test_a_code_that_shopify_does_not_delete_is_a_problem() -> None:
    spend = Spend("hld_1", 3_500_000, "EUR")
    refusal = {"deletedCodeDiscountId": None, "userErrors": [{"code": "INTERNAL_ERROR"}]}
    answer = json_answer({"data": {"discountCodeDelete": refusal}})
    result = ADAPTER.undone(spend=spend, answers=(answer,), settings=ShopifyShop().settings)
    assert result.problem == "Shopify did not delete the code: INTERNAL_ERROR"


def test_a_code_is_for_one_use_by_the_customer_and_ends_with_the_hold() -> None:
    shop = ShopifyShop()
    until = datetime(2026, 5, 5, tzinfo=UTC)
    spend = Spend("hld_1", 3_500_000, "EUR", customer=Customer(id="77"), expires_at=until)
    (call,) = ADAPTER.redeem(spend=spend, settings=shop.settings)
    discount = json.loads(call.body)["variables"]["discount"]
    assert discount["usageLimit"] == 1
    assert discount["endsAt"] == "2026-05-05T00:00:00+00:00"
    assert discount["context"] == {"customers": {"add": ["gid://shopify/Customer/77"]}}
    assert discount["customerGets"]["value"]["discountAmount"]["amount"] == "3.50"
