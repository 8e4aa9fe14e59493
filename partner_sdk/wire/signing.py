"""How partners sign requests: HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530).

The profile is narrow on purpose. Label ``coalition``; Ed25519; the components below, in this
order; the parameters ``created``, ``keyid``, ``alg``, ``nonce``, ``tag`` and no other. A
signature is good for 300 seconds and may be at most 60 seconds ahead of the hub's clock.

A request written exactly as ``sign_headers`` writes it is checked directly, which costs little
more than Ed25519 itself. Every other spelling that RFC 9421 allows (other order of parameters,
more signatures) goes through the ``http-message-signatures`` library under the same policy.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

__all__ = [
    "LABEL",
    "MAX_AGE_SECONDS",
    "MAX_SKEW_SECONDS",
    "TAG",
    "ClockSkew",
    "KeyRevoked",
    "KeyUnknown",
    "SignatureError",
    "SignatureInvalid",
    "SignatureMissing",
    "SignatureStale",
    "VerifiedSignature",
    "content_digest",
    "sign_headers",
    "verify_headers",
]

LABEL = "coalition"
TAG = "coalition-v1"
MAX_AGE_SECONDS = 300
MAX_SKEW_SECONDS = 60
#: Methods whose body is always digested, an empty one too.
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_URL = re.compile(
    r"(https?)://([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?"
    r"((?:/[A-Za-z0-9._~!$&'()*+,;=:@/%\-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%\-]*)?)",
    re.ASCII,
)
_INPUT = re.compile(
    r'coalition=(\("@method" "@authority" "@target-uri"( "content-digest")?( "idempotency-key")?\)'
    r';created=([0-9]{1,12});keyid="([A-Za-z0-9_\-]{1,64})";alg="ed25519"'
    r';nonce="([A-Za-z0-9_\-]{16,64})";tag="coalition-v1")',
    re.ASCII,
)
_SIGNATURE = re.compile(r"coalition=:([A-Za-z0-9+/]{86}==):", re.ASCII)
_NONCE = re.compile(r"[A-Za-z0-9_\-]{16,64}", re.ASCII)
_KEY_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}", re.ASCII)
# What a header may hold to stand in the signature base as it is (RFC 9421 §2.1).
_PLAIN_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)


class SignatureError(Exception):
    """The request is not proven to come from the key's owner; ``code`` is the problem code."""

    code = "signature_invalid"


class SignatureMissing(SignatureError):  # noqa: N818 - the name says it
    """There is no signature with the coalition's label and tag."""

    code = "signature_missing"


class SignatureInvalid(SignatureError):  # noqa: N818 - the name says it
    """The signature does not fit the request, or does not cover what it must."""

    code = "signature_invalid"


class SignatureStale(SignatureError):  # noqa: N818 - the name says it
    """The signature was made more than ``MAX_AGE_SECONDS`` ago."""

    code = "signature_stale"


class ClockSkew(SignatureError):  # noqa: N818 - the name says it
    """The signature was made more than ``MAX_SKEW_SECONDS`` in the future."""

    code = "clock_skew"


class KeyUnknown(SignatureError):  # noqa: N818 - the name says it
    """``keyid`` names no key."""

    code = "key_unknown"


class KeyRevoked(SignatureError):  # noqa: N818 - the name says it
    """``keyid`` names a revoked key; a resolver raises this."""

    code = "key_revoked"


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that holds; ``created`` is in seconds since 1970, by the signer's clock."""

    key_id: str
    created: int
    nonce: str
    #: The signed ``Idempotency-Key``, or None when there was no such header.
    idempotency_key: str | None
    #: The signed ``Content-Digest``, or None for a request without a body.
    content_digest: str | None


KeyResolver = Callable[[str], Ed25519PublicKey | None]


def content_digest(body: bytes) -> str:
    """Return the ``Content-Digest`` of a body (RFC 9530, sha-256)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def target_of(url: str) -> tuple[str, str]:
    """Return ``@authority`` and ``@target-uri`` of an absolute http(s) URL (RFC 9421 §2.2).

    Raises:
        ValueError: not an absolute, percent-encoded http(s) URL without user and fragment.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError("the URL must be absolute, percent-encoded, without user and fragment")
    scheme, host, port, rest = found.groups()
    # The target URI keeps its spelling; only an absent path becomes "/" (RFC 9110 §4.2.3).
    if not rest.startswith("/"):
        rest = "/" + rest
    authority = host.lower()
    written = host if port is None else f"{host}:{port}"
    if port is not None and port.lstrip("0") != ("80" if scheme == "http" else "443"):
        authority = f"{authority}:{port}"
    return authority, f"{scheme}://{written}{rest}"


def sign_headers(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    key_id: str,
    private_key: Ed25519PrivateKey,
    created: int,
    nonce: str,
) -> dict[str, str]:
    """Return the headers to add to a request so that the hub accepts it as ours.

    Args:
        method: the HTTP method in capitals.
        url: the absolute URL exactly as it will be sent.
        headers: the headers already set; an ``Idempotency-Key`` among them is covered.
        body: the exact bytes to send; None counts as empty.
        key_id: the ``key_…`` id under which the hub knows the public key.
        private_key: the Ed25519 key.
        created: now, in seconds since 1970, by the wall clock.
        nonce: 16 to 64 characters of ``[A-Za-z0-9_-]``, never used before.

    Raises:
        ValueError: something cannot be signed as it is.
    """
    if not method.isupper() or _NONCE.fullmatch(nonce) is None:
        raise ValueError("the method must be in capitals, the nonce 16 to 64 of [A-Za-z0-9_-]")
    if _KEY_ID.fullmatch(key_id) is None:
        raise ValueError("the key id must be 1 to 64 of [A-Za-z0-9_-]")
    authority, target = target_of(url)
    digest = content_digest(body or b"") if method in _WITH_BODY or body else None
    idempotency_key = _header(headers, "idempotency-key")
    if idempotency_key is not None and _PLAIN_VALUE.fullmatch(idempotency_key) is None:
        raise ValueError("the Idempotency-Key must be printable ASCII")
    covered = '"@method" "@authority" "@target-uri"'
    covered += "" if digest is None else ' "content-digest"'
    covered += "" if idempotency_key is None else ' "idempotency-key"'
    params = (
        f'({covered});created={created:d};keyid="{key_id}";alg="ed25519"'
        f';nonce="{nonce}";tag="{TAG}"'
    )
    base = _base(method, authority, target, digest, idempotency_key, params)
    signature = base64.b64encode(private_key.sign(base)).decode()
    added = {"Signature-Input": f"{LABEL}={params}", "Signature": f"{LABEL}=:{signature}:"}
    return added if digest is None else {"Content-Digest": digest, **added}


def verify_headers(
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    resolve_key: KeyResolver,
    now: datetime,
) -> VerifiedSignature:
    """Prove that a request was signed, as received, by the owner of the key it names.

    Replays are the caller's to refuse or to absorb (by ``nonce`` or ``Idempotency-Key``).

    Args:
        method: the HTTP method in capitals.
        url: the hub's public scheme and authority with the request target exactly as it was
            sent, still percent-encoded.
        headers: the received headers; names in any case, repeated lines joined by ``", "``.
        body: the received bytes; ``b""`` when there is none.
        resolve_key: returns the public key of a key id, None if there is none; may raise
            ``KeyRevoked``.
        now: the wall clock.

    Raises:
        SignatureError: one of its subclasses says what is wrong; ``str()`` says it in words.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    if "signature-input" not in sent or "signature" not in sent:
        raise SignatureMissing("Signature-Input and Signature are needed")
    stated = _INPUT.fullmatch(sent["signature-input"])
    signature = _SIGNATURE.fullmatch(sent["signature"])
    digest, idempotency_key = sent.get("content-digest"), sent.get("idempotency-key")
    needs_digest = method in _WITH_BODY or bool(body) or digest is not None
    plain = idempotency_key is None or _PLAIN_VALUE.fullmatch(idempotency_key)
    if stated is None or signature is None or not plain or _URL.fullmatch(url) is None:
        from partner_sdk.wire import _signing_general

        return _signing_general.verify(
            method=method, url=url, headers=sent, body=body, resolve_key=resolve_key, now=now
        )
    params, covers_digest, covers_key, created, key_id, nonce = stated.groups()
    check_age(created=int(created), now=now)
    if needs_digest and covers_digest is None:
        raise SignatureInvalid("content-digest must be covered")
    if idempotency_key is not None and covers_key is None:
        raise SignatureInvalid("idempotency-key must be covered")
    if covers_key is not None and idempotency_key is None:
        raise SignatureInvalid("idempotency-key is covered but was not sent")
    if covers_digest is not None:
        check_digest(digest=digest, body=body)
    key = resolve_key(key_id)
    if key is None:
        raise KeyUnknown("keyid names no key")
    authority, target = target_of(url)
    base = _base(method, authority, target, digest, idempotency_key, params)
    try:
        key.verify(base64.b64decode(signature[1]), base)
    except InvalidSignature:
        raise SignatureInvalid("the signature does not fit the request") from None
    return VerifiedSignature(
        key_id=key_id,
        created=int(created),
        nonce=nonce,
        idempotency_key=idempotency_key,
        content_digest=digest,
    )


def check_age(*, created: int, now: datetime) -> None:
    """Refuse a signature that is too old, or too far ahead of the clock."""
    age = now.timestamp() - created
    if age > MAX_AGE_SECONDS:
        raise SignatureStale(f"the signature is older than {MAX_AGE_SECONDS} seconds")
    if age < -MAX_SKEW_SECONDS:
        raise ClockSkew(f"the signature is more than {MAX_SKEW_SECONDS} seconds ahead")


def check_digest(*, digest: str | None, body: bytes) -> None:
    """Refuse a ``Content-Digest`` that is not the sha-256 of the body."""
    if digest is None:
        raise SignatureInvalid("Content-Digest is covered but was not sent")
    if not hmac.compare_digest(digest.encode(), content_digest(body).encode()):
        raise SignatureInvalid("Content-Digest is not the sha-256 of the body")


def _base(
    method: str,
    authority: str,
    target: str,
    digest: str | None,
    idempotency_key: str | None,
    params: str,
) -> bytes:
    """Write the signature base (RFC 9421 §2.5) of the profile's components."""
    text = f'"@method": {method}\n"@authority": {authority}\n"@target-uri": {target}\n'
    if digest is not None:
        text += f'"content-digest": {digest}\n'
    if idempotency_key is not None:
        text += f'"idempotency-key": {idempotency_key}\n'
    return f'{text}"@signature-params": {params}'.encode("ascii")


def _header(headers: Mapping[str, str], name: str) -> str | None:
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return None
