"""What is true of a till that speaks our own language, as data."""

from __future__ import annotations

from adapters.contract import Capability, Credentials, Limits, Manifest, Retries

__all__ = ["BATCH", "CHANGED", "MANIFEST", "PING"]

#: Types of messages.
CHANGED, BATCH, PING = "order.changed", "orders.changed", "ping"

_NOT = {
    Capability.REDEEM: "the till spends by the hub's API and names the redemption in the order",
    Capability.POLL: "there is nothing to ask; state past orders again, by message or by file",
    Capability.FETCH: "a message says all that is true of its orders",
    Capability.SYNCHRONOUS: "a till that waits for an answer asks the hub's API",
}

MANIFEST = Manifest(
    name="generic",
    title="Any till or shop",
    auth="Standard Webhooks: webhook-signature `v1,` base64 HMAC-SHA256, key: the secret's base64 "
    "behind `whsec_`, at least 24 bytes",
    signs="webhook-id, webhook-timestamp and the body",
    dedupe="`webhook-id`",
    revision="`revision` of the order: a whole number that grows with every change",
    money="decimal text, at most six digits behind the point",
    time="RFC 3339 with offset",
    redeem_by="the hub's API: hold or redeem at the till, and name it in the tender `points`",
    capabilities=frozenset(Capability) - _NOT.keys(),
    ignores=_NOT,
    retries=Retries(
        # As the standard recommends: at once, 5 s, 5 and 30 min, 2, 5, 10, 14, 20 and 24 hours.
        tries=10,
        over_seconds=75 * 3600,
        answer_within_ms=15_000,
        succeeds_on=(200,),
    ),
    credentials=Credentials("none"),
    limits=Limits(calls=1, seconds=1),
    events=(CHANGED, BATCH, PING),
    scenarios=("paid", "edited", "refunded", "cancelled", "batch", "file", "ping"),
    secrets={"signing": "`whsec_` and base64 of 24 to 64 random bytes"},
    options={
        "first_sequence": "the number of each store's first file; else 1",
    },
)
