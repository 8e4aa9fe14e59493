"""Who signs statements: a protocol, and keys in files under a root that can be kept offline.

Signatures inside PDFs are in ``settlement.signing.pdf``, apart from the rest: its library takes a
second to import.
"""

from settlement.signing.authority import Naming
from settlement.signing.errors import (
    KeysMissing,
    RootOffline,
    SigningError,
    TimestampUnavailable,
    TokenRefused,
    TokenUnavailable,
    UnknownRequest,
    WrongPassphrase,
)
from settlement.signing.info import CertificateInfo
from settlement.signing.keystore import FileKeystore
from settlement.signing.signer import KeySigner, SignerKeys, StatementSigner, sign_detached
from settlement.signing.timestamps import TimestampAuthority

__all__ = [
    "CertificateInfo",
    "FileKeystore",
    "KeySigner",
    "KeysMissing",
    "Naming",
    "RootOffline",
    "SignerKeys",
    "SigningError",
    "StatementSigner",
    "TimestampAuthority",
    "TimestampUnavailable",
    "TokenRefused",
    "TokenUnavailable",
    "UnknownRequest",
    "WrongPassphrase",
    "sign_detached",
]
