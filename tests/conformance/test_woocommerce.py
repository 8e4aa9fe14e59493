"""WooCommerce, by the kit."""

from __future__ import annotations

from adapters.conformance import AdapterSuite
from adapters.testing.woocommerce import WooShop
from adapters.woocommerce import ADAPTER


class TestWooCommerce(AdapterSuite):
    adapter = ADAPTER
    shop = WooShop
