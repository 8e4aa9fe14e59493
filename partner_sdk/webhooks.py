"""Checking that a webhook comes from the hub (Standard Webhooks, https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from partner_sdk.errors import WebhookInvalid
from partner_sdk.wire.listings import Event

__all__ = ["TOLERANCE_SECONDS", "sign_webhook", "verify_webhook"]

#: How far the delivery's time may be from now, either way.
TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"


def verify_webhook(
    raw: bytes,
    headers: Mapping[str, str],
    *,
    secret: str | Iterable[str],
    now: datetime | None = None,
) -> Event:
    """Return the event of a delivery that is proven to come from the hub.

    Deliveries may come more than once and out of order: act on ``Event.id`` once.

    Args:
        raw: the body exactly as received.
        headers: the received headers, names in any case.
        secret: the subscription's ``whsec_…`` secret; several while it is being changed.
        now: the wall clock; read from the machine if not given.

    Raises:
        WebhookInvalid: a header is missing, no signature fits, or the time is out of tolerance.
        ValueError: a secret is malformed.
    """
    keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    sent = {name.lower(): value for name, value in headers.items()}
    try:
        message_id = sent["webhook-id"]
        stamp = sent["webhook-timestamp"]
        signatures = sent["webhook-signature"]
    except KeyError as error:
        raise WebhookInvalid(f"the header {error.args[0]} is missing") from None
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise WebhookInvalid("webhook-timestamp must be seconds since 1970")
    if now is None:
        from partner_sdk.transport import wall_now

        now = wall_now()
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise WebhookInvalid("the delivery is too old, or from the future; check the clock")
    signed = f"{message_id}.{stamp}.".encode() + raw
    expected = [_signature(key, signed) for key in keys]
    for candidate in signatures.split(" "):
        version, _, text = candidate.partition(",")
        if version == "v1" and any(hmac.compare_digest(text.encode(), one) for one in expected):
            return _event(raw=raw, message_id=message_id, stamp=int(stamp))
    raise WebhookInvalid("no signature fits")


def sign_webhook(raw: bytes, *, message_id: str, secret: str, now: datetime) -> dict[str, str]:
    """Return the headers of a delivery; for simulators and for the receiver's own tests."""
    stamp = int(now.timestamp())
    signature = _signature(_key(secret), f"{message_id}.{stamp}.".encode() + raw)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,{signature.decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a webhook secret is whsec_ and base64") from error
    if not key:
        # An empty key would let anyone sign.
        raise ValueError("a webhook secret must not be empty")
    return key


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _event(*, raw: bytes, message_id: str, stamp: int) -> Event:
    try:
        value = json.loads(raw)
        event = {
            # The signed header is the delivery's id; a body may repeat it.
            "id": message_id,
            "type": value["type"],
            "timestamp": value.get("timestamp") or _iso(stamp),
            "data": value["data"],
        }
        return Event.from_wire(event)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WebhookInvalid("the signature fits, but the body is not an event") from error


def _iso(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).isoformat()
