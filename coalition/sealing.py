"""Secrets at rest: AES-256-GCM under a key of the configuration, bound to where they lie.

The additional data names table, row and column, so a sealed value moved elsewhere does not open.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_FORM = b"\x01"


class SealBroken(Exception):  # noqa: N818 - the name says it
    """The sealed bytes were changed, moved, or sealed under another key."""


def place(*, table: str, row: str, column: str) -> bytes:
    """The additional data of one cell."""
    return f"{table}|{row}|{column}".encode()


def seal(*, key: bytes, secret: bytes, at: bytes, nonce: bytes) -> bytes:
    """Seal `secret` for the place `at`; `nonce` is 12 random bytes, never used before."""
    if len(nonce) != _NONCE_BYTES:
        raise ValueError("the nonce must have 12 bytes")
    return _FORM + nonce + AESGCM(key).encrypt(nonce, secret, at)


def unseal(*, key: bytes, sealed: bytes, at: bytes) -> bytes:
    """Open what was sealed for the place `at`.

    Raises:
        SealBroken: changed, moved, or another key.
    """
    form, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if form != _FORM:
        raise SealBroken("the sealed bytes have an unknown form")
    try:
        return AESGCM(key).decrypt(nonce, rest, at)
    except InvalidTag:
        raise SealBroken("the sealed bytes do not open here") from None
