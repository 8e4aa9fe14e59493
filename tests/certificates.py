"""Certificates that finance teams make for themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | Ed25519PrivateKey


def certificate_of(key: Key, *, days: int = 30) -> x509.Certificate:
    """A certificate that a finance team made for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bakery, finance")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(usage, critical=True)
        .sign(key, None if isinstance(key, Ed25519PrivateKey) else SHA256())
    )
