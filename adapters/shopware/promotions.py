"""A promotion of one individual code, which pays for what was spent in points."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from adapters.contract import Answer, Call, Malformed, Spend
from adapters.reading import identifier, load, records
from adapters.webshop import code_of, money_text, record

__all__ = ["looked_up", "lookups", "promotion", "promotion_id"]

_ACCEPT = {"Accept": "application/json"}


def lookups(spend: Spend) -> tuple[Call, ...]:
    """What must be known first: where it is sold, and how the shop calls the currency."""
    channels = urlencode({"filter[active]": 1, "limit": 100})
    currency = urlencode({"filter[isoCode]": spend.currency, "limit": 1})
    return (
        Call("GET", f"/api/sales-channel?{channels}", headers=_ACCEPT),
        Call("GET", f"/api/currency?{currency}", headers=_ACCEPT),
    )


def looked_up(answer: Answer) -> list[str]:
    """The ids that an answer lists. Raises Malformed."""
    found = record(load(answer.body), "the answer")
    if "data" not in found:
        raise Malformed("the answer has no data")
    return [identifier(each.get("id"), "data.id") for each in records(found["data"], "data")]


def promotion_id(spend: Spend) -> str:
    """The promotion's id, which the caller may choose."""
    return _id(spend, "promotion")


def promotion(spend: Spend, *, channels: Sequence[str], currency: str) -> dict[str, Any]:
    """One operation that makes it, or finds that it is there: all its parts have ids by the spend.

    A discount is written in the shop's main currency; its price says it in the spend's own.
    """
    worth = money_text(spend.amount_micros, spend.currency)
    made = {
        "id": promotion_id(spend),
        "name": code_of(spend),
        "active": True,
        "validUntil": None if spend.expires_at is None else spend.expires_at.isoformat(),
        "maxRedemptionsGlobal": 1,
        "maxRedemptionsPerCustomer": 1,
        "priority": 1,
        "exclusive": False,
        "useCodes": True,
        "useIndividualCodes": True,
        "useSetGroups": False,
        "customerRestriction": False,
        "preventCombination": False,
        "salesChannels": [
            {"id": _id(spend, channel), "salesChannelId": channel, "priority": 1}
            for channel in channels
        ],
        "discounts": [
            {
                "id": _id(spend, "discount"),
                "scope": "cart",
                "type": "absolute",
                "value": worth,
                "considerAdvancedRules": False,
                "promotionDiscountPrices": [
                    {"id": _id(spend, "price"), "currencyId": currency, "price": worth}
                ],
            }
        ],
        "individualCodes": [{"id": _id(spend, "code"), "code": code_of(spend)}],
    }
    return {"points": {"entity": "promotion", "action": "upsert", "payload": [made]}}


def _id(spend: Spend, of: str) -> str:
    return sha256(f"{spend.id}/{of}".encode()).hexdigest()[:32]
