"""The key of a log: Ed25519, for checkpoints and nothing else, in a file of its own or a token."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from settlement.signing.errors import KeysMissing, WrongPassphrase
from settlement.signing.folder import write_private

__all__ = ["KeyLogSigner", "LogKeys", "LogSigner", "LogToken", "next_name"]

_SEALED, _PUBLIC = ".key.pem", ".pub.pem"


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


class LogToken(Protocol):
    """A token that makes the keys of logs and never gives them out."""

    def create(self) -> bytes:
        """Make a key; return the raw public key."""

    def open(self, *, public_key: bytes) -> LogSigner:
        """Return what signs with the key that belongs to a public key."""


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
class LogKeys:
    """The keys of logs by name, below the key folder.

    ``log/<name>.key.pem`` is a private key, sealed with the passphrase. ``log/<name>.pub.pem`` is
    the public half of one in a token; new ones are made there, where a token is given.
    """

    folder: Path
    passphrase: str = field(repr=False)
    token: LogToken | None = None

    def load(self, *, name: str) -> LogSigner:
        """Return the signer of a log.

        Raises:
            KeysMissing: there is no such key, or it is in a token and none is given.
            WrongPassphrase: it does not open.
        """
        file = self._find(name)
        if file is None:
            raise KeysMissing(f"the key of the log is not at {self._file(name, _SEALED)}")
        if not file.name.endswith(_PUBLIC):
            return self._unseal(file)
        if self.token is None:
            raise KeysMissing(
                f"the key of the log is the one in a token that {file} names: set "
                "SETTLEMENT_PKCS11_LOG_KEY"
            )
        public = load_pem_public_key(file.read_bytes())
        if not isinstance(public, Ed25519PublicKey):
            raise TypeError(f"{file} is not an Ed25519 key")
        return self.token.open(public_key=public.public_bytes_raw())

    def load_or_create(self, *, name: str) -> LogSigner:
        """Return the signer of a log that begins now.

        Raises:
            WrongPassphrase: there is a key and it does not open.
            TokenUnavailable: there is none, and the token cannot be reached or makes no such keys.
        """
        if self._find(name) is None:
            if self.token is None:
                sealed = BestAvailableEncryption(self.passphrase.encode())
                key = Ed25519PrivateKey.generate()
                content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)
                write_private(self._file(name, _SEALED), content)
            else:
                public = Ed25519PublicKey.from_public_bytes(self.token.create())
                content = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                write_private(self._file(name, _PUBLIC), content)
        return self.load(name=name)

    def promote(self, *, name: str, public_key: bytes) -> LogSigner | None:
        """Let the next key of a log take its place, if it is the one given; the old one is kept.

        Raises:
            WrongPassphrase: it does not open.
        """
        coming = self._find(next_name(name))
        if coming is None:
            return None
        found = self.load(name=next_name(name))
        if found.public_key != public_key:
            return None
        present = self._find(name)
        if present is not None:
            former = f"{name}.{self.load(name=name).public_key.hex()[:16]}.former"
            kept = f"{former}{_PUBLIC}" if present.name.endswith(_PUBLIC) else f"{former}.pem"
            present.replace(present.with_name(kept))
        coming.replace(coming.with_name(coming.name.replace(next_name(name), name, 1)))
        return found

    def _unseal(self, file: Path) -> KeyLogSigner:
        try:
            key = load_pem_private_key(file.read_bytes(), self.passphrase.encode())
        except (ValueError, TypeError):
            # The library's message is left out on purpose: nothing about the key is repeated.
            raise WrongPassphrase(f"{file} does not open with the configured passphrase") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{file} is not an Ed25519 key")
        return KeyLogSigner(key)

    def _find(self, name: str) -> Path | None:
        files = (self._file(name, kind) for kind in (_PUBLIC, _SEALED))
        return next((file for file in files if file.exists()), None)

    def _file(self, name: str, kind: str) -> Path:
        return self.folder / "log" / f"{name}{kind}"
