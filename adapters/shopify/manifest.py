"""What is true of Shopify, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["MANIFEST", "VERSION"]

#: The version of the Admin API that is asked; Shopify serves each for a year at least.
VERSION = "2025-10"

_NOT = {
    Capability.CHARGEBACK: "Shopify tells of a dispute, and of its money when it is lost: state "
    "the loss as a refund of the order in Shopify",
    Capability.SIGNED_TIME: "Shopify signs the body only, without a time",
    Capability.BATCH: "a message is about one order",
    Capability.PING: "Shopify sends none",
    Capability.SYNCHRONOUS: "Shopify does not wait for an answer with content",
}

MANIFEST = Manifest(
    name="shopify",
    title="Shopify",
    auth="X-Shopify-Hmac-Sha256: base64 HMAC-SHA256, key: the app's client secret",
    signs="the body; neither the topic nor the time",
    dedupe="X-Shopify-Webhook-Id with the topic; X-Shopify-Event-Id where it is missing",
    revision="updated_at in µs, then cancelled, the number of refunds and of items removed; its "
    "seconds tie, so the order is always asked for",
    money="decimal text in the shop's currency (`money`: `presentment` for the shopper's); floats "
    "in refunds are read by their digits",
    time="RFC 3339 with offset",
    redeem_by="a discount code for one use (`discountCodeBasicCreate`)",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        tries=8,
        over_seconds=4 * 3600,
        answer_within_ms=5000,
        succeeds_on=(200, 201, 202, 203, 204),
        switches_off_after="8 failed tries in a row: subscriptions made by API are deleted",
    ),
    credentials=Credentials(
        scheme="header",
        secret="access_token",  # noqa: S106 - the name of a secret
        header="X-Shopify-Access-Token",
    ),
    limits=Limits(calls=40, seconds=20),
    events=("orders/paid", "orders/updated", "orders/edited", "orders/cancelled", "refunds/create"),
    scenarios=("paid", "edited", "refunded", "cancelled"),
    secrets={
        "signing": "the app's client secret",
        "access_token": "the app's Admin API access token (read_orders, write_discounts)",
    },
    options={
        "card_attribute": "the note attribute with the member's card; else `loyalty_card`",
        "money": "`shop` or `presentment`: the currency that sales are stated in; else `shop`",
        "test_orders": "`count` to let test orders earn; else they are left out",
    },
)
