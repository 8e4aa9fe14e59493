"""Keys of partners and of the operator: bearer tokens with a checksum, Ed25519 public keys.

A token is `<family>_<environment>_<32 base62 digits>_<6 hex digits>`. The last part is the start
of the SHA-256 of what stands before it: a mistyped or cut token is told apart from an unknown one
without a look-up, and secret scanners can be certain of a find. Only the token's SHA-256 is
stored; 190 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

from coalition.errors import FieldError, HubError

Family = Literal["chl", "cho"]
"""`chl`: a partner's key for the sandbox; `cho`: an operator's key."""

SECRET_BYTES: Final = 24
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"ch[lo]_(test|live)_[0-9A-Za-z]{32}_[0-9a-f]{6}", re.ASCII)
_DIGITS: Final = 32
_CHECK_DIGITS: Final = 6

# y-coordinates of the curve's points of small order (RFC 8032 §5.1.7 leaves their refusal to the
# verifier): a signature by such a key can be made for any message without a secret.
_P: Final = 2**255 - 19
_Y8: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_WEAK_Y: Final = frozenset({0, 1, _P - 1, _Y8, _P - _Y8})


def make_token(*, family: Family, environment: str, random: bytes) -> str:
    """A bearer token from 24 random bytes.

    Raises:
        ValueError: not exactly 24 bytes.
    """
    if len(random) != SECRET_BYTES:
        raise ValueError(f"a token needs {SECRET_BYTES} random bytes")
    # 2^192 is about 2.8 times 62^32; what the remainder is uneven by costs less than one bit.
    number = int.from_bytes(random, "big")
    digits = []
    for _ in range(_DIGITS):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    text = f"{family}_{environment}_{''.join(digits)}"
    return f"{text}_{_checksum(text)}"


def is_well_formed(token: str) -> bool:
    """Whether the text has a token's form and its checksum fits."""
    if _TOKEN.fullmatch(token) is None:
        return False
    text, _, checksum = token.rpartition("_")
    return checksum == _checksum(text)


def token_sha256(token: str) -> bytes:
    """What is stored of a token and looked up: the SHA-256 of the whole of it."""
    return hashlib.sha256(token.encode()).digest()


def check_public_key(public_key: bytes) -> bytes:
    """A raw Ed25519 public key (RFC 8032 §5.1.5, 32 bytes), if it can be used.

    Raises:
        HubError: `validation_failed` for another length or a point of small order.
    """
    fault = None
    if len(public_key) != 32:
        fault = "must be 32 bytes, the raw Ed25519 public key"
    elif (int.from_bytes(public_key, "little") & ~(1 << 255)) % _P in _WEAK_Y:
        fault = "is a weak Ed25519 key (a point of small order)"
    if fault is not None:
        raise HubError(
            "validation_failed",
            "The public key cannot be used.",
            errors=(FieldError("/public_key", fault),),
        )
    return public_key


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_CHECK_DIGITS]
