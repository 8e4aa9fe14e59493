"""BigCommerce, by the kit."""

from __future__ import annotations

from adapters.bigcommerce import ADAPTER
from adapters.conformance import AdapterSuite
from adapters.testing.bigcommerce import BigShop


class TestBigCommerce(AdapterSuite):
    adapter = ADAPTER
    shop = BigShop
