"""Signers' keys in a PKCS#11 token, which makes them and never gives them out.

A process has one session, and opens its own: PKCS#11 does not survive a fork. A token that went
away and came back is opened anew at the next signature. The raw mechanism is used, over a digest
that is made here: it is the one that every token has.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import pkcs11
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.exceptions import (
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
)
from pkcs11.util.ec import encode_named_curve_parameters

from settlement.signing.errors import TokenRefused, TokenUnavailable
from settlement.signing.token_key import TokenKey

__all__ = ["TokenKeys", "TokenSettings", "open_token"]

_PIN_REFUSED = (PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked)
#: The DER of an octet string of 65 bytes, which is how PKCS#11 keeps a point on P-256.
_OCTET_STRING = b"\x04\x41"
_HALF = 32
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Which token: the vendor's module (a path), the token's label, its user's PIN.

    ``key_label`` is what our keys are called in it; they are told apart by their public keys.
    """

    module: str
    token: str
    key_label: str
    pin: str = field(repr=False)


class _Missing(Exception):  # noqa: N818 - the name says it
    """The key is not in the token, as far as this session sees."""


class TokenKeys:
    """The keys of one token, as ``settlement.signing.SignerKeys`` asks."""

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        self._process = 0
        self._found: dict[bytes, pkcs11.SignMixin] = {}
        self._tried = False
        self._refused = ""

    def create(self) -> TokenKey:
        """Make a key inside the token, that cannot be taken out of it.

        Raises:
            TokenUnavailable: the token cannot be reached, or makes no such keys.
            TokenRefused: it does not take the PIN.
        """
        point = self._use(self._generate)
        return TokenKey(
            self.sign_digest, ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        )

    def has(self, *, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether the private key that belongs to a public key is in the token.

        Raises:
            TokenUnavailable: the token cannot be reached.
            TokenRefused: it does not take the PIN.
        """
        point = _point(key)
        try:
            self._use(lambda session: self._find(session, point))
        except _Missing:
            return False
        return True

    def open(self, *, key: ec.EllipticCurvePublicKey) -> TokenKey:
        """Return what signs with the key that belongs to a public key."""
        return TokenKey(self.sign_digest, key)

    def sign_digest(self, key: ec.EllipticCurvePublicKey, digest: bytes) -> bytes:
        """Return the ECDSA signature (DER) of a SHA-256 digest.

        Raises:
            TokenUnavailable: the token or the key in it cannot be reached, or what it gave is no
                signature.
            TokenRefused: it does not take the PIN.
        """
        point = _point(key)
        try:
            raw = self._use(
                lambda session: self._find(session, point).sign(
                    digest, mechanism=pkcs11.Mechanism.ECDSA
                )
            )
        except _Missing:
            raise TokenUnavailable(
                f"the token {self._settings.token} has no key of the signer's certificate"
            ) from None
        half = len(raw) // 2
        signature = encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )
        try:
            # What a key kept elsewhere gave back is not taken on trust.
            key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
        except InvalidSignature:
            raise TokenUnavailable(
                f"what the token {self._settings.token} gave is no signature"
            ) from None
        return signature

    def _use(self, act: Callable[[pkcs11.Session], _Result]) -> _Result:
        """Do something in a session; where it was lost meanwhile, once more in a new one."""
        with self._lock:
            if self._session is not None and self._process == os.getpid():
                try:
                    return act(self._session)
                except (PKCS11Error, _Missing):
                    # A token that is gone may answer as an empty one: look again.
                    self._found.clear()
            session = self._log_in()
            try:
                return act(session)
            except PKCS11Error as error:
                raise self._unavailable(error) from error

    def _log_in(self) -> pkcs11.Session:
        if self._refused:
            raise TokenRefused(self._refused)
        settings, self._session = self._settings, None
        self._found.clear()
        try:
            module = pkcs11.lib(settings.module)
            if self._tried:
                _begin_again(module)
            self._tried = True
            token = module.get_token(token_label=settings.token)
            # Sessions for writing, so that a key can be made in it.
            session = token.open(rw=True, user_pin=settings.pin)
        except _PIN_REFUSED as error:
            self._refused = (
                f"the token {settings.token} does not take the PIN ({type(error).__name__}); "
                "it is not tried again by this process, for that would lock the token"
            )
            raise TokenRefused(self._refused) from None
        except (PKCS11Error, OSError, RuntimeError) as error:
            raise self._unavailable(error) from error
        self._session, self._process = session, os.getpid()
        return session

    def _generate(self, session: pkcs11.Session) -> bytes:
        curve = session.create_domain_parameters(
            pkcs11.KeyType.EC,
            {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
            local=True,
        )
        public, _ = curve.generate_keypair(
            store=True,
            id=os.urandom(16),
            label=self._settings.key_label,
            capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
            private_template={
                pkcs11.Attribute.SENSITIVE: True,
                pkcs11.Attribute.EXTRACTABLE: False,
            },
        )
        return _bare(public[pkcs11.Attribute.EC_POINT])

    def _find(self, session: pkcs11.Session, point: bytes) -> pkcs11.SignMixin:
        found = self._found.get(point)
        if found is not None:
            return found
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.EC,
            pkcs11.Attribute.LABEL: self._settings.key_label,
        }
        for public in list(session.get_objects(wanted)):
            if _bare(public[pkcs11.Attribute.EC_POINT]) == point:
                try:
                    key = session.get_key(
                        object_class=pkcs11.ObjectClass.PRIVATE_KEY,
                        key_type=pkcs11.KeyType.EC,
                        id=public[pkcs11.Attribute.ID],
                    )
                except pkcs11.NoSuchKey:
                    break
                if isinstance(key, pkcs11.SignMixin):
                    self._found[point] = key
                    return key
        raise _Missing

    def _unavailable(self, error: Exception) -> TokenUnavailable:
        said = f"{type(error).__name__} {error}".strip()
        return TokenUnavailable(f"the token {self._settings.token} cannot be used: {said}")


@cache
def open_token(settings: TokenSettings) -> TokenKeys:
    """Return this process's one way to a token; a session is opened when it is needed."""
    return TokenKeys(settings)


def _begin_again(module: object) -> None:
    """Forget the sessions of a token that went away, or of the process that this one came from."""
    with suppress(PKCS11Error):  # In a forked process there is nothing to end.
        module.finalize()  # type: ignore[attr-defined]
    module.initialize()  # type: ignore[attr-defined]


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _bare(point: bytes) -> bytes:
    """A point as some tokens keep it in an octet string, and some do not."""
    return point.removeprefix(_OCTET_STRING) if len(point) > 2 * _HALF + 1 else point
