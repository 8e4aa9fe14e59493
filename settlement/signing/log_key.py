"""The key of a log: Ed25519, for checkpoints and nothing else, sealed in a file of its own."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from settlement.signing.errors import KeysMissing, WrongPassphrase
from settlement.signing.folder import write_private

__all__ = ["FileLogKeys", "KeyLogSigner", "LogSigner"]


class LogSigner(Protocol):
    """Signs the checkpoints of one log."""

    @property
    def public_key(self) -> bytes:
        """The raw public key (32 bytes)."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the Ed25519 signature of ``data``."""


@dataclass(frozen=True, slots=True)
class KeyLogSigner:
    """A signer whose private key is in memory."""

    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public_key(self) -> bytes:
        """The raw public key (32 bytes)."""
        return self.key.public_key().public_bytes_raw()

    def sign(self, data: bytes, /) -> bytes:
        """Return the signature of ``data``."""
        return self.key.sign(data)


@dataclass(frozen=True, slots=True)
class FileLogKeys:
    """``log/<name>.key.pem`` below the key folder, sealed with the passphrase."""

    folder: Path
    passphrase: str = field(repr=False)

    def load(self, *, name: str) -> KeyLogSigner:
        """Return the signer of a log.

        Raises:
            KeysMissing: there is no such key.
            WrongPassphrase: it does not open.
        """
        file = self._file(name)
        try:
            key = load_pem_private_key(file.read_bytes(), self.passphrase.encode())
        except FileNotFoundError:
            raise KeysMissing(f"the key of the log is not at {file}") from None
        except (ValueError, TypeError):
            # The library's message is left out on purpose: nothing about the key is repeated.
            raise WrongPassphrase(f"{file} does not open with the configured passphrase") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{file} is not an Ed25519 key")
        return KeyLogSigner(key)

    def load_or_create(self, *, name: str) -> KeyLogSigner:
        """Return the signer of a log that begins now.

        Raises:
            WrongPassphrase: there is a key and it does not open.
        """
        file = self._file(name)
        if not file.exists():
            sealed = BestAvailableEncryption(self.passphrase.encode())
            key = Ed25519PrivateKey.generate()
            write_private(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
        return self.load(name=name)

    def _file(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.key.pem"
