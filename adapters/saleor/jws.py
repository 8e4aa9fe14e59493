"""Signatures beside what they sign: JWS with a detached payload (RFC 7515, RFC 7797), RS256 only.

Keys are a JWKS (RFC 7517). To check needs their public half, which a shop publishes; to sign, as
samples and tests do, the private one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
)
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["is_key_set", "signed", "verified"]

_LEAST_BITS = 2048


def is_key_set(secret: str) -> bool:
    """Whether a secret is a JWKS, and no word that two share."""
    return secret.lstrip().startswith("{")


def verified(*, signature: str, body: bytes, key_sets: Iterable[str]) -> bool:
    """Whether one of the keys signed the body; what the header asks beyond that is refused."""
    header, dot, rest = signature.partition("..")
    raw = _decoded(rest)
    asked = _object(_decoded(header))
    if not dot or raw is None or (asked.get("alg"), asked.get("crit")) != ("RS256", ["b64"]):
        return False
    if asked.get("b64") is not False:
        return False
    message = header.encode() + b"." + body
    return any(
        _signed_by(key, raw, message)
        for key_set in key_sets
        for name, key in _public_keys(key_set)
        if asked.get("kid") in (None, name)
    )


def signed(*, body: bytes, key_set: str) -> str:
    """Sign as Saleor does, by the first key.

    Raises:
        ValueError: the key has no private half.
    """
    name, private = _private_key(key_set)
    header = {"alg": "RS256", "b64": False, "crit": ["b64"], "kid": name, "typ": "JWT"}
    start = _encoded(json.dumps(header, separators=(",", ":")).encode())
    raw = private.sign(start.encode() + b"." + body, PKCS1v15(), SHA256())
    return f"{start}..{_encoded(raw)}"


@lru_cache(maxsize=64)
def _private_key(key_set: str) -> tuple[str | None, RSAPrivateKey]:
    """The first key with its name. Raises ValueError where there is none, or half of one."""
    for jwk in _keys(key_set):
        numbers = RSAPrivateNumbers(
            p=_number(jwk, "p"),
            q=_number(jwk, "q"),
            d=_number(jwk, "d"),
            dmp1=_number(jwk, "dp"),
            dmq1=_number(jwk, "dq"),
            iqmp=_number(jwk, "qi"),
            public_numbers=RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")),
        )
        return _name(jwk), numbers.private_key()
    raise ValueError("the key set holds no key")


def _signed_by(key: RSAPublicKey, raw: bytes, message: bytes) -> bool:
    try:
        key.verify(raw, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _public_keys(key_set: str) -> tuple[tuple[str | None, RSAPublicKey], ...]:
    """The keys for signatures by RS256, with their names; others are left out."""
    found = []
    for jwk in _keys(key_set):
        if jwk.get("kty") != "RSA" or jwk.get("alg", "RS256") != "RS256":
            continue
        if jwk.get("use", "sig") != "sig":
            continue
        try:
            key = RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
        except (ValueError, UnsupportedAlgorithm):
            continue
        if key.key_size >= _LEAST_BITS:
            found.append((_name(jwk), key))
    return tuple(found)


def _name(jwk: Mapping[str, Any]) -> str | None:
    name = jwk.get("kid")
    return name if isinstance(name, str) else None


def _keys(key_set: str) -> list[Mapping[str, Any]]:
    keys = _object(key_set.encode()).get("keys")
    return [key for key in keys if isinstance(key, Mapping)] if isinstance(keys, list) else []


def _object(text: bytes | None) -> Mapping[str, Any]:
    """What JSON says; of anything that is no object, nothing."""
    try:
        value = json.loads(text or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _number(jwk: Mapping[str, Any], name: str) -> int:
    """A big number of a key. Raises ValueError."""
    text = jwk.get(name)
    raw = _decoded(text) if isinstance(text, str) else None
    if not raw:
        raise ValueError(f"the key has no {name}")
    return int.from_bytes(raw, "big")


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes | None:
    """Base64 for addresses, without padding; None for a second spelling of the same bytes."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if _encoded(raw) == text else None
