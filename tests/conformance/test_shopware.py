"""Shopware 6, by the kit and by what its documents show."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.conformance import AdapterSuite
from adapters.contract import (
    Answer,
    Call,
    Facts,
    Fetch,
    Headers,
    Ignored,
    Malformed,
    Order,
    Settings,
    Spend,
)
from adapters.shopware import ADAPTER
from adapters.testing.shop import Item, json_answer
from adapters.testing.shopware import ShopwareShop

SPEND = Spend("hld_1", 3_500_000, "EUR")


class TestShopware(AdapterSuite):
    adapter = ADAPTER
    shop = ShopwareShop


def _order(order: dict[str, Any], settings: Settings) -> Order:
    """What is made of one order, as the API gives it."""
    parsed = ADAPTER.resolve(
        fetch=Fetch("1", ()), answers=(json_answer({"data": [order]}),), settings=settings
    )
    assert isinstance(parsed, Facts)
    return parsed.orders[0]


def _sold(**changes: Any) -> tuple[ShopwareShop, dict[str, Any]]:
    shop = ShopwareShop()
    purchase = shop.buy([Item("L1", 1000), Item("L2", 750)])
    return shop, shop.order(purchase) | changes


def test_a_code_for_points_is_a_tender_and_no_discount() -> None:
    shop = ShopwareShop()
    (made,) = ADAPTER.redeemed(
        spend=SPEND,
        answers=tuple(shop.answer(c) for c in ADAPTER.redeem(spend=SPEND, settings=shop.settings)),
        settings=shop.settings,
    ).more
    assert shop.answer(made).status == 200
    purchase = shop.buy([Item("L1", 1000), Item("L2", 750)], code="points-hld_1")
    order = _order(shop.order(purchase), shop.settings)
    assert [line.amount_micros for line in order.lines] == [10_000_000, 7_500_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in order.tenders] == [
        ("card", 14_000_000, None),
        ("points", 3_500_000, "hld_1"),
    ]


def test_a_promotion_ends_with_the_hold_and_says_its_worth_in_the_spends_currency() -> None:
    shop = ShopwareShop()
    spend = replace(SPEND, expires_at=shop.now)
    calls = ADAPTER.redeem(spend=spend, settings=shop.settings)
    answers = tuple(shop.answer(call) for call in calls)
    (made,) = ADAPTER.redeemed(spend=spend, answers=answers, settings=shop.settings).more
    ((promotion,),) = [op["payload"] for op in json.loads(made.body).values()]
    assert promotion["validUntil"] == "2026-05-04T09:30:00+00:00"
    assert promotion["individualCodes"][0]["code"] == "points-hld_1"
    assert promotion["discounts"][0]["promotionDiscountPrices"][0]["price"] == "3.50"


def test_a_currency_that_the_shop_has_not_is_a_problem() -> None:
    shop = ShopwareShop(currency="USD")
    calls = ADAPTER.redeem(spend=SPEND, settings=shop.settings)
    answers = tuple(shop.answer(call) for call in calls)
    result = ADAPTER.redeemed(spend=SPEND, answers=answers, settings=shop.settings)
    assert result.problem == "Shopware has no currency EUR"


def test_net_prices_count_with_their_tax() -> None:
    shop = ShopwareShop()
    shop.tax_status = "net"
    purchase = shop.buy([Item("L1", 1190, tax=190)])
    order = shop.order(purchase)
    assert order["lineItems"][0]["price"]["totalPrice"] == 10.0
    assert _order(order, shop.settings).lines[0].amount_micros == 11_900_000


def test_shipping_is_a_line_that_is_no_goods() -> None:
    shop = ShopwareShop()
    order = shop.order(shop.buy([Item("L1", 1000), Item("S1", 490, kind="shipping")]))
    lines = _order(order, shop.settings).lines
    assert [(line.category, line.amount_micros) for line in lines] == [
        ("goods", 10_000_000),
        ("shipping", 4_900_000),
    ]


def test_a_discount_that_names_no_lines_is_spread_over_all() -> None:
    shop, order = _sold()
    credit = {"id": "c1", "type": "credit", "position": 9, "price": {"totalPrice": -3.5}}
    order["lineItems"].append(credit | {"quantity": 1, "createdAt": order["createdAt"]})
    lines = _order(order, shop.settings).lines
    assert [line.amount_micros for line in lines] == [8_000_000, 6_000_000]


def test_parts_of_another_line_are_not_counted_twice() -> None:
    shop, order = _sold()
    order["lineItems"].append(order["lineItems"][0] | {"id": "9", "parentId": "1"})
    assert len(_order(order, shop.settings).lines) == 2


def test_a_double_with_all_its_digits_is_the_amount_that_it_was() -> None:
    shop, order = _sold()
    body = json.dumps({"data": [order]}).replace(
        '"totalPrice": 7.5', '"totalPrice": 7.5000000000001'
    )
    answer = Answer(200, Headers({}), body.encode())
    parsed = ADAPTER.resolve(fetch=Fetch("1", ()), answers=(answer,), settings=shop.settings)
    assert isinstance(parsed, Facts)
    assert parsed.orders[0].lines[1].amount_micros == 7_500_000


@pytest.mark.parametrize(
    ("order_state", "payments", "status"),
    [
        ("open", ["open"], "open"),
        ("open", ["failed"], "open"),
        ("open", ["authorized"], "open"),
        ("open", ["paid_partially"], "open"),
        ("open", ["failed", "cancelled", "paid"], "paid"),
        ("completed", ["refunded_partially"], "paid"),
        ("open", ["cancelled"], "cancelled"),
        ("open", ["failed", "refunded"], "cancelled"),
        ("open", ["chargeback"], "cancelled"),
        ("cancelled", ["paid"], "cancelled"),
    ],
)
def test_a_state_that_was_set_by_hand_counts_without_a_refund(
    order_state: str, payments: list[str], status: str
) -> None:
    shop, order = _sold(stateMachineState={"technicalName": order_state})
    (payment,) = order["transactions"]
    order["transactions"] = [
        payment | {"stateMachineState": {"technicalName": state}} for state in payments
    ]
    assert _order(order, shop.settings).status == status


def test_a_payments_state_raises_the_revision_though_the_order_keeps_its_time() -> None:
    shop, order = _sold()
    before = _order(order, shop.settings)
    later = order["transactions"][0] | {"updatedAt": "2026-05-04T09:30:00.001+00:00"}
    after = _order(order | {"transactions": [later]}, shop.settings)
    assert after.revision - before.revision == 1000


def test_payment_methods_are_read_by_their_technical_names() -> None:
    shop, order = _sold()
    order["transactions"][0]["paymentMethod"] = {"technicalName": "payment_cashpayment"}
    assert _order(order, shop.settings).tenders[0].kind == "cash"
    mapped = replace(shop.settings, tenders={"payment_cashpayment": "gift_card"})
    assert _order(order, mapped).tenders[0].kind == "gift_card"


def test_the_members_card_is_a_custom_field_of_the_order_or_of_its_customer() -> None:
    shop, order = _sold(customFields={"loyalty_card": "4000"})
    found = _order(order, shop.settings).customer
    assert found is not None
    assert (found.card, found.id, found.email) == ("4000", "77", "ann@example.com")
    order["customFields"] = []
    order["orderCustomer"]["customer"]["customFields"] = {"card": "5000"}
    named = _order(order, replace(shop.settings, options={"card_attribute": "card"})).customer
    assert named is not None
    assert named.card == "5000"


def test_a_draft_of_an_order_is_no_order() -> None:
    shop = ShopwareShop()
    shop.edit(shop.buy([Item("L1", 1000)]), [Item("L1", 900)])
    said = json.loads(shop.sent[-1].request.body)
    said["data"]["payload"][0]["versionId"] = "a" * 32
    request = shop.sign(json.dumps(said).encode())
    assert isinstance(ADAPTER.parse(request=request, settings=shop.settings), Ignored)


def test_a_message_of_something_else_is_ignored() -> None:
    # As the documents on webhooks show one.
    shop = ShopwareShop()
    written = {
        "entity": "product",
        "operation": "delete",
        "primaryKey": "7b04",
        "updatedFields": [],
    }
    said = {"data": {"payload": [written], "event": "product.written"}, "timestamp": 123123123}
    request = shop.sign(json.dumps(said).encode())
    assert isinstance(ADAPTER.parse(request=request, settings=shop.settings), Ignored)


def test_an_order_that_is_gone_is_ignored_and_an_address_that_is_wrong_is_trouble() -> None:
    shop = ShopwareShop()
    fetch = Fetch("1", ())
    gone = ADAPTER.resolve(
        fetch=fetch, answers=(json_answer({"data": []}),), settings=shop.settings
    )
    assert isinstance(gone, Ignored)
    nowhere = shop.answer(Call("GET", "/elsewhere", headers={"Accept": "application/json"}))
    with pytest.raises(Malformed):
        ADAPTER.resolve(fetch=fetch, answers=(nowhere,), settings=shop.settings)
