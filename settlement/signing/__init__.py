"""Who signs statements: a protocol, and keys in files under a root that can be kept offline."""

from settlement.signing.authority import Naming
from settlement.signing.errors import (
    KeysMissing,
    RootOffline,
    SigningError,
    UnknownRequest,
    WrongPassphrase,
)
from settlement.signing.keystore import CertificateInfo, FileKeystore
from settlement.signing.signer import KeySigner, StatementSigner, sign_detached

__all__ = [
    "CertificateInfo",
    "FileKeystore",
    "KeySigner",
    "KeysMissing",
    "Naming",
    "RootOffline",
    "SigningError",
    "StatementSigner",
    "UnknownRequest",
    "WrongPassphrase",
    "sign_detached",
]
