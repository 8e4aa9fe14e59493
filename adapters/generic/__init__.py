"""Any till or shop: orders in our own documented JSON by Standard Webhooks, or in files."""

from adapters.generic.adapter import Generic

__all__ = ["ADAPTER", "Generic"]

ADAPTER = Generic()
