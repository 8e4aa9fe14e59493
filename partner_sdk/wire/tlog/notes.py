"""Signed notes (C2SP signed-note): text, a blank line, and a line for each signature.

A key is known by its name and four bytes of a hash over name, kind and public key. Signatures of
other keys say nothing and are passed over; one of a known key that does not fit spoils the note.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "InvalidNote",
    "Note",
    "Signature",
    "VerifierKey",
    "decode_base64",
    "encode_base64",
    "verify_ed25519",
]

#: Kinds of signature: of a log over the text; of a witness, with the time at which it saw it.
ED25519, COSIGNATURE = 1, 4
_DASH = "\u2014 "
_ID_BYTES = 4
_KEY_BYTES = 32
_MAX_BYTES = 1 << 20
_MAX_SIGNATURES = 1024


class InvalidNote(ValueError):  # noqa: N818 - the name says it
    """The bytes are no signed note, or not one that the given keys vouch for."""


def encode_base64(content: bytes) -> str:
    """Return standard base64 with padding (RFC 4648 §4)."""
    return base64.b64encode(content).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard base64; other spellings of the same bytes are refused.

    Raises:
        InvalidNote: not base64, or not in its one canonical spelling.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidNote("not base64") from error
    if encode_base64(content) != text:
        raise InvalidNote("not the canonical base64")
    return content


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line; ``value`` is without the four bytes of the key's id."""

    name: str
    key_id: bytes
    value: bytes

    def to_line(self) -> str:
        """Write the line, its newline included."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.value)}\n"

    @classmethod
    def from_line(cls, line: str) -> "Signature":
        """Read a line without its newline.

        Raises:
            InvalidNote: another form.
        """
        if not line.startswith(_DASH):
            raise InvalidNote("a signature line starts with a dash and a space")
        name, blank, encoded = line[len(_DASH) :].partition(" ")
        content = decode_base64(encoded)
        if not blank or not is_name(name) or len(content) <= _ID_BYTES:
            raise InvalidNote("a signature line is a name and a signature with its key's id")
        return cls(name, content[:_ID_BYTES], content[_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """Write the note."""
        return (self.text + "\n" + "".join(s.to_line() for s in self.signatures)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Note":
        """Read a note; nothing about it is trusted before ``verify``.

        Raises:
            InvalidNote: too long, not UTF-8, control characters, no text or no signature.
        """
        if len(content) > _MAX_BYTES:
            raise InvalidNote("longer than a note may be")
        try:
            whole = content.decode()
        except UnicodeDecodeError as error:
            raise InvalidNote("not UTF-8") from error
        if any(character < " " and character != "\n" for character in whole):
            raise InvalidNote("control characters")
        head, gap, tail = whole.rpartition("\n\n")
        if not gap or not tail.endswith("\n"):
            raise InvalidNote("no blank line before signatures that each end in a newline")
        lines = tail[:-1].split("\n")
        if len(lines) > _MAX_SIGNATURES:
            raise InvalidNote("more signatures than a note may have")
        return cls(head + "\n", tuple(Signature.from_line(line) for line in lines))

    def with_signatures(self, more: Iterable[Signature]) -> "Note":
        """Return the note with signatures added; those that it has are not added again."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *more))))


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name by which notes call it; ``kind`` is what it signs."""

    name: str
    kind: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_name(self.name) or len(self.public_key) != _KEY_BYTES:
            raise InvalidNote("a verifier key has a name without blanks and plus, and 32 bytes")
        if self.kind not in {ED25519, COSIGNATURE}:
            raise InvalidNote("a verifier key of an unknown kind")

    @property
    def key_id(self) -> bytes:
        """The four bytes that signatures carry."""
        kind = bytes([self.kind])
        return sha256(self.name.encode() + b"\n" + kind + self.public_key).digest()[:_ID_BYTES]

    def to_text(self) -> str:
        """Write the key as a *vkey*: name, id and key, with plus signs between."""
        encoded = encode_base64(bytes([self.kind]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_text(cls, text: str) -> "VerifierKey":
        """Read a *vkey*.

        Raises:
            InvalidNote: another form, another kind of key, or an id that is not the key's.
        """
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        content = decode_base64(encoded)
        key = cls(name, content[0] if content else 0, content[1:])
        if key.to_text() != text or key.key_id.hex() != key_id:
            raise InvalidNote("not a verifier key in its one spelling")
        return key

    def find(self, note: Note) -> tuple[Signature, ...]:
        """Return the signatures that claim to be of this key; none of them is checked."""
        ours = (self.name, self.key_id)
        return tuple(s for s in note.signatures if (s.name, s.key_id) == ours)

    def verify(self, note: Note) -> bool:
        """Tell whether this key of a log signed the note; False if it did not sign at all.

        Raises:
            InvalidNote: a signature that claims to be of this key is not.
        """
        found = self.find(note)
        for signature in found:
            if not verify_ed25519(self.public_key, signature.value, note.text.encode()):
                raise InvalidNote(f"not signed by {self.name}: the signature does not fit the text")
        return bool(found)

    def sign(self, text: str, sign: Callable[[bytes], bytes]) -> Signature:
        """Return this key's signature of a text; ``sign`` is the private half's."""
        return Signature(self.name, self.key_id, sign(text.encode()))


def is_name(text: str) -> bool:
    """Tell whether a text can name a key."""
    return bool(text) and not any(c.isspace() or c == "+" or c < " " for c in text)


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether an Ed25519 signature holds (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
