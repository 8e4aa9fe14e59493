"""Shopify, by the kit."""

from __future__ import annotations

from adapters.conformance import AdapterSuite
from adapters.shopify import ADAPTER
from adapters.testing.shopify import ShopifyShop


class TestShopify(AdapterSuite):
    adapter = ADAPTER
    shop = ShopifyShop
