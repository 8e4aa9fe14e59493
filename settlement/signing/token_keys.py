"""Keys in a token: the signers', as the certificates' library sees private keys, and a log's.

So requests and signatures are made alike, wherever the key is. What a token gave back is not taken
on trust: a signature that does not verify is none.
"""

# ruff: noqa: ARG002 - what a key in a token refuses has the library's arguments
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
    PublicFormat,
)

from settlement.signing.errors import TokenUnavailable
from settlement.signing.token import ED25519, P256, Token

__all__ = ["TokenKey", "TokenKeys", "TokenLogKeys", "TokenLogSigner"]

#: Gives the signature (DER) by a public key's private key of a SHA-256 digest.
SignDigest = Callable[[ec.EllipticCurvePublicKey, bytes], bytes]


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The signers' keys of one label in a token, as ``settlement.signing.SignerKeys`` asks."""

    token: Token
    label: str

    def create(self) -> "TokenKey":
        """Make a key inside the token, that cannot be taken out of it.

        Raises:
            TokenUnavailable: the token cannot be reached, or makes no such keys.
            TokenRefused: it does not take the PIN.
        """
        point = self.token.create(kind=P256, label=self.label)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return TokenKey(self.sign_digest, public)

    def has(self, *, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether the private key that belongs to a public key is in the token.

        Raises:
            TokenUnavailable: the token cannot be reached.
            TokenRefused: it does not take the PIN.
        """
        return self.token.has(kind=P256, label=self.label, point=_point(key))

    def open(self, *, key: ec.EllipticCurvePublicKey) -> "TokenKey":
        """Return what signs with the key that belongs to a public key."""
        return TokenKey(self.sign_digest, key)

    def sign_digest(self, key: ec.EllipticCurvePublicKey, digest: bytes) -> bytes:
        """Return the ECDSA signature (DER) of a SHA-256 digest.

        Raises:
            TokenUnavailable: the token or the key in it cannot be reached, or what it gave is no
                signature.
            TokenRefused: it does not take the PIN.
        """
        raw = self.token.sign(kind=P256, label=self.label, point=_point(key), data=digest)
        half = len(raw) // 2
        signature = encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )
        try:
            key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
        except InvalidSignature:
            raise _no_signature(self.token) from None
        return signature


@dataclass(frozen=True, slots=True)
class TokenLogKeys:
    """The logs' keys of one label in a token, as ``settlement.signing.log_key.LogToken`` asks."""

    token: Token
    label: str

    def create(self) -> bytes:
        """Make an Ed25519 key inside the token; return the raw public key.

        Raises:
            TokenUnavailable: the token cannot be reached, or makes no such keys.
            TokenRefused: it does not take the PIN.
        """
        return self.token.create(kind=ED25519, label=self.label)

    def open(self, *, public_key: bytes) -> "TokenLogSigner":
        """Return what signs with the key that belongs to a public key."""
        return TokenLogSigner(self, public_key)


@dataclass(frozen=True, slots=True)
class TokenLogSigner:
    """A log's signer whose private key is in a token."""

    keys: TokenLogKeys
    public_key: bytes

    def sign(self, data: bytes, /) -> bytes:
        """Return the Ed25519 signature of ``data``. Raises TokenUnavailable and TokenRefused."""
        token = self.keys.token
        signature = token.sign(
            kind=ED25519, label=self.keys.label, point=self.public_key, data=data
        )
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, data)
        except InvalidSignature:
            raise _no_signature(token) from None
        return signature


class TokenKey(ec.EllipticCurvePrivateKey):
    """A key in a token: it signs digests of SHA-256, and that is all that can be done with it."""

    def __init__(self, sign_digest: SignDigest, public: ec.EllipticCurvePublicKey) -> None:
        self._sign_digest, self._public = sign_digest, public

    def sign(self, data: object, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the signature (DER) of ``data``. Raises TokenUnavailable and TokenRefused."""
        if not isinstance(data, bytes) or not isinstance(signature_algorithm.algorithm, SHA256):
            raise TypeError("a token signs bytes, by SHA-256")
        return self._sign_digest(self._public, sha256(data).digest())

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits."""
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        """Refuse: the key has one purpose."""
        raise TypeError("a signer's key agrees on nothing")

    def private_numbers(self) -> NoReturn:
        """Refuse: the key does not leave the token."""
        raise TypeError("the key does not leave its token")

    def private_bytes(
        self,
        encoding: Encoding,
        format: PrivateFormat,  # noqa: A002 - the library's name
        encryption_algorithm: KeySerializationEncryption,
    ) -> NoReturn:
        """Refuse: the key does not leave the token."""
        raise TypeError("the key does not leave its token")

    def __copy__(self) -> "TokenKey":
        """Return itself: there is one."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "TokenKey":
        """Return itself: there is one."""
        return self


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _no_signature(token: Token) -> TokenUnavailable:
    return TokenUnavailable(f"what the token {token.label} gave is no signature")
