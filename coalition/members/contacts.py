"""Phone numbers and e-mail addresses: one spelling, a keyed hash to find by, a sealed copy.

A contact is never stored in the clear. It is found by an HMAC-SHA-256 under the hub's look-up key,
and kept sealed under the member's own data key, which is itself sealed under the hub's wrapping
key. Destroying the member's key leaves nothing that can be read.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from coalition.errors import FieldError, HubError
from coalition.sealing import place, seal, unseal

ContactKind = Literal["phone", "email"]

PHONE_PATTERN: Final = r"\+[1-9][0-9]{6,14}"
"""E.164: a plus, the country code, at most fifteen digits in all."""
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_PATTERN: Final = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,8}}"
"""What browsers accept as e-mail (HTML Living Standard), with at least one dot in the domain."""
EMAIL_MAX_LENGTH: Final = 254

_NONCE_BYTES = 12
_KEY_BYTES = 32
_PATTERNS = {
    "phone": (re.compile(PHONE_PATTERN, re.ASCII), "must be E.164, such as +40721234567"),
    "email": (re.compile(EMAIL_PATTERN, re.ASCII), "must be an e-mail address"),
}


@dataclass(frozen=True, slots=True)
class ContactKeys:
    """The hub's two 32-byte keys for contacts, derived from its secret, and its randomness."""

    lookup: bytes
    wrapping: bytes
    random: Callable[[int], bytes]


def normalise(*, kind: ContactKind, text: str) -> str:
    """The one spelling of a contact: E.164, or an e-mail address in lower case.

    Mail servers may tell capitals apart before the @; people do not, and neither do we.

    Raises:
        HubError: `validation_failed`.
    """
    pattern, expected = _PATTERNS[kind]
    too_long = kind == "email" and len(text) > EMAIL_MAX_LENGTH
    if too_long or pattern.fullmatch(text) is None:
        raise HubError(
            "validation_failed",
            f"The {kind} cannot be used.",
            errors=(FieldError(f"/{kind}", expected),),
        )
    return text if kind == "phone" else text.lower()


def lookup_hash(*, keys: ContactKeys, kind: ContactKind, normalised: str) -> bytes:
    """What a contact is found by: HMAC-SHA-256 of kind and contact."""
    return hmac.digest(keys.lookup, f"{kind}|{normalised}".encode(), hashlib.sha256)


def make_wrapped_key(*, keys: ContactKeys, member_id: UUID) -> bytes:
    """A new data key for a member, sealed for its row."""
    return seal(
        key=keys.wrapping,
        secret=keys.random(_KEY_BYTES),
        at=_key_place(member_id),
        nonce=keys.random(_NONCE_BYTES),
    )


def seal_contact(
    *, keys: ContactKeys, wrapped_key: bytes, member_id: UUID, kind: ContactKind, normalised: str
) -> bytes:
    """The contact sealed under the member's own key.

    Raises:
        SealBroken: the member's key does not open with this hub's secret.
    """
    return seal(
        key=unseal(key=keys.wrapping, sealed=wrapped_key, at=_key_place(member_id)),
        secret=normalised.encode(),
        at=_contact_place(member_id, kind),
        nonce=keys.random(_NONCE_BYTES),
    )


def unseal_contact(
    *, keys: ContactKeys, wrapped_key: bytes, member_id: UUID, kind: ContactKind, sealed: bytes
) -> str:
    """The contact in the clear, for the one who sends something to the member.

    Raises:
        SealBroken: changed, moved, or sealed under another key.
    """
    key = unseal(key=keys.wrapping, sealed=wrapped_key, at=_key_place(member_id))
    return unseal(key=key, sealed=sealed, at=_contact_place(member_id, kind)).decode()


def _key_place(member_id: UUID) -> bytes:
    return place(table="member", row=str(member_id), column="wrapped_key")


def _contact_place(member_id: UUID, kind: ContactKind) -> bytes:
    return place(table="contact", row=f"{member_id}/{kind}", column="ciphertext")
