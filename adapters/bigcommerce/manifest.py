"""What is true of BigCommerce, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["MANIFEST"]

_NOT = {
    Capability.REFUND_MAY_FAIL: "no refund is pending here; one that the provider declined is read "
    "as failed",
    Capability.CHARGEBACK: "the status Disputed does not say how the dispute ends; refund the "
    "order in BigCommerce when it is lost",
    Capability.TIPS: "BigCommerce knows none; a product that is a tip is mapped in `categories`",
    Capability.BATCH: "a message is about one order",
    Capability.PING: "BigCommerce sends none",
    Capability.SYNCHRONOUS: "BigCommerce does not wait for an answer with content",
}

MANIFEST = Manifest(
    name="bigcommerce",
    title="BigCommerce",
    auth="Standard Webhooks: webhook-signature `v1,` base64 HMAC-SHA256, key: the app's client "
    "secret (the library wants it in base64)",
    signs="webhook-id, webhook-timestamp and the body",
    dedupe="`hash` and `created_at` of the body",
    revision="date_modified in µs, then cancelled and the number of refunds; its seconds tie, and "
    "messages are thin, so the order is always asked for",
    money="V2: decimal text with four digits; V3 refunds: JSON numbers, read by their digits",
    time="V2: RFC 2822; V3: RFC 3339",
    redeem_by="a coupon (`per_total_discount`, `max_uses` 1)",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        tries=11,
        over_seconds=48 * 3600,
        answer_within_ms=10_000,
        switches_off_after="the 11th failed try; under 90 % success in 2 minutes, all hooks to the "
        "domain wait for 3 minutes",
    ),
    credentials=Credentials(
        scheme="header",
        secret="access_token",  # noqa: S106 - the name of a secret
        header="X-Auth-Token",
    ),
    limits=Limits(calls=150, seconds=30, retry_after_header="X-Rate-Limit-Time-Reset-Ms"),
    events=(
        "store/order/created",
        "store/order/updated",
        "store/order/statusUpdated",
        "store/order/refund/created",
    ),
    scenarios=("paid", "edited", "refunded", "cancelled"),
    secrets={
        "signing": "the app's client secret",
        "access_token": "the API account's token (orders: read-only, marketing: modify)",
    },
    options={
        "card_attribute": "the form field of the billing address with the member's card; else "
        "`loyalty_card`",
    },
)
