"""A PDF that came back: ours, byte for byte, and behind it the partner's signature and no more.

What stands before the partner's signature must be exactly what was issued, so nothing of ours is
judged anew; that what was added is a signature and nothing else is judged by pyHanko against the
certification (ISO 32000-2, 12.8.2.2). Trust is pinned: the signer's certificate is the one that the
partner registered, or it holds a key that the partner registered. What an authority of the
certificate says of it is not asked for.
"""

import hashlib
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError as PdfSigningError
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    SignatureCoverageLevel,
    validate_pdf_signature,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from settlement.signing.pdf import ACCEPTANCE_FIELD, STATEMENT_FIELD

__all__ = ["Countersignature", "InvalidCountersignature", "read_countersignature"]

_ALLOWED = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES, ModificationLevel.FORM_FILLING)


class InvalidCountersignature(ValueError):  # noqa: N818 - the name says it
    """The PDF is not ours with the partner's signature; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The partner's signature: what was added to our PDF, by which certificate (DER).

    ``signed_at`` is what the signer says, if it says so; ``sha256`` (hex) is that of the whole.
    """

    added: bytes
    certificate: bytes
    subject: str
    signed_at: datetime | None
    sha256: str


def read_countersignature(
    *,
    issued: bytes,
    signed: bytes,
    certificates: Collection[bytes],
    keys: Collection[bytes],
    now: datetime,
) -> Countersignature:
    """Check a PDF that a partner signed, against the one that was issued to it.

    ``certificates`` (DER) and ``keys`` (raw Ed25519) are those that the partner registered; ``now``
    is wall time.

    Raises:
        InvalidCountersignature: it is another document, was changed, or is signed by another.
    """
    if not signed.startswith(issued):
        raise InvalidCountersignature("is not the PDF of this statement with something behind it")
    if len(signed) == len(issued):
        raise InvalidCountersignature("has no signature but the coalition's")
    try:
        ours, theirs = _signatures(signed)
        certificate = theirs.signer_cert.dump()
        if certificate not in certificates and _ed25519_of(certificate) not in keys:
            raise InvalidCountersignature(
                "is signed with a certificate that is not registered for you"
            )
        _judge(ours, theirs, now)
        subject = theirs.signer_cert.subject.human_friendly
        signed_at = theirs.self_reported_timestamp
    except InvalidCountersignature:
        raise
    except (
        PdfError, PdfSigningError, SignatureValidationError, ValueError, KeyError, TypeError,
        AttributeError, IndexError, NotImplementedError, RecursionError,
    ) as error:  # fmt: skip
        raise InvalidCountersignature("cannot be read as a signed PDF") from error
    return Countersignature(
        added=signed[len(issued) :],
        certificate=certificate,
        subject=subject,
        signed_at=signed_at,
        sha256=hashlib.sha256(signed).hexdigest(),
    )


def _signatures(signed: bytes) -> tuple[EmbeddedPdfSignature, EmbeddedPdfSignature]:
    reader = PdfFileReader(io.BytesIO(signed))
    found = {each.field_name: each for each in reader.embedded_signatures}
    if len(reader.embedded_signatures) != 2 or set(found) != {STATEMENT_FIELD, ACCEPTANCE_FIELD}:
        raise InvalidCountersignature(
            f"must be signed in the field {ACCEPTANCE_FIELD}, once, and nowhere else"
        )
    ours, theirs = found[STATEMENT_FIELD], found[ACCEPTANCE_FIELD]
    if theirs.signed_revision != ours.signed_revision + 1:
        raise InvalidCountersignature("has been changed between the two signatures")
    return ours, theirs


def _judge(ours: EmbeddedPdfSignature, theirs: EmbeddedPdfSignature, now: datetime) -> None:
    first = validate_pdf_signature(ours, _trusting(ours, now))
    if not (first.intact and first.valid and first.docmdp_ok):
        raise InvalidCountersignature("has more behind the coalition's signature than a signature")
    if first.modification_level not in _ALLOWED:
        raise InvalidCountersignature("has more behind the coalition's signature than a signature")
    second = validate_pdf_signature(theirs, _trusting(theirs, now))
    if second.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise InvalidCountersignature("has something behind your signature")
    if not (second.intact and second.valid):
        raise InvalidCountersignature("was changed after it was signed")
    valid = theirs.signer_cert["tbs_certificate"]["validity"]
    in_time = valid["not_before"].native <= now <= valid["not_after"].native
    if not (second.trusted and in_time):
        raise InvalidCountersignature("is signed with a certificate that is not valid now")


def _trusting(signature: EmbeddedPdfSignature, now: datetime) -> ValidationContext:
    """The signer's own certificate as the anchor: which one it is was compared before."""
    return ValidationContext(
        trust_roots=[x509.Certificate.load(signature.signer_cert.dump())],
        moment=now,
        allow_fetching=False,
    )


def _ed25519_of(certificate: bytes) -> bytes | None:
    """The raw public key of a certificate, if it is of Ed25519."""
    info = x509.Certificate.load(certificate).public_key.dump()
    key = load_der_public_key(info)
    if not isinstance(key, Ed25519PublicKey):
        return None
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
