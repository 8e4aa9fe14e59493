"""Who asks: a signature (RFC 9421) by a registered key, or a bearer key.

Bearer keys are the operator's, and partners' in a test environment only. What is compared is the
SHA-256 of the whole key, so the look-up leaks nothing through its timing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from coalition.directory import Snapshot
from coalition.errors import HubError
from coalition.http.context import Caller
from coalition.partners.domain import PartyKey
from partner_sdk.wire import ids
from partner_sdk.wire.signing import KeyRevoked, SignatureError, VerifiedSignature, verify_headers

MAX_TOKEN_LENGTH = 128
_BEARER = "bearer "


def authenticate(
    *,
    snapshot: Snapshot,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    wall_now: datetime,
) -> tuple[Caller, VerifiedSignature | None]:
    """Prove who sent the request; header names are lower case.

    Raises:
        HubError: 401 with the code that says what is wrong, or 403 `test_environment_only`.
    """
    if "signature" in headers or "signature-input" in headers:
        signature = _verify(snapshot, method, url, headers, body, wall_now)
        key = snapshot.keys[ids.decode("key", signature.key_id)]
        return _caller(snapshot, key, signed=True), signature
    authorization = headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        token = authorization[len(_BEARER) :].strip()
        return _caller(snapshot, _bearer(snapshot, token), signed=False), None
    raise HubError("unauthorized", "The request has neither a signature nor a bearer key.")


def _verify(
    snapshot: Snapshot,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    wall_now: datetime,
) -> VerifiedSignature:
    def resolve(key_id: str) -> Ed25519PublicKey | None:
        try:
            key = snapshot.keys.get(ids.decode("key", key_id))
        except ids.InvalidId:
            return None
        if key is None or key.public_key is None:
            return None
        if key.revoked_at is not None:
            raise KeyRevoked("the key was revoked")
        return _public_key(key.public_key)

    try:
        return verify_headers(
            method=method, url=url, headers=headers, body=body, resolve_key=resolve, now=wall_now
        )
    except SignatureError as error:
        raise HubError(error.code, f"{error}.") from None


@lru_cache(maxsize=10_000)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def _bearer(snapshot: Snapshot, token: str) -> PartyKey:
    if not 0 < len(token) <= MAX_TOKEN_LENGTH or not token.isascii():
        raise HubError("key_unknown", "The bearer key is not known.")
    key = snapshot.bearers.get(hashlib.sha256(token.encode()).digest())
    if key is None:
        raise HubError("key_unknown", "The bearer key is not known.")
    if key.revoked_at is not None:
        raise HubError("key_revoked", "The bearer key was revoked.")
    is_partner = snapshot.parties[key.party_no].kind == "partner"
    if is_partner and snapshot.hub.environment != "test":
        raise HubError("test_environment_only", "Partners sign their requests here.")
    return key


def _caller(snapshot: Snapshot, key: PartyKey, *, signed: bool) -> Caller:
    party = snapshot.parties[key.party_no]
    if party.kind not in ("partner", "operator"):
        raise HubError("key_unknown", "The key belongs to no one who may ask.")
    kind: Literal["partner", "operator"] = "operator" if party.kind == "operator" else "partner"
    return Caller(
        party_no=party.no,
        kind=kind,
        party=party,
        key_id=key.key_id,
        signed=signed,
        person=key.person,
    )
