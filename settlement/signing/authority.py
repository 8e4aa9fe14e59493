"""Certificates of the statement authority: a root that signs signers, and the signers.

ECDSA on P-256 throughout, because ``openssl cms -verify`` (3.0) does not take Ed25519. Signer
certificates carry no extended key usage: that is what OpenSSL's default purpose for CMS and the
usual mail and PDF tools accept.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from partner_sdk.wire.certificates import MALFORMED, InvalidChain

__all__ = [
    "CLOCK_SKEW",
    "Naming",
    "issue_root",
    "issue_signer",
    "request_signer",
    "require_root",
]

#: Certificates start a little in the past, for verifiers whose clocks are behind.
CLOCK_SKEW = timedelta(minutes=5)
_ROOT_LIFETIME = timedelta(days=20 * 365)
_MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class Naming:
    """What goes into the subjects: the coalition's name and the environment (test, live)."""

    coalition: str
    environment: str

    def subject(self, role: str) -> x509.Name:
        """Return the subject of the root or of a signer."""
        coalition = self.coalition[:_MAX_NAME]
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, coalition),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, self.environment),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{coalition} {role}"),
            ]
        )


def issue_root(
    *, key: ec.EllipticCurvePrivateKey, naming: Naming, now: datetime
) -> x509.Certificate:
    """Return the self-signed root; it may have one level of authorities below it."""
    subject = naming.subject("statement root")
    builder = _builder(subject, subject, key.public_key(), now - CLOCK_SKEW, now + _ROOT_LIFETIME)
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def request_signer(
    *, key: ec.EllipticCurvePrivateKey, naming: Naming
) -> x509.CertificateSigningRequest:
    """Return the request that is carried to the machine that holds the root's key."""
    builder = x509.CertificateSigningRequestBuilder()
    return builder.subject_name(naming.subject("statements")).sign(key, SHA256())


def issue_signer(
    *,
    request: x509.CertificateSigningRequest,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    not_before: datetime,
    lifetime: timedelta,
) -> x509.Certificate:
    """Return a signer's certificate from its request; it never outlives the root.

    Raises:
        ValueError: the request is not signed by its own P-256 key.
    """
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("a statement signer needs a P-256 key")
    if not request.is_signature_valid:
        raise ValueError("the request is not signed by its own key")
    ends_at = min(not_before + lifetime, root.not_valid_after_utc)
    builder = _builder(request.subject, root.subject, key, not_before, ends_at)
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, SHA256())
    )


def require_root(certificate: x509.Certificate) -> None:
    """Make sure that a certificate is a root's: self-signed, an authority.

    Raises:
        partner_sdk.wire.certificates.InvalidChain: it is none.
    """
    try:
        certificate.verify_directly_issued_by(certificate)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (*MALFORMED, InvalidSignature, x509.ExtensionNotFound) as error:
        raise InvalidChain("the certificate is not that of a root") from error
    if not basic.ca:
        raise InvalidChain("the certificate is not that of a root")


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before.replace(microsecond=0))
        .not_valid_after(not_after.replace(microsecond=0))
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
