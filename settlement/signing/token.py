"""A PKCS#11 token, which makes keys and never gives them out.

A process has one session with a token, and opens its own: PKCS#11 does not survive a fork. A token
that went away and came back is opened anew at the next signature.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import pkcs11
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

__all__ = ["ED25519", "P256", "KeyKind", "Token", "TokenSettings", "open_token"]

_PIN_REFUSED = (PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked)
_OCTET_STRING = 0x04
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A curve as tokens know it, the bytes of a point on it, and what signs with its keys."""

    key_type: pkcs11.KeyType
    parameters: bytes
    mechanism: pkcs11.Mechanism
    point_bytes: int

    def bare(self, point: bytes) -> bytes:
        """A point as some tokens keep it in an octet string (DER), and some do not."""
        wrapped = bytes([_OCTET_STRING, self.point_bytes])
        return point.removeprefix(wrapped) if len(point) > self.point_bytes else point


#: The raw mechanism, over a digest that is made here, is the one that every token has.
P256 = KeyKind(
    pkcs11.KeyType.EC, encode_named_curve_parameters("secp256r1"), pkcs11.Mechanism.ECDSA, 65
)
#: By its object identifier (RFC 8410 §3).
ED25519 = KeyKind(
    pkcs11.KeyType.EC_EDWARDS, bytes.fromhex("06032b6570"), pkcs11.Mechanism.EDDSA, 32
)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Which token: the vendor's module (a path), the token's label, its user's PIN."""

    module: str
    token: str
    pin: str = field(repr=False)


class _Missing(Exception):  # noqa: N818 - the name says it
    """The key is not in the token, as far as this session sees."""


class Token:
    """This process's session with a token; keys are told apart by their public points."""

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        self._process = 0
        self._found: dict[bytes, pkcs11.SignMixin] = {}
        self._tried = False
        self._refused = ""

    @property
    def label(self) -> str:
        """What the token is called."""
        return self._settings.token

    def create(self, *, kind: KeyKind, label: str) -> bytes:
        """Make a key that cannot be taken out, under a label; return its public point.

        Raises:
            TokenUnavailable: the token cannot be reached, or makes no such keys.
            TokenRefused: it does not take the PIN.
        """
        return self._use(lambda session: _generate(session, kind, label))

    def has(self, *, kind: KeyKind, label: str, point: bytes) -> bool:
        """Whether the private key of a public point is in the token.

        Raises:
            TokenUnavailable: the token cannot be reached.
            TokenRefused: it does not take the PIN.
        """
        try:
            self._use(lambda session: self._find(session, kind, label, point))
        except _Missing:
            return False
        return True

    def sign(self, *, kind: KeyKind, label: str, point: bytes, data: bytes) -> bytes:
        """Return the signature, as the token writes it, by the private key of a public point.

        Raises:
            TokenUnavailable: the token or the key in it cannot be reached.
            TokenRefused: it does not take the PIN.
        """
        try:
            return self._use(
                lambda session: self._find(session, kind, label, point).sign(
                    data, mechanism=kind.mechanism
                )
            )
        except _Missing:
            raise TokenUnavailable(
                f"the token {self.label} has no key {label} of the public key that is wanted"
            ) from None

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

    def _find(
        self, session: pkcs11.Session, kind: KeyKind, label: str, point: bytes
    ) -> pkcs11.SignMixin:
        found = self._found.get(point)
        if found is not None:
            return found
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY,
            pkcs11.Attribute.KEY_TYPE: kind.key_type,
            pkcs11.Attribute.LABEL: label,
        }
        for public in list(session.get_objects(wanted)):
            if kind.bare(public[pkcs11.Attribute.EC_POINT]) == point:
                try:
                    key = session.get_key(
                        object_class=pkcs11.ObjectClass.PRIVATE_KEY,
                        key_type=kind.key_type,
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
        return TokenUnavailable(f"the token {self.label} cannot be used: {said}")


@cache
def open_token(settings: TokenSettings) -> Token:
    """Return this process's one way to a token; a session is opened when it is needed."""
    return Token(settings)


def _begin_again(module: object) -> None:
    """Forget the sessions of a token that went away, or of the process that this one came from."""
    with suppress(PKCS11Error):  # In a forked process there is nothing to end.
        module.finalize()  # type: ignore[attr-defined]  # its stubs lack it
    module.initialize()  # type: ignore[attr-defined]  # its stubs lack it


def _generate(session: pkcs11.Session, kind: KeyKind, label: str) -> bytes:
    curve = session.create_domain_parameters(
        kind.key_type, {pkcs11.Attribute.EC_PARAMS: kind.parameters}, local=True
    )
    public, _ = curve.generate_keypair(
        store=True,
        id=os.urandom(16),
        label=label,
        capabilities=pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY,
        private_template={
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
        },
    )
    return kind.bare(public[pkcs11.Attribute.EC_POINT])
