"""Who sent it: a JSON Web Token (RFC 7519) by RS256, a static key, or a keyed hash.

Which one a message must have is never the sender's choice: a signing secret that is a public key
in PEM checks tokens by RS256 and nothing else, whatever algorithm a token names.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from adapters.contract import Malformed, Rejected, Secrets, Verified
from adapters.reading import load

__all__ = ["LEEWAY_SECONDS", "is_pem", "pem_of", "signed_token", "verified_token"]

#: How far the clocks of the platform and the hub may be apart.
LEEWAY_SECONDS = 60
_LEAST_BITS = 2048
_LONGEST = 8192
_PART = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PEM = re.compile(r"\s*-----BEGIN ([A-Z ]+)-----(.*)-----END \1-----(?:\s|\\n)*", re.DOTALL)


def is_pem(secret: str) -> bool:
    """Whether a signing secret is a key in PEM and no text to compare with."""
    return secret.lstrip().startswith("-----BEGIN ")


def pem_of(secret: str) -> bytes:
    """A key in PEM as RFC 7468 has it, from one in a single line, its breaks written as `\\n`."""
    found = _PEM.fullmatch(secret)
    if found is None:
        return secret.encode()
    text = re.sub(r"\\n|\s", "", found.group(2))
    lines = (text[start : start + 64] for start in range(0, len(text), 64))
    kind = found.group(1)
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""]).encode()


def verified_token(*, token: str, secrets: Secrets, now: datetime) -> Verified | Rejected:
    """Whether a token is by one of the keys, for us, and good now.

    `jwt_issuer` and `jwt_audience` of the extra secrets are asked for where they are set. A token
    without an end is refused.
    """
    parts = token.split(".")
    if len(token) > _LONGEST or len(parts) != 3:
        return Rejected("signature_wrong", "the Authorization is no token")
    decoded = [_decoded(part) for part in parts]
    keys = [_public(secret) for secret in secrets.signing if is_pem(secret)]
    signed = f"{parts[0]}.{parts[1]}".encode("ascii", "replace")
    if None in decoded or not _signed_by(keys, decoded[2] or b"", signed):
        return Rejected("signature_wrong", "the token is not by a key of this connection")
    try:
        header, claims = load(decoded[0] or b""), load(decoded[1] or b"")
    except Malformed:
        return Rejected("signature_wrong", "the token says nothing that is JSON")
    if not isinstance(header, Mapping) or not isinstance(claims, Mapping):
        return Rejected("signature_wrong", "the token is no pair of objects")
    if header.get("alg") != "RS256" or "crit" in header:
        return Rejected("signature_wrong", "the token names another algorithm than RS256")
    return _good_now(claims, now) or _for_us(claims, secrets.extra) or Verified()


def _decoded(part: str) -> bytes | None:
    """Base64url without padding (RFC 7515), in its one spelling; or None."""
    if not _PART.fullmatch(part):
        return None
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        return None
    return found if _encoded(found) == part else None


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _public(pem: str) -> RSAPublicKey | None:
    """The key in PEM, or the public half of it; None for one that is weak or another's kind."""
    try:
        if "PRIVATE KEY" in pem:
            found: Any = load_pem_private_key(pem_of(pem), None).public_key()
        else:
            found = load_pem_public_key(pem_of(pem))
    except (ValueError, TypeError):
        return None
    strong = isinstance(found, RSAPublicKey) and found.key_size >= _LEAST_BITS
    return found if strong else None


def _signed_by(keys: Sequence[RSAPublicKey | None], signature: bytes, signed: bytes) -> bool:
    for key in keys:
        if key is None:
            continue
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            continue
        return True
    return False


def _good_now(claims: Mapping[str, Any], now: datetime) -> Rejected | None:
    """RFC 7519, 4.1.4 to 4.1.6, with some leeway."""
    times = {name: _seconds(claims[name]) for name in ("exp", "nbf", "iat") if name in claims}
    if None in times.values() or "exp" not in times:
        return Rejected("signature_wrong", "the token does not say how long it is good")
    at = Decimal(int(now.timestamp() * 1000)) / 1000
    if at >= (times.pop("exp") or 0) + LEEWAY_SECONDS:
        return Rejected("stale", "the token has expired")
    if any((begins or 0) > at + LEEWAY_SECONDS for begins in times.values()):
        return Rejected("from_the_future", "the token is not good yet")
    return None


def _seconds(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < 1 << 40:
        return None
    return Decimal(value)


def _for_us(claims: Mapping[str, Any], extra: Mapping[str, str]) -> Rejected | None:
    issuer, audience = extra.get("jwt_issuer"), extra.get("jwt_audience")
    if issuer and not _same(claims.get("iss"), issuer):
        return Rejected("signature_wrong", "the token is by another issuer")
    named = claims.get("aud")
    audiences = named if isinstance(named, list) else [named]
    if audience and not any(_same(each, audience) for each in audiences):
        return Rejected("signature_wrong", "the token is for another audience")
    return None


def _same(given: Any, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def signed_token(*, header: bytes, claims: bytes, key: str) -> str:
    """A token by a private key in PEM, for samples and tests.

    Raises:
        ValueError: the key is public: with it nobody can sign.
    """
    if "PRIVATE KEY" not in key:
        raise ValueError("a sample is signed with a private key or an API key")
    signed = f"{_encoded(header)}.{_encoded(claims)}"
    private = _private(key)
    return f"{signed}.{_encoded(private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


@lru_cache(maxsize=16)
def _private(pem: str) -> RSAPrivateKey:
    found = load_pem_private_key(pem_of(pem), None)
    if not isinstance(found, RSAPrivateKey):
        raise ValueError("the key is no RSA key")
    return found
