"""The log's key: sealed, one purpose, never made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from settlement.signing import KeysMissing, WrongPassphrase
from settlement.signing.log_key import LogKeys


def test_a_key_is_made_once_and_sealed(tmp_path: Path) -> None:
    keys = LogKeys(tmp_path, "a passphrase")
    with pytest.raises(KeysMissing):
        keys.load(name="statements")
    made = keys.load_or_create(name="statements")
    assert keys.load_or_create(name="statements").public_key == made.public_key
    assert keys.load(name="statements").public_key == made.public_key
    assert keys.load_or_create(name="audit").public_key != made.public_key
    (file,) = (tmp_path / "log").glob("statements*")
    assert file.stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in file.read_bytes()


def test_another_passphrase_opens_nothing_and_tells_nothing(tmp_path: Path) -> None:
    LogKeys(tmp_path, "a passphrase").load_or_create(name="statements")
    with pytest.raises(WrongPassphrase) as refused:
        LogKeys(tmp_path, "tell-nobody").load(name="statements")
    assert "passphrase" in str(refused.value)
    assert refused.value.__cause__ is None
    assert "tell-nobody" not in repr(LogKeys(tmp_path, "tell-nobody"))


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    keys = LogKeys(tmp_path, "a passphrase")
    keys.load_or_create(name="statements")
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a passphrase")
    )
    (tmp_path / "log" / "statements.key.pem").write_bytes(pem)
    with pytest.raises(TypeError):
        keys.load(name="statements")
