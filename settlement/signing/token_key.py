"""A key in a token, as the certificates' library sees private keys.

So requests and signatures are made alike, wherever the key is.
"""

# ruff: noqa: ARG002 - what a key in a token refuses has the library's arguments
from collections.abc import Callable
from hashlib import sha256
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    PrivateFormat,
)

__all__ = ["SignDigest", "TokenKey"]

#: Gives the signature (DER) by a public key's private key of a SHA-256 digest.
SignDigest = Callable[[ec.EllipticCurvePublicKey, bytes], bytes]


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
