"""As much of a signed PDF as its proof needs: the signature's bytes, and the file enclosed in it.

The signature (ISO 32000-2, 12.8) stands in the file as hexadecimal digits between the two ranges of
bytes that it covers. It has one accepted form here, as the detached ones have: capital digits, DER,
zeros behind it; SHA-256, the certificates from the signer up to but without the root, one signer by
issuer and serial number, ECDSA, and at most a timestamp token (RFC 3161) that it does not cover.
"""

import re
import zlib
from dataclasses import dataclass
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

__all__ = ["InvalidPdf", "PdfSignature", "enclosed_file", "read_pdf_signature"]

_BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+) ?\]")
_DIGITS = re.compile(rb"<((?:[0-9A-F]{2})+)>")
_ENCLOSED = re.compile(rb"/Type ?/EmbeddedFile\b")
_LENGTH = re.compile(rb"/Length ([0-9]+)(?! [0-9]+ R)")
_MAX_ENCLOSED = 1 << 26

_DATA = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_TIMESTAMP_TOKEN = der.oid("1.2.840.113549.1.9.16.2.14")
_SHA256_OID = der.oid("2.16.840.1.101.3.4.2.1")
_SHA256 = der.sequence(_SHA256_OID, der.tlv(0x05, b""))
_ECDSA_SHA256 = der.sequence(der.oid("1.2.840.10045.4.3.2"))
_CONTEXT_1 = 0xA1


class InvalidPdf(ValueError):  # noqa: N818 - the name says it
    """The file is not a PDF that was signed as a statement's is; the message says why."""


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """The signature of a PDF: what it covers (hash), and what the signer's key signed.

    ``certificates`` are DER, as enclosed; ``timestamp`` is the token's DER, or None.
    """

    covered_sha256: bytes
    certificates: tuple[bytes, ...]
    attributes: bytes
    value: bytes
    timestamp: bytes | None

    def is_by(self, signer: x509.Certificate) -> bool:
        """Tell whether the certificate's key signed the attributes, and they name it."""
        try:
            key = signer.public_key()
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return False
            key.verify(self.value, der.tlv(der.SET, self.attributes), ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        named = sha256(signer.public_bytes(Encoding.DER)).digest()
        return named in self._attribute(_SIGNING_CERTIFICATE_V2)

    @property
    def signed_sha256(self) -> bytes:
        """What the signer signed: the hash of everything but the signature."""
        return der.only(self._attribute(_MESSAGE_DIGEST), der.OCTETS)

    def _attribute(self, name: bytes) -> bytes:
        for _, attribute, _ in der.children(self.attributes):
            kind, values = der.children(attribute)
            if kind[2] == name:
                return values[1]
        return b""

    def timestamp_fits(self) -> bool:
        """Tell whether the timestamp, if there is one, is of this very signature."""
        return self.timestamp is None or sha256(self.value).digest() in self.timestamp


def read_pdf_signature(*, content: bytes) -> PdfSignature:
    """Find the one signature of a PDF.

    Raises:
        InvalidPdf: none, several, one that leaves out more than itself, or in another form.
    """
    found = list(_BYTE_RANGE.finditer(content))
    if len(found) != 1:
        raise InvalidPdf("has not exactly one signature")
    first, size, second, rest = (int(number) for number in found[0].groups())
    if first or not size < second or second + rest != len(content):
        raise InvalidPdf("its signature does not cover the whole file but itself")
    digits = _DIGITS.fullmatch(content[size:second])
    if digits is None:
        raise InvalidPdf("its signature does not cover the whole file but itself")
    covered = sha256(content[:size])
    covered.update(content[second:])
    try:
        return _read(bytes.fromhex(digits[1].decode("ascii")), covered.digest())
    except (ValueError, IndexError) as error:
        raise InvalidPdf("its signature is not in the one accepted form") from error


def _read(padded: bytes, covered_sha256: bytes) -> PdfSignature:
    length = _whole_length(padded)
    content = padded[:length]
    if padded[length:].strip(b"\x00"):
        raise InvalidPdf("something stands behind the signature")
    outer = der.children(der.only(content, der.SEQUENCE))
    signed = der.children(der.only(der.only(outer[1][2], der.CONTEXT_0), der.SEQUENCE))
    info = der.children(der.only(signed[4][1], der.SEQUENCE))
    timestamp = None
    if len(info) > 6:
        kind, values = der.children(der.only(info[6][1], der.SEQUENCE))
        if kind[2] != _TIMESTAMP_TOKEN:
            raise InvalidPdf("an attribute that is no timestamp")
        ((_, _, timestamp),) = der.children(values[1])
    certificates = tuple(whole for _, _, whole in der.children(signed[3][1]))
    found = PdfSignature(covered_sha256, certificates, info[3][1], info[5][1], timestamp)
    if _write(found, info[1][2]) != content:
        raise InvalidPdf("another form")
    if len(der.children(found.attributes)) != 3 or found._attribute(_CONTENT_TYPE) != _DATA:
        raise InvalidPdf("other attributes")
    return found


def _whole_length(padded: bytes) -> int:
    """The length of the element that the bytes start with."""
    if padded[1] < 0x80:
        return 2 + padded[1]
    size = padded[1] & 0x7F
    return 2 + size + int.from_bytes(padded[2 : 2 + size], "big")


def _write(found: PdfSignature, signer_id: bytes) -> bytes:
    r, s = decode_dss_signature(found.value)
    parts = [
        der.integer(1),
        signer_id,
        _SHA256,
        der.tlv(der.CONTEXT_0, found.attributes),
        _ECDSA_SHA256,
        der.octets(encode_dss_signature(r, s)),
    ]
    if found.timestamp is not None:
        token = der.sequence(_TIMESTAMP_TOKEN, der.tlv(der.SET, found.timestamp))
        parts.append(der.tlv(_CONTEXT_1, token))
    signed_data = der.sequence(
        der.integer(1),
        der.tlv(der.SET, _SHA256),
        der.sequence(_DATA),
        der.tlv(der.CONTEXT_0, b"".join(found.certificates)),
        der.tlv(der.SET, der.sequence(*parts)),
    )
    return der.sequence(_SIGNED_DATA, der.tlv(der.CONTEXT_0, signed_data))


def enclosed_file(*, content: bytes) -> bytes:
    """Return the one file that is embedded in a PDF.

    Raises:
        InvalidPdf: none, several, or one that cannot be read.
    """
    found = list(_ENCLOSED.finditer(content))
    if len(found) != 1:
        raise InvalidPdf("has not exactly one file enclosed")
    begins = content.rfind(b" obj", 0, found[0].start())
    stream = content.find(b"stream", found[0].end())
    described = content[begins:stream]
    length = _LENGTH.search(described)
    if begins < 0 or stream < 0 or length is None:
        raise InvalidPdf("its enclosed file cannot be read")
    start = stream + len(b"stream")
    start += 2 if content[start : start + 2] == b"\r\n" else 1
    enclosed = content[start : start + int(length[1])]
    if b"/Filter" not in described:
        return enclosed
    if b"/FlateDecode" not in described:
        raise InvalidPdf("its enclosed file cannot be read")
    try:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(enclosed, _MAX_ENCLOSED)
    except zlib.error as error:
        raise InvalidPdf("its enclosed file cannot be read") from error
    if not unpacker.eof or unpacker.unused_data:
        raise InvalidPdf("its enclosed file cannot be read")
    return unpacked
