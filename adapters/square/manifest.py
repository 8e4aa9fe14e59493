"""What is true of Square, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

C = Capability
VERSION = "2025-01-23"
SIGNATURE = "x-square-hmacsha256-signature"
EVENTS = (
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "order.updated",
)

MANIFEST = Manifest(
    name="square",
    title="Square",
    auth=f"`{SIGNATURE}`: base64 HMAC-SHA256 with the subscription's signature key",
    signs="notification URL and body; no time",
    dedupe="`event_id`",
    revision="the order's version, then what is known of refunds by status",
    money="integers of minor units (ISO 4217)",
    time="RFC 3339 in UTC",
    redeem_by="a discount on the open order",
    capabilities=frozenset(
        {
            C.EARN,
            C.CANCEL,
            C.EDIT,
            C.REFUND_BY_LINE,
            C.REFUND_BY_AMOUNT,
            C.REFUND_MAY_FAIL,
            C.GUEST,
            C.GIFT_CARD_TENDER,
            C.SHIPPING,
            C.TIPS,
            C.REDEEM,
            C.POLL,
            C.FETCH,
        }
    ),
    ignores={
        C.CHARGEBACK: "Square takes disputed money from the balance and makes no refund of it",
        C.STORE_CREDIT_TENDER: "Square has no store credit apart from gift cards",
        C.SIGNED_TIME: "Square signs no time; a repeated event is known by its `event_id`",
        C.BATCH: "each message holds one event",
        C.PING: "the test event of the console is an event like others",
        C.SYNCHRONOUS: "nobody waits for the answer to an event",
    },
    retries=Retries(
        tries=11,
        over_seconds=86_400,
        answer_within_ms=10_000,
        succeeds_on=(200, 201, 202, 204),
        switches_off_after=None,
    ),
    credentials=Credentials("bearer", secret="access_token"),  # noqa: S106 - the name of a secret
    limits=Limits(calls=10, seconds=1),
    events=EVENTS,
    scenarios=("paid", "refunded", "edited"),
    secrets={
        "signing": "the signature key of the webhook subscription",
        "access_token": "an access token with ORDERS_READ, ORDERS_WRITE and PAYMENTS_READ",
    },
    options={
        "location_id": "the location whose orders are asked for in a backfill",
        "card_metadata": "the order's metadata key that holds the member's card (`loyalty_card`)",
    },
)
