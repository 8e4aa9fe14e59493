"""What is true of Saleor, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["MANIFEST"]

_NOT = {
    Capability.CHARGEBACK: "a charge back is a refund here; Saleor has no event for one that is "
    "won, so the shop states what it got again",
    Capability.STORE_CREDIT_TENDER: "Saleor has no store credit apart from gift cards",
    Capability.TIPS: "Saleor knows none; a product that is a tip is mapped in `categories`",
    Capability.SIGNED_TIME: "the time of the event is signed, and not that of the delivery; a "
    "replayed message makes the hub ask again, nothing more",
    Capability.BATCH: "a message is about one order",
    Capability.PING: "Saleor sends none",
    Capability.SYNCHRONOUS: "orders are told after the fact; no synchronous event is about points",
}

MANIFEST = Manifest(
    name="saleor",
    title="Saleor",
    auth="Saleor-Signature: detached JWS, RS256 by the shop's key, checked with its JWKS; hex "
    "HMAC-SHA256 for a webhook that has a secret key",
    signs="the body; neither the event's name nor the shop's address",
    dedupe="the hash of the body with Saleor-Event: there is no id, so messages must carry "
    "`issuedAt`",
    revision="updatedAt in µs, and one more once the customer is known; messages are thin, so the "
    "order is always asked for",
    money="JSON numbers of major units, read by their digits",
    time="RFC 3339 with offset, to the µs",
    redeem_by="a gift card of that amount (`giftCardCreate`), which expires",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        tries=5,
        over_seconds=310,
        answer_within_ms=18_000,
        succeeds_on=(200, 201, 202, 204),
        gives_up_on=tuple(range(300, 500)),
    ),
    credentials=Credentials(scheme="bearer", secret="app_token"),  # noqa: S106 - the name of a secret
    limits=Limits(calls=10, seconds=1),
    events=(
        "ORDER_CREATED",
        "ORDER_PAID",
        "ORDER_FULLY_PAID",
        "ORDER_UPDATED",
        "ORDER_CANCELLED",
        "ORDER_REFUNDED",
        "ORDER_FULLY_REFUNDED",
    ),
    scenarios=("paid", "edited", "refunded", "cancelled"),
    secrets={
        "signing": "the shop's JWKS, as /.well-known/jwks.json answers it; or the webhook's "
        "secret key",
        "app_token": "the app's token (MANAGE_ORDERS, MANAGE_GIFT_CARD)",
    },
    options={
        "card_attribute": "the metadata key of the order, or of its customer, with the member's "
        "card; else `loyalty_card`",
    },
)
