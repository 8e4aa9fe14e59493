"""Proofs that a record is in a log, for keeping and checking offline (C2SP tlog-proof)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from partner_sdk.wire.merkle import HASH_BYTES, record_hash, verify_inclusion
from partner_sdk.wire.tlog.checkpoints import Checkpoint, cosigned_at, open_by_any
from partner_sdk.wire.tlog.notes import (
    InvalidNote,
    Note,
    VerifierKey,
    decode_base64,
    encode_base64,
)

__all__ = ["InvalidProof", "LogProof", "Shown"]

_FIRST = "c2sp.org/tlog-proof@v1"
_MAX_PATH = 63
_MAX_BYTES = 1 << 20


class InvalidProof(ValueError):  # noqa: N818 - the name says it
    """The bytes are no such proof, or they do not prove what they should."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof has shown: the checkpoint, and who of the given witnesses cosigned it."""

    checkpoint: Checkpoint
    cosigners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where a record is (from 0), its path to the root, and the checkpoint as signed."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """Write the file."""
        hashes = "".join(f"{encode_base64(one)}\n" for one in self.path)
        return f"{_FIRST}\nindex {self.index}\n{hashes}\n".encode() + self.checkpoint

    @classmethod
    def from_bytes(cls, content: bytes) -> "LogProof":
        """Read the file; a line of extra data, which nothing vouches for, is refused.

        Raises:
            InvalidProof: another form.
        """
        head, gap, checkpoint = content.partition(b"\n\n")
        try:
            if len(content) > _MAX_BYTES or not gap:
                raise ValueError
            first, second, *hashes = head.decode("ascii").split("\n")
            index = int(second.removeprefix("index "))
            path = tuple(decode_base64(line) for line in hashes)
        except ValueError as error:
            raise InvalidProof("not a proof of a log") from error
        found = cls(index, path, checkpoint)
        if first != _FIRST or found.to_bytes() != content or index < 0:
            raise InvalidProof("not a proof of a log")
        if len(path) > _MAX_PATH or any(len(one) != HASH_BYTES for one in path):
            raise InvalidProof("its path is not one of SHA-256 hashes")
        return found

    def verify(
        self, *, record: bytes, log: Sequence[VerifierKey], witnesses: Iterable[VerifierKey] = ()
    ) -> Shown:
        """Check that the log, by any of its keys, and which of the witnesses vouch for the record.

        Raises:
            InvalidProof: they do not; or a cosignature that claims to be a witness's is not.
        """
        try:
            checkpoint = open_by_any(content=self.checkpoint, keys=log)
            note = Note.from_bytes(self.checkpoint)
            cosigners = [key.name for key in witnesses if cosigned_at(note=note, key=key)]
        except InvalidNote as error:
            raise InvalidProof(f"its checkpoint: {error}") from error
        if not verify_inclusion(
            index=self.index,
            size=checkpoint.size,
            leaf=record_hash(record=record),
            path=self.path,
            root=checkpoint.root,
        ):
            raise InvalidProof("the record is not where the proof says")
        return Shown(checkpoint, tuple(cosigners))
