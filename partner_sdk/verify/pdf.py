"""``statement.pdf``: signed as a whole with the statement's certificates, the statement in it."""

from cryptography.hazmat.primitives.serialization import Encoding

from partner_sdk.verify.findings import Findings
from partner_sdk.wire.archive import PDF
from partner_sdk.wire.cms import DetachedSignature
from partner_sdk.wire.pdf import InvalidPdf, enclosed_file, read_pdf_signature

__all__ = ["check_pdf"]


def check_pdf(
    *, content: bytes, statement: bytes, signature: DetachedSignature, findings: Findings
) -> None:
    """Check the PDF; ``signature`` is that of ``statement``, whose certificates were checked."""
    try:
        found = read_pdf_signature(content=content)
        signed_sha256 = found.signed_sha256
        enclosed = enclosed_file(content=content)
    except InvalidPdf as error:
        findings.add("pdf", PDF, str(error))
        return
    except ValueError:
        findings.add("pdf", PDF, "its signature is not in the one accepted form")
        return
    chain = [certificate.public_bytes(Encoding.DER) for certificate in signature.chain]
    if sorted(found.certificates) != sorted(chain):
        findings.add("chain", PDF, "was not signed with the certificates of the statement")
    elif not found.is_by(signature.chain[0]):
        findings.add("signature", PDF, "was not signed by the signer's key")
    elif signed_sha256 != found.covered_sha256:
        findings.add("signature", PDF, "is not what was signed")
    elif not found.timestamp_fits():
        findings.add("signature", PDF, "its timestamp is of something else")
    elif enclosed != statement:
        findings.add("pdf", PDF, "does not enclose statement.json as it is")
