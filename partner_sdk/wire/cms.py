"""Detached CMS signatures (RFC 5652) in exactly one form, so that no byte of one is idle.

The form: SignedData version 1, SHA-256, content absent, the certificates from the signer up to
but without the root, one signer named by issuer and serial number, ECDSA on P-256 (RFC 5754 §3.3)
with the lower of the two equivalent ``s``, and four signed attributes: content type, signing
time, message digest, signing certificate (RFC 5035), which makes it CAdES-BES. A reader writes
what it read again and compares: another spelling of the same signature is refused.

``openssl cms -verify -binary -inform DER`` reads it with its default purpose.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from partner_sdk.wire import _der as der
from partner_sdk.wire.certificates import MALFORMED

__all__ = ["DetachedSignature", "InvalidCms", "low_s", "read", "signed_attributes", "write"]

_DATA = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = der.oid("1.2.840.113549.1.9.5")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_SHA256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
_ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MAX_BYTES = 1 << 16


class InvalidCms(ValueError):  # noqa: N818 - the name says it
    """The bytes are not a detached signature in the one accepted form."""


@dataclass(frozen=True, slots=True)
class DetachedSignature:
    """What a signature file says; nothing of it is trusted before ``verify`` and a chain check."""

    chain: tuple[x509.Certificate, ...]
    content_sha256: bytes
    signed_at: datetime
    signature: bytes

    def verify(self) -> None:
        """Check that the signer's key signed the attributes (time, digest, certificate).

        Raises:
            InvalidCms: it did not.
        """
        try:
            key = self.chain[0].public_key()
        except MALFORMED as error:
            raise InvalidCms("the signer's key cannot be read") from error
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidCms("the signer's key is not an elliptic curve key")
        attributes = signed_attributes(
            content_sha256=self.content_sha256, signed_at=self.signed_at, signer=self.chain[0]
        )
        try:
            key.verify(self.signature, attributes, ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise InvalidCms("the signature was not made by the signer's key") from error


def low_s(*, signature: bytes) -> bytes:
    """Return the ECDSA P-256 signature (DER) with the lower of its two equivalent ``s``."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, _P256_ORDER - s))


def signed_attributes(
    *, content_sha256: bytes, signed_at: datetime, signer: x509.Certificate
) -> bytes:
    """Return the bytes that the signer signs with ECDSA and SHA-256 (RFC 5652 §5.4)."""
    return der.tlv(der.SET, _attributes(content_sha256, signed_at, signer))


def write(
    *,
    chain: Sequence[x509.Certificate],
    content_sha256: bytes,
    signed_at: datetime,
    signature: bytes,
) -> bytes:
    """Write the signature file; ``chain`` has the signer first and leaves the root out."""
    signer = chain[0]
    signer_info = der.sequence(
        der.integer(1),
        der.sequence(signer.issuer.public_bytes(), der.integer(signer.serial_number)),
        _SHA256,
        der.tlv(der.CONTEXT_0, _attributes(content_sha256, signed_at, signer)),
        _ECDSA_SHA256,
        der.octets(signature),
    )
    signed_data = der.sequence(
        der.integer(1),
        der.tlv(der.SET, _SHA256),
        der.sequence(_DATA),
        der.tlv(der.CONTEXT_0, der.set_of(c.public_bytes(Encoding.DER) for c in chain)),
        der.tlv(der.SET, signer_info),
    )
    return der.sequence(_SIGNED_DATA, der.tlv(der.CONTEXT_0, signed_data))


def read(*, content: bytes) -> DetachedSignature:
    """Read a signature file and insist on the one form.

    Raises:
        InvalidCms: anything else, down to a single byte.
    """
    if len(content) > _MAX_BYTES:
        raise InvalidCms("far too large for a signature")
    try:
        # A parser that merely warns about a certificate has seen something that we never write.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = _read(content)
        rewritten = write(
            chain=found.chain,
            content_sha256=found.content_sha256,
            signed_at=found.signed_at,
            signature=low_s(signature=found.signature),
        )
    # The bytes are hostile: whatever a parser makes of them, the answer is "not a signature".
    except (*MALFORMED, IndexError) as error:
        raise InvalidCms("not a detached CMS signature of a statement") from error
    if rewritten != content:
        raise InvalidCms("not written in the one accepted form")
    return found


def _read(content: bytes) -> DetachedSignature:
    outer = der.children(der.only(content, der.SEQUENCE))
    signed = der.children(der.only(der.only(outer[1][2], der.CONTEXT_0), der.SEQUENCE))
    certificates = [
        x509.load_der_x509_certificate(whole) for _, _, whole in der.children(signed[3][1])
    ]
    info = der.children(der.only(signed[4][1], der.SEQUENCE))
    attributes: dict[bytes, bytes] = {}
    for _, attribute, _ in der.children(info[3][1]):
        name, values = der.children(attribute)
        attributes[name[2]] = values[1]
    return DetachedSignature(
        chain=_order(certificates, info[1][2]),
        content_sha256=der.only(attributes[_MESSAGE_DIGEST], der.OCTETS)
        if _MESSAGE_DIGEST in attributes
        else b"",
        signed_at=_read_time(attributes.get(_SIGNING_TIME, b"")),
        signature=info[5][1],
    )


def _order(certificates: list[x509.Certificate], signer_id: bytes) -> tuple[x509.Certificate, ...]:
    """Put the signer first and each issuer behind what it issued."""
    chain = [
        c
        for c in certificates
        if der.sequence(c.issuer.public_bytes(), der.integer(c.serial_number)) == signer_id
    ]
    if len(chain) != 1:
        raise InvalidCms("the signer's certificate is not among those enclosed")
    while len(chain) < len(certificates):
        above = [c for c in certificates if c.subject == chain[-1].issuer and c not in chain]
        if len(above) != 1:
            raise InvalidCms("the enclosed certificates are no chain")
        chain += above
    return tuple(chain)


def _attributes(content_sha256: bytes, signed_at: datetime, signer: x509.Certificate) -> bytes:
    certificate_id = der.sequence(der.octets(sha256(signer.public_bytes(Encoding.DER)).digest()))
    values = (
        (_CONTENT_TYPE, _DATA),
        (_SIGNING_TIME, _write_time(signed_at)),
        (_MESSAGE_DIGEST, der.octets(content_sha256)),
        (_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(certificate_id))),
    )
    return der.set_of(der.sequence(name, der.tlv(der.SET, value)) for name, value in values)


def _write_time(instant: datetime) -> bytes:
    """Write a UTC instant in whole seconds: UTCTime up to 2049, then GeneralizedTime."""
    utc = instant.astimezone(UTC)
    if 1950 <= utc.year < 2050:
        return der.tlv(_UTC_TIME, utc.strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return der.tlv(_GENERALIZED_TIME, utc.strftime("%Y%m%d%H%M%SZ").encode("ascii"))


def _read_time(content: bytes) -> datetime:
    ((tag, text, _),) = der.children(content)
    digits = text.decode("ascii")
    if tag == _UTC_TIME:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
