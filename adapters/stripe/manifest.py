"""What is true of Stripe, as data."""

from __future__ import annotations

from adapters.contract import (
    Capability,
    Credentials,
    Limits,
    Manifest,
    Retries,
)

C = Capability
VERSION = "2025-03-31.basil"
SIGNATURE = "Stripe-Signature"
#: Where Stripe's minor units are not those of ISO 4217 (Stripe: "Supported currencies").
DIGITS = {"ISK": 2, "UGX": 2, "MGA": 0}
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "payment_intent.succeeded",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "payment_intent.canceled",
)
MANIFEST = Manifest(
    name="stripe",
    title="Stripe",
    auth="`Stripe-Signature`: hex HMAC-SHA256 with the endpoint's secret (`whsec_…`)",
    signs="time and body",
    dedupe="`id` of the event",
    revision="counts refunds and disputes by status, and what is known of the customer",
    money="integers of minor units; ISK and UGX in hundredths, MGA whole",
    time="seconds since 1970",
    redeem_by="a promotion code of one use for a Checkout Session",
    capabilities=frozenset(
        {
            C.EARN,
            C.REFUND_BY_AMOUNT,
            C.REFUND_MAY_FAIL,
            C.CHARGEBACK,
            C.GUEST,
            C.SHIPPING,
            C.TIPS,
            C.REDEEM,
            C.POLL,
            C.FETCH,
            C.SIGNED_TIME,
        }
    ),
    ignores={
        C.CANCEL: "a payment can be cancelled only before it is paid; later it is refunded",
        C.REFUND_BY_LINE: "a refund of a payment names an amount and no lines",
        C.EDIT: "the lines of a paid Checkout Session never change",
        C.GIFT_CARD_TENDER: "Stripe has no gift cards of its own",
        C.STORE_CREDIT_TENDER: "Stripe has no store credit for one-off payments",
        C.BATCH: "each message holds one event",
        C.PING: "an endpoint is saved without a test message",
        C.SYNCHRONOUS: "nobody waits for the answer to an event",
    },
    retries=Retries(
        # With growing pauses; Stripe promises the span, not the number.
        tries=16,
        over_seconds=3 * 86_400,
        answer_within_ms=10_000,
        succeeds_on=(200, 201, 202, 204),
        switches_off_after="days of failures, after an e-mail",
    ),
    credentials=Credentials("bearer", secret="api_key"),  # noqa: S106 - the name of a secret
    limits=Limits(calls=25, seconds=1),
    events=EVENTS,
    scenarios=("paid", "refunded", "disputed"),
    secrets={
        "signing": "the endpoint's signing secret, `whsec_…`",
        "api_key": "a restricted key: read payments, sessions, refunds, disputes, events and "
        "coupons; write coupons and promotion codes",
    },
    options={
        "category": "what members buy, where no product is mapped (`goods`)",
        "card_metadata": "the metadata key that holds the member's card (`loyalty_card`)",
    },
)
