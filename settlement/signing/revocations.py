"""The list of revoked signers (a CRL, RFC 5280, 5), signed by the root."""

from collections.abc import Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from settlement.signing.authority import CLOCK_SKEW

__all__ = ["is_of_root", "issue_revocations", "list_number", "revoked_at"]


def issue_revocations(
    *,
    serials: Mapping[int, datetime],
    number: int,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.CertificateRevocationList:
    """Return the list (RFC 5280, 5) of revoked signers and when each was revoked.

    It has no schedule: a newer one comes when something happens, so it says that it holds as long
    as the root does.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.subject)
        .last_update((now - CLOCK_SKEW).replace(microsecond=0))
        .next_update(root.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
    )
    for serial, revoked_at in sorted(serials.items()):
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(revoked_at.replace(microsecond=0))
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .build()
        )
    return builder.sign(root_key, SHA256())


def is_of_root(*, revoked: x509.CertificateRevocationList, root: x509.Certificate) -> bool:
    """Whether a root signed a list of revoked signers."""
    key = root.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and revoked.issuer == root.subject
        and revoked.is_signature_valid(key)
    )


def list_number(*, revoked: x509.CertificateRevocationList) -> int:
    """Return which list this is; each that follows has a greater number."""
    return revoked.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def revoked_at(*, revoked: x509.CertificateRevocationList | None) -> dict[int, datetime]:
    """Return the serial numbers of the revoked signers, and since when each is."""
    if revoked is None:
        return {}
    return {each.serial_number: each.revocation_date_utc for each in revoked}
