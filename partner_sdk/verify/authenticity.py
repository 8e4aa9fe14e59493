"""Who signed: the root, the chain and the signatures that stand beside what they sign."""

from hashlib import sha256

from cryptography import x509

from partner_sdk.verify.findings import Findings
from partner_sdk.wire import cms
from partner_sdk.wire.archive import CHAIN, ROOT, SIGNATURE, STATEMENT
from partner_sdk.wire.certificates import InvalidChain, check_chain, to_pem
from partner_sdk.wire.cms import DetachedSignature
from partner_sdk.wire.statement import FORMAT, InvalidStatement, Statement

__all__ = ["authenticate", "check_detached", "read_authentic"]


def authenticate(
    *, files: dict[str, bytes], trusted: x509.Certificate, findings: Findings
) -> tuple[Statement | None, DetachedSignature | None]:
    """Check root, signature and chain of a bundle.

    Returns:
        The statement, if it can be read and is not known to be another than was signed; and its
        signature, if that is sound.
    """
    if files[ROOT] != to_pem(certificates=[trusted]):
        findings.add("root", ROOT, "is not the root that you trust")
    signature = check_detached(
        content=files[STATEMENT],
        name=STATEMENT,
        signature=files[SIGNATURE],
        signature_name=SIGNATURE,
        trusted=trusted,
        findings=findings,
        chain=files[CHAIN],
    )
    if findings.against(STATEMENT):
        return None, signature
    return read_authentic(content=files[STATEMENT], name=STATEMENT, findings=findings), signature


def read_authentic(*, content: bytes, name: str, findings: Findings) -> Statement | None:
    """Read a statement; None, and a finding, where the bytes are none."""
    try:
        return Statement.from_bytes(content)
    except InvalidStatement:
        message = f"is not a statement of format {FORMAT} in its one spelling"
        findings.add("statement", name, message)
        return None


def check_detached(
    *,
    content: bytes,
    name: str,
    signature: bytes,
    signature_name: str,
    trusted: x509.Certificate,
    findings: Findings,
    chain: bytes | None = None,
) -> DetachedSignature | None:
    """Check a detached signature; ``chain`` is what chain.pem must then be.

    Returns:
        The signature if it is sound in itself, whatever it signs.
    """
    try:
        found = cms.read(content=signature)
    except cms.InvalidCms:
        message = "is not a detached CMS signature in the one accepted form"
        findings.add("signature", signature_name, message)
        return None
    try:
        found.verify()
        check_chain(chain=found.chain, root=trusted, at=found.signed_at)
    except cms.InvalidCms:
        findings.add("signature", signature_name, "was not made by the signer's key")
        return None
    except InvalidChain as error:
        findings.add("chain", signature_name, str(error))
        return None
    if chain is not None and chain != to_pem(certificates=found.chain):
        findings.add("chain", CHAIN, "is not the chain of the signer")
    if found.content_sha256 != sha256(content).digest():
        findings.add("signature", name, "is not what was signed")
    return found
