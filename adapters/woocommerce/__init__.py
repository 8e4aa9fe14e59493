"""WooCommerce: signed webhooks say which order changed, its REST API says what it is now."""

from adapters.woocommerce.adapter import ADAPTER

__all__ = ["ADAPTER"]
