"""Certified signatures inside PDFs: PAdES B-B, and B-T where there is a timestamp authority.

ETSI EN 319 142-1. The certification (ISO 32000-2, 12.8.2.2, P = 2) lets others fill in signature
fields and sign, and nothing else. Nothing is appended after signing, so the whole file is signed.
"""

import io
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import cms, tsp, x509
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import (
    PdfSignatureMetadata,
    PdfSigningSession,
)
from pyhanko.sign.signers.pdf_signer import PdfSigner as _Session
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from settlement.signing.errors import TimestampUnavailable
from settlement.signing.signer import StatementSigner
from settlement.signing.timestamps import TimestampAuthority

__all__ = ["ACCEPTANCE_FIELD", "STATEMENT_FIELD", "PdfSigner", "SignedPdf"]

#: The coalition's own signature, and the empty field that waits for the partner's.
STATEMENT_FIELD, ACCEPTANCE_FIELD = "Statement", "Acceptance"
_DIGEST = "sha256"
#: The longest DER of an ECDSA signature on P-256.
_SIGNATURE_BYTES = 72
#: Everything of a CMS signature but its certificates and the signature proper.
_ATTRIBUTES_BYTES = 1200


@dataclass(frozen=True, slots=True)
class SignedPdf:
    """A signed document, and whether an authority vouches for the time of its signature."""

    content: bytes
    timestamped: bool


class PdfSigner:
    """Signs PDFs with whatever signs statements.

    Without its timestamp authority it refuses to sign, unless ``without_timestamp`` allows it.
    """

    def __init__(
        self,
        *,
        signer: StatementSigner,
        authority: TimestampAuthority | None = None,
        without_timestamp: bool = False,
    ) -> None:
        self._signer = _Bridge(signer)
        self._stamper = _Stamper(authority) if authority else None
        self._without_timestamp = without_timestamp

    def sign(
        self,
        *,
        document: bytes,
        signed_at: datetime,
        reason: str | None = None,
        acceptance_box: tuple[int, int, int, int] | None = None,
    ) -> SignedPdf:
        """Certify a document; its own bytes stay as they are, the signature comes after them.

        ``signed_at`` is wall time; ``acceptance_box`` is where, on the last page, an empty field
        for the partner's signature goes (left, bottom, right, top, in points).

        Raises:
            TimestampUnavailable: no timestamp, and without one nothing is to be signed.
        """
        given = (document, signed_at.astimezone(UTC), reason, acceptance_box)
        try:
            return SignedPdf(self._sign(*given, self._stamper), self._stamper is not None)
        except TimestampUnavailable:
            if not self._without_timestamp:
                raise
            return SignedPdf(self._sign(*given, None), False)

    def _sign(
        self,
        document: bytes,
        signed_at: datetime,
        reason: str | None,
        box: tuple[int, int, int, int] | None,
        stamper: "_Stamper | None",
    ) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(document))
        if box is not None:
            append_signature_field(writer, SigFieldSpec(ACCEPTANCE_FIELD, on_page=-1, box=box))
        described = PdfSignatureMetadata(
            field_name=STATEMENT_FIELD,
            md_algorithm=_DIGEST,
            reason=reason,
            certify=True,
            subfilter=SigSeedSubFilter.PADES,
            docmdp_permissions=MDPPerm.FILL_FORMS,
        )
        session = _AtInstant(described, self._signer, timestamper=stamper)
        session.signed_at = signed_at
        # With a timestamp the library tries one out and measures it.
        room = None if stamper else self._signer.room
        signed: io.BytesIO = session.sign_pdf(writer, bytes_reserved=room)
        return signed.getvalue()


class _AtInstant(_Session):
    """The library's signer, told the time rather than reading a clock."""

    signed_at: datetime

    def init_signing_session(self, *args: object, **kwargs: object) -> PdfSigningSession:
        session = super().init_signing_session(*args, **kwargs)  # type: ignore[arg-type]
        session.system_time = self.signed_at
        return session


class _Bridge(Signer):
    """The library's view of a statement signer."""

    def __init__(self, signer: StatementSigner) -> None:
        leaf, *issuers = (
            x509.Certificate.load(certificate.public_bytes(Encoding.DER))
            for certificate in signer.chain
        )
        known = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # untyped library
        known.register_multiple(issuers)
        super().__init__(
            signing_cert=leaf,
            cert_registry=known,
            signature_mechanism=SignedDigestAlgorithm({"algorithm": f"{_DIGEST}_ecdsa"}),
        )
        self._statement_signer = signer
        certificates = sum(len(each.dump()) for each in (leaf, *issuers))
        #: What the signature takes at most, in the digits that it is written with.
        self.room = 2 * (certificates + _ATTRIBUTES_BYTES + _SIGNATURE_BYTES)

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        if digest_algorithm != _DIGEST:
            raise ValueError(f"a statement signer signs with {_DIGEST}, not {digest_algorithm}")
        return bytes(_SIGNATURE_BYTES) if dry_run else self._statement_signer.sign(data=data)


class _Stamper(TimeStamper):
    """The library's view of a timestamp authority; a token for something else is refused."""

    def __init__(self, authority: TimestampAuthority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped library
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._authority.ask(query=req.dump()))

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            stamped = token["content"]["encap_content_info"]["content"].parsed["message_imprint"]
            if stamped["hashed_message"].native != message_digest:
                raise ValueError("the token is for something else")
        except TimestampUnavailable:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._authority.failed(str(error) or type(error).__name__) from error
        return token
