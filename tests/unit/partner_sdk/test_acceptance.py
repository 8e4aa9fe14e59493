"""Acceptances: one spelling, one signature, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk.wire.acceptance import Acceptance, InvalidAcceptance, SignedAcceptance
from tests.slow_log import ed25519_holds

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ACCEPTANCE = Acceptance(
    statement_id="stm_01h455vb4pex5vsknk084sn02q",
    sha256="ab" * 32,
    key_id="key_01h455vb4pex5vsknk084sn02q",
    accepted_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
)
TEXT = (
    '{"accepted_at":"2026-03-02T09:30:00Z","format":"coalition.acceptance/1",'
    '"key_id":"key_01h455vb4pex5vsknk084sn02q",'
    f'"sha256":"{"ab" * 32}","statement_id":"stm_01h455vb4pex5vsknk084sn02q"}}'
)


def test_an_acceptance_is_these_bytes_and_their_signature() -> None:
    signed = ACCEPTANCE.sign(KEY.sign)
    assert signed.content == TEXT
    assert ed25519_holds(PUBLIC, signed.signature, TEXT.encode())
    wire = signed.to_wire()
    again = SignedAcceptance.from_wire(wire["acceptance"], wire["signature"])
    assert again.verify(public_key=PUBLIC) == ACCEPTANCE


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        TEXT + "\n",
        TEXT.replace('","', '", "'),
        TEXT.replace("acceptance/1", "acceptance/2"),
        TEXT.replace("stm_", "mem_"),
        TEXT.replace("key_", "stm_"),
        TEXT.replace("abab", "ABAB", 1),
        TEXT.replace("abab", "", 1),
        TEXT.replace("09:30:00Z", "11:30:00+02:00"),
        TEXT.replace("}", ',"more":1}'),
    ],
)
def test_another_spelling_is_no_acceptance(content: str) -> None:
    signed = SignedAcceptance(content, KEY.sign(content.encode()))
    with pytest.raises(InvalidAcceptance):
        signed.verify(public_key=PUBLIC)


def test_a_signature_by_another_key_is_none() -> None:
    signed = ACCEPTANCE.sign(Ed25519PrivateKey.generate().sign)
    with pytest.raises(InvalidAcceptance, match="not signed by"):
        signed.verify(public_key=PUBLIC)
    with pytest.raises(InvalidAcceptance, match="base64"):
        SignedAcceptance.from_wire(TEXT, "?")
