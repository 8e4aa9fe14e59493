"""WooCommerce, by the kit and by the messages in its documentation."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.conformance import AdapterSuite
from adapters.contract import (
    Facts,
    Fetch,
    Headers,
    Ignored,
    Order,
    Parsed,
    Request,
    Secrets,
    Verified,
)
from adapters.testing.shop import Item, json_answer
from adapters.testing.woocommerce import WooShop
from adapters.woocommerce import ADAPTER
from tests.conformance.recorded import recorded


class TestWooCommerce(AdapterSuite):
    adapter = ADAPTER
    shop = WooShop


def order_in(parsed: Parsed) -> Order:
    assert isinstance(parsed, Facts)
    return parsed.orders[0]


def resolved(shop: WooShop, order: dict[str, Any], refunds: list[dict[str, Any]]) -> Order:
    fetch = Fetch("727", ())
    answers = (json_answer(order), json_answer(refunds))
    return order_in(ADAPTER.resolve(fetch=fetch, answers=answers, settings=shop.settings))


def test_the_recorded_order_and_refund_are_read_to_the_cent() -> None:
    shop = WooShop(currency="USD")
    body = recorded("woocommerce/orders_1.json")
    request = shop.sign(body)
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    assert fetch.about == "727"
    refund = json.loads(recorded("woocommerce/order-refunds_1.json"))
    order = resolved(shop, json.loads(body), [refund])
    assert order.status == "paid"
    assert order.occurred_at == datetime(2017, 3, 22, 19, 28, 2, tzinfo=UTC)
    assert [(line.id, line.category, line.amount_micros) for line in order.lines] == [
        ("315", "goods", 6_450_000),
        ("316", "goods", 12_900_000),
        ("shipping-317", "shipping", 10_000_000),
    ]
    assert [(t.kind, t.amount_micros) for t in order.tenders] == [("other", 29_350_000)]
    assert [(r.id, r.amount_micros, r.lines) for r in order.refunds] == [("726", 10_000_000, ())]
    assert order.customer is not None
    assert order.customer.id is None


def test_a_secret_is_used_as_wordpress_decodes_it() -> None:
    shop = WooShop()
    shop.secrets = Secrets(("a&amp;b&#039;c",))
    body = b'{"id":1}'
    signature = base64.b64encode(hmac.new(b"a&b'c", body, "sha256").digest()).decode()
    request = Request(
        "POST", "https://hub.example", Headers({"X-WC-Webhook-Signature": signature}), body
    )
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)


def test_a_coupon_for_points_is_a_tender_and_no_discount() -> None:
    shop = WooShop()
    purchase = shop.buy([Item("L1", 8000, discount=3000), Item("L2", 2000, discount=0)])
    order = shop.order(purchase)
    order["coupon_lines"] = [
        {"code": "points-hld_1", "discount": "20.00", "discount_tax": "0.00"},
        {"code": "summer", "discount": "10.00", "discount_tax": "0.00"},
    ]
    found = resolved(shop, order, [])
    assert [line.amount_micros for line in found.lines] == [100_000_000, 20_000_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in found.tenders] == [
        ("card", 100_000_000, None),
        ("points", 20_000_000, "hld_1"),
    ]


def test_a_fee_below_nothing_is_a_discount_on_the_goods() -> None:
    shop = WooShop()
    order = shop.order(shop.buy([Item("L1", 900), Item("L2", 100)]))
    order["fee_lines"] = [{"id": 9, "name": "Rebate", "total": "-1.00", "total_tax": "0.00"}]
    found = resolved(shop, order, [])
    assert [line.amount_micros for line in found.lines] == [8_100_000, 900_000]


def test_without_gmt_a_time_is_the_shops_own_also_when_clocks_change() -> None:
    shop = WooShop()
    order = shop.order(shop.buy([Item("L1", 900)]))
    for name in ("date_created_gmt", "date_modified_gmt"):
        del order[name]
    order |= {"date_created": "2026-10-25T03:30:00", "date_modified": "2026-10-25T04:30:00"}
    found = resolved(shop, order, [])
    assert found.occurred_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_order_that_is_not_paid_is_open_unless_its_status_is_set_to_be() -> None:
    shop = WooShop()
    order = shop.order(shop.buy([Item("L1", 900)])) | {"status": "shipped"}
    assert resolved(shop, order, []).status == "open"
    shop.settings = replace(shop.settings, options={"paid_statuses": "packed, shipped"})
    assert resolved(shop, order, []).status == "paid"


def test_a_deleted_order_is_asked_for_and_one_that_is_gone_is_left_alone() -> None:
    shop = WooShop()
    request = shop.sign(b'{"id":7}')
    fields = {**request.headers, "x-wc-webhook-topic": "order.deleted"}
    request = replace(request, headers=Headers(fields))
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    gone = json_answer({"code": "woocommerce_rest_shop_order_invalid_id"}, 404)
    parsed = ADAPTER.resolve(fetch=fetch, answers=(gone, gone), settings=shop.settings)
    assert isinstance(parsed, Ignored)
