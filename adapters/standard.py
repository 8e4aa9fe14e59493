"""Standard Webhooks (https://www.standardwebhooks.com), symmetric: signing and checking.

The key is what the platform makes of its secret: most write it in base64 behind `whsec_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from adapters.contract import Rejected, Request, Verified
from adapters.signatures import base64_mac, decode_base64, matches

__all__ = ["ID", "SIGNATURE", "TIMESTAMP", "key_of", "signed_headers", "verify_standard"]

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)
_PREFIX = "whsec_"
#: The standard asks for keys of 24 to 64 bytes.
_SHORTEST_KEY = 24


def verify_standard(
    *,
    request: Request,
    keys: Iterable[bytes],
    now: datetime,
    tolerance_seconds: int,
    hint: str,
) -> Verified | Rejected:
    """Whether one of the keys signed id, time and body, and lately; `hint` says what to look at."""
    headers = request.headers
    message, at, given = headers.get(ID), headers.get(TIMESTAMP), headers.get(SIGNATURE)
    if not message or not at or not given:
        return Rejected("signature_missing", f"{ID}, {TIMESTAMP} and {SIGNATURE} are all needed")
    if not _SECONDS.fullmatch(at):
        return Rejected("malformed", f"{TIMESTAMP} is not a number of seconds")
    wanted = [_signature(key, message, at, request.body) for key in keys]
    # Several signatures, parted by spaces, are of several keys during a rotation.
    if not any(matches(given=one, wanted=wanted) for one in given.split(" ")):
        return Rejected("signature_wrong", hint)
    signed_at = datetime.fromtimestamp(int(at), UTC)
    tolerance = timedelta(seconds=tolerance_seconds)
    if signed_at < now - tolerance:
        return Rejected("stale", f"signed at {signed_at.isoformat()}")
    if signed_at > now + tolerance:
        return Rejected("from_the_future", f"signed at {signed_at.isoformat()}")
    return Verified(signed_at)


def signed_headers(*, key: bytes, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a delivery."""
    seconds = str(int(at.timestamp()))
    return {ID: message, TIMESTAMP: seconds, SIGNATURE: _signature(key, message, seconds, body)}


def key_of(secret: str) -> bytes | None:
    """The key of a secret as the standard writes it (`whsec_` and base64); None for another.

    One that is too short opens nothing: an empty key would let anyone sign.
    """
    key = decode_base64(secret.removeprefix(_PREFIX))
    return key if key is not None and len(key) >= _SHORTEST_KEY else None


def _signature(key: bytes, message: str, at: str, body: bytes) -> str:
    return f"v1,{base64_mac(key, f'{message}.{at}.'.encode() + body)}"
