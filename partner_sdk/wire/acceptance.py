"""A party's acceptance of a statement: a line of JSON, signed with its API key (Ed25519).

The signature is over exactly the bytes of the JSON. They start with ``{"accepted_at"``, which no
signed request and no cosignature does, so one signature cannot stand for another.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from partner_sdk.wire._read import text
from partner_sdk.wire.ids import InvalidId, decode
from partner_sdk.wire.instants import format_instant, parse_instant
from partner_sdk.wire.tlog.notes import (
    InvalidNote,
    decode_base64,
    encode_base64,
    verify_ed25519,
)

__all__ = ["Acceptance", "InvalidAcceptance", "SignedAcceptance"]

_FORMAT = "coalition.acceptance/1"
_SHA256 = re.compile("[0-9a-f]{64}", re.ASCII)


class InvalidAcceptance(ValueError):  # noqa: N818 - the name says it
    """Not an acceptance, or not signed by the key; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Which statement (and which bytes of ``statement.json``) is accepted, by which key, when."""

    statement_id: str
    sha256: str
    key_id: str
    accepted_at: datetime

    def to_text(self) -> str:
        """Write the JSON that is signed; without a newline."""
        document = {
            "format": _FORMAT,
            "statement_id": self.statement_id,
            "sha256": self.sha256,
            "key_id": self.key_id,
            "accepted_at": format_instant(self.accepted_at),
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, content: str) -> "Acceptance":
        """Read the JSON; other spellings of it are refused.

        Raises:
            InvalidAcceptance: another form.
        """
        try:
            document = json.loads(content)
            found = cls(
                statement_id=text(document["statement_id"]),
                sha256=text(document["sha256"]),
                key_id=text(document["key_id"]),
                accepted_at=parse_instant(document["accepted_at"]),
            )
            decode("stm", found.statement_id)
            decode("key", found.key_id)
        except (ValueError, KeyError, TypeError, InvalidId, RecursionError) as error:
            raise InvalidAcceptance("not an acceptance of a statement") from error
        if found.to_text() != content or _SHA256.fullmatch(found.sha256) is None:
            raise InvalidAcceptance("not an acceptance in its one spelling")
        return found

    def sign(self, sign: Callable[[bytes], bytes]) -> "SignedAcceptance":
        """Return it signed; ``sign`` is the private key's."""
        content = self.to_text()
        return SignedAcceptance(content, sign(content.encode()))


@dataclass(frozen=True, slots=True)
class SignedAcceptance:
    """The JSON as signed, and the signature (64 bytes)."""

    content: str
    signature: bytes

    def to_wire(self) -> dict[str, str]:
        """Write the object that is sent and kept."""
        return {"acceptance": self.content, "signature": encode_base64(self.signature)}

    @classmethod
    def from_wire(cls, acceptance: str, signature: str) -> "SignedAcceptance":
        """Read the members of the object.

        Raises:
            InvalidAcceptance: the signature is not base64.
        """
        try:
            return cls(acceptance, decode_base64(signature))
        except InvalidNote as error:
            raise InvalidAcceptance("the signature is not base64") from error

    def verify(self, *, public_key: bytes) -> Acceptance:
        """Return what was signed.

        Raises:
            InvalidAcceptance: another form, or not signed by this key.
        """
        found = Acceptance.from_text(self.content)
        if not verify_ed25519(public_key, self.signature, self.content.encode()):
            raise InvalidAcceptance("not signed by the key that it names")
        return found
