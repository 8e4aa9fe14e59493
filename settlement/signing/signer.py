"""The seam between statements and whatever holds the key: a file here, a token elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from partner_sdk.wire import cms

__all__ = ["KeySigner", "SignerKeys", "StatementSigner", "sign_detached"]


class StatementSigner(Protocol):
    """Signs statements on behalf of the coalition."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The signer's certificate, then its issuers, without the root."""

    @property
    def root(self) -> x509.Certificate:
        """The root that partners trust."""

    def sign(self, *, data: bytes) -> bytes:
        """Return the ECDSA P-256 SHA-256 signature of ``data`` (DER)."""


class SignerKeys(Protocol):
    """Where the private keys of signers are: in files, or in a token that never gives them out."""

    def create(self) -> ec.EllipticCurvePrivateKey:
        """Make a key on P-256 and keep it."""

    def has(self, *, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether the private key that belongs to a public key is here."""

    def open(self, *, key: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Return what signs with the key that belongs to a public key."""


@dataclass(frozen=True, slots=True)
class KeySigner:
    """A signer whose private key is in memory, or in a token behind the same interface."""

    chain: tuple[x509.Certificate, ...]
    root: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def sign(self, *, data: bytes) -> bytes:
        """Return the signature of ``data``."""
        return self.key.sign(data, ec.ECDSA(SHA256()))


def sign_detached(*, signer: StatementSigner, content: bytes, signed_at: datetime) -> bytes:
    """Return the detached CMS signature (DER) over ``content``; ``signed_at`` is wall time, UTC."""
    digest = sha256(content).digest()
    # The attribute holds whole seconds.
    second = signed_at.replace(microsecond=0)
    attributes = cms.signed_attributes(
        content_sha256=digest, signed_at=second, signer=signer.chain[0]
    )
    return cms.write(
        chain=signer.chain,
        content_sha256=digest,
        signed_at=second,
        signature=cms.low_s(signature=signer.sign(data=attributes)),
    )
