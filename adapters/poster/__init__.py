"""Poster: signed webhooks say which order changed at a till, its API says what it is now."""

from adapters.poster.adapter import ADAPTER

__all__ = ["ADAPTER"]
