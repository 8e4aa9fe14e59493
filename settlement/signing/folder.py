"""The key folder as files: what is where, written whole or not at all, private keys sealed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from partner_sdk.wire.certificates import read_pem, to_pem
from settlement.signing.errors import KeysMissing, RootOffline, WrongPassphrase

__all__ = ["Chain", "KeyFolder", "PublicFolder", "write_private"]

Chain = tuple[x509.Certificate, ...]


_ROOT, _REVOKED = "root.pem", "revoked.crl.pem"


@dataclass(frozen=True, slots=True)
class PublicFolder:
    """What everybody may read of a key folder: it takes no passphrase."""

    path: Path

    def root(self) -> x509.Certificate:
        """Return the root's certificate.

        Raises:
            KeysMissing: there is none yet.
        """
        try:
            return read_pem(pem=(self.path / _ROOT).read_bytes())[0]
        except FileNotFoundError as error:
            raise KeysMissing("there is no root certificate: run `settlement keys init`") from error

    def chains(self) -> list[Chain]:
        """Return all signers' chains, oldest first."""
        found = [
            read_pem(pem=file.read_bytes()) for file in (self.path / "signers").glob("*.cert.pem")
        ]
        return sorted(found, key=lambda c: (c[0].not_valid_before_utc, c[0].serial_number))

    def revoked(self) -> x509.CertificateRevocationList | None:
        """Return the newest list of revoked signers; None where none was ever revoked."""
        try:
            return x509.load_pem_x509_crl((self.path / _REVOKED).read_bytes())
        except FileNotFoundError:
            return None


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """``root.pem``, ``root.key.pem`` and ``signers/<fingerprint>.{key,cert}.pem``.

    It is also the place of the signers' keys (``SignerKeys``) where there is no token.
    """

    path: Path
    passphrase: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.passphrase:
            raise ValueError("a key folder needs a passphrase")

    @property
    def has_root(self) -> bool:
        """Whether the root's certificate is here."""
        return self._root_file.exists()

    @property
    def has_root_key(self) -> bool:
        """Whether the root's private key is here; in production it should not be."""
        return self._root_key_file.exists()

    def root(self) -> x509.Certificate:
        """Return the root's certificate.

        Raises:
            KeysMissing: there is none yet.
        """
        return PublicFolder(self.path).root()

    def root_key(self) -> ec.EllipticCurvePrivateKey:
        """Return the root's private key.

        Raises:
            RootOffline: it is not here.
            WrongPassphrase: it does not open.
        """
        if not self.has_root_key:
            raise RootOffline(
                f"{self._root_key_file} is not here: use `settlement keys request` here and "
                "`settlement keys sign` where the root's key is kept"
            )
        return self._load_key(self._root_key_file)

    def create(self) -> ec.EllipticCurvePrivateKey:
        """Make a signer's private key and keep it."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._store_key(self._signer_file(key.public_key(), "key"), key)
        return key

    def open(self, *, key: ec.EllipticCurvePublicKey) -> ec.EllipticCurvePrivateKey:
        """Return the private key that belongs to a signer's public key.

        Raises:
            WrongPassphrase: it does not open.
        """
        return self._load_key(self._signer_file(key, "key"))

    def has(self, *, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether the private key that belongs to a public key is here."""
        return self._signer_file(key, "key").exists()

    def chains(self) -> list[Chain]:
        """Return all signers' chains, oldest first, whether or not their keys are here."""
        return PublicFolder(self.path).chains()

    def store_root(
        self, *, key: ec.EllipticCurvePrivateKey | None, certificate: x509.Certificate
    ) -> None:
        """Write the root; the certificate last, for it says that the root is there."""
        if key is not None:
            self._store_key(self._root_key_file, key)
        write_private(self._root_file, to_pem(certificates=[certificate]))

    def revoked(self) -> x509.CertificateRevocationList | None:
        """Return the newest list of revoked signers; None where none was ever revoked."""
        return PublicFolder(self.path).revoked()

    def store_revoked(self, *, revoked: x509.CertificateRevocationList) -> None:
        """Write the list of revoked signers."""
        write_private(self.path / _REVOKED, revoked.public_bytes(Encoding.PEM))

    def store_chain(self, *, chain: Chain) -> None:
        """Write a signer's certificate and its intermediates."""
        write_private(self._signer_file(chain[0].public_key(), "cert"), to_pem(certificates=chain))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time change the folder; the lock dies with its process."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @property
    def _root_file(self) -> Path:
        return self.path / _ROOT

    @property
    def _root_key_file(self) -> Path:
        return self.path / "root.key.pem"

    def _signer_file(self, key: object, what: str) -> Path:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError("a statement signer needs a P-256 key")
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self.path / "signers" / f"{sha256(spki).hexdigest()[:32]}.{what}.pem"

    def _store_key(self, file: Path, key: ec.EllipticCurvePrivateKey) -> None:
        sealed = BestAvailableEncryption(self.passphrase.encode())
        write_private(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))

    def _load_key(self, file: Path) -> ec.EllipticCurvePrivateKey:
        try:
            key = load_pem_private_key(file.read_bytes(), self.passphrase.encode())
        except (ValueError, TypeError):
            # The library's message is left out on purpose: nothing about the key is repeated.
            raise WrongPassphrase(f"{file} does not open with the configured passphrase") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{file} is not an elliptic curve key")
        return key


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
