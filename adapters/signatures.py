"""Checking keyed hashes: every secret of a rotation, in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

__all__ = ["base64_mac", "decode_base64", "hex_mac", "mac", "matches"]


def mac(secret: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return hmac.new(secret, message, hashlib.sha256).digest()


def hex_mac(secret: bytes, message: bytes) -> str:
    """The same in lower-case hexadecimal."""
    return mac(secret, message).hex()


def base64_mac(secret: bytes, message: bytes) -> str:
    """The same in base64."""
    return base64.b64encode(mac(secret, message)).decode()


def matches(*, given: str, wanted: Iterable[str]) -> bool:
    """Whether a signature is one of those that the secrets make.

    Compared as text: a second spelling of the same bytes is refused.
    """
    try:
        sent = given.encode("ascii")
    except UnicodeEncodeError:
        return False
    found = False
    for each in wanted:
        # Every one is compared, so the time does not tell which secret it was.
        found |= hmac.compare_digest(sent, each.encode())
    return found


def decode_base64(value: str) -> bytes | None:
    """Strict base64, or None."""
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None
