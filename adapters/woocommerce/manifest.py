"""What is true of WooCommerce, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["MANIFEST"]

_NOT = {
    Capability.REFUND_MAY_FAIL: "a refund exists once it is made; WooCommerce gives it no status",
    Capability.CHARGEBACK: "WooCommerce does not know of them; refund the order there",
    Capability.STORE_CREDIT_TENDER: "the core has none; a payment method that is one is mapped in "
    "`tenders`",
    Capability.SIGNED_TIME: "WooCommerce signs the body only, without a time",
    Capability.BATCH: "a message is about one order",
    Capability.SYNCHRONOUS: "WooCommerce does not wait for an answer with content",
}

MANIFEST = Manifest(
    name="woocommerce",
    title="WooCommerce",
    auth="X-WC-Webhook-Signature: base64 HMAC-SHA256, key: the webhook's secret with WordPress's "
    "HTML entities decoded",
    signs="the body; neither the topic nor a time; the ping is not signed",
    dedupe="SHA-256 of the body: the delivery's id is new each time",
    revision="date_modified_gmt in µs, then cancelled and the number of refunds; its seconds tie, "
    "so the order is always asked for",
    money="decimal text, lines and tax apart; refunds are negative",
    time="`*_gmt` is UTC without saying so; where it is missing, the shop's time zone",
    redeem_by="a coupon (`fixed_cart`, `usage_limit` 1, bound to the shopper's e-mail)",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        tries=0,
        over_seconds=0,
        answer_within_ms=60_000,
        succeeds_on=(200, 201, 202, 203, 204, 301, 302),
        switches_off_after="more than 5 failures in a row",
    ),
    credentials=Credentials(
        scheme="basic",
        secret="consumer_secret",  # noqa: S106 - the name of a secret
        user="consumer_key",
    ),
    limits=Limits(calls=50, seconds=10),
    events=("order.created", "order.updated", "order.deleted", "order.restored"),
    scenarios=("paid", "edited", "refunded", "cancelled", "ping"),
    secrets={
        "signing": "the secret of the webhook",
        "consumer_key": "the key of the REST API, with read and write rights",
        "consumer_secret": "the secret of that key",
    },
    options={
        "card_attribute": "the order's meta field with the member's card; else `loyalty_card`",
        "paid_statuses": "further statuses that are paid, with commas between, such as `shipped`",
    },
)
