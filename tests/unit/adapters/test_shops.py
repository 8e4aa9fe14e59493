"""Shops in memory: a code for points pays, once, and the adapter reads it as a tender."""

from __future__ import annotations

import pytest

from adapters.conformance.hub import TinyHub
from adapters.conformance.points import points_of_purchase
from adapters.contract import Spend
from adapters.registry import adapter_named
from adapters.testing.finding import fake_of
from adapters.testing.shop import Item

NAMES = ("bigcommerce", "saleor", "shopify", "shopware", "woocommerce")


@pytest.mark.parametrize("name", NAMES)
def test_a_code_for_points_is_read_as_a_tender_that_names_its_hold(name: str) -> None:
    shop = fake_of(name)()
    hub = TinyHub(adapter=adapter_named(name), shop=shop)
    code = hub.redeem(Spend("hld_1", 3_330_000, "EUR")).code
    assert code is not None
    purchase = shop.buy([Item("L1", 1000), Item("L2", 701, 2)], code=code)
    for message in shop.sent:
        hub.deliver(message)
    order = hub.orders[shop.order_id(purchase)]
    assert [line.amount_micros for line in order.lines] == [10_000_000, 7_010_000]
    assert [(t.kind, t.amount_micros, t.redemption) for t in order.tenders] == [
        ("card", 13_680_000, None),
        ("points", 3_330_000, "hld_1"),
    ]
    assert hub.points(shop.order_id(purchase)) == points_of_purchase(purchase) == 13


@pytest.mark.parametrize("name", NAMES)
def test_a_code_for_points_pays_once_and_no_more_than_the_goods(name: str) -> None:
    shop = fake_of(name)()
    hub = TinyHub(adapter=adapter_named(name), shop=shop)
    code = hub.redeem(Spend("hld_1", 3_330_000, "EUR")).code
    assert code is not None
    assert shop.buy([Item("L1", 100)], code=code).by_points == 100
    with pytest.raises(LookupError):
        shop.buy([Item("L1", 100)], code=code)
