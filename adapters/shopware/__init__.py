"""Shopware 6: a message says which order, the Admin API says what it is."""

from adapters.shopware.adapter import ADAPTER

__all__ = ["ADAPTER"]
