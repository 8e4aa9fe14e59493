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

__all__ = ["FileLogKeys", "KeyLogSigner", "LogSigner", "next_name"]


def next_name(name: str) -> str:
    """What the file of a log's next key is called by, while its key is being replaced."""
    return f"{name}.next"


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

    def promote(self, *, name: str, public_key: bytes) -> KeyLogSigner | None:
        """Let the next key of a log take its place, if it is the one given; the old one is kept.

        Raises:
            WrongPassphrase: it does not open.
        """
        coming = self._file(next_name(name))
        if not coming.exists():
            return None
        found = self.load(name=next_name(name))
        if found.public_key != public_key:
            return None
        present = self._file(name)
        if present.exists():
            former = self.load(name=name).public_key
            present.replace(present.with_name(f"{name}.{former.hex()[:16]}.former.pem"))
        coming.replace(present)
        return found

    def _file(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.key.pem"
