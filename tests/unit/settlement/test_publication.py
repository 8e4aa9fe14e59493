"""What is published of the keys, read by software that is not ours."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from settlement.signing import FileKeystore, KeysMissing, Naming
from settlement.signing.publication import publication, write_publication

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NAMING = Naming(coalition="Four Winds", environment="test")


@pytest.fixture
def keystore(tmp_path: Path) -> FileKeystore:
    """Keys of three years; the first key was destroyed when it had ended."""
    made = FileKeystore(folder=tmp_path / "keys", passphrase="a passphrase of tests")
    for year in range(3):
        made.ensure(now=_NOW + timedelta(days=370 * year), naming=_NAMING)
    oldest = min((tmp_path / "keys" / "signers").glob("*.key.pem"), key=lambda f: f.stat().st_mtime)
    oldest.unlink()
    return made


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_every_certificate_stays_published_also_without_its_key(
    keystore: FileKeystore, tmp_path: Path
) -> None:
    files = publication(folder=tmp_path / "keys")
    infos = keystore.list(now=_NOW + timedelta(days=740))
    assert len(infos) == 3
    signers = x509.load_pem_x509_certificates(files["signers.pem"])
    assert [f"{each.serial_number:x}" for each in signers] == [info.serial for info in infos]
    for info in infos:
        (one,) = x509.load_pem_x509_certificates(files[f"signers/{info.serial}.pem"])
        assert f"{one.serial_number:x}" == info.serial
    assert not any(b"PRIVATE" in content for content in files.values())


def test_a_jwk_has_the_key_and_the_certificate_of_its_signer(
    keystore: FileKeystore, tmp_path: Path
) -> None:
    keys = json.loads(publication(folder=tmp_path / "keys")["jwks.json"])["keys"]
    signed = keystore.signer(now=_NOW + timedelta(days=740)).sign(data=b"content")
    verified = 0
    for key in keys:
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        der = base64.b64decode(key["x5c"][0])
        certificate = x509.load_der_x509_certificate(der)
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(_decoded(key["x"]), "big"),
            int.from_bytes(_decoded(key["y"]), "big"),
            ec.SECP256R1(),
        )
        assert certificate.public_key() == numbers.public_key()
        assert _decoded(key["x5t#S256"]) == sha256(der).digest()
        try:
            numbers.public_key().verify(signed, b"content", ec.ECDSA(SHA256()))
        except Exception:  # noqa: BLE001 - of three keys one fits
            continue
        verified += 1
    assert (len(keys), verified, len({key["kid"] for key in keys})) == (3, 1, 3)


def test_a_revoked_signer_is_in_the_published_list(keystore: FileKeystore, tmp_path: Path) -> None:
    assert "revoked.crl.pem" not in publication(folder=tmp_path / "keys")
    serial = int(keystore.list(now=_NOW)[1].serial, 16)
    keystore.revoke(serial=serial, now=_NOW)
    files = publication(folder=tmp_path / "keys")
    assert [each.serial_number for each in x509.load_pem_x509_crl(files["revoked.crl.pem"])] == [
        serial
    ]
    write_publication(files=files, out=tmp_path / "out")
    found = {
        str(file.relative_to(tmp_path / "out")): file.read_bytes()
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    }
    assert found == files


def test_without_a_root_there_is_nothing_to_publish(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing):
        publication(folder=tmp_path / "none")
