"""What is true of Adyen, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

C = Capability
#: Where Adyen's minor units are not those of ISO 4217 (Adyen: "Currency codes and minor units").
DIGITS = {"CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2}
EVENTS = (
    "AUTHORISATION",
    "CAPTURE",
    "CAPTURE_FAILED",
    "CANCELLATION",
    "CANCEL_OR_REFUND",
    "REFUND",
    "REFUND_FAILED",
    "REFUNDED_REVERSED",
    "CHARGEBACK",
    "CHARGEBACK_REVERSED",
    "SECOND_CHARGEBACK",
)

MANIFEST = Manifest(
    name="adyen",
    title="Adyen",
    auth="`additionalData.hmacSignature` of every item: base64 HMAC-SHA256 with a hexadecimal key; "
    "basic authentication beside it, where it is set",
    signs="references, account, amount, event code and success of each item; no time, no customer",
    dedupe="`pspReference`, `eventCode` and `success` of all items",
    revision="counts the parts of the payment that are known",
    money="integers of minor units; CLP and ISK in hundredths, CVE and IDR whole",
    time="RFC 3339 with offset, unsigned",
    redeem_by="nothing at Adyen: the shop lowers the amount before it asks for payment",
    capabilities=frozenset(
        {
            C.EARN,
            C.CANCEL,
            C.REFUND_BY_AMOUNT,
            C.REFUND_MAY_FAIL,
            C.CHARGEBACK,
            C.GUEST,
            C.BATCH,
        }
    ),
    ignores={
        C.REFUND_BY_LINE: "a payment has an amount and no lines",
        C.EDIT: "a payment has an amount and no lines; a changed order is paid or refunded anew",
        C.GIFT_CARD_TENDER: "each payment is a sale of its own: one by gift card earns nothing",
        C.STORE_CREDIT_TENDER: "each payment is a sale of its own, by one means",
        C.SHIPPING: "a payment has one amount, which does not tell shipping apart",
        C.TIPS: "a payment has one amount, which does not tell tips apart",
        C.REDEEM: "Adyen takes payments; what is to pay, the shop says: spend by the hub's API",
        C.POLL: "Adyen has no list of payments to ask for; it delivers again for 30 days",
        C.FETCH: "Adyen's API has no payment to ask for; messages are kept and read together",
        C.SIGNED_TIME: "Adyen signs no time; a repeated item is known by its references",
        C.PING: "the test of the Customer Area is a message like others",
        C.SYNCHRONOUS: "nobody waits for the answer to a message",
    },
    retries=Retries(
        # At once, then after 2, 5, 10, 15 and 30 minutes, 1, 2 and 4 hours, then every 8 hours.
        tries=99,
        over_seconds=30 * 86_400,
        answer_within_ms=10_000,
        succeeds_on=(200, 201, 202),
        switches_off_after=None,
    ),
    credentials=Credentials("none"),
    limits=Limits(calls=1, seconds=1),
    events=EVENTS,
    scenarios=("paid", "refunded", "charged_back", "cancelled"),
    secrets={
        "signing": "the HMAC key of the webhook, as hexadecimal",
        "basic_auth": "`user:password` of the webhook, if set",
    },
    options={
        "capture": "`automatic` (an authorisation is a sale) or `manual` (captures are)",
        "category": "what members buy (`goods`)",
        "card_metadata": "the payment's metadata key that holds the member's card (`loyalty_card`)",
    },
)
