"""Shopify: signed webhooks say which order changed, the Admin API says what it is now."""

from adapters.shopify.adapter import ADAPTER

__all__ = ["ADAPTER"]
