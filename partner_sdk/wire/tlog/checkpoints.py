"""Checkpoints of a log (C2SP tlog-checkpoint) and cosignatures of witnesses (tlog-cosignature v1).

A checkpoint says how large the tree is and what its root is; the log signs it. A cosignature adds:
a witness saw this as the newest state, at this time, and it continues what the witness saw before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from partner_sdk.wire.tlog.notes import (
    COSIGNATURE,
    InvalidNote,
    Note,
    Signature,
    VerifierKey,
    decode_base64,
    encode_base64,
    is_name,
    verify_ed25519,
)

__all__ = [
    "Checkpoint",
    "cosign",
    "cosigned_at",
    "cosigner_key",
    "open_by_any",
    "open_checkpoint",
    "read_checkpoint",
]

_MAX_SIZE = 1 << 63
_STAMP_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its name (``origin``), its number of records, its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        """Write the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Read the text of a note. Extension lines are refused: no log of ours writes any.

        Raises:
            InvalidNote: other lines than origin, size and root.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise InvalidNote("a checkpoint is three lines")
        origin, size, root = lines[:3]
        count = int(size) if size.isascii() and size.isdigit() and len(size) < 20 else _MAX_SIZE
        if not origin or str(count) != size or count >= _MAX_SIZE:
            raise InvalidNote("a checkpoint has a name and a size")
        found = cls(origin, count, decode_base64(root))
        if len(found.root) != 32:
            raise InvalidNote("a checkpoint's root is a SHA-256")
        return found


def read_checkpoint(*, note: Note) -> Checkpoint:
    """Return what a note says; whether anyone signed it is for ``open_checkpoint`` to say.

    Raises:
        InvalidNote: no checkpoint.
    """
    return Checkpoint.from_text(note.text)


def open_checkpoint(*, content: bytes, log: VerifierKey, origin: str | None = None) -> Checkpoint:
    """Return the checkpoint in the bytes of a note that the log signed.

    ``origin`` is what the checkpoint must call the log: by default the key's name.

    Raises:
        InvalidNote: no such note, no signature of the log, or of another log.
    """
    return open_by_any(content=content, keys=(log,), origin=origin)


def open_by_any(
    *, content: bytes, keys: Sequence[VerifierKey], origin: str | None = None
) -> Checkpoint:
    """Return the checkpoint in the bytes of a note that a log signed with any of its keys.

    A log has several while its key is being replaced, and to whom keeps what older ones signed.

    Raises:
        InvalidNote: no such note, a signature of one of the keys that is none, no signature of any,
            or of another log.
    """
    note = Note.from_bytes(content)
    signed = [key.verify(note) for key in keys]
    if not any(signed):
        raise InvalidNote(f"not signed by {keys[0].name}")
    checkpoint = read_checkpoint(note=note)
    if checkpoint.origin != (origin or keys[0].name):
        raise InvalidNote(f"of the log {checkpoint.origin}")
    return checkpoint


def cosigner_key(*, origin: str, key_id: str, public_key: bytes) -> VerifierKey:
    """Return the key under which a partner cosigns: its API key, named by log and key id.

    What it signs as a witness starts with ``cosignature/v1``, which no request and no acceptance
    does, so that no signature can be taken for another.
    """
    if not is_name(key_id) or "/" in key_id:
        raise InvalidNote("not the id of a key")
    return VerifierKey(f"{origin}/witness/{key_id}", COSIGNATURE, public_key)


def cosign(
    *, text: str, key: VerifierKey, timestamp: int, sign: Callable[[bytes], bytes]
) -> Signature:
    """Return a witness's signature of a checkpoint's text; ``timestamp`` is seconds since 1970."""
    value = timestamp.to_bytes(_STAMP_BYTES, "big") + sign(_message(text, timestamp))
    return Signature(key.name, key.key_id, value)


def cosigned_at(*, note: Note, key: VerifierKey) -> int | None:
    """Return when a witness cosigned (seconds since 1970), or None if it did not.

    Raises:
        InvalidNote: a cosignature that claims to be of this key is not.
    """
    newest: int | None = None
    for signature in key.find(note):
        stamp, value = signature.value[:_STAMP_BYTES], signature.value[_STAMP_BYTES:]
        timestamp = int.from_bytes(stamp, "big")
        if (
            key.kind != COSIGNATURE
            or len(value) != _SIGNATURE_BYTES
            or timestamp >= _MAX_SIZE
            or not verify_ed25519(key.public_key, value, _message(note.text, timestamp))
        ):
            raise InvalidNote(f"the cosignature of {key.name} does not fit the text")
        newest = timestamp if newest is None else max(newest, timestamp)
    return newest


def _message(text: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
