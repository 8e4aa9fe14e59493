"""Saleor: signed webhooks say which order changed, its GraphQL API says what it is now."""

from adapters.saleor.adapter import ADAPTER

__all__ = ["ADAPTER"]
