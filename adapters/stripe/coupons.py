"""A coupon and a promotion code for it, which pay for what was spent in points."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from adapters.contract import Answer, Call, Malformed, Spend
from adapters.reading import load, minor_of_micros, records
from adapters.stripe.manifest import DIGITS, VERSION
from adapters.webshop import code_of, record, spend_of
from partner_sdk.wire.amounts import minor_digits

__all__ = ["code_for", "exists", "made_by", "points_of", "removed_by"]


def code_for(spend: Spend) -> str:
    """What the shopper enters: letters and digits, as Stripe's codes have."""
    return re.sub("[^A-Z0-9]", "", spend.id.upper())


def made_by(spend: Spend) -> tuple[Call, ...]:
    """Make both, each of one use; the coupon's id names the spend."""
    currency = spend.currency.upper()
    digits = DIGITS.get(currency, minor_digits(currency))
    fields = {
        "id": code_of(spend),
        "amount_off": str(minor_of_micros(spend.amount_micros, currency, digits=digits)),
        "currency": currency.lower(),
        "duration": "once",
        "max_redemptions": "1",
        "name": "Points",
    }
    code = {"coupon": code_of(spend), "code": code_for(spend), "max_redemptions": "1"}
    if spend.expires_at is not None:
        until = str(int(spend.expires_at.timestamp()))
        fields["redeem_by"] = until
        code["expires_at"] = until
    if spend.customer is not None and (spend.customer.id or "").startswith("cus_"):
        code["customer"] = str(spend.customer.id)
    return (
        _post("/v1/coupons", fields, f"{spend.id}-coupon"),
        _post("/v1/promotion_codes", code, f"{spend.id}-code"),
    )


def removed_by(spend: Spend) -> tuple[Call, ...]:
    """Without its coupon, a code takes nothing off."""
    path = f"/v1/coupons/{code_of(spend)}"
    return (Call("DELETE", path, headers={"Stripe-Version": VERSION}),)


def exists(answer: Answer) -> bool:
    """Whether it was not made because it is there."""
    if answer.status != 400:
        return False
    try:
        error = load(answer.body).get("error")
        return bool(error.get("code") == "resource_already_exists")
    except (AttributeError, Malformed):
        return False


def points_of(item: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Spends whose coupons took something off a session's line, and what, in Stripe's units.

    Raises Malformed.
    """
    found = []
    for each in records(item.get("discounts"), "line_items/discounts"):
        discount = record(each.get("discount"), "line_items/discounts/discount")
        coupon = record(discount.get("coupon"), "line_items/discounts/coupon")
        spend = spend_of(coupon.get("id"))
        if spend is not None:
            found.append((spend, each.get("amount")))
    return found


def _post(path: str, fields: Mapping[str, str], key: str) -> Call:
    headers = {
        "Stripe-Version": VERSION,
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": key,
    }
    return Call("POST", path, urlencode(fields).encode(), headers, key)
