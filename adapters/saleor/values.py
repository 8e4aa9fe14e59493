"""Ids and amounts as Saleor's GraphQL API writes them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from adapters.contract import Malformed
from adapters.reading import decimal_micros, text
from adapters.webshop import record

__all__ = ["amount", "global_id", "pk"]


def pk(value: Any, kind: str, at: str) -> str:
    """What stands in a global id (`Order:…`, in base64) behind its kind. Raises Malformed."""
    try:
        whole = base64.b64decode(text(value, at), validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise Malformed(f"{at} is not a global id") from error
    found, _, key = whole.partition(":")
    if found != kind or not key:
        raise Malformed(f"{at} is not the id of one {kind}")
    return key


def global_id(kind: str, key: str) -> str:
    """The same the other way."""
    return base64.b64encode(f"{kind}:{key}".encode()).decode()


def amount(value: Any, at: str) -> int:
    """The micros of a money object; of a missing one, none. Raises Malformed."""
    return 0 if value is None else decimal_micros(record(value, at).get("amount"), at)
