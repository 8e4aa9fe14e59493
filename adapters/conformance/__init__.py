"""The conformance kit: what every adapter must hold, as test classes to inherit.

    class TestShopify(AdapterSuite):
        adapter = ADAPTER
        shop = ShopifyShop

The manifest's capabilities switch cases on. A case for a capability that the manifest leaves out
is not collected, and the manifest says why; no case is ever skipped.
"""

from adapters.conformance.suite import AdapterSuite, needs

__all__ = ["AdapterSuite", "needs"]
