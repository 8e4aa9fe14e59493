"""BigCommerce: thin webhooks say which order changed, its APIs say what it is now."""

from adapters.bigcommerce.adapter import ADAPTER

__all__ = ["ADAPTER"]
