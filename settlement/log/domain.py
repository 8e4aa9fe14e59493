"""How a log grows: which tiles new leaves change, and what a record is known by."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from partner_sdk.wire.merkle import HASH_BYTES, root_of
from partner_sdk.wire.tlog.notes import ED25519, VerifierKey
from partner_sdk.wire.tlog.tiles import TILE_WIDTH, Tile

STATEMENTS = "statements"
"""The log of statements, agreement versions and certificates."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log: what it is called by us (`name`) and on its checkpoints (`origin`)."""

    log_no: int
    name: str
    origin: str
    public_key: bytes
    cosignatures_needed: int

    @property
    def key(self) -> VerifierKey:
        """What partners pin."""
        return VerifierKey(self.origin, ED25519, self.public_key)

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
