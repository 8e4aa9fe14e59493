"""The chain of a statement's signer, checked up to a root that the verifier already trusts.

The checks are RFC 5280 §6.1 as far as such a chain goes: names and signatures link up, each
certificate is valid at the instant of signing, issuers are authorities with room for the path,
the signer is no authority and its key is for signatures on P-256.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

__all__ = ["MALFORMED", "InvalidChain", "check_chain", "read_pem", "to_pem"]

#: What parsing a hostile certificate may raise; a warning counts, for it is made an error here.
MALFORMED = (
    ValueError,
    TypeError,
    OverflowError,
    Warning,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)

_MAX_CHAIN = 4


class InvalidChain(ValueError):  # noqa: N818 - the name says it
    """The certificates do not lead from the signer to the trusted root; the message says where."""


def to_pem(*, certificates: Sequence[x509.Certificate]) -> bytes:
    """Write certificates as PEM, one after the other and nothing else."""
    return b"".join(c.public_bytes(Encoding.PEM) for c in certificates)


def read_pem(*, pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read one to four certificates from PEM.

    Raises:
        InvalidChain: no certificate, too many, or text that is not PEM.
    """
    try:
        # A bundle holds certificates too: it must not be taken for a file of them.
        pem.decode("utf-8")
        certificates = tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise InvalidChain("not certificates in PEM form") from error
    if len(certificates) > _MAX_CHAIN:
        raise InvalidChain(f"more than {_MAX_CHAIN} certificates")
    return certificates


def check_chain(*, chain: Sequence[x509.Certificate], root: x509.Certificate, at: datetime) -> None:
    """Check that ``chain`` (signer first, root left out) leads to ``root`` at the instant ``at``.

    Raises:
        InvalidChain: with the reason.
    """
    if not chain:
        raise InvalidChain("no certificate of the signer")
    path = [*chain, root]
    for depth, certificate in enumerate(path):
        name = _named(certificate)
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise InvalidChain(f"{name} was not valid when the statement was signed")
        issuer = root if certificate is root else path[depth + 1]
        try:
            certificate.verify_directly_issued_by(issuer)
        except (*MALFORMED, InvalidSignature) as error:
            raise InvalidChain(f"{name} was not issued by the certificate above it") from error
        if depth:
            # Only intermediates below this one count against its path length, not the signer.
            _require_authority(certificate, below=depth - 1)
    _require_signer(chain[0])


def _require_authority(certificate: x509.Certificate, *, below: int) -> None:
    name = _named(certificate)
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (*MALFORMED, x509.ExtensionNotFound) as error:
        raise InvalidChain(f"{name} does not say that it is an authority") from error
    if not basic.ca or not usage.key_cert_sign:
        raise InvalidChain(f"{name} is not an authority")
    if basic.path_length is not None and basic.path_length < below:
        raise InvalidChain(f"{name} does not allow so long a chain")


def _require_signer(certificate: x509.Certificate) -> None:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (*MALFORMED, x509.ExtensionNotFound) as error:
        raise InvalidChain("the signer's certificate does not state its use") from error
    try:
        key = certificate.public_key()
    except MALFORMED as error:
        raise InvalidChain("the signer's key cannot be read") from error
    if basic.ca or not usage.digital_signature:
        raise InvalidChain("the signer's certificate is not for signing statements")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InvalidChain("the signer's key is not on P-256")


def _named(certificate: x509.Certificate) -> str:
    return f"the certificate with serial number {certificate.serial_number:x}"
