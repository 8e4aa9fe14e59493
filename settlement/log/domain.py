"""How a log grows: which tiles new leaves change, and what a record is known by."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from partner_sdk.wire.merkle import HASH_BYTES, root_of
from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_by_any
from partner_sdk.wire.tlog.notes import ED25519, Note, VerifierKey
from partner_sdk.wire.tlog.tiles import TILE_WIDTH, Tile

STATEMENTS = "statements"
"""The log of statements, agreement versions and certificates."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log: what it is called by us (`name`) and on its checkpoints (`origin`).

    `key_since` is the smallest checkpoint that its key signed. While the key is being replaced, the
    next one signs checkpoints of more than `next_since` records beside it; `handover` is the note
    by which the newest replacement was told.
    """

    log_no: int
    name: str
    origin: str
    public_key: bytes
    cosignatures_needed: int
    key_since: int = 0
    next_public_key: bytes | None = None
    next_since: int | None = None
    handover: bytes | None = None

    @property
    def key(self) -> VerifierKey:
        """What partners pin."""
        return VerifierKey(self.origin, ED25519, self.public_key)

    @property
    def next_key(self) -> VerifierKey | None:
        """What partners pin next, while the key is being replaced."""
        if self.next_public_key is None:
            return None
        return VerifierKey(self.origin, ED25519, self.next_public_key)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys that vouch for the log now."""
        return (self.key,) if self.next_key is None else (self.key, self.next_key)

    def own(self, note: Note) -> Note:
        """A note with the log's own signatures alone, each once."""
        return Note(note.text, tuple(s for key in self.keys for s in key.find(note)[:1]))

    def open(self, content: bytes) -> Checkpoint:
        """The checkpoint in a note that one of the log's keys signed. Raises InvalidNote."""
        return open_by_any(content=content, keys=self.keys)

    @property
    def folder_name(self) -> str:
        """Its folder below `log` in the data folder."""
        return f"{self.name}-{self.log_no}"


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint of a log as signed by it; `note` has no cosignatures."""

    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A partner's word that a checkpoint continues what it saw before."""

    size: int
    party_no: int
    key_id: UUID
    public_key: bytes
    line: str
    cosigned_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """A checkpoint that the log's key signed and that its records do not lead to."""

    size: int
    root: bytes
    note: bytes
    reported_by: int
    reported_at: datetime


def kind_and_subject(record: bytes) -> tuple[str, str]:
    """What a record is known by: its kind; a statement's id, or else the record's SHA-256."""
    document = json.loads(record)
    kind = str(document["kind"])
    if kind == "statement":
        return kind, str(document["statement"])
    return kind, sha256(record).hexdigest()


def grow(
    *, size: int, leaves: Sequence[bytes], read: Callable[[Tile], bytes]
) -> dict[tuple[int, int], bytes]:
    """The tiles that a tree of `size` leaves changes or gets when `leaves` are added.

    By level and number, as far as they are filled then. `read` gives a tile that is not full of
    the tree as it is.
    """
    changed: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, list(leaves)
    while hashes:
        tile_no, width = divmod(size, TILE_WIDTH)
        filled = read(Tile(level, tile_no, width)) if width else b""
        above = []
        content = filled + b"".join(hashes)
        for at in range(0, len(content), TILE_WIDTH * HASH_BYTES):
            tile = content[at : at + TILE_WIDTH * HASH_BYTES]
            changed[level, tile_no] = tile
            tile_no += 1
            if len(tile) == TILE_WIDTH * HASH_BYTES:
                ends = range(0, len(tile), HASH_BYTES)
                above.append(root_of(leaves=[tile[end : end + HASH_BYTES] for end in ends]))
        level, size, hashes = level + 1, size // TILE_WIDTH, above
    return changed
