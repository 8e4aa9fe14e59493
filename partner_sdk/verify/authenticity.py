"""Who signed: the root, the chain and the signatures that stand beside what they sign."""

from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from partner_sdk.verify.findings import Findings
from partner_sdk.wire import cms
from partner_sdk.wire.archive import CHAIN, ROOT, SIGNATURE, STATEMENT
from partner_sdk.wire.certificates import MALFORMED, InvalidChain, check_chain, read_pem, to_pem
from partner_sdk.wire.cms import DetachedSignature
from partner_sdk.wire.statement import FORMAT, InvalidStatement, Statement

__all__ = ["authenticate", "check_detached", "check_revoked", "read_authentic", "read_revoked"]


def read_revoked(*, pem: bytes, root: bytes) -> frozenset[int]:
    """Read the serial numbers in a list (CRL) of the trusted root.

    Raises:
        ValueError: it is no list, or not one that the root signed.
    """
    (trusted,) = read_pem(pem=root)[:1]
    key = trusted.public_key()
    refused = "not a list of revoked signers of that root"
    try:
        found = x509.load_pem_x509_crl(pem)
        if (
            not isinstance(key, ec.EllipticCurvePublicKey)
            or found.issuer != trusted.subject
            or not found.is_signature_valid(key)
        ):
            raise ValueError(refused)
        return frozenset(each.serial_number for each in found)
    except MALFORMED as error:
        raise ValueError(refused) from error


def check_revoked(
    *, signature: DetachedSignature | None, revoked: frozenset[int], findings: Findings
) -> None:
    """Refuse a revoked signer; not asked where the log vouches for the statement.

    Whoever stole a key can put any time into a signature, so no time before it is believed.
    """
    if signature is not None and signature.chain[-1].serial_number in revoked:
        message = "was made by a signer that is revoked, and no log's key was given to vouch for it"
        findings.add("chain", SIGNATURE, message)


def authenticate(
    *,
    files: dict[str, bytes],
    trusted: x509.Certificate,
    findings: Findings,
    revoked: frozenset[int] = frozenset(),
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
    check_revoked(signature=signature, revoked=revoked, findings=findings)
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
