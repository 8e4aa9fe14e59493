"""What is true of Shopware 6, as data; the texts are for engineers."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Login, Manifest, Retries

__all__ = ["MANIFEST"]

_NOT = {
    Capability.CHARGEBACK: "a payment in the state `chargeback` has no amount there: its order "
    "earns nothing until it is paid again",
    Capability.GIFT_CARD_TENDER: "the core has none; a payment method that is one is mapped in "
    "`tenders`",
    Capability.STORE_CREDIT_TENDER: "the core has none; a payment method that is one is mapped in "
    "`tenders`",
    Capability.SHIPPING: "shipping is a line of its own, but no refund says that it is of it: its "
    "share is taken of all lines",
    Capability.TIPS: "Shopware knows none; a product that is a tip is mapped in `categories`",
    Capability.PING: "Shopware sends none",
    Capability.SYNCHRONOUS: "Shopware does not wait for an answer with content",
}

MANIFEST = Manifest(
    name="shopware",
    title="Shopware 6",
    auth="shopware-shop-signature: hexadecimal HMAC-SHA256, key: the shop's secret of the app",
    signs="the body, with the event's name, its id and the time of sending in it",
    dedupe="`source.eventId`, which a retry keeps",
    revision="the latest time of the order, its lines, payments and refunds, in ms; below it "
    "cancelled, the refunds and whether the customer is known; messages are thin, so the order is "
    "always asked for",
    money="JSON numbers of major units, read by their digits, beyond a millionth rounded; net "
    "prices with their tax added",
    time="RFC 3339 with offset, to the ms; messages in seconds since 1970",
    redeem_by="a promotion with one individual code",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        tries=3,
        over_seconds=7,
        answer_within_ms=20_000,
        succeeds_on=(200, 201, 202, 204),
        switches_off_after="10 events in a row whose tries all failed",
    ),
    credentials=Credentials("client_credentials", login=Login("/api/oauth/token")),
    limits=Limits(calls=10, seconds=1),
    events=(
        "state_enter.order_transaction.state.paid",
        "state_enter.order_transaction.state.refunded",
        "state_enter.order_transaction.state.refunded_partially",
        "state_enter.order_transaction.state.chargeback",
        "state_enter.order_transaction.state.cancelled",
        "state_enter.order_transaction_capture_refund.state.completed",
        "state_enter.order_transaction_capture_refund.state.failed",
        "state_enter.order.state.cancelled",
        "order.written",
    ),
    scenarios=("paid", "edited", "refunded", "cancelled"),
    secrets={
        "signing": "the shop's secret, which the app's server gave Shopware when it was registered",
        "client_id": "the access key of the app or of an integration: `apiKey`, or its access key "
        "ID; the hub gets tokens by it",
        "client_secret": "the secret of that access key",
    },
    options={
        "card_attribute": "the custom field of the order, or of its customer, with the member's "
        "card; else `loyalty_card`",
    },
)
