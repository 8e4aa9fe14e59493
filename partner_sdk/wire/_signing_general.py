"""The rest of RFC 9421: spellings of the profile that ``sign_headers`` would not write itself.

The library's own ``verify`` has open defaults (a day of age, no required components), and reads
the machine's clock; the policy is given here, and ``now`` comes from the caller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)

from partner_sdk.wire import signing

_REQUIRED = ("@method", "@authority", "@target-uri")
_PARAMETERS = frozenset({"created", "keyid", "alg", "nonce", "tag"})


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: dict[str, str]


class _Keys(HTTPSignatureKeyResolver):
    """Hands the caller's resolver to the library, and keeps its reason for a refusal."""

    def __init__(self, resolve_key: Callable[[str], Ed25519PublicKey | None]) -> None:
        self._resolve_key = resolve_key
        self.refusal: signing.SignatureError | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        try:
            key = self._resolve_key(key_id)
        except signing.SignatureError as refusal:
            self.refusal = refusal
            raise
        if key is None:
            self.refusal = signing.KeyUnknown("keyid names no key")
        return key


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with the caller's clock in place of the machine's."""

    def __init__(self, *, keys: _Keys, now: datetime) -> None:
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=keys)
        self._now = now

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        del max_age  # one age for all: signing.check_age
        created = sig_input.params.get("created")
        if type(created) is not int:
            raise signing.SignatureInvalid("created is needed, a whole number of seconds")
        signing.check_age(created=created, now=self._now)


def verify(
    *,
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    resolve_key: Callable[[str], Ed25519PublicKey | None],
    now: datetime,
) -> signing.VerifiedSignature:
    """Verify under the profile's policy; see ``signing.verify_headers``. Header names are lower."""
    required = list(_REQUIRED)
    if method in signing._WITH_BODY or body or "content-digest" in headers:
        required.append("content-digest")
        signing.check_digest(digest=headers.get("content-digest"), body=body)
    if "idempotency-key" in headers:
        required.append("idempotency-key")
    keys = _Keys(resolve_key)
    try:
        results = _Verifier(keys=keys, now=now).verify(
            _Message(method, url, headers),
            max_age=timedelta(seconds=signing.MAX_AGE_SECONDS),
            expect_tag=signing.TAG,
            expect_label=signing.LABEL,
            require_components=required,
        )
    except signing.SignatureError:
        raise
    except HTTPMessageSignaturesException as error:
        if keys.refusal is not None:
            raise keys.refusal from error
        if "No signatures found" in str(error):
            raise signing.SignatureMissing(
                "no signature has the label coalition and the tag coalition-v1"
            ) from error
        raise signing.SignatureInvalid(str(error)) from error
    return _checked(results[0].parameters, headers)


def _checked(
    parameters: Mapping[str, int | str], headers: dict[str, str]
) -> signing.VerifiedSignature:
    if set(parameters) != _PARAMETERS:
        raise signing.SignatureInvalid("the parameters must be created, keyid, alg, nonce, tag")
    nonce = str(parameters["nonce"])
    if signing._NONCE.fullmatch(nonce) is None:
        raise signing.SignatureInvalid("the nonce must be 16 to 64 of [A-Za-z0-9_-]")
    return signing.VerifiedSignature(
        key_id=str(parameters["keyid"]),
        created=int(parameters["created"]),
        nonce=nonce,
        idempotency_key=headers.get("idempotency-key"),
        content_digest=headers.get("content-digest"),
    )
