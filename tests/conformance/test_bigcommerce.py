"""BigCommerce, by the kit, by the library of Standard Webhooks and by what it once sent."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks

from adapters.bigcommerce import ADAPTER
from adapters.conformance import AdapterSuite
from adapters.contract import Answer, Facts, Fetch, Headers, Ignored, Order, Rejected, Verified
from adapters.testing.bigcommerce import BigShop
from adapters.testing.shop import Item, json_answer
from tests.conformance.recorded import recorded


class TestBigCommerce(AdapterSuite):
    adapter = ADAPTER
    shop = BigShop


def library(secret: str) -> standardwebhooks.Webhook:
    return standardwebhooks.Webhook(base64.b64encode(secret.encode()).decode())


def test_what_the_standards_library_signs_is_taken_and_refused_with_a_byte_flipped() -> None:
    shop = BigShop()
    body = b'{"scope":"store/order/created","data":{"type":"order","id":1}}'
    request = shop.sign(body)
    signature = library(shop.signing[0]).sign("msg_0", shop.now, body.decode())
    fields = {**request.headers, "webhook-signature": f"v1,bm9uc2Vuc2U= {signature}"}
    request = replace(request, headers=Headers(fields))
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    for name in ("webhook-id", "webhook-timestamp"):
        changed = replace(request, headers=Headers({**fields, name: fields[name] + "1"}))
        verdict = ADAPTER.verify(request=changed, secrets=shop.secrets, now=shop.now)
        assert isinstance(verdict, Rejected), f"{name} is not signed"


def test_the_standards_library_takes_what_the_adapter_signs_and_refuses_it_changed() -> None:
    now = datetime.fromtimestamp(int(time.time()), UTC)
    shop = BigShop(now=now)
    for scenario in ADAPTER.manifest.scenarios:
        for request in ADAPTER.sample(
            scenario=scenario, secrets=shop.secrets, settings=shop.settings, now=now
        ):
            library(shop.signing[0]).verify(request.body.decode(), dict(request.headers))
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                library(shop.signing[0]).verify(request.body.decode() + " ", dict(request.headers))


@pytest.mark.parametrize("event", ["order.created", "order.statusUpdated", "order.refund.created"])
def test_a_recorded_message_asks_for_its_order(event: str) -> None:
    shop = BigShop()
    request = shop.sign(recorded(f"bigcommerce/webhook_store.{event}.json", "body"))
    assert isinstance(ADAPTER.verify(request=request, secrets=shop.secrets, now=shop.now), Verified)
    fetch = ADAPTER.parse(request=request, settings=shop.settings)
    assert isinstance(fetch, Fetch)
    assert fetch.about == "250"
    assert [call.path.partition("?")[0] for call in fetch.calls] == [
        "/v2/orders/250",
        "/v2/orders/250/coupons",
        "/v3/orders/250/payment_actions/refunds",
        "/v2/orders/250/products",
    ]


def resolved(
    shop: BigShop,
    order: dict[str, Any],
    products: list[dict[str, Any]],
    coupons: Answer,
    refunds: list[dict[str, Any]],
) -> Order:
    answers = (
        json_answer(order),
        coupons,
        json_answer({"data": refunds}),
        json_answer(products),
    )
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Facts)
    return parsed.orders[0]


NOTHING = Answer(204, Headers({}), b"")


def test_a_refund_of_pieces_without_an_amount_is_their_share_of_the_line() -> None:
    shop = BigShop()
    purchase = shop.buy([Item("L1", 900, 3), Item("L2", 100)])
    refund = {
        "id": 12,
        "created": "2026-05-04T10:00:00+00:00",
        "total_amount": 6,
        "items": [{"item_type": "PRODUCT", "item_id": 1, "quantity": 2, "requested_amount": None}],
        "payments": [{"is_declined": False}],
    }
    order = resolved(shop, shop.order(purchase), shop.products(purchase), NOTHING, [refund])
    (found,) = order.refunds
    assert found.lines[0].amount_micros == found.amount_micros == 6_000_000
    assert found.lines[0].quantity_micros == 2_000_000


def test_a_declined_refund_has_failed() -> None:
    shop = BigShop()
    purchase = shop.buy([Item("L1", 900)])
    given = shop.refund(purchase, 900)
    refund = shop.refund_of(purchase, given) | {"payments": [{"is_declined": True}]}
    order = resolved(shop, shop.order(purchase), shop.products(purchase), NOTHING, [refund])
    assert [one.status for one in order.refunds] == ["failed"]


def test_the_total_of_the_order_settles_what_products_do_not_show() -> None:
    shop = BigShop()
    purchase = shop.buy([Item("L1", 900), Item("L2", 100)])
    less = shop.order(purchase) | {"total_inc_tax": "9.0000"}
    order = resolved(shop, less, shop.products(purchase), NOTHING, [])
    assert [line.amount_micros for line in order.lines] == [8_100_000, 900_000]
    more = shop.order(purchase) | {"total_inc_tax": "10.5000"}
    order = resolved(shop, more, shop.products(purchase), NOTHING, [])
    assert [(line.category, line.amount_micros) for line in order.lines][2:] == [("fee", 500_000)]


def test_a_coupon_for_points_is_a_tender_and_no_discount() -> None:
    shop = BigShop()
    purchase = shop.buy([Item("L1", 800), Item("L2", 200)])
    order = shop.order(purchase) | {"total_inc_tax": "8.0000"}
    coupons = json_answer([{"id": 1, "code": "points-hld_1", "discount": "2.0000"}])
    found = resolved(shop, order, shop.products(purchase), coupons, [])
    assert [line.amount_micros for line in found.lines] == [8_000_000, 2_000_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in found.tenders] == [
        ("card", 8_000_000, None),
        ("points", 2_000_000, "hld_1"),
    ]


def test_a_page_of_products_that_is_full_is_followed_by_the_next() -> None:
    shop = BigShop()
    purchase = shop.buy([Item("L1", 800)])
    full = [shop.products(purchase)[0] | {"id": number} for number in range(1, 251)]
    answers = (json_answer(shop.order(purchase)), NOTHING, NOTHING, json_answer(full))
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=answers, settings=shop.settings)
    assert isinstance(parsed, Fetch)
    assert [call.path.rpartition("page=")[2] for call in parsed.calls[3:]] == ["1", "2"]


def test_a_message_about_something_else_is_left_alone_with_a_reason() -> None:
    shop = BigShop()
    request = shop.sign(b'{"scope":"store/product/updated","data":{"type":"product","id":1}}')
    assert isinstance(ADAPTER.parse(request=request, settings=shop.settings), Ignored)
