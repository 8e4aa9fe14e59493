"""What is true of Toast, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Login, Manifest, Retries

C = Capability
KIND = "Toast-Transaction-Type"
GUID = "Toast-Transaction-GUID"
RESTAURANT = "Toast-Restaurant-External-ID"
SIGNATURE = "Toast-Signature"
KINDS = (
    "LOYALTY_INQUIRE",
    "LOYALTY_SEARCH",
    "LOYALTY_REDEEM",
    "LOYALTY_ACCRUE",
    "LOYALTY_REVERSE",
)
EVENTS = ("order_updated", "channel_order_updated")

MANIFEST = Manifest(
    name="toast",
    title="Toast",
    auth=(
        "`Authorization`: a JSON Web Token by RS256, checked with Toast's public key, or a static "
        f"API key; webhooks: `{SIGNATURE}`, base64 HMAC-SHA256"
    ),
    signs="a transaction: the token only, not the body; a webhook: the body, then its `timestamp`",
    dedupe=f"`{GUID}` with `loyaltyIdentifier`; webhooks: `guid`",
    revision="`modifiedDate` of the check in µs; a reversal of its accrual is one more",
    money="JSON numbers, read by their digits; what is finer than a millionth is rounded half even",
    time="ISO 8601 with offset; a token says how long it is good",
    redeem_by="offers that the till shows: pay a sum, or all that is possible, with points",
    capabilities=frozenset(
        {
            C.EARN,
            C.CANCEL,
            C.EDIT,
            C.REFUND_BY_LINE,
            C.REFUND_BY_AMOUNT,
            C.GUEST,
            C.GIFT_CARD_TENDER,
            C.SHIPPING,
            C.TIPS,
            C.POLL,
            C.SYNCHRONOUS,
        }
    ),
    ignores={
        C.REFUND_MAY_FAIL: "a check shows the refunds that were made, not those on the way",
        C.CHARGEBACK: "a check does not show that a payment is disputed",
        C.STORE_CREDIT_TENDER: "Toast has no store credit apart from gift cards",
        C.REDEEM: "the till asks: an offer is redeemed in the question, and reversed by another",
        C.FETCH: "each message holds the whole check",
        C.SIGNED_TIME: "a token says how long it is good, not when a transaction was sent",
        C.BATCH: "a transaction is about one check, a webhook about one order",
        C.PING: "Toast sends none",
    },
    retries=Retries(
        tries=5,
        over_seconds=3_600,
        answer_within_ms=5_000,
        succeeds_on=(200,),
        switches_off_after=None,
    ),
    credentials=Credentials(
        "client_credentials",
        login=Login(
            "/authentication/v1/authentication/login",
            says={"userAccessType": "TOAST_MACHINE_CLIENT"},
            proves={"clientId": "client_id", "clientSecret": "client_secret"},
            token=("token", "accessToken"),
            lasts=("token", "expiresIn"),
        ),
    ),
    # Of lists of orders, for each restaurant.
    limits=Limits(calls=5, seconds=1),
    events=(*KINDS, *EVENTS),
    scenarios=("inquire", "search", "paid", "redeemed", "cancelled", "order_updated"),
    secrets={
        "signing": "Toast's public key in PEM (`usermgmt/v1/oauth/token_key`, `value`), or the "
        "static API key that Toast sends; the secret of the webhook after `webhook:`, where it "
        "is the only one",
        "api_key": "a static API key, beside a public key",
        "webhook_secret": "the secret of the order webhook, beside those of the loyalty service",
        "jwt_issuer": "the token's issuer, if it shall be looked at",
        "jwt_audience": "the token's audience, if it shall be looked at",
        "client_id": "the API client's id, by which the hub asks for the orders that changed",
        "client_secret": "the secret of that API client",
    },
    options={
        "restaurants": "the GUIDs of the restaurants that may ask, with spaces between; no other",
        "offers": "sums that a guest may pay with points, with spaces between (`5 10 20`); all "
        "that is possible is always offered",
        "test_orders": "`count` to let orders in test mode earn; else they are left out",
    },
)
