"""Shops in memory: a code for points pays, once."""

from __future__ import annotations

import pytest

from adapters.conformance.hub import TinyHub
from adapters.contract import Spend
from adapters.registry import adapter_named
from adapters.testing.finding import fake_of
from adapters.testing.shop import Item

NAMES = ("bigcommerce", "saleor", "shopify", "shopware", "stripe", "woocommerce")


@pytest.mark.parametrize("name", NAMES)
def test_a_code_for_points_pays_once_and_no_more_than_the_goods(name: str) -> None:
    shop = fake_of(name)()
    hub = TinyHub(adapter=adapter_named(name), shop=shop)
    code = hub.redeem(Spend("hld_1", 3_330_000, "EUR")).code
    assert code is not None
    assert shop.buy([Item("L1", 100)], code=code).by_points == 100
    with pytest.raises(LookupError):
        shop.buy([Item("L1", 100)], code=code)
