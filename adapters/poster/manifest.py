"""What is true of Poster, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["MANIFEST"]

_PARTS = "Poster's API tells of no refund: staff remove the order, or take products out of it"

_NOT = {
    Capability.REFUND_BY_LINE: _PARTS,
    Capability.REFUND_BY_AMOUNT: _PARTS,
    Capability.REFUND_MAY_FAIL: _PARTS,
    Capability.CHARGEBACK: "tills take cash and cards, and Poster hears of no dispute",
    Capability.STORE_CREDIT_TENDER: "what a customer put into the e-wallet is money of its own, "
    "and earns when it is spent",
    Capability.SHIPPING: "delivery is a product of the menu: map it in `categories`",
    Capability.SIGNED_TIME: "the time is signed, but a message may come again for two days with "
    "the time that it had at first; it makes the hub ask again, nothing more",
    Capability.BATCH: "a message is about one order",
    Capability.PING: "Poster's test of the address is a message like others",
    Capability.SYNCHRONOUS: "the till asks for points by the hub's API, through the till's app",
}

MANIFEST = Manifest(
    name="poster",
    title="Poster",
    auth="`verify` in the body: MD5 over the fields and the application's secret, parted by `;`",
    signs="account, object, object_id, action, data and time; not account_number",
    dedupe="`verify` of the body, which covers all that is signed; `data` tells the millisecond",
    revision="the last entry of the order's history in ms, then the number of entries; messages "
    "are thin, so the order is always asked for",
    money="text of hundredths (kopecks), whatever the currency",
    time="milliseconds since 1970, as text",
    redeem_by="a code in the comment of the open order, which the till's app turns into "
    "`setOrderBonus` before the order is closed",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(tries=15, over_seconds=48 * 3600, answer_within_ms=5000),
    credentials=Credentials(
        scheme="query",
        secret="access_token",  # noqa: S106 - the name of a secret
        header="token",
    ),
    limits=Limits(calls=5, seconds=1),
    events=("transaction",),
    scenarios=("paid", "edited", "cancelled"),
    secrets={
        "signing": "the application's secret (`application_secret`)",
        "access_token": "the account's token, as `861052:0239…`",
    },
    options={
        "fiscal_return": "`ignore` to keep an order whose fiscal receipt was returned; else it is "
        "cancelled, for Poster does not tell whether all of it was returned",
    },
)
