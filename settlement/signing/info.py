"""What is told of a signer's certificate."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from cryptography import x509

__all__ = ["CertificateInfo", "State"]

State = Literal["signing", "valid", "future", "expired", "lost", "revoked"]


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """A signer's certificate: ``signing`` now, ``valid`` beside it, not yet or no longer valid.

    ``lost`` is one that could sign, had its key not gone; ``revoked`` one that is not believed.
    """

    serial: str
    subject: str
    not_before: datetime
    not_after: datetime
    state: State

    @classmethod
    def of(cls, certificate: x509.Certificate, *, state: State) -> Self:
        """Describe a certificate."""
        return cls(
            serial=f"{certificate.serial_number:x}",
            subject=certificate.subject.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            state=state,
        )
